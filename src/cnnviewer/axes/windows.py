"""Rules for what slides over maps or gives them another size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnviewer.axes.atoms import Role, fresh, joined, length_of, sliced
from cnnviewer.operations import function_name

if TYPE_CHECKING:
    from cnnviewer.axes.atoms import Axes, Axis
    from cnnviewer.axes.given import Given

__all__ = ["convolution", "made_anew", "padded", "patches", "pooling", "shuffled"]

_ROLES = {1: (Role.COLUMN,), 2: (Role.ROW, Role.COLUMN), 3: (Role.OTHER, Role.ROW, Role.COLUMN)}


def _spatial(given: Given, count: int) -> Axes:
    """Return the last axes: where a map keeps its size, it stays what it was."""
    found = []
    for axis, size, role in zip(given.first[-count:], given.shape[-count:], _ROLES[count], strict=True):
        is_kept = length_of(axis) == size and _is_of(axis, role, count)
        found.append(axis if is_kept else fresh(role, size))
    return tuple(found)


def _is_of(axis: Axis, role: Role, count: int) -> bool:
    if count == 1:  # along tokens, whose grid it may keep
        return any(atom.has_grid for atom in axis)
    return all(atom.role is role for atom in axis)


def _count(given: Given) -> int | None:
    """Return over how many axes a function goes, as its name tells: 2 for conv2d; None where that can't be."""
    digits = [int(letter) for letter in function_name(given.call.function) if letter.isdigit()]
    count = digits[0] if digits else len(given.shape) - 2
    is_sound = count in _ROLES and len(given.first) == len(given.shape) > count
    return count if is_sound else None


def convolution(given: Given) -> Axes | None:
    """Follow a convolution: new channels."""
    count = _count(given)
    if count is None:
        return None
    lead = given.first[: len(given.shape) - count - 1]
    return (*lead, fresh(Role.CHANNEL, given.shape[-count - 1]), *_spatial(given, count))


def pooling(given: Given) -> Axes | None:
    """Follow pooling and resampling: each channel stays."""
    count = _count(given)
    if count is None:
        return None
    return (*given.first[:-count], *_spatial(given, count))


def made_anew(given: Given) -> Axes | None:
    """Follow what makes maps of its own, such as the pooling of regions."""
    if len(given.shape) < 3:
        return None
    lead = tuple(fresh(Role.OTHER, size) for size in given.shape[:-3])
    roles = (Role.CHANNEL, Role.ROW, Role.COLUMN)
    return (*lead, *(fresh(role, size) for role, size in zip(roles, given.shape[-3:], strict=True)))


def shuffled(given: Given) -> Axes | None:
    """Follow pixel_shuffle and its kin: channels become places, or places channels."""
    found = made_anew(given)
    return None if found is None else (*given.first[:-3], *found[-3:])


def padded(given: Given) -> Axes:
    """Follow pad: an axis that grew keeps its role."""
    pairs = zip(given.first, given.shape, strict=True)
    return tuple(axis if length_of(axis) == size else _resized(axis, size) for axis, size in pairs)


def _resized(axis: Axis, size: int) -> Axis:
    return fresh(axis[0].role, size) if len(axis) == 1 and not axis[0].inner else sliced(axis, 0, size, 2)


def patches(given: Given) -> Axes | None:
    """Follow unfold: a token each window, whose grid is that of the windows."""
    if len(given.first) != 4:
        return None
    kernel, dilation, padding, stride = (
        _pair(given.argument(place, name, default=usual))
        for place, name, usual in ((1, "kernel_size", 1), (2, "dilation", 1), (3, "padding", 0), (4, "stride", 1))
    )
    sizes = [length_of(axis) for axis in given.first[-2:]]
    rows, columns = (
        (size + 2 * pad - reach * (width - 1) - 1) // step + 1
        for size, pad, reach, width, step in zip(sizes, padding, dilation, kernel, stride, strict=True)
    )
    if rows * columns != given.shape[-1]:
        return None
    grid = joined((*fresh(Role.ROW, rows), *fresh(Role.COLUMN, columns)))
    return (given.first[0], fresh(Role.CHANNEL, given.shape[1]), grid)


def _pair(value: Any) -> tuple[int, int]:
    return (int(value), int(value)) if isinstance(value, int) else (int(value[0]), int(value[1]))
