"""Sets of the units of a tensor."""

from __future__ import annotations

from functools import cached_property
from math import prod
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Booleans = NDArray[np.bool_]

__all__ = ["UnitSet"]


class UnitSet:
    """A set of the units of a tensor.

    Nearly all sets that a convolutional network makes are products: some channels, some rows, some columns. Such a set
    is kept as one vector an axis, which costs next to nothing however large the maps are; any other as a mask.

    Parameters
    ----------
    axes
        For a product: which indices it has along each axis.
    mask
        For any other set: whether it has each unit, in the shape of the tensor.
    """

    def __init__(self, axes: tuple[Booleans, ...] | None, mask: Booleans | None = None) -> None:
        self.axes, self._mask = axes, mask

    @staticmethod
    def single(shape: Sequence[int], unit: Sequence[int]) -> UnitSet:
        """Return the set of one unit."""
        axes = tuple(np.zeros(length, bool) for length in shape)
        for axis, index in zip(axes, unit, strict=True):
            axis[index] = True
        return UnitSet(axes)

    @staticmethod
    def whole(shape: Sequence[int]) -> UnitSet:
        """Return the set of all units."""
        return UnitSet(tuple(np.ones(length, bool) for length in shape))

    @staticmethod
    def none(shape: Sequence[int]) -> UnitSet:
        """Return the empty set."""
        if not shape:  # a product of no axes has the one unit of a tensor without axes
            return UnitSet(None, np.zeros((), bool))
        return UnitSet(tuple(np.zeros(length, bool) for length in shape))

    @staticmethod
    def of_mask(mask: Booleans) -> UnitSet:
        """Return the set of a mask: a product where it is one."""
        axes = _projections(mask)
        size = prod(int(np.count_nonzero(axis)) for axis in axes)
        return UnitSet(axes) if size == np.count_nonzero(mask) else UnitSet(None, mask)

    @cached_property
    def mask(self) -> Booleans:
        """Whether the set has each unit, in the shape of the tensor."""
        if self._mask is not None:
            return self._mask
        assert self.axes is not None
        mask = np.ones((), bool)
        for axis in self.axes:
            mask = mask[..., None] & axis
        return mask

    @cached_property
    def projections(self) -> tuple[Booleans, ...]:
        """For each axis, which of its indices any unit of the set has."""
        if self.axes is None:
            return _projections(self.mask)
        return self.axes if not self.is_empty else tuple(np.zeros_like(axis) for axis in self.axes)

    @cached_property
    def is_empty(self) -> bool:
        """Whether no unit is in the set."""
        return not all(axis.any() for axis in self.axes) if self.axes is not None else not self.mask.any()

    @cached_property
    def size(self) -> int:
        """How many units are in the set."""
        if self.axes is None:
            return int(np.count_nonzero(self.mask))
        return prod(int(np.count_nonzero(axis)) for axis in self.axes)

    def bounds(self, axis: int) -> tuple[int, int]:
        """Return the first index along an axis and the one behind the last; the set must not be empty."""
        found = np.flatnonzero(self.projections[axis])
        return int(found[0]), int(found[-1]) + 1

    def __or__(self, other: UnitSet) -> UnitSet:
        """Return the units of either set."""
        if self.is_empty or other.is_empty:
            return other if self.is_empty else self
        if self.axes is not None and other.axes is not None:
            pairs = list(zip(self.axes, other.axes, strict=True))
            different = [place for place, (mine, others) in enumerate(pairs) if not np.array_equal(mine, others)]
            if not any((mine & ~others).any() for mine, others in pairs):
                return other
            if not any((others & ~mine).any() for mine, others in pairs):
                return self
            if len(different) == 1:
                return UnitSet(tuple(mine | others for mine, others in pairs))
        return UnitSet(None, self.mask | other.mask)


def _projections(mask: Booleans) -> tuple[Booleans, ...]:
    axes = range(mask.ndim)
    return tuple(np.asarray(mask.any(axis=tuple(other for other in axes if other != axis))) for axis in axes)
