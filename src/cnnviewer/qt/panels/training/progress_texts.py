"""How far a training is, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.qt.widgets.numbers import percent_text
from cnnviewer.training.words import error_text

if TYPE_CHECKING:
    from cnnviewer.training.progress import Evaluation, Progress

__all__ = ["duration_text", "evaluation_text", "figures_text", "step_text"]


def evaluation_text(evaluation: Evaluation) -> str:
    """Return what an evaluation found: ``Validation: error 0.12, 96.0 % right``."""
    name = "Test" if evaluation.split == "test" else "Validation"
    return f"{name}: error {error_text(evaluation.loss)}, {percent_text(evaluation.accuracy)} right"


def step_text(progress: Progress) -> str:
    """Return which step it is: ``epoch 2 · step 137 of 1,000``."""
    return f"epoch {progress.epoch} · step {progress.step:,} of {progress.steps:,}"


def figures_text(progress: Progress, validation: str, speed: float, *, has_ended: bool) -> str:
    """Return the figures of a step, a line each; `speed` in images a second, 0 where it is not known."""
    lines = [f"Batch: error {error_text(progress.loss)}, {percent_text(progress.accuracy)} right"]
    if validation:
        lines.append(validation)
    if speed > 0:
        left = (progress.steps - progress.step) * (progress.examples / progress.step) / speed
        time_left = "" if has_ended else f" · {duration_text(left)} left"
        lines.append(f"{speed:,.0f} images a second{time_left}")
    if not has_ended:  # then the reason of the end takes the room
        lines.append(f"Learning rate of this step {progress.learning_rate:.3g}")
    return "\n".join(lines)


def duration_text(seconds: float) -> str:
    """Return a time that is left: ``40 s``, ``12 min``, ``3.4 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
