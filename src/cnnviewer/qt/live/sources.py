"""What all sources of a stream have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QVideoSink

    from cnnviewer.qt.live.grabber import Grab

__all__ = ["Source"]


class Source(QObject):
    """Gives frames from `start` to `stop`; `failed` tells a sentence when it can give no more.

    A source lives in the window's thread; its frames go to the grabber's without passing through it.
    """

    failed = Signal(str)
    changed = Signal()

    grab: Grab
    """How its frames are taken; `changed` tells of another value."""
    sink: QVideoSink
    """Where they come."""

    def start(self) -> None:
        """Begin."""
        raise NotImplementedError

    def stop(self) -> None:
        """End, and let go of the device or file."""
        raise NotImplementedError
