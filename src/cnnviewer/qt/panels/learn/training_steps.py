"""The five steps of a training, each with the numbers of now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviewer.qt.widgets.numbers import percent_text, probability_text
from cnnviewer.qt.widgets.step_cycle import CycleStep

if TYPE_CHECKING:
    from cnnviewer.lessons.network_messages import BeginningAnswer, ExampleAnswer
    from cnnviewer.qt.training_values import Begun
    from cnnviewer.training.progress import Account, Evaluation, Progress
    from cnnviewer.training.samples import DatasetSummary

__all__ = ["TrainingNews", "five_steps"]


@dataclass
class TrainingNews:
    """The newest that is known of a training; `right` is the class of the example.

    Before there is one, `beginning` tells how the tour's own will begin.
    """

    begun: Begun | None = None
    beginning: BeginningAnswer | None = None
    account: Account | None = None
    progress: Progress | None = None
    validation: Evaluation | None = None
    example: ExampleAnswer | None = None
    right: int = 0

    @property
    def dataset(self) -> DatasetSummary | None:
        """What the network learns from, or will."""
        if self.begun is not None:
            return self.begun.dataset
        return None if self.beginning is None else self.beginning.dataset


def five_steps(news: TrainingNews) -> tuple[CycleStep, ...]:
    """Return the steps; those of which nothing is known yet have no numbers."""
    return (
        CycleStep("Random start", "All weights are small random numbers.", _start(news)),
        CycleStep("Forward", "The batch goes through the network.", _forward(news)),
        CycleStep("Error", "−log of the right class's probability.", _error(news)),
        CycleStep("Backpropagation", "Weights move against their gradients.", _descent(news)),
        CycleStep("Repeat", "until enough images held back are right.", _repeat(news)),
    )


def _start(news: TrainingNews) -> tuple[str, ...]:
    known = news.account or news.beginning
    if known is None:
        return ()
    place = ", ".join(map(str, known.weight.index))
    start = "not known" if known.start is None else _signed(known.start)
    return "One of them:", f"{known.weight.name.removesuffix('.weight')} [{place}]", f"w = {start}"


def _forward(news: TrainingNews) -> tuple[str, ...]:
    dataset, example = news.dataset, news.example
    if example is None or dataset is None:
        return ()
    shown, names = example.probabilities, dataset.categories
    most = shown.index(max(shown))
    return "For the image below:", f"right class {probability_text(shown[news.right])}", f"most has {names[most]}"


def _error(news: TrainingNews) -> tuple[str, ...]:
    numbers = []
    if news.example is not None:
        numbers.append(f"This image: {news.example.loss:.3f}")
    if news.progress is not None and news.begun is not None:
        numbers.append(f"Batch of {news.begun.card['settings']['batch_size']}: {news.progress.loss:.3f}")
    return tuple(numbers)


def _descent(news: TrainingNews) -> tuple[str, ...]:
    account, progress = news.account, news.progress
    if account is None or progress is None:
        return ()
    is_plain = len(account.terms) == 1  # no momentum, no weight decay
    moved = f" − {progress.learning_rate:.3g} · g" if is_plain else ", by its optimiser"
    return (
        f"Gradient g = {_signed(account.gradient)}",
        f"w = {_signed(account.before)}{moved}",
        f"   = {_signed(account.after)}",
    )


def _repeat(news: TrainingNews) -> tuple[str, ...]:
    numbers = []
    if news.progress is not None:
        numbers.append(f"Step {news.progress.step:,}, epoch {news.progress.epoch}")
    if news.validation is not None:
        numbers.append(f"Right: {percent_text(news.validation.accuracy)}")
        target = None if news.begun is None else news.begun.card["settings"].get("target_accuracy")
        if target is not None:
            numbers.append(f"Target: {percent_text(target)}")
    return tuple(numbers)


def _signed(value: float) -> str:
    return f"{value:+.5f}".replace("-", "−")
