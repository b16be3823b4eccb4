"""The worker: it owns the engine, and with it the network, in a thread of its own."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from cnnviewer.errors import Cancelled
from cnnviewer.memory import give_back
from cnnviewer.messages import DeviceRequest, HoldRequest, ImageRequest, NetworkRequest, WeightsRequest
from cnnviewer.network_reports import FileRequest
from cnnviewer.qt.failures import failure_of
from cnnviewer.qt.garbage import loading

if TYPE_CHECKING:
    from cnnviewer.engine import Engine
    from cnnviewer.messages import PictureAnswer, PictureRequest, WeightsAnswer
    from cnnviewer.qt.job_queue import Job
    from cnnviewer.qt.live.mailbox import Mailbox

__all__ = ["Worker"]

_LONGEST_WAIT = 0.015
"""For how long, in seconds, finished pictures may wait for others."""

QUIET = 2000
"""After how many milliseconds without a job what was freed is given back: the next one would take it again."""


class Worker(QObject):
    """Runs jobs one by one; lives in its own thread."""

    networkOpened = Signal(object, object)
    imageOpened = Signal(object)
    weightsShown = Signal(object)
    inspected = Signal(object, object)
    deviceUsed = Signal(object)
    pictured = Signal(int, object)
    progressed = Signal(object, object, str)
    """How much is done, or None where nothing can be stopped; how much there is, or None; and a line for people."""
    failed = Signal(object)
    finished = Signal()
    framed = Signal(object)

    def __init__(self, mailbox: Mailbox) -> None:
        super().__init__()
        self._mailbox = mailbox
        self._engine: Engine | None = None
        self._cancel = threading.Event()
        self._quiet = QTimer(self)  # it moves to the worker's thread with it
        self._quiet.setSingleShot(True)
        self._quiet.timeout.connect(self._on_quiet)

    def cancel(self) -> None:
        """Ask the running job to stop; may be called from any thread."""
        self._cancel.set()

    def close(self) -> None:
        """End what the engine has begun; its own thread has ended."""
        if self._engine is not None:
            self._engine.close()

    @Slot(object)
    def run(self, job: Job) -> None:
        """Do a job and tell its answers; an exception becomes a `Failure`."""
        self._cancel.clear()
        try:
            self._do(job)
        except Exception as error:
            self.failed.emit(failure_of(error, job.request))
        finally:
            self._quiet.start(QUIET)
            self.finished.emit()

    @Slot()
    def run_frame(self) -> None:
        """Record the frame that waits, if any, and tell what is to be shown of it."""
        prepared = self._mailbox.take()
        if prepared is None:
            return
        self._quiet.start(QUIET)
        try:
            answer = self._ready_engine().show_frame(prepared, self._mailbox.watch)
        except Exception as error:
            self.failed.emit(failure_of(error, prepared.frame))
            return
        if answer is not None:
            self._mailbox.answered()
            self.framed.emit(answer)

    @Slot()
    def rest(self) -> None:
        """Do nothing more when there is time; called in the worker's thread, before it ends."""
        self._quiet.stop()

    @Slot()
    def _on_quiet(self) -> None:
        """Give back what was freed: large images and recordings leave a tenth of all memory behind."""
        give_back()

    def _do(self, job: Job) -> None:
        engine = self._ready_engine()
        request = job.request
        if isinstance(request, NetworkRequest):
            self.progressed.emit(None, None, f"Loading {request.name}")
            with loading():
                network = engine.open_network(request, self._progress)
            self._mailbox.preprocessing = engine.preprocessing
            self.networkOpened.emit(network, engine.summary())
            return
        if isinstance(request, FileRequest):
            self.inspected.emit(request, engine.inspect(request, self._progress))
            return
        layers, changes = engine.layers, request is not None
        if isinstance(request, ImageRequest):
            self.imageOpened.emit(engine.open_image(request))
        elif isinstance(request, HoldRequest):
            changes = self._tell_weights(engine.hold(request))
        elif isinstance(request, WeightsRequest):
            changes = self._tell_weights(engine.show_weights(request))
        elif isinstance(request, DeviceRequest):
            self.progressed.emit(None, None, "Changing the device")
            self.deviceUsed.emit(engine.use_device(request))
        if engine.layers is layers:
            self._render(engine, job.generation + changes, job.pictures)

    def _tell_weights(self, answer: WeightsAnswer | None) -> bool:
        """Tell what came of a request for weights; return whether it was for the network that is open."""
        if answer is not None:
            self.weightsShown.emit(answer)
        return answer is not None

    def _render(self, engine: Engine, generation: int, pictures: tuple[tuple[str, PictureRequest], ...]) -> None:
        """Answer requests, a few at a time: each time the window's thread takes the interpreter for itself."""
        answers: list[tuple[str, PictureRequest, PictureAnswer]] = []
        begun = time.perf_counter()
        for key, request in pictures:
            if not engine.has(request):
                continue  # it was asked for before the frame came that is held now; the next one brings it
            try:
                answers.append((key, request, engine.picture(request)))
            except Exception as error:  # the others of the job are shown all the same
                self.failed.emit(failure_of(error, request))
            if time.perf_counter() - begun > _LONGEST_WAIT:
                self.pictured.emit(generation, tuple(answers))
                answers, begun = [], time.perf_counter()
        if answers:
            self.pictured.emit(generation, tuple(answers))

    def _ready_engine(self) -> Engine:
        if self._engine is None:
            self.progressed.emit(None, None, "Starting PyTorch")
            # Imported here and not above: it takes seconds, and the window is on the screen meanwhile.
            from cnnviewer.engine import Engine

            self._engine = Engine()
        return self._engine

    def _progress(self, done: int, total: int | None, text: str) -> None:
        if self._cancel.is_set():
            raise Cancelled("Opening the network was stopped.")
        self.progressed.emit(done, total, text)
