"""Frames as picture files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.errors import StreamError
from cnnviewer.qt.widgets.images import to_image

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.frames import Frame

__all__ = ["FrameFiles", "save_png"]


def save_png(frame: Frame, path: Path) -> None:
    """Write a frame as a PNG file.

    Raises
    ------
    StreamError
        If the file can't be written, or its name does not tell what it is.
    """
    if path.suffix.lower() != ".png":
        raise StreamError(f"{path.name} is no name for a frame: it is saved as .png; choose a name that ends so.")
    if not to_image(frame.pixels).save(str(path)):
        raise StreamError(f"The picture {path} can't be written; choose another folder.")


class FrameFiles:
    """Writes each frame of a stream as a PNG file into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.frames = 0

    def take(self, frame: Frame) -> None:
        """Write a frame.

        Raises
        ------
        StreamError
            If the file can't be written.
        """
        save_png(frame, self._folder / f"frame-{frame.number:06d}.png")
        self.frames += 1
