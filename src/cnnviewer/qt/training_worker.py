"""The training worker: it owns the trainer, in a thread of its own, and takes its orders between two steps."""

from __future__ import annotations

import threading
import time
import traceback
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from cnnviewer.errors import Cancelled, CnnviewerError, DatasetError
from cnnviewer.messages import WeightsRequest
from cnnviewer.qt.worker import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cnnviewer.datasets.labelled import Dataset
    from cnnviewer.training.plan import Plan
    from cnnviewer.training.progress import Weight
    from cnnviewer.training.samples import DatasetSummary, Samples
    from cnnviewer.training.training import News, Training

__all__ = ["Begun", "Controls", "Order", "Told", "TrainingWorker"]

_BEAT = 0.1
"""Seconds between two messages to the window; each makes it take the interpreter from the training."""
_MOST = 2000
"""So many pieces of news at most are told at once."""
_FOLLOWED = 0.5
"""Seconds between two looks into a folder that is followed."""


@dataclass(frozen=True)
class Order:
    """What the worker is to do.

    Parameters
    ----------
    what
        "begin" (a plan in a folder), "resume" or "follow" (a folder), or "look" (at the dataset of a plan).
    """

    what: str
    plan: Plan | None = None
    folder: Path | None = None


@dataclass(frozen=True, eq=False)
class Begun:
    """A training is ready to run, or to be followed.

    `weights` are the shapes of its weights by name.
    """

    folder: Path
    card: dict[str, Any]
    step: int
    steps: int
    steps_per_epoch: int
    learning_rate: float
    weights: dict[str, tuple[int, ...]]
    dataset: DatasetSummary | None
    moments: tuple[int, ...]
    is_followed: bool = False


@dataclass(frozen=True, eq=False)
class Told:
    """News of a training, in order; `mistakes` are the images of an evaluation's, by its split and step."""

    news: tuple[News, ...]
    seconds: float
    speed: float
    mistakes: Mapping[tuple[str, int], Samples] = field(default_factory=dict)
    moments: tuple[int, ...] = ()
    has_restarted: bool = False


class Controls:
    """What the window asks of a running training. Its methods may be called from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_paused = self._is_stopped = self._wants_weights = False
        self._steps = 0
        self._learning_rate: float | None = None
        self._watched: Weight | None = None

    def reset(self) -> None:
        """Be ready for another training."""
        with self._changed:
            self._is_paused, self._is_stopped, self._steps = False, False, 0
            self._learning_rate = None
            self._changed.notify_all()

    def pause(self) -> None:
        """Wait before the next step."""
        with self._changed:
            self._is_paused = True
            self._changed.notify_all()

    def resume(self) -> None:
        """Go on."""
        with self._changed:
            self._is_paused = False
            self._changed.notify_all()

    def take_step(self) -> None:
        """Take one step, and wait again."""
        with self._changed:
            self._is_paused = True
            self._steps += 1
            self._changed.notify_all()

    def stop(self) -> None:
        """End after the step under way."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    def set_learning_rate(self, rate: float) -> None:
        """Have another learning rate from the next step on."""
        with self._changed:
            self._learning_rate = rate
            self._changed.notify_all()

    def watch(self, weight: Weight | None) -> None:
        """Account for each step of one weight."""
        with self._changed:
            self._watched = weight

    def ask_weights(self) -> None:
        """Ask for the weights after the next step, or at once while the training waits."""
        with self._changed:
            self._wants_weights = True
            self._changed.notify_all()

    @property
    def is_stopped(self) -> bool:
        """Whether the end was asked for."""
        return self._is_stopped

    def wait(self, seconds: float) -> None:
        """Wait until the end is asked for, at most so long."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped, seconds)

    def obey(self, training: Training) -> tuple[bool, bool]:
        """Pass wishes on to a training, and take note of what it asks.

        Returns
        -------
        tuple
            Whether the next step may be taken, and whether the weights are wanted.
        """
        with self._changed:
            training.watched = self._watched
            if self._learning_rate is not None:
                training.trainer.learning_rate = self._learning_rate
                self._learning_rate = None
            if self._is_stopped:
                training.stop()
            wanted, self._wants_weights = self._wants_weights, False
            may_go = self._is_stopped or not self._is_paused or self._steps > 0
            self._steps = max(0, self._steps - 1) if self._is_paused and may_go else self._steps
            return may_go, wanted

    def wait_for_wish(self) -> None:
        """Wait until something is asked for."""
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    self._is_stopped
                    or not self._is_paused
                    or self._steps > 0
                    or self._wants_weights
                    or self._learning_rate is not None
                )
            )


class TrainingWorker(QObject):
    """Trains, follows a training elsewhere, or looks at a dataset; lives in its own thread."""

    looked = Signal(object)
    begun = Signal(object)
    told = Signal(object)
    weightsTaken = Signal(object)
    progressed = Signal(object, object, str)
    failed = Signal(object)
    finished = Signal(object)

    def __init__(self, controls: Controls) -> None:
        super().__init__()
        self._controls = controls
        self._is_ready = False

    @Slot(object)
    def run(self, order: Order) -> None:
        """Carry out an order; an exception becomes a `Failure`."""
        try:
            self._ready()
            {"look": self._look, "begin": self._train, "resume": self._train, "follow": self._follow}[order.what](order)
        except Cancelled as error:
            self.failed.emit(Failure(str(error), "", order, was_cancelled=True))
        except CnnviewerError as error:
            self.failed.emit(Failure(str(error), _details(error), order))
        except Exception as error:
            traceback.print_exc()
            sentence = f"Something went wrong inside cnnviewer: {type(error).__name__}: {error}"
            self.failed.emit(Failure(sentence, _details(error), order))
        finally:
            self.finished.emit(order)

    def _ready(self) -> None:
        """Import what is slow to import, and choose how many threads train: one is left to the window."""
        if self._is_ready:
            return
        import torch

        torch.set_num_threads(max(1, torch.get_num_threads() - 1))
        self._is_ready = True

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
        from cnnviewer.training.start import begin, go_on

        assert order.folder is not None
        self.progressed.emit(0, None, "Preparing the training")
        if order.plan is not None:
            training = begin(order.plan, order.folder, progress=self._progress)
        else:
            training = go_on(order.folder, progress=self._progress)
        try:
            self._run(training)
        finally:
            training.close()

    def _run(self, training: Training) -> None:
        from cnnviewer.training.following import Follower
        from cnnviewer.training.progress import Checkpoint

        trainer = training.trainer
        teller = _Teller(self, trainer.dataset)
        has_begun = trainer.step > 0
        if has_begun:
            assert training.run is not None
            self.begun.emit(_begun(training))
            teller.extend(Follower(training.run.folder).poll(), has_restarted=False)
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

    def _wait_for_turn(self, training: Training, teller: _Teller) -> None:
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
                provenance=f"training, step {trainer.step:,}",
                weights=trainer.weights(),
                gradients=trainer.gradients(),
                run=run.folder,
            )
        )

    # ---- following

    def _follow(self, order: Order) -> None:
        from cnnviewer.networks.trained import latest_state, load_run
        from cnnviewer.training.following import Follower
        from cnnviewer.training.plan import plan_from_card
        from cnnviewer.training.start import dataset_of

        assert order.folder is not None
        follower = Follower(order.folder)
        network = load_run(order.folder)
        try:
            dataset: Dataset | None = dataset_of(plan_from_card(follower.card), progress=self._progress)
        except DatasetError:
            dataset = None  # of another machine, perhaps: the curves can be followed without it
        self.begun.emit(_followed(follower, network, dataset, latest_state(order.folder).step))
        teller = _Teller(self, dataset)
        while not self._controls.is_stopped:
            news = follower.poll()
            teller.extend(news, has_restarted=follower.has_restarted)
            if news or follower.has_restarted:
                teller.tell_followed(follower)
            if any(type(item).__name__ == "Finished" for item in news):
                break
            self._controls.wait(_FOLLOWED)


class _Teller:
    """Gathers news, and tells them a few at a time."""

    def __init__(self, worker: TrainingWorker, dataset: Dataset | None) -> None:
        self._worker, self._dataset = worker, dataset
        self._news: list[News] = []
        self._mistakes: dict[tuple[str, int], Samples] = {}
        self._last = 0.0
        self._speed = _Speed()
        self._has_restarted = False

    @property
    def is_due(self) -> bool:
        """Whether the window has not heard anything for a while."""
        return time.monotonic() - self._last >= _BEAT

    def add(self, news: News) -> None:
        """Gather a piece of news, and the pictures of the mistakes that it tells of."""
        from cnnviewer.training.progress import Evaluation
        from cnnviewer.training.samples import samples_of

        self._news.append(news)
        if isinstance(news, Evaluation) and news.mistakes and self._dataset is not None:
            data = self._dataset.test if news.split == "test" else self._dataset.validation
            if data is not None:
                found = samples_of(data, [mistake.index for mistake in news.mistakes])
                self._mistakes[news.split, news.step] = found

    def extend(self, news: Sequence[News], *, has_restarted: bool) -> None:
        """Gather what a follower read."""
        self._has_restarted |= has_restarted
        for item in news:
            self.add(item)

    def tell(self, training: Training) -> None:
        """Tell what was gathered."""
        from cnnviewer.networks.run_folder import list_snapshots

        trainer, run = training.trainer, training.run
        moments = () if run is None else tuple(list_snapshots(run.folder))
        self._send(training.seconds, self._speed.of(trainer.examples, training.seconds), moments)

    def tell_followed(self, follower: Any) -> None:
        """Tell what was read, with the moments that the film has by now."""
        self._send(0.0, 0.0, follower.moments())

    def _send(self, seconds: float, speed: float, moments: tuple[int, ...]) -> None:
        self._last = time.monotonic()
        # A long history is told in pieces: the window paints between them.
        for first in range(0, max(len(self._news), int(self._has_restarted)), _MOST):
            piece = tuple(self._news[first : first + _MOST])
            told = Told(piece, seconds, speed, self._mistakes, moments, self._has_restarted and not first)
            self._worker.told.emit(told)
        self._news, self._mistakes, self._has_restarted = [], {}, False


class _Speed:
    """Examples a second, over the last seconds of training."""

    def __init__(self) -> None:
        self._marks: list[tuple[float, int]] = []

    def of(self, examples: int, seconds: float) -> float:
        self._marks.append((seconds, examples))
        while len(self._marks) > 2 and seconds - self._marks[0][0] > 3:
            self._marks.pop(0)
        (first, count), (last, total) = self._marks[0], self._marks[-1]
        return (total - count) / (last - first) if last > first else 0.0


def _begun(training: Training) -> Begun:
    from cnnviewer.networks.run_folder import list_snapshots
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

    settings = follower.card["settings"]
    return Begun(
        folder=follower.folder,
        card=follower.card,
        step=step,
        steps=int(settings["epochs"]) * follower.steps_per_epoch,
        steps_per_epoch=follower.steps_per_epoch,
        learning_rate=float(settings["learning_rate"]),
        weights=_shapes(network.module),
        dataset=None if dataset is None else summary_of(dataset),
        moments=follower.moments(),
        is_followed=True,
    )


def _shapes(module: Any) -> dict[str, tuple[int, ...]]:
    return {name: tuple(weight.shape) for name, weight in module.named_parameters() if weight.requires_grad}


def _details(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
