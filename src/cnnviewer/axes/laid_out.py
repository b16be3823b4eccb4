"""The layout that the axes of an output give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.axes.atoms import Role, length_of
from cnnviewer.layouts import Layout, plain_layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.axes.atoms import Atom, Axes

    _Parts = Sequence[tuple[int, Atom]]

__all__ = ["layout_of"]


def layout_of(axes: Axes, shape: tuple[int, ...], is_pooled: bool = False) -> Layout:
    """Return how an output becomes maps.

    Rows and columns are put together from what they were split into. Tokens whose grid is not known are a strip: each
    channel a map of one row. Where channels are not known either, the last two axes are rows and columns.

    Parameters
    ----------
    axes, shape
        Of the output, without the batch axis.
    is_pooled
        Whether the units of a vector are pooled maps.
    """
    plain = plain_layout(shape, is_pooled=is_pooled)
    if len(shape) < 2 or 0 in shape:
        return plain
    skipped = [(number, axis[0].skipped) for number, axis in enumerate(axes) if len(axis) == 1 and axis[0].inner]
    if len(skipped) > 1 or any(len(axis) > 1 and any(atom.inner for atom in axis) for axis in axes):
        return plain
    opened = tuple(axis[0].inner if len(axis) == 1 and axis[0].inner else axis for axis in axes)
    parts = list(enumerate(atom for axis in opened for atom in axis))
    rows, columns = _ordered(parts, Role.ROW), _ordered(parts, Role.COLUMN)
    if rows is None or columns is None:
        return plain
    if not rows and not columns:
        if sum(map(bool, opened)) == 1 and all(atom.role is Role.CHANNEL for _, atom in parts):
            sizes = tuple(tuple(atom.size for atom in axis) for axis in opened)
            return Layout(sizes, channels=tuple(number for number, _ in parts))
        if not _is_strip(opened):
            return plain
        columns = tuple(number for number, atom in parts if atom.role is not Role.CHANNEL)
    channels = tuple(number for number, _ in parts if number not in rows and number not in columns)
    sizes = tuple(tuple(atom.size for atom in axis) for axis in opened)
    axis, count = skipped[0] if skipped else (0, 0)
    return Layout(sizes, channels, rows, columns, count, axis)


def _ordered(parts: _Parts, role: Role) -> tuple[int, ...] | None:
    """Return the parts that make the rows, or the columns, slowest first; None where they make no whole."""
    own = sorted((atom.stride, number) for number, atom in parts if atom.role is role)
    atoms = dict(parts)
    if len({atoms[number].origin for _, number in own}) > 1:
        return None
    reached = 1
    for stride, number in own:
        if stride != reached:
            return None
        reached *= atoms[number].size
    return tuple(number for _, number in reversed(own))


def _is_strip(axes: Axes) -> bool:
    """Whether channels lie along one axis, and what is no channel along another."""
    long = [axis for axis in axes if length_of(axis) > 1]
    channels = [[atom.role is Role.CHANNEL for atom in axis] for axis in long]
    return len(long) == 2 and sum(map(all, channels)) == 1 and sum(map(any, channels)) == 1
