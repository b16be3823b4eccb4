"""How steps and evaluations stand in a run's folder: ``metrics.jsonl`` and ``evaluation.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviewer.networks import run_schema
from cnnviewer.networks.run_schema import checked
from cnnviewer.training.progress import Evaluation, Mistake, Progress

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "EVALUATION",
    "METRICS",
    "evaluation_from_json",
    "evaluation_line",
    "evaluation_to_json",
    "news_of_line",
    "progress_line",
]

METRICS, EVALUATION = "metrics.jsonl", "evaluation.json"


def progress_line(progress: Progress, seconds: float) -> dict[str, Any]:
    """Return the metrics' line of a step; `seconds` is how long the training took so far."""
    values = {name: value for name, value in vars(progress).items() if name != "steps"}
    return {**values, "seconds": round(seconds, 3)}


def evaluation_line(evaluation: Evaluation) -> dict[str, Any]:
    """Return the metrics' line of an evaluation: without confusion matrix and mistakes."""
    return {name: getattr(evaluation, name) for name in ("split", "step", "epoch", "loss", "accuracy")}


def news_of_line(values: Mapping[str, Any], steps: int) -> Progress | Evaluation:
    """Return what a line of metrics tells; an evaluation has neither confusion matrix nor mistakes.

    Parameters
    ----------
    values
        The line.
    steps
        How many steps the training has at most, which no line tells.

    Raises
    ------
    ValueError
        If it is no such line.
    """
    if isinstance(values, dict) and "split" in values:
        told = checked(values, run_schema.EVALUATION_LINE)
        return Evaluation(**told, confusion=np.zeros((0, 0), dtype=np.int64), mistakes=())
    return Progress(**checked(values, run_schema.STEP_LINE), steps=steps)


def evaluation_to_json(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation for a file; of the confusion matrix only what is not 0, as (label, predicted, count)."""
    rows, columns = evaluation.confusion.nonzero()
    counts = evaluation.confusion[rows, columns]
    return {
        **evaluation_line(evaluation),
        "classes": len(evaluation.confusion),
        "confusion": [list(entry) for entry in zip(rows.tolist(), columns.tolist(), counts.tolist(), strict=True)],
        "mistakes": [vars(mistake) for mistake in evaluation.mistakes],
    }


def evaluation_from_json(stored: Mapping[str, Any]) -> Evaluation:
    """Return what `evaluation_to_json` was given.

    Raises
    ------
    ValueError
        If it is no such thing.
    MemoryError
        If its classes are more than there is memory for.
    """
    told = checked(stored, run_schema.EVALUATION)
    classes = told.pop("classes")
    confusion = np.zeros((classes, classes), dtype=np.int64)
    for label, predicted, count in told.pop("confusion"):
        if max(label, predicted) >= classes:
            raise ValueError("it tells of a class that there is not")
        confusion[label, predicted] = count
    mistakes = tuple(Mistake(**mistake) for mistake in told.pop("mistakes"))
    return Evaluation(**told, confusion=confusion, mistakes=mistakes)
