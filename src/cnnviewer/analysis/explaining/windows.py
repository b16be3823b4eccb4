"""Convolution, pooling and resampling: a window of each channel."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from cnnviewer.analysis.explaining.asked import at, numbers, one_by_one
from cnnviewer.analysis.explanation import Rule
from cnnviewer.analysis.links.windows import adaptive_ends, axis_weights, lengths_of, pooling_strides, window_paddings
from cnnviewer.slots import Slot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cnnviewer.analysis.explaining.asked import Asked
    from cnnviewer.analysis.explanation import Explanation

    Indices = NDArray[np.int64]

__all__ = ["adaptive_pooling", "convolution", "interpolation", "pooling", "transposed_convolution"]


# ---- convolution


def convolution(asked: Asked) -> Explanation | None:
    """Explain as the sum of the products of a window with the filter, and the bias."""
    given, weight = asked.given, asked.given["weight"]
    if isinstance(weight, Slot):
        return None
    kernel = tuple(weight.shape[2:])
    count = len(kernel)
    strides, dilations = (lengths_of(given.get(name), count) for name in ("stride", "dilation"))
    paddings = window_paddings(given.get("padding", 0), kernel, dilations)
    x = asked.tensor(asked.main)
    rows = [
        _inside(
            asked.index[i - count] * strides[i] - paddings[i] + dilations[i] * np.arange(kernel[i]), x.shape[i - count]
        )
        for i in range(count)
    ]
    filter_index = asked.index[-count - 1]
    groups = int(given.get("groups") or 1)
    channels = _group(filter_index // (weight.shape[0] // groups), groups, x.shape[-count - 1])
    return _weighed(asked, x, channels, rows, weight[filter_index], filter_index)


def transposed_convolution(asked: Asked) -> Explanation | None:
    """Explain as the sum of the products of the inputs that reach the unit with their weights, and the bias."""
    given, weight = asked.given, asked.given["weight"]
    if isinstance(weight, Slot):
        return None
    kernel = tuple(weight.shape[2:])
    count, groups = len(kernel), int(given.get("groups") or 1)
    strides, dilations = (lengths_of(given.get(name), count) for name in ("stride", "dilation"))
    paddings = lengths_of(given.get("padding", 0), count, 0)
    x, filter_index = asked.tensor(asked.main), asked.index[-count - 1]
    group, within = divmod(filter_index, weight.shape[1])
    channels = _group(group, groups, x.shape[-count - 1])
    chosen, rows = weight[channels[0] : channels[-1] + 1, within], []
    for i in range(count):
        taps = np.arange(kernel[i])
        reach = asked.index[i - count] + paddings[i] - dilations[i] * taps
        taps = taps[reach % strides[i] == 0]
        rows.append(_inside(reach[taps] // strides[i], x.shape[i - count]))
        chosen = chosen.index_select(i + 1, torch.from_numpy(taps).to(chosen.device))
    return _weighed(asked, x, channels, rows, chosen, filter_index)


def _weighed(
    asked: Asked, x: torch.Tensor, channels: Indices, rows: list[Indices], weight: torch.Tensor, filter_index: int
) -> Explanation:
    bias = asked.given.get("bias")
    lead = [np.array([place]) for place in asked.index[: -len(rows) - 1]]
    axes = [*lead, channels, *rows]
    part = asked.part(asked.main, one_by_one(axes), at(x, axes), numbers(weight))
    return asked.explanation(
        Rule.SUM,
        [part],
        0.0 if bias is None else float(asked.tensor(bias)[filter_index]),
        grid=(len(channels), *(len(row) for row in rows)),
        notes=() if len(part.values) else ("No input reaches this unit: it is the bias alone.",),
    )


def _group(group: int, groups: int, channels: int) -> Indices:
    """Return the input channels that a group of filters sees."""
    size = channels // groups
    return np.arange(group * size, (group + 1) * size)


def _inside(places: Indices, length: int) -> Indices:
    """Return indices with -1 for those that lie outside of the map, in the padding."""
    return np.where((places >= 0) & (places < length), places, -1)


# ---- pooling


def pooling(asked: Asked) -> Explanation | None:
    """Explain as the largest value of a window, or as its average."""
    given, operation = asked.given, asked.layer.operation
    if operation.startswith("lp") or asked.layer.call.part:  # a second part are the places of the largest
        return None
    count = int(operation.split("pool")[1][0])
    kernel = lengths_of(given["kernel_size"], count)
    strides = pooling_strides(given.get("stride"), kernel)
    paddings, dilations = lengths_of(given.get("padding", 0), count, 0), lengths_of(given.get("dilation"), count)
    x = asked.tensor(asked.main)
    starts = [asked.index[i - count] * strides[i] - paddings[i] for i in range(count)]
    notes = _edge_notes(asked, x, kernel, strides, paddings, dilations)
    if operation.startswith("max"):
        places = [starts[i] + dilations[i] * np.arange(kernel[i]) for i in range(count)]
        return _largest(asked, x, [_inside(row, x.shape[i - count]) for i, row in enumerate(places)], notes)
    # As PyTorch counts: a window may reach into the padding, but not beyond it.
    ends = [min(starts[i] + kernel[i], x.shape[i - count] + paddings[i]) for i in range(count)]
    rows = [
        _inside(np.arange(start, end), x.shape[i - count])
        for i, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]
    counted, inside = prod(len(row) for row in rows), prod(int((row >= 0).sum()) for row in rows)
    if counted > inside and not given.get("divisor_override"):
        counts = given.get("count_include_pad", True)
        notes += ("Cells of padding count, as zeros." if counts else "Cells of padding do not count.",)
        counted = counted if counts else inside
    return _averaged(asked, x, rows, float(given.get("divisor_override") or counted), notes)


def adaptive_pooling(asked: Asked) -> Explanation:
    """Explain as the largest value, or the average, of a window whose ends are shares of the map."""
    count = int(asked.layer.operation.split("pool")[1][0])
    x = asked.tensor(asked.main)
    after = asked.layer.result.shape
    rows = [np.arange(*adaptive_ends(asked.index[i], after[i], x.shape[i])) for i in range(-count, 0)]
    if "max" in asked.layer.operation:
        return _largest(asked, x, rows, ())
    return _averaged(asked, x, rows, float(prod(len(row) for row in rows)), ())


def _window_axes(asked: Asked, rows: list[Indices]) -> list[Indices]:
    lead = asked.index[: len(asked.index) - len(rows)]
    return [*(np.array([place]) for place in lead), *rows]


def _largest(asked: Asked, x: torch.Tensor, rows: list[Indices], notes: tuple[str, ...]) -> Explanation:
    axes = _window_axes(asked, rows)
    values = at(x, axes, -np.inf)
    # PyTorch takes the first of several that are equal, and NaN before all others.
    winner = int(np.isnan(values).argmax()) if np.isnan(values).any() else int(values.argmax())
    weights = np.zeros(len(values))
    weights[winner] = 1.0
    part = asked.part(asked.main, one_by_one(axes), values, weights)
    return asked.explanation(Rule.MAXIMUM, [part], grid=(1, *(len(row) for row in rows)), notes=notes)


def _averaged(
    asked: Asked, x: torch.Tensor, rows: list[Indices], divisor: float, notes: tuple[str, ...]
) -> Explanation:
    axes = _window_axes(asked, rows)
    values = at(x, axes)
    part = asked.part(asked.main, one_by_one(axes), values, np.full(len(values), 1.0 / divisor))
    rule = Rule.SUM if divisor == 1.0 and len(values) > 1 else Rule.AVERAGE
    return asked.explanation(
        rule,
        [part],
        facts={"sum": float(values.sum()), "divisor": divisor},
        grid=(1, *(len(row) for row in rows)),
        notes=notes,
    )


def _edge_notes(
    asked: Asked,
    x: torch.Tensor,
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
    paddings: tuple[int, ...],
    dilations: tuple[int, ...],
) -> tuple[str, ...]:
    """Return sentences on rows and columns that no window reaches, or that windows reach beyond."""
    notes = []
    for i, name in zip(range(-len(kernel), 0), ("slices", "rows", "columns")[-len(kernel) :], strict=True):
        seen = (asked.layer.result.shape[i] - 1) * strides[i] - paddings[i] + dilations[i] * (kernel[i] - 1) + 1
        left = x.shape[i] - seen
        if left > 0:
            notes.append(
                f"The last {left} {name if left > 1 else name[:-1]} of the map are in no window: they are dropped."
            )
        elif -left > paddings[i]:
            beyond = -left - paddings[i]
            notes.append(
                f"Rounded up: the last window reaches {beyond} {name if beyond > 1 else name[:-1]} beyond the map."
            )
    return tuple(notes)


# ---- resampling


def interpolation(asked: Asked) -> Explanation | None:
    """Explain as the sum of the neighbours, each weighed by how near it is."""
    given: Any = asked.given
    x = asked.tensor(asked.main)
    count = x.ndim - 2
    after = tuple(asked.layer.result.shape)
    rows, weights = [], np.ones(1)
    for place in range(-count, 0):
        row = axis_weights(given, after[place], x.shape[place], place, count)[asked.index[place]]
        found = np.flatnonzero(row)
        rows.append(found)
        weights = np.outer(weights, row[found]).reshape(-1)
    axes = _window_axes(asked, rows)
    part = asked.part(asked.main, one_by_one(axes), at(x, axes), weights)
    return asked.explanation(Rule.SUM, [part], grid=(1, *(len(row) for row in rows)))
