"""`Settings`: how to train. No torch here: the window makes them before torch is imported."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from cnnviewer.errors import TrainingError

__all__ = ["USUAL_RATES", "Optimiser", "Schedule", "Settings"]


class Optimiser(StrEnum):
    """The rule by which a gradient changes a weight."""

    SGD = "sgd"
    ADAMW = "adamw"


class Schedule(StrEnum):
    """How the learning rate falls over a run."""

    CONSTANT = "constant"
    COSINE = "cosine"
    STEPS = "steps"


USUAL_RATES = {Optimiser.SGD: 0.05, Optimiser.ADAMW: 0.001}
"""The learning rate to begin with, by optimiser."""


@dataclass(frozen=True)
class Settings:
    """How to train.

    Parameters
    ----------
    epochs
        How often each image is seen at most.
    batch_size
        Images a step, over all machines; the last batch of an epoch may be smaller.
    optimiser
        "sgd" (with Nesterov's momentum; Sutskever et al., 2013) or "adamw" (Loshchilov and Hutter, 2019).
    learning_rate
        That of the first step, above 0.
    momentum
        Of SGD, 0 <= momentum < 1; 0 is plain gradient descent.
    weight_decay
        Of SGD the factor of the L2 penalty, of AdamW that of the decoupled decay.
    schedule
        "constant"; "cosine": down to 0 along half a cosine (Loshchilov and Hutter, 2017); "steps": a tenth after half
        of the steps, a hundredth after three quarters (He et al., 2016, on CIFAR-10).
    warm_up
        Steps over which the learning rate rises from 0 at the beginning.
    shift
        The largest random shift of a training image, in pixels, across and down.
    flip
        Whether half of the training images are mirrored, left to right.
    target_accuracy
        The accuracy on the validation images, 0..1, at which the run ends; None: it goes on.
    target_error
        The cross-entropy error on the validation images, in nats, at which the run ends.
    seed
        Of the first weights, the order of the images, their augmentation and dropout.
    device
        "auto", "cpu", "cuda" or "mps".

    Raises
    ------
    TrainingError
        If a value makes no sense.
    """

    epochs: int = 10
    batch_size: int = 128
    optimiser: Optimiser = Optimiser.SGD
    learning_rate: float = USUAL_RATES[Optimiser.SGD]
    momentum: float = 0.9
    weight_decay: float = 5e-4
    schedule: Schedule = Schedule.COSINE
    warm_up: int = 0
    shift: int = 0
    flip: bool = False
    target_accuracy: float | None = None
    target_error: float | None = None
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        for name, kind in (("optimiser", Optimiser), ("schedule", Schedule)):
            object.__setattr__(self, name, _one_of(kind, name, getattr(self, name)))
        for is_right, sentence in (
            (self.epochs >= 1, f"A training has at least 1 epoch, not {self.epochs}."),
            (self.batch_size >= 1, f"A batch has at least 1 image, not {self.batch_size}."),
            (
                math.isfinite(self.learning_rate) and self.learning_rate > 0,
                f"The learning rate must be above 0; {self.learning_rate:g} would change no weight for the better.",
            ),
            (0 <= self.momentum < 1, f"The momentum is at least 0 and below 1, not {self.momentum:g}."),
            (
                math.isfinite(self.weight_decay) and self.weight_decay >= 0,
                f"The weight decay is 0 or more, not {self.weight_decay:g}.",
            ),
            (self.warm_up >= 0, f"The warm-up has 0 steps or more, not {self.warm_up}."),
            (0 <= self.shift <= 64, f"Images are shifted by 0 to 64 pixels, not by {self.shift}."),
            (
                self.target_accuracy is None or 0 < self.target_accuracy <= 1,
                f"The target accuracy lies above 0 and at most at 1 (which is 100 %), not at {self.target_accuracy}.",
            ),
            (
                self.target_error is None or self.target_error > 0,
                f"The target error lies above 0, not at {self.target_error}.",
            ),
            (
                0 <= self.seed < 2**63,
                f"The seed is a whole number from 0 to 2^63 - 1, not {self.seed}.",
            ),
            (
                self.device in ("auto", "cpu", "mps") or self.device.split(":")[0] == "cuda",
                f"The device is auto, cpu, cuda or mps, not {self.device!r}.",
            ),
        ):
            if not is_right:
                raise TrainingError(sentence)

    def factor(self, step: int, steps: int) -> float:
        """Return what the learning rate is multiplied by in a step.

        Parameters
        ----------
        step
            The number of the step, from 0.
        steps
            How many there will be.
        """
        rise = min(1.0, (step + 1) / self.warm_up) if self.warm_up else 1.0
        if self.schedule is Schedule.COSINE:
            return rise * (1 + math.cos(math.pi * step / max(steps, 1))) / 2
        if self.schedule is Schedule.STEPS:
            return rise * (1.0 if 2 * step < steps else 0.1 if 4 * step < 3 * steps else 0.01)
        return rise

    def to_json(self) -> dict[str, Any]:
        """Return the settings for a file."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Settings:
        """Return settings from a file; what it lacks is as usual.

        Raises
        ------
        TrainingError
            If a value makes no sense, or one is not known.
        """
        known = {field.name for field in fields(cls)}
        unknown = set(stored) - known
        if unknown:
            raise TrainingError(
                f"There is no setting {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}."
            )
        for field in fields(cls):
            value = stored.get(field.name, field.default)
            if not _is_like(value, field.default):
                raise TrainingError(f"The settings of the run can't be read: {field.name} is {str(value)[:40]!r}.")
        return cls(**stored)


def _is_like(value: object, usual: object) -> bool:
    """Whether a value from a file is of the same sort as the usual one of its setting."""
    if isinstance(usual, str):
        return isinstance(value, str)
    if isinstance(usual, bool) or isinstance(value, bool):
        return isinstance(usual, bool) and isinstance(value, bool)
    if isinstance(usual, int):
        return isinstance(value, int)
    is_number = isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**63)
    return is_number or (usual is None and value is None)


def _one_of(kind: type[StrEnum], name: str, value: str) -> StrEnum:
    try:
        return kind(value)
    except ValueError:
        raise TrainingError(f"The {name} is {' or '.join(kind)}, not {value!r}.") from None
