"""What a training tells while it runs: frozen values without torch, which the window shows as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "Account",
    "Checkpoint",
    "Evaluation",
    "Finished",
    "ForwardValue",
    "Mistake",
    "Progress",
    "Remark",
    "Term",
    "Weight",
]


@dataclass(frozen=True)
class Progress:
    """Where a training is after a step.

    Parameters
    ----------
    step, steps
        How many batches were learnt from, and how many there will be at most.
    epoch
        The epoch of this step, from 1.
    loss
        The mean cross-entropy of this step's batch, in nats, before the step.
    accuracy
        The share of this step's batch that was classified rightly before the step, 0..1.
    learning_rate
        That of this step.
    examples
        How many images were learnt from since the first step of the run.
    """

    step: int
    steps: int
    epoch: int
    loss: float
    accuracy: float
    learning_rate: float
    examples: int


@dataclass(frozen=True)
class Mistake:
    """An image that was classified wrongly.

    Parameters
    ----------
    index
        Its number in its split.
    label, predicted
        Its class, and the one that the network takes it for.
    probability
        Of the wrong class, 0..1.
    loss
        Its cross-entropy error, in nats.
    """

    index: int
    label: int
    predicted: int
    probability: float
    loss: float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How well a network does on the images of a split.

    Parameters
    ----------
    split
        "validation" or "test".
    step, epoch
        When it was measured.
    loss
        The mean cross-entropy error, in nats.
    accuracy
        The share classified rightly, 0..1.
    confusion
        int64, ``(classes, classes)``: how many images of class i (row) were taken for class j (column).
    mistakes
        The wrongly classified images with the largest error, worst first; at most 24.
    """

    split: str
    step: int
    epoch: int
    loss: float
    accuracy: float
    confusion: NDArray[np.int64]
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True)
class Checkpoint:
    """A training was saved: it can go on from here."""

    step: int
    path: Path


@dataclass(frozen=True)
class Finished:
    """A training has come to its end; `reason` is a sentence: the epochs, the target, or a stop."""

    step: int
    reason: str


@dataclass(frozen=True)
class Remark:
    """Something that is to be known of a training, in a sentence: it is not as one would expect."""

    step: int
    sentence: str


@dataclass(frozen=True)
class Weight:
    """One weight: the path of its tensor, ``c1.weight``, and its place in that."""

    name: str
    index: tuple[int, ...]


@dataclass(frozen=True)
class ForwardValue:
    """What a weight did in the forward pass of one image, at the unit where it did most.

    Parameters
    ----------
    factor
        What the weight was multiplied by.
    product
        The weight times that: its part of the unit.
    unit
        Channel, row and column, or the number, of the unit.
    value
        The unit's value: the sum of all its parts.
    """

    factor: float
    product: float
    unit: tuple[int, ...]
    value: float


@dataclass(frozen=True)
class Term:
    """A line of a formula: its name, the formula in numbers, its value."""

    name: str
    formula: str
    value: float


@dataclass(frozen=True)
class Account:
    """What one step did to one weight.

    Parameters
    ----------
    weight, step
        Which; the number of the step, from 1.
    start
        The value before the run's first step; None where it is not known.
    before, after
        The value before and after the step, as the optimiser left it.
    forward
        What it did in the forward pass; None for weights of layers that are no convolution, linear layer or batch
        normalisation.
    loss
        The error of the batch, in nats.
    gradient
        The derivative of the error with respect to the weight.
    terms
        The optimiser's formula, line by line, worked in float64.
    computed
        The new value by that formula; it equals `after` but for rounding to float32.
    """

    weight: Weight
    step: int
    start: float | None
    before: float
    forward: ForwardValue | None
    loss: float
    gradient: float
    terms: tuple[Term, ...]
    computed: float
    after: float
