"""Known kinds that are not read are told by name, whatever their names."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from cnnviewer.errors import ImageError
from cnnviewer.images import as_image, decode_image


def preview(**options: object) -> bytes:
    """A TIFF as raw photos are: a small preview, and more."""
    file = io.BytesIO()
    tifffile.imwrite(file, np.zeros((8, 8), np.uint8), **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("photo.tif", preview(extratags=[(50706, "B", 4, (1, 4, 0, 0), True)])),
        ("photo.dng", preview(extratags=[(50706, "B", 4, (1, 4, 0, 0), True)])),
        ("photo.nef", preview(extratags=[(271, "s", 0, "NIKON CORPORATION", True)])),
        ("photo.jpg", b"II*\0\x10\0\0\0CR\x02\0" + bytes(100)),
        ("photo.jpg", b"FUJIFILMCCD-RAW 0201" + bytes(100)),
    ],
)
def test_a_raw_photo_is_not_its_preview(name, data):
    with pytest.raises(ImageError, match=rf"^{name} is a camera's raw photo"):
        decode_image(data, name)


def test_a_camera_tiff_is_an_image():
    assert decode_image(preview(extratags=[(271, "s", 0, "NIKON CORPORATION", True)]), "photo.tif").size == (8, 8)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"\0\0\0\x24ftypheic\0\0\0\0mif1heic" + bytes(40), "a HEIC photo"),
        (b"\xff\x0a" + bytes(40), "a JPEG XL image"),
        (b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (b"%PDF-1.7\n", "a PDF document"),
        (bytes(128) + b"DICM" + bytes(40), "a DICOM image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "a PostScript drawing"),
        (b"SIMPLE  =                    T", "a FITS image"),
        (b"<!DOCTYPE html><html></html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "only a pointer of Git LFS"),
    ],
)
@pytest.mark.parametrize("name", ["photo.jpg", "photo"])
def test_a_known_kind_is_told_by_name(name, data, word):
    with pytest.raises(ImageError, match=rf"^{name} is (no image: it is )?{word}") as error:
        decode_image(data, name)
    assert str(error.value).endswith(".")


@pytest.mark.parametrize(("name", "is_read"), [("photo.tga", True), ("photo.jpg", False)])
def test_a_tga_is_read_by_its_name(tmp_path, name, is_read):
    file = io.BytesIO()
    Image.new("RGB", (9, 7), "red").save(file, "TGA")
    (tmp_path / name).write_bytes(file.getvalue())
    if is_read:
        assert as_image(tmp_path / name).getpixel((0, 0)) == (255, 0, 0)
    else:
        with pytest.raises(ImageError, match="is no image, is damaged, or has an unknown format"):
            as_image(tmp_path / name)
