"""Arrays as Qt images, without a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cnnviewer.messages import Pixels

__all__ = ["lit_pixels", "to_image"]


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
