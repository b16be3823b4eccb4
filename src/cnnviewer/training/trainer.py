"""`train()`: a training loop as a generator. Each `yield` is progress, and a place to stop."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnnviewer.datasets.labelled import LabelledImages

__all__ = ["Prepare", "Progress", "Settings", "measure_accuracy", "train"]


class Prepare(Protocol):
    """Makes a batch for the network of images; it may augment them, drawing from `generator` only."""

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None, /) -> torch.Tensor:
        """Return float32 ``(N, C, H, W)`` for uint8 images ``(N, H, W)``; with no generator, unaugmented."""


@dataclass(frozen=True)
class Settings:
    """How to train: gradient descent with Nesterov momentum, the learning rate annealed by a cosine.

    Parameters
    ----------
    epochs
        How often each image is seen.
    batch_size
        Images a step; the last batch of an epoch may be smaller.
    learning_rate
        That of the first step; it falls to 0 along half a cosine (Loshchilov and Hutter, 2017: SGDR).
    momentum
        Nesterov momentum, 0 < momentum < 1.
    weight_decay
        The factor of the L2 penalty.
    seed
        Of the order of the images and of their augmentation.
    """

    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 5e-4
    seed: int = 0


@dataclass(frozen=True)
class Progress:
    """Where a training is after a step.

    Parameters
    ----------
    step, steps
        How many batches were learnt from, and how many there will be.
    epoch
        The epoch of this step, from 1.
    loss
        The mean cross-entropy of this step's batch, in nats, before the step.
    accuracy
        The share of this step's batch that was classified rightly before the step, 0..1.
    """

    step: int
    steps: int
    epoch: int
    loss: float
    accuracy: float


def train(
    module: torch.nn.Module, data: LabelledImages, prepare: Prepare, settings: Settings | None = None
) -> Iterator[Progress]:
    """Train a module in place, in train mode; each submodule's own mode comes back at the end.

    The same seed on the same CPU gives the same weights, to the bit, unless the module itself draws random
    numbers (dropout): those come from torch's global generator.

    Parameters
    ----------
    module
        A module that takes what `prepare` returns and gives logits ``(N, classes)``.
    data
        The images to learn from.
    prepare
        Makes a batch for the module of images.
    settings
        How to train.

    Yields
    ------
    Progress
        After each step. A generator that is closed leaves the module as the last step left it.
    """
    settings = settings or Settings()
    generator = torch.Generator().manual_seed(settings.seed)
    optimiser = torch.optim.SGD(
        module.parameters(), settings.learning_rate, settings.momentum,
        weight_decay=settings.weight_decay, nesterov=True,
    )  # fmt: skip
    steps = settings.epochs * math.ceil(len(data) / settings.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(steps, 1))
    modes = [(submodule, submodule.training) for submodule in module.modules()]
    module.train()
    try:
        for step, (epoch, chosen) in enumerate(_batches(len(data), settings, generator), start=1):
            inputs, labels = prepare(data.images[chosen], generator), data.labels[chosen].long()
            loss, accuracy = _learn(module, optimiser, inputs, labels)
            schedule.step()
            yield Progress(step, steps, epoch, loss, accuracy)
    finally:
        for submodule, training in modes:
            submodule.training = training


@torch.inference_mode()
def measure_accuracy(
    module: torch.nn.Module, data: LabelledImages, prepare: Prepare, *, batch_size: int = 500
) -> float:
    """Return the share of images that a module classifies rightly, 0..1.

    Parameters
    ----------
    module
        In eval mode; it takes what `prepare` returns and gives logits ``(N, classes)``.
    data
        At least one image.
    prepare
        Called without a generator, so that nothing is augmented.
    batch_size
        Images a batch; the figure does not depend on it.
    """
    right = 0
    batches = torch.split(data.images, batch_size), torch.split(data.labels, batch_size)
    for images, labels in zip(*batches, strict=True):
        right += int((module(prepare(images)).argmax(1) == labels).sum())
    return right / len(data)


def _batches(count: int, settings: Settings, generator: torch.Generator) -> Iterator[tuple[int, torch.Tensor]]:
    """Yield (epoch from 1, indices of a batch), in a new random order each epoch."""
    for epoch in range(1, settings.epochs + 1):
        for chosen in torch.split(torch.randperm(count, generator=generator), settings.batch_size):
            yield epoch, chosen


def _learn(
    module: torch.nn.Module, optimiser: torch.optim.Optimizer, inputs: torch.Tensor, labels: torch.Tensor
) -> tuple[float, float]:
    """Take one step, and return the batch's loss and accuracy before it."""
    logits = module(inputs)
    loss = functional.cross_entropy(logits, labels)
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    accuracy = (logits.argmax(1) == labels).float().mean()
    return loss.item(), accuracy.item()
