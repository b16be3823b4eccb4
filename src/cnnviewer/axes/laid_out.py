"""The layout that the axes of an output give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.axes.atoms import Role
from cnnviewer.layouts import Layout, plain_layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.axes.atoms import Atom, Axes

    _Parts = Sequence[tuple[int, Atom]]

__all__ = ["layout_of"]


def layout_of(axes: Axes, shape: tuple[int, ...], is_pooled: bool = False) -> Layout:
    """Return how an output becomes maps.

    Rows and columns are put together from what they were split into. Tokens whose grid is not known are a strip: each
    channel a map of one row; with two axes beside that of the channels, these are rows and columns. Where channels are
    not known either, the last two axes are.

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
        rest = _beside_channels(opened)
        if rest is None:
            return plain
        rows, columns = [(), (), *rest][-2:]
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


def _beside_channels(axes: Axes) -> list[tuple[int, ...]] | None:
    """Return the parts of the axes beside that of the channels, of which there may be two; None where it is unclear."""
    found, number, count = [], 0, 0
    for axis in axes:
        are_channels = [atom.role is Role.CHANNEL for atom in axis]
        parts = tuple(range(number, number + len(axis)))
        number += len(axis)
        if not axis:
            continue
        if all(are_channels):
            count += 1
        elif not any(are_channels):
            found.append(parts)
        else:
            return None
    return found if count == 1 and len(found) < 3 else None
