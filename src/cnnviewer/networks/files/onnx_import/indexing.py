"""Operators that take or put numbers by their places, sort them, or find places."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch.nn import functional as F

from cnnviewer.networks.files.onnx_import.values import number, numbers, wholes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.networks.files.onnx_import.node import Given
    from cnnviewer.networks.files.onnx_import.values import Value


def _within(index: torch.Tensor, length: int) -> torch.Tensor:
    """Return places without negative ones, which count from the end."""
    index = index.to(torch.int64)
    return torch.where(index < 0, index + length, index)


def gathered(given: Given, x: torch.Tensor, index: Value) -> torch.Tensor:
    """Return parts of an axis, by their places."""
    axis = given.get("axis", 0) % x.ndim
    if isinstance(index, np.ndarray) and not index.ndim:
        return torch.select(x, dim=axis, index=int(index))
    if isinstance(index, np.ndarray):
        places = [int(place) % x.shape[axis] for place in index.reshape(-1)]
        found = _by_list(x, axis, places)
        return found if index.ndim == 1 else found.reshape(*x.shape[:axis], *index.shape, *x.shape[axis + 1 :])
    assert isinstance(index, torch.Tensor)
    if not index.ndim and index.device.type != "meta" and x.ndim == 1:
        return torch.index_select(x, 0, _within(index, x.shape[0]).reshape(1)).reshape(())
    found = torch.index_select(x, axis, _within(index, x.shape[axis]).reshape(-1))
    return found.reshape(*x.shape[:axis], *index.shape, *x.shape[axis + 1 :])


def _by_list(x: torch.Tensor, axis: int, places: list[int]) -> torch.Tensor:
    """Return parts of an axis; as a slice where they follow one another."""
    step = places[1] - places[0] if len(places) > 1 else 1
    is_even = step > 0 and places == list(range(places[0], places[0] + step * len(places), step)) if places else False
    key: Any = slice(places[0], places[-1] + 1, None if step == 1 else step) if is_even else places
    return x[(*(slice(None),) * axis, key)]


def gathered_elements(given: Given, x: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Return single numbers, each by its place along one axis."""
    axis = given.get("axis", 0)
    return torch.gather(x, axis, _within(index, x.shape[axis]))


def _as_key(x: torch.Tensor, index: torch.Tensor, batch: int = 0) -> tuple[torch.Tensor, ...]:
    """Return the last axis of places as a key for an indexing."""
    parts = [_within(index[..., place], x.shape[batch + place]) for place in range(index.shape[-1])]
    before = [
        torch.arange(x.shape[axis], device=x.device).reshape(
            [-1 if place == axis else 1 for place in range(index.ndim - 1)]
        )
        for axis in range(batch)
    ]
    return (*before, *parts)


def gathered_nd(given: Given, x: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Return parts, each by a list of places along the first axes."""
    return x[_as_key(x, index, given.get("batch_dims", 0))]


def scattered_nd(given: Given, x: torch.Tensor, index: torch.Tensor, updates: torch.Tensor) -> torch.Tensor:
    """Return a copy with parts put in, each by a list of places."""
    reduction, key = given.word("reduction", "none"), _as_key(x, index)
    if reduction in ("none", "add"):
        return torch.index_put(x, key, updates, accumulate=reduction == "add")
    lengths = x.shape[len(key) :]
    place = torch.zeros_like(key[0])
    for part, length in zip(key, x.shape, strict=False):
        place = place * length + part
    flat = x.reshape(-1, math.prod(lengths))
    spread = place.reshape(-1, 1).expand(-1, flat.shape[1])
    found = flat.scatter_reduce(0, spread, updates.reshape(spread.shape), _REDUCTIONS[reduction])
    return found.reshape(x.shape)


_REDUCTIONS = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}


def scattered_elements(given: Given, x: torch.Tensor, index: torch.Tensor, updates: torch.Tensor) -> torch.Tensor:
    """Return a copy with single numbers put in, each by its place along one axis."""
    axis, reduction = given.get("axis", 0), given.word("reduction", "none")
    index = _within(index, x.shape[axis])
    if reduction == "none":
        return torch.scatter(x, axis, index, updates)
    return torch.scatter_reduce(x, axis, index, updates, _REDUCTIONS[reduction])


def put_into_cache(given: Given, past: torch.Tensor, update: torch.Tensor, begin: Value = None) -> torch.Tensor:
    """Return a cache with new steps written from a place on, of each batch its own."""
    axis = given.get("axis", -2) % past.ndim
    starts = wholes(numbers(begin)) or [0] * past.shape[0]
    is_circular = given.word("mode", "linear") == "circular"
    parts = []
    for place, start in enumerate(starts):
        steps = range(start, start + update.shape[axis])
        places = [step % past.shape[axis] if is_circular else step for step in steps]
        key = (*(slice(None),) * (axis - 1), torch.tensor(places, device=past.device))
        part = past[place].clone()
        part[key] = update[place]
        parts.append(part)
    return torch.stack(parts)


def compressed(given: Given, x: torch.Tensor, condition: Value) -> torch.Tensor:
    """Return the parts of an axis for which a condition holds."""
    if "axis" not in given:
        x = x.reshape(-1)
    places = [place for place, holds in enumerate(numbers(condition)) if holds]
    return _by_list(x, given.get("axis", 0) % x.ndim, places)


def one_hot(given: Given, index: torch.Tensor, depth: Value, values: torch.Tensor) -> torch.Tensor:
    """Return a new axis: the second value at the place that is told, else the first."""
    count, axis = int(number(depth, 1)), given.get("axis", -1)
    place = axis % (index.ndim + 1)
    steps = torch.arange(count, device=index.device).reshape(
        [-1 if place == now else 1 for now in range(index.ndim + 1)]
    )
    hit = torch.remainder(index.to(torch.int64), count).unsqueeze(place) == steps
    return torch.where(hit & ((index >= -count) & (index < count)).unsqueeze(place), values[1], values[0])


def top(given: Given, x: torch.Tensor, count: Value = None) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the largest, or smallest, numbers of an axis and their places."""
    (taken,) = wholes([given.get("k")] if "k" in given else numbers(count))
    axis, is_largest = given.get("axis", -1), given.flag("largest", True)
    if not x.is_meta and x.device.type == "cpu":
        # Of equal numbers the first comes first.
        order = torch.sort(x, dim=axis, descending=is_largest, stable=True)
        return order.values.narrow(axis, 0, taken), order.indices.narrow(axis, 0, taken)
    found = torch.topk(x, taken, dim=axis, largest=is_largest, sorted=given.flag("sorted", True))
    return found.values, found.indices


def non_zero(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return the places of numbers that are not 0, an axis a row."""
    return torch.nonzero(x).T


def unique(given: Given, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Return the different numbers, or parts of an axis: sorted, or as they came; their places and counts."""
    axis = given.get("axis")
    parts = x.reshape(-1) if axis is None else x
    values, inverse, counts = torch.unique(parts, return_inverse=True, return_counts=True, dim=axis)
    line = inverse.reshape(-1)
    first = torch.full((counts.numel(),), line.numel(), device=x.device).scatter_reduce(
        0, line, torch.arange(line.numel(), device=x.device), "amin"
    )
    if given.flag("sorted", True):
        return values, first, line, counts
    order = torch.argsort(first)
    rank = torch.empty_like(order).scatter(0, order, torch.arange(order.numel(), device=x.device))
    return values.index_select(axis or 0, order), first[order], rank[line], counts[order]


def extreme(function: Any) -> Any:
    """Return an operator that gives the place of the largest, or smallest, number of an axis."""

    def run(given: Given, x: torch.Tensor) -> torch.Tensor:
        axis, keeps = given.get("axis", 0), given.flag("keepdims", True)
        if not given.flag("select_last_index"):
            return cast("torch.Tensor", function(x, dim=axis, keepdim=keeps))
        last: torch.Tensor = function(torch.flip(x, [axis]), dim=axis, keepdim=keeps)
        return torch.add(torch.neg(last), x.shape[axis] - 1)

    return run


def hardmax(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return 1 at the largest number of an axis, else 0."""
    axis = given.get("axis", -1 if given.opset >= 13 else 1) % x.ndim
    if given.opset < 13:
        flat = x.reshape(math.prod(x.shape[:axis]), -1)
        return F.one_hot(flat.argmax(1), flat.shape[1]).to(x.dtype).reshape(x.shape)
    return F.one_hot(x.argmax(axis), x.shape[axis]).to(x.dtype).movedim(-1, axis)


def at_places(x: torch.Tensor, axis: int, places: Sequence[int]) -> torch.Tensor:
    """Return parts of an axis, by their places."""
    return _by_list(x, axis % x.ndim, [int(place) for place in places])
