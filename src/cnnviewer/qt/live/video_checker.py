"""The checker: looks at video files before they play, in the thread of the frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from cnnviewer.errors import StreamError
from cnnviewer.inputs.videos import check_video

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["VideoChecker"]


class VideoChecker(QObject):
    """Tells by `checked` of each file why it does not play; an empty sentence where it may."""

    checked = Signal(object, str)

    @Slot(object)
    def check(self, path: Path) -> None:
        """Look at a file."""
        try:
            check_video(path)
        except StreamError as error:
            self.checked.emit(path, str(error))
        else:
            self.checked.emit(path, "")
