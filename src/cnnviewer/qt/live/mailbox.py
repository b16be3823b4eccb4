"""Between the source and the network: the newest frame wins."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviewer.frames import Watch

if TYPE_CHECKING:
    from cnnviewer.frames import Frame

__all__ = ["Counts", "Mailbox"]


@dataclass(frozen=True)
class Counts:
    """How many frames came, and how many of them nobody will see."""

    offered: int = 0
    dropped: int = 0


class Mailbox:
    """Holds one frame that waits while another is in the network; a newer one takes its place.

    All its methods may be called by any thread. An answer of which the window has not begun to show anything keeps
    the next frame waiting: a slow window slows the network, and no answers pile up.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frame: Frame | None = None
        self._unseen = 0
        self._counts = Counts()
        self.watch = Watch()
        """What the window wants of the next frame; a frozen value, replaced as a whole."""

    def offer(self, frame: Frame) -> bool:
        """Leave a frame; return whether none was waiting, so that the worker has to be told."""
        with self._lock:
            is_first = self._frame is None
            self._frame = frame
            self._count(dropped=not is_first)
            return is_first

    def drop(self) -> None:
        """Count a frame that was not even looked at."""
        with self._lock:
            self._count(dropped=True)

    def take(self) -> Frame | None:
        """Return the newest frame; None where none waits, or an answer is still to be seen."""
        with self._lock:
            if self._unseen:
                return None
            frame, self._frame = self._frame, None
            return frame

    def answered(self) -> None:
        """Tell that an answer is on its way to the window."""
        with self._lock:
            self._unseen += 1

    def seen(self) -> bool:
        """Tell that the window begins to show an answer; return whether a frame waits for the worker."""
        with self._lock:
            self._unseen = max(0, self._unseen - 1)
            return self._frame is not None

    def clear(self) -> None:
        """Forget the frame that waits, and what was counted."""
        with self._lock:
            self._frame, self._counts = None, Counts()

    @property
    def counts(self) -> Counts:
        """The frames since `clear`."""
        return self._counts

    def _count(self, *, dropped: bool) -> None:
        self._counts = Counts(self._counts.offered + 1, self._counts.dropped + dropped)
