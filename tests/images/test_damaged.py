"""What is no image, or a damaged or an impossible one, is told in a sentence."""

from __future__ import annotations

import contextlib
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_images import assert_sentence, colors, encoded, png
from PIL import Image, ImageOps

from cnnviewer.errors import ImageError
from cnnviewer.images import LARGEST, as_image, decode_image, limits, read_image


def test_missing(tmp_path):
    path = tmp_path / "gone.jpg"
    with pytest.raises(ImageError) as error:
        read_image(path)
    assert_sentence(error, "There is no file", str(path))


def test_file_taken_for_a_folder(tmp_path):
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(ImageError) as error:
        read_image(tmp_path / "photo.jpg" / "photo.jpg")
    assert_sentence(error, "There is no file")


@pytest.mark.parametrize(("name", "words"), [("a\0b.jpg", "There is no file"), ("x" * 5000 + ".jpg", "can't be read")])
def test_impossible_names(name, words):
    with pytest.raises(ImageError) as error:
        read_image(name)
    assert_sentence(error, words)


def test_folder(tmp_path):
    with pytest.raises(ImageError) as error:
        read_image(tmp_path)
    assert_sentence(error, str(tmp_path), "folder")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(ImageError) as error:
        read_image(tmp_path / "pipe.jpg")
    assert_sentence(error, "pipe.jpg")


@pytest.mark.parametrize(
    ("raised", "word"),
    [
        (PermissionError(13, "Permission denied"), "permission"),
        (OSError(5, "Input/output error"), "Input/output"),
    ],
)
def test_unreadable(tmp_path, monkeypatch, raised, word):
    # The tests may run as root, who may read everything: the refusal is made up.
    path = tmp_path / "secret.jpg"
    path.write_bytes(encoded(colors(), "JPEG"))

    def refuse(*args: object, **options: object) -> None:
        raise raised

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ImageError) as error:
        read_image(path)
    assert_sentence(error, "secret.jpg", word)


def test_empty(tmp_path):
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(ImageError) as error:
        read_image(tmp_path / "empty.jpg")
    assert_sentence(error, "empty.jpg", "0 bytes")
    with pytest.raises(ImageError) as error:
        decode_image(b"", "a browser's picture")
    assert_sentence(error, "a browser's picture", "0 bytes")


@pytest.mark.parametrize(
    "data",
    [
        b"This is no photo.\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"BM",
        b"II*\0",
        b"RIFF\0\0\0\0WEBP",
        b"\0" * 4096,
    ],
)
def test_no_image(tmp_path, data):
    path = tmp_path / "notes.jpg"
    path.write_bytes(data)
    with pytest.raises(ImageError) as error:
        read_image(path)
    assert_sentence(error, "notes.jpg")


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8))


WHOLE = {
    "JPEG": encoded(NOISE, "JPEG", quality=90),
    "progressive JPEG": encoded(NOISE, "JPEG", quality=90, progressive=True),
    "PNG": encoded(NOISE, "PNG"),
    "WEBP": encoded(NOISE, "WEBP", quality=90),
    "GIF": encoded(NOISE, "GIF"),
    "BMP": encoded(NOISE, "BMP"),
    "TIFF": encoded(NOISE, "TIFF"),
    "LZW TIFF": encoded(NOISE, "TIFF", compression="tiff_lzw"),
}


@pytest.mark.parametrize("kind", list(WHOLE))
@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_truncated(tmp_path, kind, share):
    path = tmp_path / "half.jpg"
    data = WHOLE[kind]
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ImageError) as error:
        read_image(path)
    assert_sentence(error, "half.jpg")


@pytest.mark.parametrize("kind", list(WHOLE))
@settings(max_examples=60, deadline=None)
@given(share=st.floats(0, 1))
def test_truncated_anywhere(kind, share):
    data = WHOLE[kind]
    try:
        read = decode_image(data[: round(len(data) * share)], "cut")
    except ImageError:
        return
    assert read.tobytes() == decode_image(data, "whole").tobytes(), "never half an image"


@pytest.mark.parametrize("kind", list(WHOLE))
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_anywhere(kind, data):
    damaged = bytearray(WHOLE[kind])
    # Most of what can go wrong hangs on the first bytes.
    places = st.one_of(st.integers(0, 200), st.integers(0, len(damaged) - 1))
    for place in data.draw(st.lists(places, min_size=1, max_size=8)):
        damaged[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ImageError):
        assert decode_image(bytes(damaged), "damaged").mode in ("L", "RGB")


# Large images


def huge(width: int, height: int) -> bytes:
    """The head of a PNG of any size; its pixels are missing."""
    return png(width, height, 8, 0, b"")


@pytest.mark.parametrize(("width", "height"), [(16_100, 10_000), (20_000, 20_000), (2**31 - 1, 2**31 - 1)])
def test_decompression_bomb(width, height):
    with pytest.raises(ImageError) as error:
        decode_image(huge(width, height), "bomb.png")
    assert_sentence(error, "bomb.png", f"{width * height:,}", f"{LARGEST:,}")


def test_large_image_makes_no_warning(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 400)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert decode_image(encoded(colors(), "PNG"), "large.png").size == (30, 20)
    assert not caught


def test_large_pil_image(monkeypatch):
    monkeypatch.setattr(limits, "LARGEST", 599)
    with pytest.raises(ImageError) as error:
        as_image(colors())
    assert_sentence(error, "600")


def test_no_memory(monkeypatch):
    def fail(image: Image.Image) -> None:
        raise MemoryError

    monkeypatch.setattr(ImageOps, "exif_transpose", fail)
    with pytest.raises(ImageError) as error:
        decode_image(encoded(colors(), "PNG"), "large.png")
    assert_sentence(error, "large.png", "memory")
