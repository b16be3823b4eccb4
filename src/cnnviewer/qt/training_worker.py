"""The training worker: it owns the trainer, in a thread of its own, and takes its orders between two steps."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from cnnviewer.errors import Cancelled, CnnviewerError, DatasetError
from cnnviewer.messages import WeightsRequest
from cnnviewer.networks.run_folder import list_checkpoints, list_snapshots, read_card
from cnnviewer.qt.failures import failure_of
from cnnviewer.qt.training_teller import Teller
from cnnviewer.qt.training_values import Begun
from cnnviewer.training.plan import plan_from_card
from cnnviewer.training.progress import Checkpoint, Finished

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.datasets.labelled import Dataset
    from cnnviewer.qt.failures import Failure
    from cnnviewer.qt.training_controls import Controls
    from cnnviewer.qt.training_values import Order
    from cnnviewer.training.following import Follower
    from cnnviewer.training.training import Training

__all__ = ["TrainingWorker"]

_FOLLOWED = 0.5
"""Seconds between two looks into a folder that is followed."""


class TrainingWorker(QObject):
    """Trains, follows a training elsewhere, or looks at a dataset; lives in its own thread."""

    looked = Signal(object)
    begun = Signal(object)
    told = Signal(object)
    weightsTaken = Signal(object)
    progressed = Signal(object, object, str)
    finished = Signal(object, object, object)

    def __init__(self, controls: Controls) -> None:
        super().__init__()
        self._controls = controls

    @Slot(object)
    def run(self, order: Order) -> None:
        """Carry out an order; `finished` tells it, its outcome, and an exception as a `Failure`."""
        failure: Failure | None = None
        try:
            # Imported here: the window is on the screen before torch is there.
            from cnnviewer.threads import leave_a_core

            leave_a_core()
            {"look": self._look, "begin": self._train, "resume": self._train, "follow": self._follow}[order.what](order)
        except Exception as error:
            failure = failure_of(error, order)
        # One signal tells both: whoever reads why it failed finds a session that is ready for the next order.
        self.finished.emit(order, None if order.what == "look" else _outcome(order.folder), failure)

    def _progress(self, done: int, total: int | None, text: str) -> None:
        if self._controls.is_stopped:
            raise Cancelled("It was stopped.")
        self.progressed.emit(done, total, text)

    def _look(self, order: Order) -> None:
        from cnnviewer.training.samples import summary_of
        from cnnviewer.training.start import dataset_of

        assert order.plan is not None
        self.looked.emit(summary_of(dataset_of(order.plan, progress=self._progress)))

    # ---- training

    def _train(self, order: Order) -> None:
        from cnnviewer.training.resuming import Changes
        from cnnviewer.training.start import begin, go_on

        assert order.folder is not None
        self.progressed.emit(None, None, "Preparing the training")
        if order.plan is not None:
            training = begin(order.plan, order.folder, progress=self._progress)
        else:
            training = go_on(order.folder, changes=Changes(more_epochs=order.more_epochs), progress=self._progress)
        try:
            self._run(training)
        finally:
            training.close()

    def _run(self, training: Training) -> None:
        from cnnviewer.training.following import Follower

        run = training.run
        assert run is not None
        teller = Teller(self.told.emit, training.trainer.dataset)
        has_begun = bool(list_checkpoints(run.folder))
        if has_begun:
            self.begun.emit(_begun(training))
            teller.extend(Follower(run.folder).poll(), has_restarted=False)
        training.before_step = partial(self._wait_for_turn, training, teller)
        for news in training:
            teller.add(news)
            if not has_begun and isinstance(news, Checkpoint):
                # What comes before the first step made the folder one that can be opened.
                self.begun.emit(_begun(training))
                has_begun = True
            if has_begun and teller.is_due:
                teller.tell(training)
        teller.tell(training)
        self._give_weights(training)

    def _wait_for_turn(self, training: Training, teller: Teller) -> None:
        """Obey the window, and wait while the training is paused."""
        while True:
            before = training.trainer.learning_rate
            may_go, wants_weights = self._controls.obey(training)
            if training.trainer.learning_rate != before:
                training.save()  # a run that is broken off goes on with the new one
            if wants_weights:
                self._give_weights(training)
            if may_go:
                return
            teller.tell(training)
            self._controls.wait_for_wish()

    def _give_weights(self, training: Training) -> None:
        trainer, run = training.trainer, training.run
        assert run is not None
        self.weightsTaken.emit(
            WeightsRequest(
                step=trainer.step,
                weights=trainer.weights(),
                gradients=trainer.gradients(),
                run=run.folder,
                network=str(run.folder),
            )
        )

    # ---- following

    def _follow(self, order: Order) -> None:
        from cnnviewer.networks.trained import latest_state, load_run
        from cnnviewer.training.following import Follower
        from cnnviewer.training.run import is_written
        from cnnviewer.training.start import dataset_of

        assert order.folder is not None
        follower = Follower(order.folder)
        network = load_run(order.folder)
        try:
            dataset: Dataset | None = dataset_of(plan_from_card(follower.card), progress=self._progress)
        except DatasetError:
            dataset = None  # of another machine, perhaps: the curves can be followed without it
        self.begun.emit(_followed(follower, network, dataset, latest_state(order.folder).step))
        teller = Teller(self.told.emit, dataset)
        while not self._controls.is_stopped:
            news = follower.poll()
            teller.extend(news, has_restarted=follower.has_restarted)
            if news or follower.has_restarted:
                teller.tell_followed(follower)
            if any(isinstance(item, Finished) for item in news):
                break
            if not news and not is_written(order.folder):
                # Nobody is at work on it, and what was written just now is read once more.
                teller.extend([*follower.poll(), _stopped(follower)], has_restarted=follower.has_restarted)
                teller.tell_followed(follower)
                break
            self._controls.wait(_FOLLOWED)


def _outcome(folder: Path | None) -> bool | None:
    """Return whether a training came to its end; None where it can't go on in either case."""
    with suppress(CnnviewerError, OSError):
        if folder is not None and list_checkpoints(folder):
            return "finished_step" in read_card(folder)
    return None


def _begun(training: Training) -> Begun:
    from cnnviewer.training.samples import summary_of

    trainer, run = training.trainer, training.run
    assert run is not None
    return Begun(
        folder=run.folder,
        card=run.card,
        step=trainer.step,
        steps=trainer.steps,
        steps_per_epoch=trainer.steps_per_epoch,
        learning_rate=trainer.learning_rate,
        weights=_shapes(trainer.module),
        dataset=summary_of(trainer.dataset),
        moments=tuple(list_snapshots(run.folder)),
    )


def _followed(follower: Any, network: Any, dataset: Dataset | None, step: int) -> Begun:
    from cnnviewer.training.samples import summary_of

    return Begun(
        folder=follower.folder,
        card=follower.card,
        step=step,
        steps=follower.steps,
        steps_per_epoch=follower.steps_per_epoch,
        learning_rate=float(follower.card["settings"]["learning_rate"]),
        weights=_shapes(network.module),
        dataset=None if dataset is None else summary_of(dataset),
        moments=follower.moments(),
        is_followed=True,
    )


def _stopped(follower: Follower) -> Finished:
    """Return what is to be said of a run that nobody is at work on, before its end."""
    step = follower.last_step
    return Finished(step, f"Stopped after {step:,} of {follower.steps:,} steps.")


def _shapes(module: Any) -> dict[str, tuple[int, ...]]:
    return {name: tuple(weight.shape) for name, weight in module.named_parameters() if weight.requires_grad}
