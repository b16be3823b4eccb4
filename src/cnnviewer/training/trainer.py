"""A trainer as a generator: each progress that it yields is a place to look, and to stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 - torch's own name for it

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Progress", "accuracy", "train"]


@dataclass(frozen=True)
class Progress:
    """Where a training stands after a step.

    Parameters
    ----------
    step, steps
        How many steps were made, and will be made.
    epoch
        The current epoch, from 0.
    loss
        Mean cross-entropy of the step's batch, before the update.
    """

    step: int
    steps: int
    epoch: int
    loss: float


def train(
    module: torch.nn.Module,
    images: torch.Tensor,
    labels: torch.Tensor,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    augment: Callable[[torch.Tensor, torch.Generator], torch.Tensor] | None = None,
) -> Iterator[Progress]:
    """Train a module with AdamW and a one-cycle schedule (Smith and Topin 2018) on cross-entropy.

    Parameters
    ----------
    module
        Takes a batch of `images`; it is in train mode while this runs, and in eval mode afterwards.
    images
        Preprocessed, float ``(N, C, H, W)``.
    labels
        int64 ``(N,)``.
    epochs, batch_size, learning_rate
        As usual; the learning rate is the schedule's highest.
    seed
        Of the order of the examples and of the augmentation; the same seed gives the same weights on a CPU.
    augment
        Changes a batch before it is learnt.

    Yields
    ------
    Progress
        After each step.
    """
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(module.parameters(), lr=learning_rate)
    batches = len(images) // batch_size
    steps = epochs * batches
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, learning_rate, total_steps=steps)
    module.train()
    try:
        for step in range(steps):
            if step % batches == 0:
                order = torch.randperm(len(images), generator=generator)
            chosen = order[step % batches * batch_size :][:batch_size]
            batch = images[chosen] if augment is None else augment(images[chosen], generator)
            loss = F.cross_entropy(module(batch), labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            yield Progress(step + 1, steps, step // batches, loss.item())
    finally:
        module.eval()


@torch.inference_mode()
def accuracy(module: torch.nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    """Return the share of images, preprocessed, ``(N, C, H, W)``, whose most probable class is their label."""
    hits = [
        (module(batch).argmax(1) == truth).sum()
        for batch, truth in zip(images.split(1000), labels.split(1000), strict=True)
    ]
    return float(sum(hits)) / len(labels)
