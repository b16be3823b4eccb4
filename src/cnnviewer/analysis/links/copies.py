"""Links of operations that only copy: they are run on the numbers of the units instead of their values."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np
import torch

from cnnviewer.analysis.links.links import AxisLink, IndexLink
from cnnviewer.analysis.links.relations import Same, Taps, affine_taps
from cnnviewer.analysis.links.unit_sets import UnitSet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cnnviewer.analysis.links.links import Link
    from cnnviewer.analysis.links.relations import Relation
    from cnnviewer.recording import Call

__all__ = ["copy_links", "copy_sources"]


def copy_sources(call: Call, shapes: Sequence[tuple[int, ...]]) -> NDArray[np.int64]:
    """Return where each unit of an output was copied from.

    The call is made with the units' numbers in place of their values: what it returns tells where each of them went.

    Parameters
    ----------
    call
        A call that only moves values.
    shapes
        The shapes of its operands, with the batch axis.

    Returns
    -------
    numpy.ndarray
        int64, in the shape of the output: the number of the unit, the operands' units counted one after another in
        their flattened order; -1 where the value is none of theirs (padding, a constant).
    """
    numbers, start = [], 1
    for shape in shapes:
        numbers.append(torch.arange(start, start + prod(shape), dtype=torch.float64).reshape(shape))
        start += prod(shape)
    # What is put beside the operands must not look like a number: zeros do not.
    bare = call.with_tensors(
        lambda tensor: torch.zeros(tensor.shape, dtype=torch.float64) if tensor.is_floating_point() else tensor.cpu()
    )
    value = bare.given.get("value")
    bare = bare.with_setting("value", 0.0) if isinstance(value, (int, float)) else bare
    found = bare.run(numbers).numpy()
    is_number = np.isfinite(found) & (found >= 1) & (found < start)
    return np.where(is_number, found, 0).astype(np.int64) - 1


def copy_links(call: Call, shapes: Sequence[tuple[int, ...]]) -> tuple[Link, ...]:
    """Return the link of each operand of a call that only moves values; see `copy_sources`."""
    sources, links, start = copy_sources(call, shapes), [], 0
    for shape in shapes:
        size = prod(shape)
        index = np.where((sources >= start) & (sources < start + size), sources - start, -1).astype(np.int32)
        links.append(_axis_link(index, shape) or IndexLink(index, shape))
        start += size
    return tuple(links)


def _axis_link(index: NDArray[np.int32], before: tuple[int, ...]) -> AxisLink | None:
    """Return the link axis by axis, where each axis of the output moves along one of the operand's; else None.

    Slices, permutations, concatenations and padding are such copies.
    """
    valid = UnitSet.of_mask(index >= 0)
    if valid.axes is None or valid.is_empty or not before:
        return None
    origin = tuple(int(np.flatnonzero(axis)[0]) for axis in valid.axes)
    home = np.unravel_index(index[origin], before)
    pairs: list[tuple[int, int, Relation]] = []
    total = np.asarray(index[origin])
    for axis, here in enumerate(valid.axes):
        line = np.moveaxis(index, axis, -1)[(*origin[:axis], *origin[axis + 1 :])]
        total = total[..., None] + (line - index[origin])
        places = np.unravel_index(np.where(here, line, index[origin]), before)
        moving = [other for other, place in enumerate(places) if (place != home[other]).any()]
        if len(moving) > 1:
            return None
        if moving:
            pairs.append((axis, moving[0], _relation(places[moving[0]], here, before[moving[0]])))
    others = [other for _, other, _ in pairs]
    if len(set(others)) < len(others) or not np.array_equal(np.where(index >= 0, total, -1), index):
        return None
    pairs += _space_of_one(index.shape, before, pairs)
    lonely_after = set(range(index.ndim)) - {mine for mine, _, _ in pairs}
    lonely_before = set(range(len(before))) - {other for _, other, _ in pairs}
    return AxisLink(
        after=index.shape,
        before=before,
        pairs=tuple(pairs),
        only_after={axis: valid.axes[axis] for axis in lonely_after},
        only_before={axis: np.arange(before[axis]) == home[axis] for axis in lonely_before},
    )


def _relation(places: NDArray[np.int64], here: NDArray[np.bool_], length: int) -> Relation:
    """Return the relation in which output index o is a copy of index ``places[o]``, where it is `here`."""
    known = np.flatnonzero(here)
    if len(here) == length and len(known) == length and np.array_equal(places, np.arange(length)):
        return Same()
    matrix = np.zeros((len(here), length), bool)
    matrix[known, places[known]] = True
    if len(known) < 2:
        return Taps(matrix)
    step = int(places[known[1]] - places[known[0]]) // int(known[1] - known[0])
    start = int(places[known[0]]) - step * int(known[0])
    is_affine = step != 0 and np.array_equal(places[known], step * known + start)
    return affine_taps(matrix, step, start) if is_affine else Taps(matrix)


def _space_of_one(
    after: tuple[int, ...], before: tuple[int, ...], pairs: list[tuple[int, int, Relation]]
) -> list[tuple[int, int, Relation]]:
    """Return pairs for rows and columns of maps of one unit, which no movement tells."""
    mine, others = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    return [
        (len(after) + place, len(before) + place, Same())
        for place in (-2, -1)
        if min(len(after), len(before)) >= 3
        and after[place] == before[place] == 1
        and len(after) + place not in mine
        and len(before) + place not in others
    ]
