"""Python's garbage collector beside Qt: it runs in the window's thread alone, and not while a network is loaded."""

from __future__ import annotations

import atexit
import gc
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["GarbageCollector", "loading", "no_collection"]

_SHORTEST, _LONGEST = 10, 320
"""Milliseconds between two looks at how much there is to collect: often while there is, for little at a time."""
_FULL = 60.0
"""Seconds between two looks through everything, which holds all threads for the longest."""

_lock = threading.Lock()
_running: set[GarbageCollector] = set()
_frozen = False
_pauses = 0


class GarbageCollector(QObject):
    """Collects what Python's own collector would, in the thread in which it was made, until it is closed.

    By itself Python collects in whichever thread makes an object. Where a worker destroys an object of Qt's, it holds
    a lock of Qt's and waits for Python's, while the window's thread holds Python's and waits for that of Qt: both for
    ever.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        _running.add(self)
        self._full = time.monotonic()
        self._timer = QTimer(self)
        self._timer.setInterval(_LONGEST)
        self._timer.timeout.connect(self._collect)
        self._timer.start()

    def close(self) -> None:
        """Let Python collect by itself again, when the threads have ended."""
        self._timer.stop()
        _running.discard(self)
        if not _running:
            gc.enable()

    @Slot()
    def _collect(self) -> None:
        """Collect the oldest generation that is due, and with it the younger ones."""
        counts, most, now = gc.get_count(), gc.get_threshold(), time.monotonic()
        due = [generation for generation in range(len(counts)) if counts[generation] > most[generation]]
        if due and due[-1] == len(counts) - 1 and now - self._full < _FULL:
            due.pop()
        self._timer.setInterval(_SHORTEST if due else min(2 * self._timer.interval(), _LONGEST))
        if due and not _pauses:
            gc.collect(due[-1])
            self._full = now if due[-1] == len(counts) - 1 else self._full


@contextmanager
def no_collection() -> Iterator[None]:
    """Keep garbage from being collected meanwhile, by any thread."""
    global _pauses
    was_enabled = gc.isenabled()
    gc.disable()
    with _lock:
        _pauses += 1
    try:
        yield
    finally:
        with _lock:
            _pauses -= 1
        if was_enabled:
            gc.enable()


@contextmanager
def loading() -> Iterator[None]:
    """Keep garbage from being collected while a network is loaded, and what stays from being looked through again.

    Importing and building make so many objects that the collector would look through all of them several times, and
    hold every thread for 0.2 s each time. What the first time brings are torch's modules, which stay: it never looks
    through them again.
    """
    global _frozen
    with no_collection():
        try:
            yield
        finally:
            if not _frozen:
                gc.freeze()
                atexit.register(gc.unfreeze)  # or extension modules complain of leaks when the program ends
                _frozen = True
