"""How the indices along one axis of an operand feed those along one axis of the output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Booleans = NDArray[np.bool_]

__all__ = ["Blocks", "Mixed", "Relation", "Same", "Shift", "Span", "Taps", "affine_taps", "transposed_window", "window"]

Span = tuple[int, int]
"""The first index along an axis, and the one behind the last; they may lie outside of the tensor, in padding."""


class Relation(Protocol):
    """Relates the indices of an axis of the output with those of an axis of an operand."""

    def back(self, found: Booleans) -> Booleans:
        """Return which indices of the operand feed some of the output, ``(..., n_out)`` -> ``(..., n_in)``."""

    @property
    def reverse(self) -> Relation:
        """The same, from the operand to the output."""

    def span(self, found: Span) -> Span | None:
        """Return which indices of an operand without ends would feed those of the output; None where unknown."""


@dataclass(frozen=True)
class Same:
    """Each index feeds the same index."""

    def back(self, found: Booleans) -> Booleans:
        """Return the same indices."""
        return found

    @property
    def reverse(self) -> Same:
        """Itself."""
        return self

    def span(self, found: Span) -> Span:
        """Return the same span."""
        return found


@dataclass(frozen=True)
class Mixed:
    """Each of the operand's indices feeds each of the output's, `before` and `after` many."""

    after: int
    before: int

    def back(self, found: Booleans) -> Booleans:
        """Return all indices where there is any."""
        return np.repeat(found.any(-1, keepdims=True), self.before, -1)

    @property
    def reverse(self) -> Mixed:
        """The same with the lengths exchanged."""
        return Mixed(self.before, self.after)

    def span(self, found: Span) -> Span:
        """Return all indices."""
        return 0, self.before


@dataclass(frozen=True)
class Blocks:
    """Both axes are cut into equally many blocks, and each block feeds the same block: groups of channels."""

    groups: int
    after: int
    before: int

    def back(self, found: Booleans) -> Booleans:
        """Return all indices of the blocks where there is any."""
        blocks = found.reshape(*found.shape[:-1], self.groups, self.after // self.groups).any(-1)
        return np.repeat(blocks, self.before // self.groups, -1)

    @property
    def reverse(self) -> Blocks:
        """The same with the lengths exchanged."""
        return Blocks(self.groups, self.before, self.after)

    def span(self, found: Span) -> None:
        """Blocks are of channels, which have no padding."""
        return


@dataclass(frozen=True)
class Shift:
    """Index o of the output is fed by ``o + offset`` alone, where the operand, `before` long, has it."""

    after: int
    before: int
    offset: int

    def back(self, found: Booleans) -> Booleans:
        """Return the indices moved by the offset; those that fall outside are left out."""
        moved = np.zeros((*found.shape[:-1], self.before), bool)
        first, last = max(0, -self.offset), min(self.after, self.before - self.offset)
        if first < last:
            moved[..., first + self.offset : last + self.offset] = found[..., first:last]
        return moved

    @property
    def reverse(self) -> Shift:
        """The same the other way."""
        return Shift(self.before, self.after, -self.offset)

    def span(self, found: Span) -> Span:
        """Return the span moved by the offset."""
        return found[0] + self.offset, found[1] + self.offset


@dataclass(frozen=True, eq=False)
class Taps:
    """Any relation.

    Parameters
    ----------
    matrix
        Whether an index of the operand feeds one of the output, ``(n_out, n_in)``.
    virtual
        What `span` returns.
    """

    matrix: Booleans
    virtual: Callable[[Span], Span] | None = None

    def back(self, found: Booleans) -> Booleans:
        """Return the indices that feed any of the output's."""
        if found.ndim == 1:
            return np.asarray(self.matrix[found].any(0))
        return np.asarray(found.astype(np.float32) @ self.matrix.astype(np.float32) > 0)

    @property
    def reverse(self) -> Taps:
        """The same with the matrix transposed."""
        return Taps(self.matrix.T)

    def span(self, found: Span) -> Span | None:
        """Return what `virtual` tells."""
        return None if self.virtual is None else self.virtual(found)


def window(after: int, before: int, kernel: int, stride: int, padding: int, dilation: int) -> Taps:
    """Return the relation of a window that slides along an axis: of convolution and pooling."""
    places = np.arange(after)[:, None] * stride - padding + dilation * np.arange(kernel)

    def virtual(found: Span) -> Span:
        low, high = found
        return low * stride - padding, (high - 1) * stride - padding + dilation * (kernel - 1) + 1

    return Taps(_matrix(places, before), virtual)


def transposed_window(after: int, before: int, kernel: int, stride: int, padding: int, dilation: int) -> Taps:
    """Return the relation of a transposed convolution: input i feeds output ``i * stride - padding + dilation * j``."""
    made = np.arange(before)[:, None] * stride - padding + dilation * np.arange(kernel)

    def virtual(found: Span) -> Span:
        low, high = found
        return -(-(low + padding - dilation * (kernel - 1)) // stride), (high - 1 + padding) // stride + 1

    return Taps(_matrix(made, after).T, virtual)


def affine_taps(matrix: Booleans, step: int, start: int) -> Taps:
    """Return a relation in which output index o is fed by ``o * step + start`` alone, as far as the matrix goes."""

    def virtual(found: Span) -> Span:
        ends = found[0] * step + start, (found[1] - 1) * step + start
        return min(ends), max(ends) + 1

    return Taps(matrix, virtual)


def _matrix(places: NDArray[np.int64], length: int) -> Booleans:
    """Return a matrix ``(n, length)`` that is true at the places of each row; places outside are left out."""
    matrix = np.zeros((len(places), length), bool)
    rows, taps = np.nonzero((places >= 0) & (places < length))
    matrix[rows, places[rows, taps]] = True
    return matrix
