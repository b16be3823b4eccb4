"""Arrays as Qt images, without a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

if TYPE_CHECKING:
    from cnnviewer.messages import Pixels

__all__ = ["to_image"]


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
