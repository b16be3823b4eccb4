"""Where tensors that share memory lie in it, and which calls of torch lead from the one to the other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.lib.stride_tricks import as_strided

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Move = tuple[Callable[..., Any], tuple[Any, ...]]

__all__ = ["Place", "moves_between", "parts_within"]


@dataclass(frozen=True)
class Place:
    """Where the numbers of a tensor lie in the memory that it shares with others.

    Parameters
    ----------
    offset
        The number of its first element, counted in elements of its type.
    shape, strides
        Its axes, and how many elements lie between two neighbours along each.
    dtype
        The type of its elements: memory can be read as numbers of another one.
    """

    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: torch.dtype

    @classmethod
    def of(cls, tensor: torch.Tensor) -> Place:
        """Return the place of a tensor."""
        return cls(int(tensor.storage_offset()), tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype)

    def overlaps(self, other: Place) -> bool:
        """Whether they have an element in common; true where that can't be told."""
        if 0 in self.shape or 0 in other.shape:
            return False
        if self.dtype != other.dtype:
            return True
        if self == other:
            return True
        if self._last < other.offset or other._last < self.offset:
            return False
        if any(
            one.is_dense and (one.offset <= two.offset <= one._last or one.offset <= two._last <= one._last)
            for one, two in ((self, other), (other, self))
        ):
            return True
        first = min(self.offset, other.offset)
        memory = np.zeros(max(self._last, other._last) + 1 - first, bool)
        self._in(memory, first)[...] = True
        return bool(other._in(memory, first).any())

    def _in(self, memory: NDArray[np.bool_], first: int) -> NDArray[np.bool_]:
        """Return the elements of a memory that lie at this place; its own first one has a number."""
        return as_strided(memory[self.offset - first :], self.shape, self.strides)

    @property
    def _last(self) -> int:
        return self.offset + sum((size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True))

    @cached_property
    def is_dense(self) -> bool:
        """Whether it has each element between its first and its last."""
        return self.is_nested and (not self.runs or (len(self.runs) == 1 and self.runs[0][1] == 1))

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The axes as they follow each other in the memory, the slowest first."""
        long = [axis for axis, size in enumerate(self.shape) if size > 1]
        if all(self.strides[one] >= self.strides[other] for one, other in pairwise(long)):
            return tuple(range(len(self.shape)))
        rest = [axis for axis, size in enumerate(self.shape) if size <= 1]
        return (*rest, *sorted(long, key=lambda axis: -self.strides[axis]))

    @cached_property
    def is_nested(self) -> bool:
        """Whether each element is there once, and its index can be read from its number."""
        long = [axis for axis in self.order if self.shape[axis] > 1]
        reach = 1
        for axis in reversed(long):
            if self.strides[axis] < reach:
                return False
            reach = self.strides[axis] * self.shape[axis]
        return True

    @cached_property
    def runs(self) -> tuple[tuple[int, int], ...]:
        """Size and stride of its axes in the memory's order, those joined that lie in one run."""
        found: list[tuple[int, int]] = []
        for axis in self.order:
            size, stride = self.shape[axis], self.strides[axis]
            if size == 1:
                continue
            if found and found[-1][1] == size * stride:
                found[-1] = (found[-1][0] * size, stride)
            else:
                found.append((size, stride))
        return tuple(found)

    def indices_of(self, other: Place) -> list[NDArray[np.int64]] | None:
        """Return, axis by axis, the indices here of another's elements; None where some are not here.

        They can be stretched to the other's shape.
        """
        if not self.is_nested or self.dtype != other.dtype or other.offset < self.offset:
            return None
        found = self._indices(np.array(other.offset - self.offset, np.int64))
        for axis, (size, stride) in enumerate(zip(other.shape, other.strides, strict=True)):
            own = self._indices(np.arange(size, dtype=np.int64) * stride)
            if found is None or own is None:
                return None
            shape = [size if other_axis == axis else 1 for other_axis in range(len(other.shape))]
            found = [one + step.reshape(shape) if step.any() else one for one, step in zip(found, own, strict=True)]
            if any(int(index.max()) >= size for index, size in zip(found, self.shape, strict=True)):
                return self._indices(other._elements - self.offset)  # it goes on in the next row
        return found

    def _indices(self, numbers: NDArray[np.int64]) -> list[NDArray[np.int64]] | None:
        """Return, axis by axis, the indices of elements, counted from the first one; None where some are not here."""
        found = [np.zeros(numbers.shape, np.int64)] * len(self.shape)
        for axis in (axis for axis in self.order if self.shape[axis] > 1):
            found[axis], numbers = np.divmod(numbers, self.strides[axis])
            if (found[axis] >= self.shape[axis]).any():
                return None
        return None if numbers.any() else found

    @property
    def _elements(self) -> NDArray[np.int64]:
        """The number of each element in the memory, in the tensor's shape."""
        found = np.array(self.offset, np.int64)
        for size, stride in zip(self.shape, self.strides, strict=True):
            found = found[..., None] + np.arange(size, dtype=np.int64) * stride
        return found


def moves_between(one: Place, other: Place) -> list[Move] | None:
    """Return the calls that make of a tensor at one place what lies at another; None where that is not all there.

    Each is a function and what it is given behind the tensor; none where the two are the same.
    """
    if one == other:
        return []
    if one.dtype != other.dtype or 0 in one.shape:
        return None
    if one.is_nested and other.is_nested and one.offset == other.offset and one.runs == other.runs:
        return _rearranged(one, other)
    found = parts_within(one, other)
    if found is None:
        return None
    part, move = found
    return [(torch.Tensor.__getitem__, (move,)), *_rearranged(part, other)] if part else [(torch.take, (move,))]


def parts_within(whole: Place, part: Place) -> tuple[Place | None, Any] | None:
    """Return how a part is taken out of a whole; None where it is not all within it.

    Returns
    -------
    place, key
        The place of ``whole[key]``, which has the elements of the part, maybe with its axes in another order; or None,
        and the numbers of the part's elements in the whole's flattened order, int64 in the part's shape.
    """
    indices = None if 0 in part.shape else whole.indices_of(part)
    if indices is None:
        return None
    steps = [_step(index, size) for index, size in zip(indices, whole.shape, strict=True)]
    known = [step for step in steps if step is not None]
    if len(known) < len(steps) or not part.is_nested or prod(len(step) for step in known) != prod(part.shape):
        flat = np.zeros(part.shape, np.int64)
        for index, size in zip(indices, whole.shape, strict=True):
            flat = flat * size + index
        return None, torch.from_numpy(flat)
    by_number = _cut(whole, known, as_numbers=True)
    return by_number if by_number[0].shape == part.shape else _cut(whole, known, as_numbers=False)


def _step(index: NDArray[np.int64], size: int) -> range | None:
    """Return the indices that occur along an axis, where they are evenly spaced."""
    used = np.zeros(size, bool)
    used[index] = True
    found = np.flatnonzero(used)
    if len(found) == 1:
        return range(int(found[0]), int(found[0]) + 1)
    step = int(found[1] - found[0])
    is_even = bool((np.diff(found) == step).all())
    return range(int(found[0]), int(found[-1]) + 1, step) if is_even else None


def _cut(whole: Place, steps: list[range], *, as_numbers: bool) -> tuple[Place, tuple[Any, ...]]:
    """Return the place of slices of a tensor, and their key; as a number the one index of an axis lets it go."""
    key: list[Any] = []
    shape, strides, offset = [], [], whole.offset
    for step, size, stride in zip(steps, whole.shape, whole.strides, strict=True):
        offset += step.start * stride
        if as_numbers and len(step) == 1 and size > 1:
            key.append(step.start)
            continue
        is_all = len(step) == size
        key.append(slice(None) if is_all else slice(step.start, step.stop, None if step.step == 1 else step.step))
        shape.append(len(step))
        strides.append(stride * step.step)
    while len(key) > 1 and key[-1] == slice(None):
        key.pop()
    return Place(offset, tuple(shape), tuple(strides), whole.dtype), tuple(key)


def _rearranged(one: Place, other: Place) -> list[Move]:
    """Return the calls that put the axes of a tensor into the order, and split and join them, as another has them."""
    found: list[Move] = []
    if one.shape == other.shape and one.order == other.order:
        return found
    if one.order != tuple(range(len(one.shape))):
        found.append((torch.Tensor.permute, (one.order,)))
    laid = tuple(other.shape[axis] for axis in other.order)
    if tuple(one.shape[axis] for axis in one.order) != laid:
        found.append((torch.Tensor.reshape, (laid,)))
    if other.order != tuple(range(len(other.shape))):
        found.append((torch.Tensor.permute, (tuple(int(axis) for axis in np.argsort(other.order)),)))
    return found
