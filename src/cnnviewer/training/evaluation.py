"""How well a network does on images: error, accuracy, confusion matrix, worst mistakes."""

from __future__ import annotations

from heapq import nlargest
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from cnnviewer.network import eval_mode
from cnnviewer.training.feed import plain_batch
from cnnviewer.training.progress import Evaluation, Mistake
from cnnviewer.training.team import ALONE

if TYPE_CHECKING:
    from cnnviewer.datasets.labelled import LabelledImages
    from cnnviewer.network import Network
    from cnnviewer.training.team import Team

__all__ = ["MOST_MISTAKES", "evaluate"]

MOST_MISTAKES = 24
"""How many of the worst mistakes are kept."""


def evaluate(
    network: Network,
    data: LabelledImages,
    split: str,
    step: int = 0,
    epoch: int = 0,
    team: Team = ALONE,
    *,
    batch_size: int = 250,
) -> Evaluation:
    """Measure a network on labelled images.

    Parameters
    ----------
    network
        Its module gives logits ``(N, classes)``. It is measured in eval mode; each submodule's own mode comes back.
    data
        At least one image; not augmented.
    split, step, epoch
        What the answer tells of itself.
    team
        The processes that share the work; each has the whole answer.
    batch_size
        Images a batch; the answer does not depend on it but for rounding.
    """
    own = torch.arange(len(data))[team.share(len(data))]
    classes = len(data.categories)
    confusion = torch.zeros(classes, classes, dtype=torch.long)
    total = 0.0
    mistakes: list[Mistake] = []
    with torch.inference_mode(), eval_mode(network.modules):
        for chosen in torch.split(own, batch_size):
            inputs, labels = plain_batch(data, chosen, network.preprocessing)
            logits = network.module(inputs.to(network.device)).float().cpu()
            losses = functional.cross_entropy(logits, labels, reduction="none")
            total += float(losses.double().sum())
            predicted = logits.argmax(1)
            confusion += torch.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)
            mistakes = _worst([*mistakes, *_mistakes(chosen, labels, predicted, logits, losses)])
    answers = team.gather((total, confusion.numpy(), mistakes))
    summed = np.sum([answer[1] for answer in answers], axis=0)
    return Evaluation(
        split=split,
        step=step,
        epoch=epoch,
        loss=sum(answer[0] for answer in answers) / len(data),
        accuracy=int(np.trace(summed)) / len(data),
        confusion=summed,
        mistakes=tuple(_worst([mistake for answer in answers for mistake in answer[2]])),
    )


def _mistakes(
    chosen: torch.Tensor,
    labels: torch.Tensor,
    predicted: torch.Tensor,
    logits: torch.Tensor,
    losses: torch.Tensor,
) -> list[Mistake]:
    """Return the worst mistakes of a batch."""
    wrong = (labels != predicted).nonzero()[:, 0]
    wrong = wrong[losses[wrong].argsort(descending=True)[:MOST_MISTAKES]]
    shares = logits[wrong].softmax(1)
    columns = chosen[wrong], labels[wrong], predicted[wrong], shares.amax(1), losses[wrong]
    return [Mistake(*values) for values in zip(*(column.tolist() for column in columns), strict=True)]


def _worst(mistakes: list[Mistake]) -> list[Mistake]:
    return nlargest(MOST_MISTAKES, mistakes, key=lambda mistake: (mistake.loss, -mistake.index))
