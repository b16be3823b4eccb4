"""The talk with the worker: what it is to do, one job after the other, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from cnnviewer.qt.job_queue import JobQueue
from cnnviewer.qt.threads import end_thread, worker_thread
from cnnviewer.qt.worker import Worker

if TYPE_CHECKING:
    from cnnviewer.messages import NetworkSummary, PictureRequest, RecordingSummary, WeightsAnswer
    from cnnviewer.qt.job_queue import Opening
    from cnnviewer.qt.live.mailbox import Mailbox

__all__ = ["Dispatcher"]


class Dispatcher(QObject):
    """Passes what waits to the worker, and tells its answers with the request that each belongs to.

    Pictures of an older recording are not told.
    """

    networkOpened = Signal(object, object, object)
    imageOpened = Signal(object, object)
    weightsShown = Signal(object, object)
    inspected = Signal(object, object)
    deviceUsed = Signal(object)
    pictured = Signal(str, object, object)
    progressed = Signal(object, object, str)
    failed = Signal(object)
    framed = Signal(object)
    busyChanged = Signal(bool)
    idle = Signal()

    _jobRequested = Signal(object)
    _frameWaits = Signal()

    def __init__(self, mailbox: Mailbox, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.queue = JobQueue()
        """What waits for the worker."""
        self._mailbox = mailbox
        self._is_closed = False
        self._worker = Worker(mailbox)
        self._thread = worker_thread("cnnviewer worker", self._worker, self)
        self._thread.finished.connect(self._worker.rest)
        self._jobRequested.connect(self._worker.run)
        self._frameWaits.connect(self._worker.run_frame)
        self._worker.networkOpened.connect(self._on_network_opened)
        self._worker.imageOpened.connect(self._on_image_opened)
        self._worker.weightsShown.connect(self._on_weights_shown)
        self._worker.inspected.connect(self.inspected)
        self._worker.deviceUsed.connect(self.deviceUsed)
        self._worker.pictured.connect(self._on_pictured)
        self._worker.progressed.connect(self.progressed)
        self._worker.failed.connect(self.failed)
        self._worker.finished.connect(self._on_finished)
        self._worker.framed.connect(self._on_framed)

    def start(self) -> None:
        """Let the worker work."""
        self._thread.start()

    @Slot(object)
    def open(self, request: Opening) -> None:
        """Let the worker open or change something, before all pictures."""
        self.queue.put(request)
        self._send_next()

    def ask(self, key: str, request: PictureRequest) -> None:
        """Let the worker make a picture, which `pictured` tells with the same key and request."""
        self.queue.ask(key, request)
        self._send_next()

    @Slot()
    def wake(self) -> None:
        """Tell the worker that a frame waits."""
        self._frameWaits.emit()

    def cancel(self) -> None:
        """Stop what the worker does, where that can be stopped."""
        self._worker.cancel()

    def stop(self) -> None:
        """Begin nothing more, and stop what the worker does, where that can be stopped."""
        self._is_closed = True
        self.queue.clear()
        self._worker.cancel()

    def close(self, seconds: float) -> None:
        """End the worker's thread, once it is stopped; what can't be stopped is waited for so many seconds."""
        if end_thread(self._thread, self._worker, seconds):
            self._worker.close()

    @property
    def is_running(self) -> bool:
        """Whether the worker's thread lives."""
        return self._thread.isRunning()

    # ---- the worker's answers

    @Slot(object, object)
    def _on_network_opened(self, network: NetworkSummary, recording: RecordingSummary | None) -> None:
        self.networkOpened.emit(self._asked(), network, recording)

    @Slot(object)
    def _on_image_opened(self, recording: RecordingSummary | None) -> None:
        self.imageOpened.emit(self._asked(), recording)

    @Slot(object)
    def _on_weights_shown(self, answer: WeightsAnswer) -> None:
        self.weightsShown.emit(self._asked(), answer)

    @Slot(int, object)
    def _on_pictured(self, generation: int, answers: tuple[tuple[str, PictureRequest, object], ...]) -> None:
        for key, request, answer in answers:
            if self.queue.is_wanted(generation, request):
                self.pictured.emit(key, request, answer)

    @Slot(object)
    def _on_framed(self, answer: object) -> None:
        if self._mailbox.seen():
            self._frameWaits.emit()
        self.framed.emit(answer)

    @Slot()
    def _on_finished(self) -> None:
        done = self.queue.finish()
        if done is not None and done.is_long:
            self.busyChanged.emit(False)
        self._send_next()

    def _asked(self) -> Opening | None:
        return None if self.queue.in_flight is None else self.queue.in_flight.request

    def _send_next(self) -> None:
        if self.queue.in_flight is not None or self._is_closed:
            return
        job = self.queue.take()
        if job is None:
            self.idle.emit()
            return
        if job.is_long:
            self.busyChanged.emit(True)
        self._jobRequested.emit(job)
