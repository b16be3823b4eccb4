"""A region of the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnviewer.messages import Pixels

__all__ = ["Region", "failure_text"]


@dataclass(frozen=True)
class Region:
    """A part of the screen, as shares 0..1 of its width and height: what a system captures may have other pixels."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    def cut(self, pixels: Pixels) -> Pixels:
        """Return the part of a picture ``(H, W)``, at least one pixel."""
        height, width = pixels.shape
        top, bottom = _ends(self.top, self.bottom, height)
        left, right = _ends(self.left, self.right, width)
        return pixels[top:bottom, left:right]


def failure_text(reason: str) -> str:
    """Return what is told where the screen can't be captured."""
    told = f" ({reason})" if reason else ""
    return (
        f"The screen can't be captured here{told}: the system does not allow it, or asks for a permission "
        "(its settings, Privacy, Screen recording)."
    )


def _ends(low: float, high: float, length: int) -> tuple[int, int]:
    first = min(max(round(low * length), 0), length - 1)
    return first, max(first + 1, min(round(high * length), length))
