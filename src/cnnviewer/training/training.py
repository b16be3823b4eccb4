"""`Training`: a trainer at work until it has reached its end, and its run on the disk."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnnviewer.errors import WeightsError
from cnnviewer.networks.trained import read_snapshot
from cnnviewer.training.account import advance_with_account
from cnnviewer.training.film import film_steps
from cnnviewer.training.progress import Account, Checkpoint, Evaluation, Finished, Progress, Remark, Weight
from cnnviewer.training.team import ProcessLostError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    import torch

    from cnnviewer.training.events import Events
    from cnnviewer.training.run import Run
    from cnnviewer.training.settings import Settings
    from cnnviewer.training.trainer import Trainer

__all__ = ["News", "Training"]

News = Progress | Account | Evaluation | Checkpoint | Finished | Remark

_OFTEN, _SELDOM = 2.0, 10.0
"""Seconds between checkpoints: at the end of an epoch, and within one."""
_SHARE = 0.05
"""At most this share of the time goes into checkpoints."""


class Training:
    """A training that runs while its news are iterated over.

    ``training.stop()`` may be called from any thread, or by a signal: the step under way is finished, a checkpoint
    written, and the last news is `Finished`. An iterator that is closed writes its checkpoint too.

    Parameters
    ----------
    trainer
        At its first step, or as a checkpoint left it.
    run
        Where it is written; None writes nothing.
    seconds
        How long it took before it was interrupted; None where it begins.
    events
        TensorBoard's events, where wanted.
    remarks
        What is to be told first, in sentences, besides the trainer's own.
    validated
        How it did on the validation images the last time, before it was interrupted.
    """

    def __init__(
        self,
        trainer: Trainer,
        run: Run | None = None,
        *,
        seconds: float | None = None,
        events: Events | None = None,
        remarks: tuple[str, ...] = (),
        validated: Evaluation | None = None,
    ) -> None:
        self.trainer, self.run = trainer, run
        self.remarks = (*trainer.remarks, *remarks)
        """What is to be known of it, in sentences; they are its first news."""
        self.watched: Weight | None = None
        """The weight whose steps are accounted for: an `Account` comes before each `Progress`."""
        self.before_step: Callable[[], None] | None = None
        """Called before each step; it may wait, and change what the training is to do."""
        self.is_finished = False
        """Whether the end came by itself: the epochs are done, or the target is reached."""
        self._events = events
        self._begins = seconds is None
        self._clock = _Clock(seconds or 0.0)
        self._film = film_steps(trainer.steps, _size(trainer))
        self._saved_step = -1
        self._last_save, self._save_seconds = time.monotonic(), 0.0
        self._start: dict[str, torch.Tensor] | None = None
        self._results: dict[str, Any] = {}
        self._validated = validated

    @property
    def seconds(self) -> float:
        """How long the training has taken, in seconds, pauses left out."""
        return self._clock.seconds

    def stop(self) -> None:
        """End the training after the step under way; on several machines all end after the same step."""
        self.trainer.wants_stop = True

    def close(self) -> None:
        """Let the run's folder go; the training can't be iterated over any more."""
        if self.run is not None:
            self.run.close()

    def save(self) -> Checkpoint | None:
        """Write a checkpoint now, between two steps; None where nothing is written, or nothing is new."""
        trainer = self.trainer
        if self.run is None or not trainer.team.is_writer or self._saved_step == trainer.step:
            return None
        if not trainer.has_finite_weights():
            return None  # what diverged is not worth keeping: the last good checkpoint stays
        begun = time.monotonic()
        path = self.run.write_checkpoint(trainer, self.seconds)
        self._last_save, self._saved_step = time.monotonic(), trainer.step
        self._save_seconds = self._last_save - begun
        return Checkpoint(trainer.step, path)

    def __iter__(self) -> Iterator[News]:
        with self._kept():
            yield from (Remark(self.trainer.step, sentence) for sentence in self.remarks)
            if self._begins:
                yield from self._begin()
            reason = yield from self._learn()
            yield from self._end(reason)

    # ---- the three acts

    def _begin(self) -> Iterator[News]:
        yield from self._evaluate("validation")
        self._keep_moment()
        yield from _some(self.save())

    def _learn(self) -> Generator[News, None, str]:
        """Take steps until one of the ends is reached; return why it ended."""
        trainer = self.trainer
        reached = yield from self._catch_up()
        while not (reached or trainer.is_done):
            if self.before_step is not None:
                self.before_step()
            if trainer.stops_before_next():
                return f"Stopped after {trainer.step:,} of {trainer.steps:,} steps."
            progress, account = self._advance()
            self._write(progress)
            if account is not None:
                yield account
            yield progress
            is_epoch = trainer.step % trainer.steps_per_epoch == 0
            if trainer.step in self._film:
                self._keep_moment()
            if is_epoch:
                reached = yield from self._measure()
            if not reached and self._is_save_due(is_epoch):
                yield from _some(self.save())
        self.is_finished = True
        if reached:
            return reached
        epochs = trainer.settings.epochs
        return f"All {epochs} epochs are done." if epochs > 1 else "The epoch is done."

    def _advance(self) -> tuple[Progress, Account | None]:
        self._clock.begin()
        try:
            if self.watched is None:
                return self.trainer.advance(), None
            return advance_with_account(self.trainer, self.watched, self._start_of(self.watched))
        finally:
            self._clock.end()

    def _start_of(self, weight: Weight) -> float | None:
        """Return the value of a weight before the first step, which the film keeps."""
        if self._start is None and self.run is not None:
            try:
                self._start = read_snapshot(self.run.folder, 0)
            except WeightsError:
                self._start = {}
        tensor = (self._start or {}).get(weight.name)
        return None if tensor is None or len(weight.index) != tensor.ndim else float(tensor[weight.index])

    def _measure(self) -> Generator[News, None, str]:
        """Measure at the end of an epoch; return which target was reached, or ''."""
        reached = ""
        for evaluation in self._evaluate("validation"):
            yield evaluation
            reached = _reached(evaluation, self.trainer.settings)
        return reached

    def _catch_up(self) -> Generator[News, None, str]:
        """Do what is left to do of the last epoch, of a run that was interrupted just then; see `_measure`."""
        trainer, validated = self.trainer, self._validated
        if self._begins or not trainer.step or trainer.step % trainer.steps_per_epoch:
            return ""
        if validated is None or validated.step != trainer.step:
            return (yield from self._measure())
        self._note(validated)
        return _reached(validated, trainer.settings)

    def _end(self, reason: str) -> Iterator[News]:
        trainer = self.trainer
        if self.is_finished:
            yield from self._evaluate("test")
        self._keep_moment()
        yield from _some(self.save())
        if self.run is not None and trainer.team.is_writer and self.is_finished:
            self.run.finish(trainer.step, reason, {**self._results, "seconds": round(self.seconds, 1)})
        yield Finished(trainer.step, reason)

    # ---- writing

    def _evaluate(self, split: str) -> Iterator[Evaluation]:
        evaluation = self.trainer.evaluate(split)
        if evaluation is None:
            return
        self._note(evaluation)
        if self.trainer.team.is_writer:
            if self.run is not None:
                self.run.write_evaluation(evaluation)
            if self._events is not None:
                self._events.add_evaluation(evaluation)
        yield evaluation

    def _note(self, evaluation: Evaluation) -> None:
        self._results[f"{evaluation.split}_accuracy"] = evaluation.accuracy
        self._results[f"{evaluation.split}_error"] = evaluation.loss

    def _write(self, progress: Progress) -> None:
        if self.trainer.team.is_writer:
            if self.run is not None:
                self.run.write_progress(progress, self.seconds)
            if self._events is not None:
                self._events.add_progress(progress)

    def _keep_moment(self) -> None:
        if self.run is not None and self.trainer.team.is_writer:
            self.run.write_snapshot(self.trainer.step, self.trainer.weights())

    def _is_save_due(self, is_epoch: bool) -> bool:
        waited = time.monotonic() - self._last_save
        return waited > max(_OFTEN if is_epoch else _SELDOM, self._save_seconds / _SHARE)

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """Keep what was learnt when the work is broken off between two steps, and leave the module in eval mode."""
        try:
            yield
        except (GeneratorExit, ProcessLostError):
            self.save()
            raise
        finally:
            if self._events is not None:
                self._events.close()
            self.trainer.module.eval()


@dataclass
class _Clock:
    """Adds up how long the steps took."""

    seconds: float
    _begun: float = 0.0

    def begin(self) -> None:
        self._begun = time.perf_counter()

    def end(self) -> None:
        self.seconds += time.perf_counter() - self._begun


def _reached(evaluation: Evaluation, settings: Settings) -> str:
    """Return which target is reached on the validation images, or ''."""
    if settings.target_accuracy is not None and evaluation.accuracy >= settings.target_accuracy:
        return f"The target is reached: {evaluation.accuracy:.2%} of the validation images are right."
    if settings.target_error is not None and evaluation.loss <= settings.target_error:
        return f"The target is reached: the error on the validation images is {evaluation.loss:.4g}."
    return ""


def _some(news: Checkpoint | None) -> Iterator[News]:
    if news is not None:
        yield news


def _size(trainer: Trainer) -> int:
    return sum(tensor.nbytes for tensor in trainer.module.state_dict().values())
