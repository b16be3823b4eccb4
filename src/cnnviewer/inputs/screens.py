"""A region of the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnviewer.messages import Pixels

__all__ = ["Region", "failure_text", "is_captured", "no_screen_text"]

_CAPTURED = ("xcb", "wayland", "windows", "cocoa", "eglfs")
"""Qt's platforms whose screens the system gives.

On others Qt reads the window's pixels in a thread of its own while they are painted, and the program falls.
"""


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


def is_captured(platform: str) -> bool:
    """Whether pictures of the screen can be taken on one of Qt's platforms."""
    return platform.startswith(_CAPTURED)


def no_screen_text(platform: str) -> str:
    """Return what is told on a platform that has no screen."""
    return (
        f'The window is shown without a screen (Qt\'s platform "{platform}"), and so there is none to be captured; '
        "start cnnviewer on a desktop."
    )


def _ends(low: float, high: float, length: int) -> tuple[int, int]:
    first = min(max(round(low * length), 0), length - 1)
    return first, max(first + 1, min(round(high * length), length))
