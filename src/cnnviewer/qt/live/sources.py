"""What all sources of a stream have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtMultimedia import QVideoSink

    from cnnviewer.qt.live.grabber import Grab

__all__ = ["PlayedSource", "Source"]


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

    def maker(self) -> Callable[[QObject], Source] | None:
        """Return what makes the source anew as it is now, with its parent; None where it can't be."""
        return None

    def stop(self) -> None:
        """End, and let go of the device or file."""
        raise NotImplementedError


class PlayedSource(Source):
    """A source that has a beginning and an end: it is played, stopped, stepped through and wound; without sound.

    `moved` tells the place in milliseconds, `played` whether it runs; `changed` also that its length is known.
    """

    moved = Signal(int)
    played = Signal(bool)

    @property
    def duration(self) -> int:
        """How long it is, in milliseconds; 0 where that is not known yet."""
        raise NotImplementedError

    @property
    def is_playing(self) -> bool:
        """Whether it runs."""
        raise NotImplementedError

    def play(self) -> None:
        """Go on; from the beginning where it has ended."""
        raise NotImplementedError

    def pause(self) -> None:
        """Stop at the frame that is shown."""
        raise NotImplementedError

    def seek(self, milliseconds: int) -> None:
        """Show the frame at a place."""
        raise NotImplementedError

    def step(self, frames: int) -> None:
        """Stop, and show a later frame, or with a negative number an earlier one."""
        raise NotImplementedError
