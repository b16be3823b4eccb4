"""Frames as picture files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.errors import StreamError
from cnnviewer.qt.widgets.images import to_image

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.frames import Frame

__all__ = ["save_png"]


def save_png(frame: Frame, path: Path) -> None:
    """Write a frame as a PNG file.

    Raises
    ------
    StreamError
        If the file can't be written.
    """
    if not to_image(frame.pixels).save(str(path)):
        raise StreamError(f"The picture {path} can't be written; choose another folder.")
