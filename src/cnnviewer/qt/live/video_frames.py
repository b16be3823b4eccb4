"""Frames of Qt's multimedia as pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QTransform
from PySide6.QtMultimedia import QVideoFrame, QVideoFrameFormat

from cnnviewer.errors import StreamError
from cnnviewer.images import over_white, to_packed
from cnnviewer.qt.widgets.images import from_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cnnviewer.messages import Pixels

__all__ = ["pixels_of", "pixels_of_image", "to_video_frame"]

_Format = QVideoFrameFormat.PixelFormat

_RATE = 30.0
"""What an encoder reckons with, in frames a second: a stream's is not known, and each frame tells its own time."""
_SUBSAMPLED = frozenset(
    (
        *(_Format.Format_YUV420P, _Format.Format_YUV422P, _Format.Format_YUV420P10, _Format.Format_YV12),
        *(_Format.Format_UYVY, _Format.Format_YUYV, _Format.Format_NV12, _Format.Format_NV21),
        *(_Format.Format_IMC1, _Format.Format_IMC2, _Format.Format_IMC3, _Format.Format_IMC4),
        *(_Format.Format_P010, _Format.Format_P016),
    )
)
"""Formats in which neighbouring pixels share their colour."""


def pixels_of(frame: QVideoFrame, *, mirrored: bool = False) -> Pixels:
    """Return a frame's pixels, upright, over white where it is transparent.

    Parameters
    ----------
    frame
        A frame in any of the formats that Qt knows.
    mirrored
        Whether left and right are changed, as in a mirror.

    Returns
    -------
    numpy.ndarray
        uint32 ``(H, W)``, 0xffRRGGBB, read-only.

    Raises
    ------
    StreamError
        If the frame holds no picture, or one of a format that can't be read.
    """
    image = _image(frame)
    if image.isNull():
        raise StreamError(f"The frame can't be read: its format is {frame.pixelFormat().name}.")
    if frame.pixelFormat() in _SUBSAMPLED and (frame.width() % 2 or frame.height() % 2):
        image = _mended(image, frame)
    return pixels_of_image(_presented(image, frame, mirrored))


def pixels_of_image(image: QImage) -> Pixels:
    """Return an image's pixels, uint32 ``(H, W)``, 0xffRRGGBB, read-only, over white where it is transparent."""
    pixels = _over_white(image) if image.hasAlphaChannel() else _opaque(image)
    pixels.setflags(write=False)
    return pixels


def _opaque(image: QImage) -> Pixels:
    made = image.convertToFormat(QImage.Format.Format_RGB32)
    words = np.frombuffer(made.constBits(), np.uint32, made.sizeInBytes() // 4)
    rows = words.reshape(made.height(), made.bytesPerLine() // 4)[:, : made.width()]
    return rows | np.uint32(0xFF000000)  # a copy, and Qt leaves the upper byte undefined


def to_video_frame(image: QImage, microseconds: int) -> QVideoFrame:
    """Return an image as a frame that begins so many microseconds after the first."""
    made = QVideoFrame(image)
    made.setStartTime(microseconds)
    made.setStreamFrameRate(_RATE)
    return made


def _image(frame: QVideoFrame) -> QImage:
    if frame.pixelFormat() == _Format.Format_YUV420P10:
        return _in_8_bits(frame).toImage()  # Qt converts it on a graphics card only
    return frame.toImage()


def _mended(image: QImage, frame: QVideoFrame) -> QImage:
    """Return a picture of an odd size whose last column and row are those beside them.

    Qt converts pixels that share a colour in pairs, and leaves the one that is over unwritten.
    """
    made, source = image.convertToFormat(QImage.Format.Format_RGB32), frame.surfaceFormat()
    unwritten = np.zeros((frame.height(), frame.width()), bool)
    unwritten[:, frame.width() // 2 * 2 :] = unwritten[frame.height() // 2 * 2 :] = True
    if source.scanLineDirection() is QVideoFrameFormat.Direction.BottomToTop:
        unwritten = unwritten[::-1]
    unwritten = np.rot90(unwritten, -(source.rotation().value // 90))
    if source.isMirrored():
        unwritten = unwritten[:, ::-1]
    words = np.frombuffer(made.bits(), np.uint32).reshape(made.height(), made.bytesPerLine() // 4)
    for column in np.flatnonzero(unwritten.all(axis=0)):
        words[:, column] = words[:, column - 1 if column else 1]
    for row in np.flatnonzero(unwritten.all(axis=1)):
        words[row] = words[row - 1 if row else 1]
    return made


def _presented(image: QImage, frame: QVideoFrame, mirrored: bool) -> QImage:
    """Return a picture as it is to be shown: `toImage` turns it as its format tells, not as the frame itself does."""
    if frame.rotation().value:
        image = image.transformed(QTransform().rotate(frame.rotation().value))
    if frame.mirrored() != mirrored:
        image = image.flipped(Qt.Orientation.Horizontal)
    return image


def _over_white(image: QImage) -> Pixels:
    """Return the pixels of a transparent image as those of a transparent file are read."""
    straight = image.convertToFormat(QImage.Format.Format_RGBA8888)
    colors = from_image(straight)
    return to_packed(over_white(Image.fromarray(colors)))


def _in_8_bits(frame: QVideoFrame) -> QVideoFrame:
    """Return a frame of 10 bits a sample as one of 8."""
    source = frame.surfaceFormat()
    made_format = QVideoFrameFormat(QSize(source.frameWidth(), source.frameHeight()), _Format.Format_YUV420P)
    made_format.setColorSpace(source.colorSpace())
    made_format.setColorRange(source.colorRange())
    made_format.setRotation(source.rotation())
    made_format.setMirrored(source.isMirrored())
    made_format.setScanLineDirection(source.scanLineDirection())
    made = QVideoFrame(made_format)
    if not frame.map(QVideoFrame.MapMode.ReadOnly):
        return made
    try:
        if made.map(QVideoFrame.MapMode.WriteOnly):
            _copy_planes(frame, made)
            made.unmap()
    finally:
        frame.unmap()
    return made


def _copy_planes(frame: QVideoFrame, made: QVideoFrame) -> None:
    for plane in range(frame.planeCount()):
        rows, columns = (frame.height(), frame.width())
        if plane:
            rows, columns = (rows + 1) // 2, (columns + 1) // 2
        wide, narrow = _rows(frame, plane), _rows(made, plane)
        rows = min(rows, len(wide), len(narrow))
        samples = wide[:rows, : 2 * columns].copy().view("<u2")
        narrow[:rows, :columns] = samples >> 2


def _rows(frame: QVideoFrame, plane: int) -> NDArray[np.uint8]:
    """Return the bytes of a plane by rows; what is left over behind the last belongs to none."""
    stride, data = frame.bytesPerLine(plane), np.frombuffer(frame.bits(plane), np.uint8)
    return data[: len(data) // stride * stride].reshape(-1, stride)
