"""Video files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.kinds import VIDEOS, ending_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["is_video", "time_text"]


def is_video(path: Path) -> bool:
    """Whether a file is a video, by its name; or a GIF with more than one frame."""
    ending = ending_of(path)
    if not path.is_file():
        return False
    return ending in VIDEOS or (ending == ".gif" and _is_animated(path))


def _is_animated(path: Path) -> bool:
    from PIL import Image  # not above: the window's first paint does not need it

    try:
        with Image.open(path, formats=("GIF",)) as image:
            return bool(getattr(image, "is_animated", False))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False  # it is told where it is opened as a photo


def time_text(milliseconds: int) -> str:
    """Return a place in a video for people: "1:02.4"."""
    tenths = max(0, round(milliseconds / 100))
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{minutes:02d}:{seconds}" if hours else f"{minutes}:{seconds}"
