"""Video files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.kinds import VIDEOS, ending_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["is_video", "time_text"]


def is_video(path: Path) -> bool:
    """Whether a file is a video, by its name; or an image of more than one frame, by its content."""
    if not path.is_file():
        return False
    if ending_of(path) in VIDEOS:
        return True
    from cnnviewer.inputs.animations import is_animated  # not above: the window's first paint needs no PIL

    return is_animated(path)


def time_text(milliseconds: int) -> str:
    """Return a place in a video for people: "1:02.4"."""
    tenths = max(0, round(milliseconds / 100))
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{minutes:02d}:{seconds}" if hours else f"{minutes}:{seconds}"
