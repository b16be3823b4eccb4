"""How a training is told on the command line: a progress bar on a terminal, JSON lines elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from cnnviewer.files import json_text
from cnnviewer.training.metrics import evaluation_line
from cnnviewer.training.progress import Checkpoint, Evaluation, Finished, Progress, Remark
from cnnviewer.training.words import error_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cnnviewer.datasets.labelled import Dataset
    from cnnviewer.training.training import News, Training

__all__ = ["reporter", "tell_dataset"]

_BEAT = 1.0
"""Seconds between two lines on the steps."""


_TOLD = 50
"""So many files that were left out are named."""


def tell_dataset(dataset: Dataset) -> None:
    """Tell on the error output what a folder of images was read as, and what of it was left out, and why."""
    lines = [*dataset.remarks, *(left.told for left in dataset.left_out[:_TOLD])]
    more = len(dataset.left_out) - _TOLD
    for line in [*lines, *([f"{more:,} more are left out."] if more > 0 else [])]:
        print(f"cnnviewer: {line}", file=sys.stderr)


@contextmanager
def reporter(training: Training, *, is_silent: bool = False) -> Iterator[Callable[[News], None]]:
    """Give a function that tells a piece of news."""
    if is_silent:
        yield _in_silence
    elif sys.stderr.isatty():
        trainer = training.trainer
        with tqdm(total=trainer.steps, initial=trainer.step, unit="step", dynamic_ncols=True) as bar:
            yield _OnTerminal(bar)
    else:
        yield _AsLines(training)


def _in_silence(news: News) -> None:
    pass


class _OnTerminal:
    """A progress bar, and a line an evaluation above it."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def __call__(self, news: News) -> None:
        bar = self._bar
        if isinstance(news, Progress):
            bar.set_description(f"epoch {news.epoch}", refresh=False)
            bar.set_postfix_str(f"error {error_text(news.loss)}, {news.accuracy:.1%} right", refresh=False)
            bar.update(1)
        elif isinstance(news, Evaluation):
            when = f"after epoch {news.epoch}" if news.epoch else "at the beginning"
            bar.write(f"{news.split} {when}: error {error_text(news.loss)}, {news.accuracy:.2%} right", file=sys.stdout)
        elif isinstance(news, Finished):
            bar.write(news.reason, file=sys.stdout)
        elif isinstance(news, Remark):
            bar.write(news.sentence, file=sys.stderr)


class _AsLines:
    """A line of JSON each: steps at most once a second, all else at once."""

    def __init__(self, training: Training) -> None:
        self._training = training
        self._last = 0.0

    def __call__(self, news: News) -> None:
        if isinstance(news, Progress):
            now = time.monotonic()
            if now - self._last < _BEAT:
                return
            self._last = now
        told = {"event": type(news).__name__.lower(), **self._values(news)}
        print(json_text(told, is_ascii=True), flush=True)

    def _values(self, news: News) -> dict[str, Any]:
        if isinstance(news, Progress):
            seconds = self._training.seconds
            return {**vars(news), "examples_per_second": round(news.examples / seconds, 1) if seconds else None}
        if isinstance(news, Evaluation):
            return evaluation_line(news)
        if isinstance(news, Checkpoint):
            return {"step": news.step, "path": str(news.path)}
        return vars(news)
