"""The training session: the state of the window's training, and its talk with the training worker."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from cnnviewer.qt.threads import worker_thread
from cnnviewer.qt.training_controls import Controls
from cnnviewer.qt.training_values import Order
from cnnviewer.qt.training_worker import TrainingWorker

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtCore import QThread

    from cnnviewer.qt.failures import Failure
    from cnnviewer.qt.training_values import Begun
    from cnnviewer.training.plan import Plan
    from cnnviewer.training.progress import Weight
    from cnnviewer.training.samples import DatasetSummary

__all__ = ["Stage", "TrainingSession"]


class Stage(StrEnum):
    """Where the window's training is."""

    NONE = "none"
    PREPARING = "preparing"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    ENDED = "ended"
    FOLLOWING = "following"


class TrainingSession(QObject):
    """Holds the state of one training, and passes wishes to the worker that runs it.

    A thread is started when the first order is given, and ended by `close`.
    """

    stageChanged = Signal(object)
    looked = Signal(object)
    begun = Signal(object)
    told = Signal(object)
    weightsTaken = Signal(object)
    progressed = Signal(object, object, str)
    lookEnded = Signal()
    failed = Signal(object)

    _ordered = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.stage = Stage.NONE
        self.begun_with: Begun | None = None
        self.outcome: bool | None = None
        """Whether the training that has ended came to its end; None where it can't go on in either case."""
        self.dataset: DatasetSummary | None = None
        self._controls = Controls()
        self._thread: QThread | None = None
        self._in_flight: Order | None = None
        self._waiting: Order | None = None

    # ---- wishes

    def look(self, plan: Plan) -> None:
        """Read the dataset of a plan, to be looked at; `looked` tells of it. The newest wish wins."""
        self._give(Order("look", plan))

    def begin(self, plan: Plan, folder: Path, *, is_paused: bool = False) -> None:
        """Begin a training in a folder; where `is_paused`, it waits before its first step."""
        self._start(Order("begin", plan, folder, is_paused))

    def resume_run(self, folder: Path, *, more_epochs: int = 0, is_paused: bool = False) -> None:
        """Let a training that was interrupted go on, or one that has ended for so many epochs more."""
        self._start(Order("resume", None, folder, is_paused, more_epochs))

    def follow(self, folder: Path) -> None:
        """Show a training that goes on elsewhere, or has ended."""
        self._start(Order("follow", None, folder))

    def pause(self) -> None:
        """Wait before the next step."""
        if self.stage is Stage.RUNNING:
            self._controls.pause()
            self._set_stage(Stage.PAUSED)

    def resume(self) -> None:
        """Go on after a pause."""
        if self.stage is Stage.PAUSED:
            self._controls.resume()
            self._set_stage(Stage.RUNNING)

    def take_step(self) -> None:
        """Take one step, and wait."""
        if self.stage in (Stage.RUNNING, Stage.PAUSED):
            self._controls.take_step()
            self._set_stage(Stage.PAUSED)

    def stop(self) -> None:
        """End the training with a checkpoint, or what it takes to begin it, or the following of another."""
        if self._in_flight is not None:
            self._controls.stop()
            if self._in_flight.what != "look":
                self._set_stage(Stage.STOPPING)

    def set_learning_rate(self, rate: float) -> None:
        """Have another learning rate from the next step on."""
        self._controls.set_learning_rate(rate)

    def watch(self, weight: Weight | None) -> None:
        """Account for each step of one weight."""
        self._controls.watch(weight)

    def ask_weights(self) -> None:
        """Ask for the weights of now; `weightsTaken` brings them."""
        self._controls.ask_weights()

    def close(self) -> None:
        """End the thread; a training is ended after the step under way, with a checkpoint."""
        self._waiting = None
        self._controls.stop()
        if self._thread is not None:
            self._thread.quit()
            self._thread.wait()
            self._thread = None

    # ---- state asked for

    @property
    def is_active(self) -> bool:
        """Whether a training runs, waits, or is being made ready."""
        return self.stage not in (Stage.NONE, Stage.ENDED)

    @property
    def is_busy(self) -> bool:
        """Whether the worker has something to do."""
        return self._in_flight is not None

    @property
    def is_running(self) -> bool:
        """Whether the worker's thread lives."""
        return self._thread is not None and self._thread.isRunning()

    # ---- the worker

    def _start(self, order: Order) -> None:
        if self.is_active:
            return
        self._give(order)
        self._set_stage(Stage.PREPARING)

    def _give(self, order: Order) -> None:
        self._waiting = order
        if self._in_flight is None:
            self._send_next()
        elif self._in_flight.what == "look":
            self._controls.stop()  # the newest wish wins

    def _send_next(self) -> None:
        order, self._waiting = self._waiting, None
        self._in_flight = order
        if order is None:
            return
        self._controls.reset()
        if order.is_paused:
            self._controls.pause()
        self._ready_thread()
        self._ordered.emit(order)

    def _ready_thread(self) -> None:
        if self._thread is not None:
            return
        self._worker = TrainingWorker(self._controls)
        self._thread = worker_thread("cnnviewer training", self._worker, self)
        self._ordered.connect(self._worker.run)
        self._worker.looked.connect(self._on_looked)
        self._worker.begun.connect(self._on_begun)
        self._worker.told.connect(self.told)
        self._worker.weightsTaken.connect(self.weightsTaken)
        self._worker.progressed.connect(self.progressed)
        self._worker.finished.connect(self._on_finished)
        self._thread.start()

    def _set_stage(self, stage: Stage) -> None:
        if stage is not self.stage:
            self.stage = stage
            self.stageChanged.emit(stage)

    @Slot(object)
    def _on_looked(self, dataset: DatasetSummary) -> None:
        self.dataset = dataset
        self.looked.emit(dataset)

    @Slot(object)
    def _on_begun(self, begun: Begun) -> None:
        self.begun_with = begun
        self.dataset = begun.dataset or self.dataset
        self.begun.emit(begun)
        if self.stage is Stage.PREPARING:
            waits = self._in_flight is not None and self._in_flight.is_paused
            self._set_stage(Stage.FOLLOWING if begun.is_followed else Stage.PAUSED if waits else Stage.RUNNING)

    @Slot(object, object, object)
    def _on_finished(self, order: Order, outcome: bool | None, failure: Failure | None) -> None:
        self._in_flight = None
        if order.what == "look":
            self.lookEnded.emit()
        elif self.is_active:
            self.outcome = outcome
            self._set_stage(Stage.NONE if self.stage is Stage.PREPARING else Stage.ENDED)
        if failure is not None:
            self.failed.emit(failure)
        if self._waiting is not None:
            self._send_next()
