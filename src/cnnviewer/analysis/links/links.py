"""Links: which units of one operand feed which units of a layer's output, in both directions."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Protocol

import numpy as np

from cnnviewer.analysis.links.relations import Mixed, Same
from cnnviewer.analysis.links.unit_sets import UnitSet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from cnnviewer.analysis.links.relations import Relation, Span

    Booleans = NDArray[np.bool_]
    Spans = tuple[Span, ...]

__all__ = ["AxisLink", "IndexLink", "Link", "WholeLink", "elementwise"]


class Link(Protocol):
    """Which units of an operand feed which units of the output."""

    @property
    def note(self) -> str:
        """Empty, or why more units may be meant than can really change the output."""

    @property
    def after(self) -> tuple[int, ...]:
        """The shape of the output."""

    def back(self, found: UnitSet) -> UnitSet:
        """Return the units of the operand that can change any of these of the output."""

    def forth(self, found: UnitSet) -> UnitSet:
        """Return the units of the output that any of these of the operand can change."""

    def spans(self, found: Spans) -> tuple[Span | None, ...]:
        """Return for each axis which indices would feed these if it had no ends; None where that makes no sense."""


@dataclass(frozen=True, eq=False)
class AxisLink:
    """A link that is told axis by axis.

    Parameters
    ----------
    after, before
        The shapes of the output and of the operand.
    pairs
        (axis of the output, axis of the operand, their relation); no axis is named twice.
    only_after, only_before
        For axes that have no counterpart: which of their indices matter; all where none are named. An axis of the
        operand that is summed over is such a one, and an axis of the output along which a value is repeated.
    """

    after: tuple[int, ...]
    before: tuple[int, ...]
    pairs: tuple[tuple[int, int, Relation], ...]
    only_after: Mapping[int, Booleans] = field(default_factory=dict)
    only_before: Mapping[int, Booleans] = field(default_factory=dict)
    note: str = ""

    def back(self, found: UnitSet) -> UnitSet:
        """Return the units of the operand that can change any of these of the output."""
        if self._is_identity:
            return found
        if found.is_empty:
            return UnitSet.none(self.before)
        if found.axes is None:
            return self._mask_back(found.mask)
        if any(not (found.axes[axis] & self._matters(axis)).any() for axis in self._lonely):
            return UnitSet.none(self.before)
        axes = [self._filling(axis) for axis in range(len(self.before))]
        for mine, other, relation in self.pairs:
            axes[other] = relation.back(found.axes[mine])
        return UnitSet(tuple(axes))

    @cached_property
    def _is_identity(self) -> bool:
        """Whether each unit feeds the one at its own place, as in all that works unit by unit."""
        straight = all(mine == other and isinstance(relation, Same) for mine, other, relation in self.pairs)
        return straight and self.after == self.before and len(self.pairs) == len(self.before)

    @cached_property
    def _lonely(self) -> tuple[int, ...]:
        """The axes of the output that have no counterpart."""
        paired = {mine for mine, _, _ in self.pairs}
        return tuple(axis for axis in range(len(self.after)) if axis not in paired)

    def _mask_back(self, mask: Booleans) -> UnitSet:
        """Return what feeds a set that is no product; axes that are mixed are looked at once, and not spread out."""
        kept = sorted(
            ((mine, other, relation) for mine, other, relation in self.pairs if not isinstance(relation, Mixed)),
            key=lambda pair: pair[1],
        )
        for axis in self._lonely:
            mask = mask & self._matters(axis).reshape(-1, *[1] * (mask.ndim - axis - 1))
        left = [axis for axis in range(len(self.after)) if axis in {mine for mine, _, _ in kept}]
        mask = np.asarray(mask.any(axis=tuple(axis for axis in range(len(self.after)) if axis not in left)))
        mask = mask.transpose([left.index(mine) for mine, _, _ in kept])
        for place, (_, _, relation) in enumerate(kept):
            mask = np.moveaxis(relation.back(np.moveaxis(mask, place, -1)), -1, place)
        others = [other for _, other, _ in kept]
        if not mask.any():
            return UnitSet.none(self.before)
        units = UnitSet.of_mask(mask)
        if units.axes is not None:
            axes = [self._filling(axis) for axis in range(len(self.before))]
            for other, own in zip(others, units.axes, strict=True):
                axes[other] = own
            return UnitSet(tuple(axes))
        for axis in range(len(self.before)):
            if axis not in others:
                mask = np.expand_dims(mask, axis) & self._filling(axis).reshape(-1, *[1] * (mask.ndim - axis))
        return UnitSet(None, mask)

    def _filling(self, axis: int) -> Booleans:
        """Return which indices of an axis of the operand matter where no counterpart tells."""
        return self.only_before.get(axis, np.ones(self.before[axis], bool))

    def _matters(self, axis: int) -> Booleans:
        return self.only_after.get(axis, np.ones(self.after[axis], bool))

    def forth(self, found: UnitSet) -> UnitSet:
        """Return the units of the output that any of these of the operand can change."""
        return self._reverse.back(found)

    @cached_property
    def _reverse(self) -> AxisLink:
        pairs = tuple((other, mine, relation.reverse) for mine, other, relation in self.pairs)
        return AxisLink(self.before, self.after, pairs, self.only_before, self.only_after)

    def spans(self, found: Spans) -> tuple[Span | None, ...]:
        """Return for each axis which indices would feed these if it had no ends; None where that makes no sense."""
        spans: list[Span | None] = [None] * len(self.before)
        for mine, other, relation in self.pairs:
            spans[other] = relation.span(found[mine])
        return tuple(spans)


@dataclass(frozen=True, eq=False)
class IndexLink:
    """A link in which each unit of the output is a copy of one of the operand: flattening, reshaping, shuffling.

    Parameters
    ----------
    index
        For each unit of the output the number of the operand's unit in its flattened order, -1 for none.
    before
        The shape of the operand.
    """

    index: NDArray[np.int32]
    before: tuple[int, ...]
    note: str = ""

    @property
    def after(self) -> tuple[int, ...]:
        """The shape of the output."""
        return self.index.shape

    def back(self, found: UnitSet) -> UnitSet:
        """Return the units of the operand that are copied to any of these."""
        if found.axes is not None and self._lead is not None:
            lead = UnitSet(found.axes[:-2]).mask
            return _with_space(_marked(self._lead, lead, self.before[:-2]), found.axes[-2:])
        return UnitSet.of_mask(_marked(self.index, found.mask, self.before))

    def forth(self, found: UnitSet) -> UnitSet:
        """Return the units of the output that are copies of any of these."""
        if found.axes is not None and self._lead is not None:
            lead = UnitSet(found.axes[:-2]).mask
            return _with_space(lead.reshape(-1)[self._lead] & (self._lead >= 0), found.axes[-2:])
        mask = found.mask.reshape(-1)[self.index] & (self.index >= 0)
        return UnitSet.of_mask(mask)

    def spans(self, found: Spans) -> tuple[Span | None, ...]:
        """Return the same rows and columns where the copy keeps them."""
        unknown: list[Span | None] = [None] * len(self.before)
        return tuple(unknown) if self._lead is None else (*unknown[:-2], *found[-2:])

    @cached_property
    def _lead(self) -> NDArray[np.int32] | None:
        """The index of whole maps, where rows and columns stay what they are; else None."""
        shape = self.index.shape
        if len(shape) < 3 or len(self.before) < 3 or shape[-2:] != self.before[-2:]:
            return None
        area = prod(shape[-2:])
        first = self.index[..., 0, 0]
        within = np.arange(area).reshape(shape[-2:])
        copied = np.where(first[..., None, None] >= 0, first[..., None, None] + within, -1)
        is_kept = bool((first[first >= 0] % area == 0).all())
        return first // area if is_kept and np.array_equal(copied, self.index) else None


def _marked(index: NDArray[np.int32], mask: Booleans, shape: tuple[int, ...]) -> Booleans:
    marked = np.zeros(prod(shape), bool)
    chosen = index[mask]
    marked[chosen[chosen >= 0]] = True
    return marked.reshape(shape)


def _with_space(lead: Booleans, space: tuple[Booleans, ...]) -> UnitSet:
    """Return the product of a set of maps and a set of rows and of columns."""
    maps = UnitSet.of_mask(lead)
    if maps.axes is not None:
        return UnitSet((*maps.axes, *space))
    return UnitSet(None, lead[..., None, None] & (space[0][:, None] & space[1]))


@dataclass(frozen=True, eq=False)
class WholeLink:
    """A link in which every unit may feed every other; `note` tells why no more is known."""

    after: tuple[int, ...]
    before: tuple[int, ...]
    note: str = ""

    def back(self, found: UnitSet) -> UnitSet:
        """Return all units of the operand where there is any."""
        return UnitSet.none(self.before) if found.is_empty else UnitSet.whole(self.before)

    def forth(self, found: UnitSet) -> UnitSet:
        """Return all units of the output where there is any."""
        return UnitSet.none(self.after) if found.is_empty else UnitSet.whole(self.after)

    def spans(self, found: Spans) -> tuple[Span | None, ...]:
        """Nothing is known of any axis."""
        return (None,) * len(self.before)


def elementwise(after: tuple[int, ...], before: tuple[int, ...]) -> AxisLink:
    """Return the link of an operation that works unit by unit, the operand repeated along axes where it is one long."""
    shift = len(after) - len(before)
    pairs = tuple((axis + shift, axis, Same()) for axis, length in enumerate(before) if length == after[axis + shift])
    return AxisLink(after, before, pairs)
