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


_AHEAD = 1
"""How many answers may be on their way to the window while the next frame is in the network."""


@dataclass(frozen=True)
class Counts:
    """How many frames came, and how many of them nobody will see."""

    offered: int = 0
    dropped: int = 0


class Mailbox:
    """Holds one frame that waits while another is in the network; a newer one takes its place.

    All its methods may be called by any thread. A second answer of which the window has not begun to show anything
    keeps the next frame waiting: a slow window slows the network, and no answers pile up.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frame: Prepared | None = None
        self._unseen = 0
        self._counts = Counts()
        # In seconds: when the last frame came and was taken, how long lies between two, how long one is with the
        # network, and how long the last was prepared.
        self._arrived = self._taken = self._preparation = 0.0
        self._interval, self._work, self._is_busy = _Mean(), _Mean(), False
        self.watch = Watch()
        """What the window wants of the next frame; a frozen value, replaced as a whole."""
        self.preprocessing: Preprocessing | None = None
        """How the network that is open wants its frames; set by the worker."""

    def is_wanted(self, now: float) -> bool:
        """Whether a frame that came now is worth its preparation; else it counts as dropped.

        It is not where another will come, and can be prepared, before the network is free; nor where one waits already
        that is hardly older. Preparing more takes time from the network.
        """
        with self._lock:
            if self._arrived:
                self._interval.add(now - self._arrived)
            self._arrived, interval = now, self._interval.value
            if self._frame is not None:
                is_wanted = now - self._frame.frame.arrived > 2 * interval
            else:
                until_free = self._taken + self._work.value - now
                is_wanted = not self._is_busy or until_free < 1.2 * interval + self._preparation
            if not is_wanted:
                self._count(dropped=True)
            return is_wanted

    def offer(self, frame: Prepared) -> bool:
        """Leave a frame; return whether none was waiting, so that the worker has to be told."""
        with self._lock:
            is_first = self._frame is None
            self._frame, self._preparation = frame, frame.frame.grab_seconds + frame.seconds
            self._count(dropped=not is_first)
            return is_first

    def drop(self) -> None:
        """Count a frame that was overtaken by another."""
        with self._lock:
            self._count(dropped=True)

    def take(self) -> Prepared | None:
        """Return the newest frame; None where none waits, or too many answers are still to be seen."""
        with self._lock:
            if self._unseen > _AHEAD or self._frame is None:
                return None
            self._taken, self._is_busy = time.perf_counter(), True
            frame, self._frame = self._frame, None
            return frame

    def answered(self) -> None:
        """Tell that an answer is on its way to the window."""
        with self._lock:
            self._unseen, self._is_busy = self._unseen + 1, False
            self._work.add(time.perf_counter() - self._taken)

    def seen(self) -> bool:
        """Tell that the window begins to show an answer; return whether a frame waits for the worker."""
        with self._lock:
            self._unseen = max(0, self._unseen - 1)
            return self._frame is not None

    def clear(self) -> None:
        """Forget the frame that waits, and what was counted."""
        with self._lock:
            self._frame, self._counts, self._arrived, self._is_busy = None, Counts(), 0.0, False
            self._interval, self._work = _Mean(), _Mean()

    @property
    def is_empty(self) -> bool:
        """Whether no frame waits, and no answer is still to be seen."""
        return self._frame is None and not self._unseen

    @property
    def is_working(self) -> bool:
        """Whether a frame waits, is in the network, or on its way to the window."""
        return self._is_busy or not self.is_empty

    @property
    def counts(self) -> Counts:
        """The frames since `clear`."""
        return self._counts

    def _count(self, *, dropped: bool) -> None:
        self._counts = Counts(self._counts.offered + 1, self._counts.dropped + dropped)


@dataclass
class _Mean:
    """A mean in which what is older counts less."""

    value: float = 0.0

    def add(self, value: float) -> None:
        self.value += (value - self.value) * (0.2 if self.value else 1.0)
