"""`LabelledImages`: the images of one split of a dataset, with the class of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

__all__ = ["LabelledImages"]


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Images of one size, with the class of each.

    Parameters
    ----------
    images
        uint8, ``(N, H, W)``, 0..255.
    labels
        uint8, ``(N,)``, indices into `categories`.
    categories
        One name a class.
    """

    images: torch.Tensor
    labels: torch.Tensor
    categories: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.images)

    def head(self, count: int) -> LabelledImages:
        """Return the first `count` images; all where there are fewer."""
        return LabelledImages(self.images[:count], self.labels[:count], self.categories)
