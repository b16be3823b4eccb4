"""How a layer's output becomes maps: which of its axes are channels, rows and columns. Numbers only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Layout", "plain_layout", "skipped_name"]

Cell = tuple[int, int]


@dataclass(frozen=True)
class Layout:
    """How an output becomes maps ``(channels, rows, columns)``, and back.

    Each axis of the output is split into parts, of which the first changes slowest; the parts are put into another
    order and joined to three axes. Of windows ``(16·16, 7·7, C)`` the rows are the first parts of the first two axes.

    Parameters
    ----------
    axes
        The sizes of each axis' parts, in order; their product is the axis' length, without skipped tokens.
    channels, rows, columns
        The numbers of the parts that make them, counted over all axes, the slowest first. Each part stands in one.
    skipped
        How many tokens stand before those of the grid, such as a class token: they lie on no map.
    skipped_axis
        The axis on which they stand.
    """

    axes: tuple[tuple[int, ...], ...] = ()
    channels: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()
    columns: tuple[int, ...] = ()
    skipped: int = 0
    skipped_axis: int = 0

    @cached_property
    def parts(self) -> tuple[int, ...]:
        """The sizes of all parts."""
        return tuple(size for axis in self.axes for size in axis)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The shape of the output, without a batch axis."""
        lengths = [prod(axis) for axis in self.axes]
        if self.skipped:
            lengths[self.skipped_axis] += self.skipped
        return tuple(lengths)

    @property
    def order(self) -> tuple[int, ...]:
        """The parts in the order of the maps: channels, rows, columns."""
        return (*self.channels, *self.rows, *self.columns)

    @cached_property
    def maps(self) -> int:
        """How many maps there are."""
        return self._size(self.channels)

    @cached_property
    def map_shape(self) -> Cell:
        """Height and width of a map."""
        return self._size(self.rows), self._size(self.columns)

    @property
    def is_vector(self) -> bool:
        """Whether a unit has one number, or none: it is chosen by that, not by its place on a map."""
        return len(self.axes) < 2

    @cached_property
    def keeps_order(self) -> bool:
        """Whether the maps are the output's numbers in their own order."""
        return self.order == tuple(range(len(self.parts))) and not self.skipped

    def unit_at(self, channel: int, cell: Cell | None) -> tuple[int, ...] | None:
        """Return the index of a unit in the output.

        Parameters
        ----------
        channel
            The number of its map; of a vector, that of the unit.
        cell
            Row and column on the map; None where none is chosen, which for a vector says nothing. A skipped token has
            the row -1, and its number as the column.

        Returns
        -------
        tuple of int, or None
            None where no unit is meant, or there is none.
        """
        if self.is_vector:
            return (channel,) if self.shape and 0 <= channel < self.shape[0] else None
        if cell is None or not 0 <= channel < self.maps:
            return None
        if cell[0] == -1:
            return self._skipped_unit(channel, cell[1])
        if not all(0 <= place < length for place, length in zip(cell, self.map_shape, strict=True)):
            return None
        return self._unit(self._places(zip((self.channels, self.rows, self.columns), (channel, *cell), strict=True)))

    def place_of(self, unit: tuple[int, ...]) -> tuple[int, Cell | None]:
        """Return the map and the cell of a unit: what `unit_at` takes."""
        if self.is_vector:
            return unit[0] if unit else 0, None
        own = list(unit)
        token = own[self.skipped_axis] if self.skipped else 0
        if self.skipped:
            own[self.skipped_axis] = max(token - self.skipped, 0)
        places: dict[int, int] = {}
        number = 0
        for axis, index in zip(self.axes, own, strict=True):
            places |= _split(tuple(range(number, number + len(axis))), index, self.parts)
            number += len(axis)
        channel, row, column = (self._joined(group, places) for group in (self.channels, self.rows, self.columns))
        return channel, (-1, token) if token < self.skipped else (row, column)

    def _size(self, parts: tuple[int, ...]) -> int:
        return prod(self.parts[part] for part in parts)

    def _places(self, groups: Iterable[tuple[tuple[int, ...], int]]) -> dict[int, int]:
        """Return the place in each part, given the place in groups of parts."""
        found: dict[int, int] = {}
        for group, index in groups:
            found |= _split(group, index, self.parts)
        return found

    def _joined(self, group: tuple[int, ...], places: dict[int, int]) -> int:
        index = 0
        for part in group:
            index = index * self.parts[part] + places[part]
        return index

    def _unit(self, places: dict[int, int]) -> tuple[int, ...]:
        number, unit = 0, []
        for axis in self.axes:
            unit.append(self._joined(tuple(range(number, number + len(axis))), places))
            number += len(axis)
        if self.skipped:
            unit[self.skipped_axis] += self.skipped
        return tuple(unit)

    def _skipped_unit(self, channel: int, token: int) -> tuple[int, ...] | None:
        if not 0 <= token < self.skipped:
            return None
        places = dict.fromkeys((*self.rows, *self.columns), 0) | _split(self.channels, channel, self.parts)
        unit = list(self._unit(places))
        unit[self.skipped_axis] = token
        return tuple(unit)


def plain_layout(shape: tuple[int, ...], *, is_pooled: bool = False) -> Layout:
    """Return the layout of an output of which nothing but its shape is known.

    The last two axes are rows and columns, those before them channels; a matrix is one map. A vector of pooled
    outputs is ``(C, 1, 1)``, any other vector one map of one row.
    """
    axes = tuple((length,) for length in shape)
    numbers = tuple(range(len(shape)))
    if len(shape) < 2:
        return Layout(axes, channels=numbers) if is_pooled else Layout(axes, columns=numbers)
    return Layout(axes, numbers[:-2], numbers[-2:-1], numbers[-1:])


def skipped_name(token: int, count: int) -> str:
    """Return what one of the skipped tokens is called."""
    return "class token" if count == 1 else f"token {token} before the grid"


def _split(parts: tuple[int, ...], index: int, sizes: tuple[int, ...]) -> dict[int, int]:
    """Return the place in each of the parts that an index stands for."""
    places = {}
    for part in reversed(parts):
        index, places[part] = divmod(index, max(sizes[part], 1))
    return places
