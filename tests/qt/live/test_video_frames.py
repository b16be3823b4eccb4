"""Frames of every pixel format, of odd sizes, turned and mirrored, against the standards' own formulas."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

from cnnviewer.errors import StreamError

pytestmark = pytest.mark.usefixtures("media", "qapp")

COLORS = [(255, 255, 255), (0, 0, 0), (200, 40, 30), (20, 180, 60), (40, 60, 220), (120, 120, 120)]
NO_MEMORY = {"Format_Invalid", "Format_SamplerExternalOES", "Format_SamplerRect"}
"""No pixels of their own: they stand for nothing, and for textures of a graphics card."""

# The order of the bytes of a pixel.
BYTES = {
    "ARGB8888": "ARGB", "ARGB8888_Premultiplied": "ARGB", "XRGB8888": "XRGB", "BGRA8888": "BGRA",
    "BGRA8888_Premultiplied": "BGRA", "BGRX8888": "BGRX", "ABGR8888": "ABGR", "XBGR8888": "XBGR", "RGBA8888": "RGBA",
    "RGBX8888": "RGBX", "AYUV": "AYUV", "AYUV_Premultiplied": "AYUV",
}  # fmt: skip
PLANES = {"YUV420P": "YUV", "YUV422P": "YUV", "YV12": "YVU", "IMC1": "YVU", "IMC3": "YUV", "YUV420P10": "YUV"}
PAIRS = {"NV12": "UV", "NV21": "VU", "P010": "UV", "P016": "UV"}
HALVES = {"IMC2": "VU", "IMC4": "UV"}
PACKED = {"UYVY": "UYVY", "YUYV": "YUYV"}


def formats():
    from cnnviewer.qt.live.media import missing_library

    if missing_library():
        return []
    from PySide6.QtMultimedia import QVideoFrameFormat

    known = [known.name for known in QVideoFrameFormat.PixelFormat]
    return [name.removeprefix("Format_") for name in known if name not in NO_MEMORY and name != "NPixelFormats"]


def yuv(color):
    """Return a colour as ITU-R BT.601 encodes it, in the range of video."""
    red, green, blue = (channel / 255 for channel in color)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return {
        "Y": round(16 + 219 * luma),
        "U": round(128 + 224 * (blue - luma) / 1.772),
        "V": round(128 + 224 * (red - luma) / 1.402),
    }


def frame_of(name, color, size=(8, 6), ask=None):
    """Return a frame of one colour."""
    from PySide6.QtMultimedia import QVideoFrame, QVideoFrameFormat

    made_format = QVideoFrameFormat(QSize(*size), QVideoFrameFormat.PixelFormat[f"Format_{name}"])
    made_format.setColorSpace(QVideoFrameFormat.ColorSpace.ColorSpace_BT601)
    made_format.setColorRange(QVideoFrameFormat.ColorRange.ColorRange_Video)
    if ask is not None:
        ask(made_format)
    frame = QVideoFrame(made_format)
    assert frame.map(QVideoFrame.MapMode.WriteOnly)
    fill(name, [rows_of(frame, plane) for plane in range(frame.planeCount())], color)
    frame.unmap()
    return frame


def rows_of(frame, plane):
    """Return the bytes of a plane by rows; what is left over behind the last belongs to none."""
    stride, data = frame.bytesPerLine(plane), np.frombuffer(frame.bits(plane), np.uint8)
    return data[: len(data) // stride * stride].reshape(-1, stride)


def fill(name, planes, color):
    values = {**yuv(color), **dict(zip("RGB", color, strict=True)), "A": 255, "X": 0}
    if name in BYTES or name in PACKED:
        order = BYTES.get(name) or PACKED[name]
        planes[0][:] = np.tile([values[letter] for letter in order], planes[0].shape[1] // len(order))
    elif name == "YUV420P10":
        for plane, letter in zip(planes, "YUV", strict=True):
            plane.view("<u2")[:] = values[letter] << 2
    elif name in PLANES:
        for plane, letter in zip(planes, PLANES[name], strict=True):
            plane[:] = values[letter]
    elif name in HALVES:
        planes[0][:] = values["Y"]
        half = planes[1].shape[1] // 2
        planes[1][:, :half], planes[1][:, half:] = (values[letter] for letter in HALVES[name])
    elif name in PAIRS:
        wide = name.startswith("P0")
        planes[0].view("<u2" if wide else "u1")[:] = values["Y"] << 8 if wide else values["Y"]
        pair = [values[letter] << 8 if wide else values[letter] for letter in PAIRS[name]]
        chroma = planes[1].view("<u2" if wide else "u1")
        chroma[:] = np.tile(pair, chroma.shape[1] // 2)
    elif name == "Y8":
        planes[0][:] = values["Y"]
    elif name == "Y16":
        planes[0].view("<u2")[:] = values["Y"] << 8
    else:
        raise AssertionError(f"the test knows no {name}")


def channels(pixels):
    return np.stack([pixels >> 16 & 255, pixels >> 8 & 255, pixels & 255], axis=-1).astype(int)


@pytest.mark.parametrize("size", [(8, 6), (7, 5), (3, 3), (33, 17)])
@pytest.mark.parametrize("name", [name for name in formats() if name != "Jpeg"])
def test_every_pixel_format(name, size):
    from cnnviewer.qt.live.video_frames import pixels_of

    if name == "YUV420P10" and size == (33, 17):
        pytest.skip("Qt's own frames of this size have no room for their colours, at two bytes each")
    is_grey = name in ("Y8", "Y16")
    for color in COLORS:
        if is_grey and len(set(color)) > 1:
            continue
        pixels = pixels_of(frame_of(name, color, size))
        assert pixels.shape == (size[1], size[0])
        assert pixels.dtype == np.uint32
        assert (pixels >> 24 == 255).all()
        # Qt takes bytes of grey as they are, in whatever range.
        wanted = [yuv(color)["Y"]] * 3 if is_grey else color
        off = np.abs(channels(pixels) - wanted)
        assert off.max() <= (20 if is_grey else 4), (color, channels(pixels)[0, 0])


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("bottom_up", [False, True])
def test_odd_sizes_of_shared_colours_turned_as_their_format_asks(turned, mirrored, bottom_up):
    from PySide6.QtMultimedia import QtVideo, QVideoFrameFormat

    from cnnviewer.qt.live.video_frames import pixels_of

    def ask(made_format):
        made_format.setRotation(QtVideo.Rotation(turned))
        made_format.setMirrored(mirrored)
        if bottom_up:
            made_format.setScanLineDirection(QVideoFrameFormat.Direction.BottomToTop)

    pixels = pixels_of(frame_of("NV12", (200, 40, 30), (7, 5), ask))
    assert pixels.shape == ((5, 7) if turned % 180 == 0 else (7, 5))
    assert np.abs(channels(pixels) - (200, 40, 30)).max() <= 4


def test_jpeg_frames():
    from PySide6.QtMultimedia import QVideoFrame, QVideoFrameFormat

    from cnnviewer.qt.live.video_frames import pixels_of

    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 40, 30)).save(buffer, "JPEG", quality=95)
    data = np.frombuffer(buffer.getvalue(), np.uint8)
    frame = QVideoFrame(QVideoFrameFormat(QSize(64, 48), QVideoFrameFormat.PixelFormat.Format_Jpeg))
    assert frame.map(QVideoFrame.MapMode.WriteOnly)
    np.frombuffer(frame.bits(0), np.uint8)[: len(data)] = data
    frame.unmap()
    pixels = pixels_of(frame)
    assert pixels.shape == (48, 64)
    assert np.abs(channels(pixels) - (200, 40, 30)).max() <= 6


def numbered(turned=None, *, mirrored=False, bottom_up=False):
    """Return a frame of 3x2 pixels whose blue tells 0..5, and that asks to be turned and mirrored."""
    from PySide6.QtMultimedia import QtVideo, QVideoFrame, QVideoFrameFormat

    made_format = QVideoFrameFormat(QSize(3, 2), QVideoFrameFormat.PixelFormat.Format_BGRX8888)
    if bottom_up:
        made_format.setScanLineDirection(QVideoFrameFormat.Direction.BottomToTop)
    frame = QVideoFrame(made_format)
    frame.map(QVideoFrame.MapMode.WriteOnly)
    words = np.frombuffer(frame.bits(0), np.uint32).reshape(-1, frame.bytesPerLine(0) // 4)
    words[:2, :3] = np.arange(6).reshape(2, 3)
    frame.unmap()
    frame.setRotation(QtVideo.Rotation(turned or 0))
    frame.setMirrored(mirrored)
    return frame


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("wanted", [False, True])
def test_turned_and_mirrored(turned, mirrored, wanted):
    from cnnviewer.qt.live.video_frames import pixels_of

    found = pixels_of(numbered(turned, mirrored=mirrored), mirrored=wanted) & 255
    expected = np.rot90(np.arange(6).reshape(2, 3), -turned // 90)
    if mirrored != wanted:
        expected = expected[:, ::-1]
    assert np.array_equal(found, expected)


def test_rows_from_the_bottom():
    from cnnviewer.qt.live.video_frames import pixels_of

    assert np.array_equal(pixels_of(numbered(bottom_up=True)) & 255, [[3, 4, 5], [0, 1, 2]])


def test_what_is_transparent_is_white():
    from PySide6.QtMultimedia import QVideoFrame

    from cnnviewer.qt.live.video_frames import pixels_of

    image = QImage(2, 1, QImage.Format.Format_ARGB32)
    image.setPixel(0, 0, 0x00FF0000)
    image.setPixel(1, 0, 0x80000000)
    pixels = channels(pixels_of(QVideoFrame(image)))
    assert pixels[0, 0].min() >= 254
    assert np.abs(pixels[0, 1] - 127).max() <= 1


def test_an_empty_frame_is_told():
    from PySide6.QtMultimedia import QVideoFrame

    from cnnviewer.qt.live.video_frames import pixels_of

    with pytest.raises(StreamError, match="can't be read"):
        pixels_of(QVideoFrame())


def test_pixels_are_no_view_of_the_frame():
    from cnnviewer.qt.live.video_frames import pixels_of

    pixels = pixels_of(frame_of("BGRX8888", (10, 20, 30)))
    assert not pixels.flags.writeable
    assert channels(pixels)[0, 0].tolist() == [10, 20, 30]
