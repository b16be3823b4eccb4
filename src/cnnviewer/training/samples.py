"""Images of a dataset to look at, with what is to be said of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from cnnviewer.rendering.packing import packed_rgb

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cnnviewer.datasets.labelled import Dataset, LabelledImages, LeftOut

__all__ = ["DatasetSummary", "Samples", "samples_of", "summary_of"]

_SHOWN = 120


@dataclass(frozen=True, eq=False)
class Samples:
    """Some images of a split.

    Parameters
    ----------
    indices, labels
        Their numbers and classes.
    images
        uint8, ``(n, H, W, 3)``, RGB.
    """

    indices: tuple[int, ...]
    labels: tuple[int, ...]
    images: NDArray[np.uint8]

    @property
    def pixels(self) -> NDArray[np.uint32]:
        """The images as pixels 0xffRRGGBB, uint32 ``(n, H, W)``."""
        return packed_rgb(self.images[..., 0], self.images[..., 1], self.images[..., 2])


@dataclass(frozen=True, eq=False)
class DatasetSummary:
    """What the window shows of a dataset.

    `splits` are (name, images) of those that there are.
    """

    name: str
    source: str
    categories: tuple[str, ...]
    image_shape: tuple[int, int, int]
    splits: tuple[tuple[str, int], ...]
    samples: Samples
    left_out: tuple[LeftOut, ...]
    remarks: tuple[str, ...] = ()


def samples_of(data: LabelledImages, indices: Sequence[int]) -> Samples:
    """Return some images of a split, in the order asked for."""
    chosen = torch.tensor(list(indices), dtype=torch.long)
    images = data.images[chosen].expand(-1, 3, -1, -1).permute(0, 2, 3, 1).contiguous()
    return Samples(tuple(indices), tuple(data.labels[chosen].tolist()), images.numpy())


def summary_of(dataset: Dataset) -> DatasetSummary:
    """Return what the window shows of a dataset; the samples take turns through the classes."""
    train = dataset.train
    splits = (("training", train), ("validation", dataset.validation), ("test", dataset.test))
    return DatasetSummary(
        name=dataset.name,
        source=dataset.source,
        categories=dataset.categories,
        image_shape=dataset.image_shape,
        splits=tuple((name, len(data)) for name, data in splits if data is not None),
        samples=samples_of(train, _in_turns(train.labels, _SHOWN)),
        left_out=dataset.left_out,
        remarks=dataset.remarks,
    )


def _in_turns(labels: torch.Tensor, count: int) -> list[int]:
    """Return the numbers of the first image of each class, then of the second of each, and so on."""
    order = labels.argsort(stable=True)
    counts = torch.bincount(labels)
    firsts = counts.cumsum(0) - counts
    turn = torch.arange(len(labels)) - firsts[labels[order]]
    found: list[int] = order[torch.argsort(turn, stable=True)][:count].tolist()
    return found
