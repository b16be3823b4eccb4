"""Rules for what moves axes, splits and joins them, and takes parts of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from cnnviewer.axes.atoms import Role, carved, fresh, length_of, sliced, unknown
from cnnviewer.slots import Slot

if TYPE_CHECKING:
    from cnnviewer.axes.atoms import Axes, Axis
    from cnnviewer.axes.given import Given

__all__ = ["chunks", "expanded", "index", "moved", "narrowed", "permuted", "reduced", "reshaped", "rolled_windows",
           "selected", "swapped", "turned", "unbound"]  # fmt: skip


def reshaped(given: Given) -> Axes | None:
    """Follow a view: atoms stay in order, and are split and joined as the sizes want."""
    return carved(given.first, given.shape)


def permuted(given: Given) -> Axes:
    """Follow permute."""
    return tuple(given.first[axis] for axis in given.numbers(1, "dims"))


def swapped(given: Given) -> Axes:
    """Follow transpose and its kin."""
    one, other = int(given.argument(1, "dim0", "axis0")), int(given.argument(2, "dim1", "axis1"))
    return _swapped(given.first, one, other)


def turned(given: Given) -> Axes:
    """Follow ``.T``, ``t()`` and ``.mT``."""
    return _swapped(given.first, -1, -2) if len(given.first) > 1 else given.first


def _swapped(axes: Axes, one: int, other: int) -> Axes:
    found = list(axes)
    found[one], found[other] = found[other], found[one]
    return tuple(found)


def moved(given: Given) -> Axes:
    """Follow movedim."""
    axes, count = given.first, len(given.first)
    sources, goals = ([number % count for number in _listed(given.argument(place, name))]
                      for place, name in ((1, "source"), (2, "destination")))  # fmt: skip
    rest = iter(axis for number, axis in enumerate(axes) if number not in sources)
    placed = {goal: axes[source] for source, goal in zip(sources, goals, strict=True)}
    return tuple(placed[number] if number in placed else next(rest) for number in range(count))


def _listed(value: Any) -> tuple[int, ...]:
    return (value,) if isinstance(value, int) else tuple(value)


def expanded(given: Given) -> Axes:
    """Follow expand and repeat: an axis that keeps its length keeps its atoms."""
    missing = len(given.shape) - len(given.first)
    before: Axes = ((),) * missing + given.first
    pairs = zip(before, given.shape, strict=True)
    return tuple(axis if length_of(axis) == size else fresh(Role.OTHER, size) for axis, size in pairs)


# ---- parts


def index(given: Given) -> Axes | None:
    """Follow ``x[...]``: numbers, slices, None and an ellipsis; one list of places along one axis."""
    wanted = given.argument(1)
    parts = list(wanted) if isinstance(wanted, tuple) else [wanted]
    if Ellipsis in [part for part in parts if not isinstance(part, (torch.Tensor, Slot))]:
        place = next(number for number, part in enumerate(parts) if part is Ellipsis)
        taken = sum(part is not None for part in parts) - 1
        parts[place : place + 1] = [slice(None)] * (len(given.first) - taken)
    if sum(isinstance(part, (torch.Tensor, Slot, list)) for part in parts) > 1:
        return None
    rest = list(given.first)
    found: list[Axis] = []
    for part in parts:
        if part is None:
            found.append(())
            continue
        axis = rest.pop(0)
        if isinstance(part, slice):
            found.append(_cut(axis, part))
        elif not isinstance(part, int):
            length = given.shape[len(found)]
            found.append(sliced(axis, 0, length, 2) if length != length_of(axis) else fresh(Role.TOKEN, length))
    return (*found, *rest)


def _cut(axis: Axis, part: slice) -> Axis:
    start, stop, step = part.indices(length_of(axis))
    return sliced(axis, start, len(range(start, stop, step)), step)


def selected(given: Given) -> Axes:
    """Follow select: the axis goes."""
    return _without(given.first, int(given.argument(1, "dim", "axis", default=0)))


def unbound(given: Given) -> Axes:
    """Follow unbind."""
    return _without(given.first, int(given.argument(1, "dim", "axis", default=0)))


def _without(axes: Axes, number: int) -> Axes:
    number %= len(axes)
    return (*axes[:number], *axes[number + 1 :])


def narrowed(given: Given) -> Axes:
    """Follow narrow."""
    number, start = int(given.argument(1, "dim")), given.argument(2, "start")
    return _taken(given.first, number, int(start), given.shape)


def chunks(given: Given) -> Axes:
    """Follow chunk and split: where a part begins is told by the sizes before it."""
    number, sizes = int(given.argument(2, "dim", "axis", default=0)), given.argument(
        1, "split_size_or_sections", "split_size", "sections", "chunks", "indices_or_sections"
    )  # fmt: skip
    axis = given.first[number]
    size, part = given.shape[number], given.call.part
    if isinstance(sizes, (tuple, list)):
        start = sum(sizes[:part])
    else:  # all but the last are equally long
        is_last = part > 0 and size * part != length_of(axis) - size
        start = length_of(axis) - size if is_last else part * size
    return _taken(given.first, number, int(start), given.shape)


def _taken(axes: Axes, number: int, start: int, shape: tuple[int, ...]) -> Axes:
    number %= len(axes)
    found = list(axes)
    found[number] = sliced(axes[number], start, shape[number])
    return tuple(found)


def reduced(given: Given) -> Axes | None:
    """Follow a mean, a sum, a maximum over some axes: they go, or have the length 1."""
    if not given.shape:
        return ()
    count = len(given.first)
    wanted = given.argument(1, "dim", "axis")
    if wanted is None or isinstance(wanted, (bool, float, Slot, torch.Tensor)):
        return None
    numbers = {number % count for number in _listed(wanted)}
    if len(given.shape) == count:  # kept with the length 1
        return tuple(() if number in numbers else axis for number, axis in enumerate(given.first))
    return tuple(axis for number, axis in enumerate(given.first) if number not in numbers)


def rolled_windows(given: Given) -> Axes | None:
    """Follow Tensor.unfold: windows along an axis, and their places on a new last one."""
    number = int(given.argument(1, "dimension")) % len(given.first)
    size, step = int(given.argument(2, "size")), int(given.argument(3, "step"))
    axis, windows = given.first[number], given.shape[number]
    if size == step and windows * size == length_of(axis):
        split = carved((axis,), (windows, size))
        if split is not None:
            return (*given.first[:number], split[0], *given.first[number + 1 :], split[1])
    role = axis[0].role if len(axis) == 1 else Role.OTHER
    return (*given.first[:number], fresh(role, windows), *given.first[number + 1 :], *unknown((size,)))
