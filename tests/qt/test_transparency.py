"""A transparent image is the same image however it comes: as a file, dropped or pasted as data, or as a frame."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage

from cnnviewer.images import as_image, as_photo, decode_image, from_packed, of_pixels
from cnnviewer.qt import drops
from cnnviewer.qt.live.video_frames import pixels_of_image


def colors(mode: str = "RGBA") -> Image.Image:
    """An image with all sorts of colours under all sorts of transparency."""
    pixels = np.random.default_rng(0).integers(0, 256, (64, 48, 4), dtype=np.uint8)
    pixels[0, :, 3], pixels[1, :, 3] = 0, 255
    return Image.fromarray(pixels).convert(mode)


def palette() -> Image.Image:
    image = colors("RGB").quantize(200)
    image.info["transparency"] = bytes(range(200))
    return image


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def deep(channels: int) -> bytes:
    """A PNG of 16 bits, which Qt writes: PIL does not."""
    words = np.random.default_rng(1).integers(0, 65536, (40, 30, 4), dtype=np.uint16)
    if channels == 2:
        words[..., 1] = words[..., 2] = words[..., 0]
    kind = QImage.Format.Format_RGBA64 if channels != 3 else QImage.Format.Format_RGBX64
    image = QImage(words.data, 30, 40, 8 * 30, kind)
    from PySide6.QtCore import QBuffer, QByteArray

    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(data.data())


def pasted(image: QImage) -> np.ndarray:
    mime = QMimeData()
    mime.setImageData(image)
    request = drops.image(mime)
    assert request is not None
    assert request.pixels is not None
    return np.asarray(of_pixels(request.pixels).picture.convert("RGB"))


FILES = {
    "RGBA": png(colors()),
    "grey and alpha": png(colors("LA")),
    "palette": png(palette()),
    "opaque": png(colors("RGB")),
    "16 bits with alpha": deep(4),
    "16 bits, opaque": deep(3),
}


@pytest.mark.parametrize("kind", list(FILES))
def test_pasted_and_dropped_data_are_what_the_file_is(tmp_path, kind):
    path = tmp_path / "image.png"
    path.write_bytes(FILES[kind])
    expected = np.asarray(as_image(path).convert("RGB"))
    np.testing.assert_array_equal(pasted(QImage(str(path))), expected)
    np.testing.assert_array_equal(np.asarray(decode_image(FILES[kind], "data").convert("RGB")), expected)


@pytest.mark.parametrize("kind", ["RGBA", "grey and alpha", "palette", "opaque"])
def test_a_frame_is_what_the_file_is(kind):
    frame = from_packed(pixels_of_image(QImage.fromData(FILES[kind])))
    np.testing.assert_array_equal(np.asarray(frame), np.asarray(decode_image(FILES[kind], "x").convert("RGB")))


def test_an_array_is_what_the_file_is():
    np.testing.assert_array_equal(np.asarray(as_image(np.asarray(colors()))), np.asarray(as_image(colors())))


@pytest.mark.parametrize(
    "format", [QImage.Format.Format_ARGB32_Premultiplied, QImage.Format.Format_RGBA64_Premultiplied]
)
def test_premultiplied_colors_lie_over_white(format):  # noqa: A002
    image = QImage.fromData(FILES["RGBA"])
    found = pasted(image.convertToFormat(format)).astype(int)
    difference = np.abs(found - np.asarray(decode_image(FILES["RGBA"], "x"), int))
    assert difference.max() <= 2  # what was multiplied has lost a bit or two


def test_what_is_clear_is_white_and_not_black():
    clear = QImage(8, 6, QImage.Format.Format_ARGB32)
    clear.fill(0)
    assert (pasted(clear) == 255).all()


def test_alpha_is_a_channel_where_one_is_wanted():
    photo = as_photo(colors())
    assert photo.names == ("R", "G", "B", "alpha")
    np.testing.assert_array_equal(np.stack([np.asarray(band) for band in photo.bands], 2), np.asarray(colors()))
