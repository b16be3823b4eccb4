"""What passes between the training session and its worker: frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cnnviewer.training.plan import Plan
    from cnnviewer.training.samples import DatasetSummary, Samples
    from cnnviewer.training.training import News

__all__ = ["Begun", "Order", "Told"]


@dataclass(frozen=True)
class Order:
    """What the worker is to do.

    Parameters
    ----------
    what
        "begin" (a plan in a folder), "resume" or "follow" (a folder), or "look" (at the dataset of a plan).
    is_paused
        Whether to wait before the first step.
    more_epochs
        Of a training that is resumed: how many epochs come after those that it had.
    """

    what: str
    plan: Plan | None = None
    folder: Path | None = None
    is_paused: bool = False
    more_epochs: int = 0


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
