"""`Dataset`: what a network learns from, in up to three splits, each a `LabelledImages`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    import torch

__all__ = ["Dataset", "Images", "LabelledImages", "LeftOut"]


class Images(Protocol):
    """Images of one size, held in memory (a tensor is such a store) or decoded when they are asked for."""

    @property
    def shape(self) -> torch.Size:
        """``(N, C, H, W)``."""

    def __len__(self) -> int:
        """Return N."""

    def __getitem__(self, chosen: torch.Tensor | slice, /) -> torch.Tensor:
        """Return the images with these numbers, uint8 ``(n, C, H, W)``; `chosen` is int64 ``(n,)`` or a slice."""


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """The images of one split, with the class of each.

    Parameters
    ----------
    images
        uint8, ``(N, C, H, W)``, 0..255, C 1 (grey) or 3 (RGB).
    labels
        int64, ``(N,)``, indices into `categories`.
    categories
        One name a class.
    """

    images: Images
    labels: torch.Tensor
    categories: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class LeftOut:
    """A file or a folder that is no part of a dataset, and why."""

    path: Path
    reason: str

    @property
    def told(self) -> str:
        """The reason, and where it lies."""
        return f"{self.reason} ({self.path.parent})"


@dataclass(frozen=True, eq=False)
class Dataset:
    """What a network learns from.

    Parameters
    ----------
    name
        The name under which it is listed, or the folder's.
    train
        What the weights are fitted to.
    validation
        What tells during the training how well the network does on images that it does not learn from; None where
        nothing was held back.
    test
        What is measured once, at the end; None where there is none.
    source
        Where it comes from, and its licence, for people.
    left_out
        Files that could not be read, or are no images; folders that are neither classes nor splits.
    remarks
        Of a folder of images: what was read as what, in sentences.
    """

    name: str
    train: LabelledImages
    validation: LabelledImages | None = None
    test: LabelledImages | None = None
    source: str = ""
    left_out: tuple[LeftOut, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def categories(self) -> tuple[str, ...]:
        """One name a class."""
        return self.train.categories

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image."""
        _, channels, height, width = self.train.images.shape
        return channels, height, width
