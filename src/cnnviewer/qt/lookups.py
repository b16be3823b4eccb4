"""Questions to the disk, asked in a thread of their own: a network drive may not answer for minutes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from cnnviewer.qt.failures import failure_of
from cnnviewer.qt.threads import end_thread, worker_thread

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Lookups"]


@dataclass(frozen=True, eq=False)
class _Question:
    """What is asked in the thread, and who is told the answer in the window's."""

    ask: Callable[[], Any]
    then: Callable[[Any], None]


class _Worker(QObject):
    """Asks one question after another; lives in its own thread."""

    answered = Signal(object, object)
    failed = Signal(object, object)

    @Slot(object)
    def run(self, question: _Question) -> None:
        """Ask, and tell the answer."""
        try:
            answer = question.ask()
        except Exception as error:
            self.failed.emit(question, failure_of(error, None))
        else:
            self.answered.emit(question, answer)


class Lookups(QObject):
    """Asks the disk, and tells the answers in the window's thread, in the order of the questions.

    `failed` tells what nobody foresaw; `ended` follows each question when none waits any more.
    """

    failed = Signal(object)
    ended = Signal()

    _wanted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: list[_Question] = []
        self._worker = _Worker()
        self._thread = worker_thread("cnnviewer lookups", self._worker, self)
        self._wanted.connect(self._worker.run)
        self._worker.answered.connect(self._on_answered)
        self._worker.failed.connect(self._on_failed)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is waited for."""
        return bool(self._waiting)

    def ask(self, question: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Ask a question in the thread; `then` is given the answer in this one."""
        asked = _Question(question, then)
        self._waiting.append(asked)
        if not self._thread.isRunning():
            self._thread.start()
        self._wanted.emit(asked)

    def close(self, seconds: float) -> None:
        """End the thread; a disk that does not answer is waited for no longer than so many seconds."""
        self._waiting.clear()
        end_thread(self._thread, self._worker, seconds)

    @Slot(object, object)
    def _on_answered(self, question: _Question, answer: object) -> None:
        if question in self._waiting:
            question.then(answer)
            self._end(question)

    @Slot(object, object)
    def _on_failed(self, question: _Question, failure: object) -> None:
        if question in self._waiting:
            self.failed.emit(failure)
            self._end(question)

    def _end(self, question: _Question) -> None:
        self._waiting.remove(question)
        if not self._waiting:
            self.ended.emit()
