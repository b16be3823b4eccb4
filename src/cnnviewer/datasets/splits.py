"""Dividing images into splits, class by class, so that each split has its share of every class."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from cnnviewer.datasets.labelled import LabelledImages
from cnnviewer.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.datasets.labelled import Dataset, Images

__all__ = ["check_share", "draw", "hold_back", "take"]


def check_share(share: float) -> None:
    """Do nothing if a share of images can be held back.

    Raises
    ------
    DatasetError
        If it can't.
    """
    if not 0 <= share < 1:  # nor is NaN a share
        raise DatasetError(
            f"The share of validation images is {share:g}; choose 0 for none, or a number below 1, such as 0.1."
        )


def hold_back(dataset: Dataset, share: float, seed: int) -> Dataset:
    """Return a dataset with a share of its training images as validation.

    Parameters
    ----------
    dataset
        One that has a validation split already is returned as it is.
    share
        0..1; 0 for none.
    seed
        What the choice depends on.

    Raises
    ------
    DatasetError
        If the share is less than an image, or nothing would be left of the training images.
    """
    if dataset.validation is not None or share == 0:
        return dataset
    train = dataset.train
    held = draw(train.labels, len(dataset.categories), share, seed)
    if not held.any():
        raise DatasetError(
            f"{share:.3g} of the {len(train):,} training images of {dataset.name} leaves no image for validation: "
            "choose a larger share, 0 for none, or add images."
        )
    return replace(dataset, train=take(train, ~held), validation=take(train, held))


def draw(labels: torch.Tensor, classes: int, share: float, seed: int) -> torch.Tensor:
    """Choose a share of the images of each class at random.

    Altogether it is the nearest whole number to the share of all images; what the classes miss of it by rounding
    down goes to those that miss most. At least one image of each class is not chosen.

    Parameters
    ----------
    labels
        int64, ``(N,)``, 0..`classes` - 1.
    classes
        How many classes there are.
    share
        0..1.
    seed
        What the choice depends on.

    Returns
    -------
    torch.Tensor
        bool, ``(N,)``: whether an image is chosen.
    """
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.zeros(len(labels), dtype=torch.bool)
    counts: list[int] = torch.bincount(labels, minlength=classes).tolist()
    for label, quota in enumerate(_quotas(counts, share)):
        members = (labels == label).nonzero().flatten()
        chosen[members[torch.randperm(len(members), generator=generator)[:quota]]] = True
    return chosen


def take(data: LabelledImages, chosen: torch.Tensor) -> LabelledImages:
    """Return some images of a split, in the same order.

    Parameters
    ----------
    data
        The split.
    chosen
        bool, ``(N,)``.
    """
    numbers = chosen.nonzero().flatten()
    images: Images = data.images[numbers] if isinstance(data.images, torch.Tensor) else _Some(data.images, numbers)
    return LabelledImages(images, data.labels[numbers], data.categories)


class _Some:
    """Some of the images of a store that is no tensor: nothing is decoded before it is asked for."""

    def __init__(self, images: Images, numbers: torch.Tensor) -> None:
        self._images, self._numbers = images, numbers

    @property
    def shape(self) -> torch.Size:
        return torch.Size((len(self), *self._images.shape[1:]))

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, chosen: torch.Tensor | slice, /) -> torch.Tensor:
        return self._images[self._numbers[chosen]]


def _quotas(counts: Sequence[int], share: float) -> list[int]:
    """Return how many images of each class are chosen (largest remainders first, ties in the order of classes)."""
    exact = [count * share for count in counts]
    quotas = [int(number) for number in exact]
    missing = round(sum(counts) * share) - sum(quotas)
    for label in sorted(range(len(counts)), key=lambda label: quotas[label] - exact[label])[: max(missing, 0)]:
        quotas[label] += 1
    return [min(quota, max(count - 1, 0)) for quota, count in zip(quotas, counts, strict=True)]
