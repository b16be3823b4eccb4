"""The photo that is asked for, changed as asked."""

from dataclasses import replace

import numpy as np
import pytest

from cnnviewer.engine import photo_reader
from cnnviewer.engine.photo_reader import PhotoReader, read_photo
from cnnviewer.errors import CnnviewerError
from cnnviewer.images import as_photo
from cnnviewer.inputs.editing import edited
from cnnviewer.messages import ImageEdit, ImageRequest


@pytest.fixture
def read(monkeypatch):
    """The files that are read, in turn."""
    files = []
    monkeypatch.setattr(photo_reader, "as_photo", lambda path, reading: files.append(path) or as_photo(path, reading))
    return files


def test_a_photo_is_read_once_for_many_edits(read, samples):
    reader, image = PhotoReader(), ImageRequest("three", path=samples / "digit-3.png")
    for angle in range(1, 6):
        edit = ImageEdit(angle=angle)
        photo = reader.read(replace(image, edit=edit)).picture
        np.testing.assert_array_equal(photo, edited(as_photo(image.path).picture, edit))
    assert read == [image.path]


def test_another_photo_and_one_without_edits_are_read_anew(read, samples):
    reader, edit = PhotoReader(), ImageEdit(angle=1)
    three = ImageRequest("three", path=samples / "digit-3.png", edit=edit)
    five = ImageRequest("five", path=samples / "digit-5.png", edit=edit)
    reader.read(three)
    reader.read(five)
    assert read == [three.path, five.path]
    plain = replace(five, edit=None)
    np.testing.assert_array_equal(reader.read(plain).picture, as_photo(five.path).picture)
    reader.read(five)
    assert read == [three.path, five.path, five.path, five.path]  # the file may be another one by now


def test_a_request_without_an_image_is_told():
    with pytest.raises(CnnviewerError, match="no image to open"):
        read_photo(ImageRequest("nothing"))
