"""`Teller`: gathers the news of a training, and tells them a few at a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cnnviewer.networks.run_folder import list_snapshots
from cnnviewer.qt.training_values import Told
from cnnviewer.training.progress import Evaluation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnnviewer.datasets.labelled import Dataset
    from cnnviewer.training.following import Follower
    from cnnviewer.training.samples import Samples
    from cnnviewer.training.training import News, Training

__all__ = ["Teller"]

_BEAT = 0.1
"""Seconds between two messages to the window; each makes it take the interpreter from the training."""
_MOST = 2000
"""So many pieces of news at most are told at once."""


class Teller:
    """Gathers news, and tells them a few at a time."""

    def __init__(self, tell: Callable[[Told], None], dataset: Dataset | None) -> None:
        self._tell, self._dataset = tell, dataset
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
        trainer, run = training.trainer, training.run
        moments = () if run is None else tuple(list_snapshots(run.folder))
        self._send(training.seconds, self._speed.of(trainer.examples, training.seconds), moments)

    def tell_followed(self, follower: Follower) -> None:
        """Tell what was read, with the moments that the film has by now."""
        self._send(0.0, 0.0, follower.moments())

    def _send(self, seconds: float, speed: float, moments: tuple[int, ...]) -> None:
        self._last = time.monotonic()
        # A long history is told in pieces: the window paints between them.
        for first in range(0, max(len(self._news), int(self._has_restarted)), _MOST):
            piece = tuple(self._news[first : first + _MOST])
            told = Told(piece, seconds, speed, self._mistakes, moments, self._has_restarted and not first)
            self._tell(told)
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
