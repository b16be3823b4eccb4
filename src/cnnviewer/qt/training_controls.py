"""`Controls`: what the window asks of a training that runs in another thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnviewer.training.progress import Weight
    from cnnviewer.training.training import Training

__all__ = ["Controls"]


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
            may_go = self._may_go()
            self._steps = max(0, self._steps - 1) if self._is_paused and may_go else self._steps
            return may_go, wanted

    def wait_for_wish(self) -> None:
        """Wait until something is asked for."""
        with self._changed:
            self._changed.wait_for(lambda: self._may_go() or self._wants_weights or self._learning_rate is not None)

    def _may_go(self) -> bool:
        """Whether the next step may be taken; asked with the lock held."""
        return self._is_stopped or not self._is_paused or self._steps > 0
