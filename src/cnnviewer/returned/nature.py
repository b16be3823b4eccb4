"""The nature of a layer's numbers: what is known of them from the operations that made them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

from cnnviewer.outputs import Form

if TYPE_CHECKING:
    import torch

__all__ = ["COMPLEMENT", "FEATURES", "UNKNOWN", "Nature", "bounded"]


@dataclass(frozen=True, eq=False)
class Nature:
    """What is known of a layer's numbers.

    Parameters
    ----------
    form
        What they are; `Form.PLAIN` where nothing is known.
    words
        The operations that made them so, in order: ("softmax", "clamp"). What only moves numbers is left out.
    ids
        int64, of the shape of the layer's result: of shares the numbers that sum to one have one number, of others
        each class has its own. None where that could not be followed.
    size
        Of shares, how many numbers summed to one at first.
    low, high
        Of bounded numbers, the bounds.
    total
        Of shares, to what they sum.
    is_log
        Whether the numbers are logarithms of that.
    is_features
        Of plain ones, whether they are what a network learnt to see, and no answer yet.
    is_unit
        Of plain ones, whether they are a vector that was brought to the length one.
    is_constant
        Whether they are the same for every image.
    """

    form: Form
    words: tuple[str, ...] = ()
    ids: torch.Tensor | None = None
    size: int = 0
    low: float = -inf
    high: float = inf
    total: float = 1.0
    is_log: bool = False
    is_features: bool = False
    is_unit: bool = False
    is_constant: bool = False

    def then(self, word: str, ids: torch.Tensor | None = None) -> Nature:
        """Return the same after one more operation that changes nothing of it."""
        return replace(self, words=(*self.words, word), ids=self.ids if ids is None else ids)

    @property
    def is_positive(self) -> bool:
        """Whether none of the numbers is negative."""
        return not self.is_log and (self.form is Form.SHARES or (self.form is Form.BOUNDED and self.low >= 0))

    @property
    def is_anything(self) -> bool:
        """Whether nothing is known of the numbers."""
        return self.form is Form.PLAIN and not (self.is_features or self.is_unit)

    @property
    def is_probability(self) -> bool:
        """Whether each number is a probability for itself, or the logarithm of one."""
        return self.form is Form.BOUNDED and abs(self.low) < _CLOSE and abs(self.high - 1) < _CLOSE


_CLOSE = 1e-2
"""Bounds and sums are what they are but for what keeps a logarithm finite."""

COMPLEMENT = "its complement"
"""The word for one less a probability."""
FEATURES = Nature(Form.PLAIN, is_features=True)
"""What a network learnt to see."""
UNKNOWN = Nature(Form.PLAIN)
"""Numbers of which nothing is known."""


def bounded(low: float, high: float, words: tuple[str, ...], ids: torch.Tensor | None) -> Nature:
    """Return the nature of numbers between two bounds."""
    return Nature(Form.BOUNDED, words, ids, low=low, high=high)
