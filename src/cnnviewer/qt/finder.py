"""The finder: it looks for what can be shown in a thread of its own, as a disk or a folder may be slow."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from cnnviewer.qt.failures import failure_of
from cnnviewer.qt.threads import end_thread, worker_thread

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cnnviewer.inputs.finding import Counting, Found
    from cnnviewer.qt.failures import Failure

__all__ = ["Finder", "Search"]


@dataclass(frozen=True, eq=False)
class Search:
    """What is to be looked for; answers carry it back.

    Parameters
    ----------
    given
        Paths, and texts that are paths or addresses.
    stop
        Set where what was found by then is enough.
    """

    given: tuple[Path | str, ...]
    stop: threading.Event = field(default_factory=threading.Event)


class _Worker(QObject):
    """Runs searches one by one; lives in its own thread."""

    counted = Signal(object, object)
    found = Signal(object, object)
    failed = Signal(object, object)

    @Slot(object)
    def run(self, search: Search) -> None:
        """Tell how far a search is, and what it found."""
        # Here, in the thread: it imports much, and the window is painted before.
        from cnnviewer.inputs.finding import Counting, find

        try:
            for news in find(search.given, search.stop.is_set):
                (self.counted if isinstance(news, Counting) else self.found).emit(search, news)
        except Exception as error:
            self.failed.emit(search, failure_of(error, search))


class Finder(QObject):
    """Finds what can be shown; a newer search takes the place of the one that runs, whose answer is dropped.

    `counted` tells how far it is, `found` what it found, `failed` what nobody foresaw; `ended` follows each search.
    """

    counted = Signal(object)
    found = Signal(object)
    failed = Signal(object)
    ended = Signal()

    _wanted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._search: Search | None = None
        self._worker = _Worker()
        self._thread = worker_thread("cnnviewer finder", self._worker, self)
        self._wanted.connect(self._worker.run)
        self._worker.counted.connect(self._on_counted)
        self._worker.found.connect(self._on_found)
        self._worker.failed.connect(self._on_failed)

    @property
    def is_busy(self) -> bool:
        """Whether a search runs."""
        return self._search is not None

    def find(self, given: Sequence[Path | str]) -> None:
        """Find what can be shown of what was given; `found` tells it."""
        self.stop()
        self._search = Search(tuple(given))
        if not self._thread.isRunning():
            self._thread.start()
        self._wanted.emit(self._search)

    def stop(self) -> None:
        """Look no further; `found` tells what was found by then."""
        if self._search is not None:
            self._search.stop.set()

    def close(self, seconds: float) -> None:
        """End the thread; a disk that does not answer is waited for no longer than so many seconds."""
        self.stop()
        self._search = None
        end_thread(self._thread, self._worker, seconds)

    @Slot(object, object)
    def _on_counted(self, search: Search, counting: Counting) -> None:
        if search is self._search and not search.stop.is_set():
            self.counted.emit(counting)

    @Slot(object, object)
    def _on_found(self, search: Search, found: Found) -> None:
        if search is self._search:
            self._search = None
            self.found.emit(found)
            self.ended.emit()

    @Slot(object, object)
    def _on_failed(self, search: Search, failure: Failure) -> None:
        if search is self._search:
            self._search = None
            self.failed.emit(failure)
            self.ended.emit()
