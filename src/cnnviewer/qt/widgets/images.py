"""Arrays as Qt images, without a copy; and Qt images as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QImage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cnnviewer.messages import Pixels

__all__ = ["from_image", "lit_pixels", "to_image"]


class _ArrayImage(QImage):
    """A QImage that keeps the array alive whose memory it shows."""

    def __init__(self, pixels: Pixels, has_alpha: bool) -> None:
        kind = QImage.Format.Format_ARGB32 if has_alpha else QImage.Format.Format_RGB32
        height, width = pixels.shape
        super().__init__(pixels.data, width, height, 4 * width, kind)
        self.pixels = pixels


def to_image(pixels: Pixels, *, has_alpha: bool = False) -> QImage:
    """Return contiguous pixels 0xAARRGGBB, uint32 ``(H, W)``, as a QImage over the same memory."""
    return _ArrayImage(pixels, has_alpha)


def from_image(image: QImage) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Return the pixels of a QImage of any format, with as many bits as it has, not premultiplied.

    Returns
    -------
    numpy.ndarray
        A copy: uint8, or uint16 of images of more than 8 bits, ``(H, W, 3)``, RGB, or where it may be transparent
        ``(H, W, 4)``, RGBA; grey of 16 bits is ``(H, W)``.
    """
    import numpy as np  # not above: the window is painted before numpy is imported

    if image.format() == QImage.Format.Format_Grayscale16:
        words = np.frombuffer(image.constBits(), np.uint16).reshape(image.height(), image.bytesPerLine() // 2)
        return words[:, : image.width()].copy()
    is_deep = image.pixelFormat().bitsPerPixel() == 64
    made = image.convertToFormat(QImage.Format.Format_RGBA64 if is_deep else QImage.Format.Format_RGBA8888)
    parts: NDArray[Any] = np.frombuffer(made.constBits(), np.uint16 if is_deep else np.uint8)
    pixels = parts.reshape(made.height(), -1)[:, : 4 * made.width()].reshape(made.height(), made.width(), 4)
    return pixels[..., : 4 if image.hasAlphaChannel() else 3].copy()


def lit_pixels(mask: NDArray[np.bool_], wrapped: tuple[int, ...] | None = None) -> Pixels:
    """Return a picture that lights the units of a mask, and darkens the others.

    Parameters
    ----------
    mask
        bool ``(H, W)``.
    wrapped
        For a vector, ``(1, N)``: the rows and columns that it is wrapped into.

    Returns
    -------
    numpy.ndarray
        uint32 ``(H, W)``, 0xAARRGGBB.
    """
    import numpy as np  # not above: the window is painted before numpy is imported

    pixels = np.where(mask, np.uint32(0x66FFD400), np.uint32(0x73000000))
    if wrapped is not None:
        cells = np.zeros(wrapped, np.uint32)
        cells.reshape(-1)[: pixels.size] = pixels.reshape(-1)
        pixels = cells
    return np.ascontiguousarray(pixels)
