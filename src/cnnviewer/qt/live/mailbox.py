"""Between the source and the network: the newest frame wins."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviewer.frames import Watch

if TYPE_CHECKING:
    from cnnviewer.frames import Prepared
    from cnnviewer.preprocessing import Preprocessing

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
        self._frame: Prepared | None = None
        self._unseen = 0
        self._counts = Counts()
        self._arrivals, self._takes = _Beat(), _Beat()
        self.watch = Watch()
        """What the window wants of the next frame; a frozen value, replaced as a whole."""
        self.preprocessing: Preprocessing | None = None
        """How the network that is open wants its frames; set by the worker."""

    def is_wanted(self, now: float) -> bool:
        """Whether a frame that came now is worth its preparation.

        It is not, and counts as dropped, where one waits already and another will come before the network is free.
        """
        with self._lock:
            self._arrivals.note(now)
            free = self._takes.last + self._takes.interval
            if self._frame is None or free - now < 1.5 * self._arrivals.interval:
                return True
            self._count(dropped=True)
            return False

    def offer(self, frame: Prepared) -> bool:
        """Leave a frame; return whether none was waiting, so that the worker has to be told."""
        with self._lock:
            is_first = self._frame is None
            self._frame = frame
            self._count(dropped=not is_first)
            return is_first

    def drop(self) -> None:
        """Count a frame that was overtaken by another."""
        with self._lock:
            self._count(dropped=True)

    def take(self) -> Prepared | None:
        """Return the newest frame; None where none waits, or an answer is still to be seen."""
        with self._lock:
            if self._unseen or self._frame is None:
                return None
            self._takes.note(time.perf_counter())
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
            self._arrivals, self._takes = _Beat(), _Beat()

    @property
    def is_empty(self) -> bool:
        """Whether no frame waits, and no answer is still to be seen."""
        return self._frame is None and not self._unseen

    @property
    def counts(self) -> Counts:
        """The frames since `clear`."""
        return self._counts

    def _count(self, *, dropped: bool) -> None:
        self._counts = Counts(self._counts.offered + 1, self._counts.dropped + dropped)


@dataclass
class _Beat:
    """When something happened last, and how long lies between two times of it, as a running mean; in seconds."""

    last: float = 0.0
    interval: float = 0.0

    def note(self, now: float) -> None:
        if self.last:
            passed = now - self.last
            self.interval += (passed - self.interval) * (0.2 if self.interval else 1.0)
        self.last = now
