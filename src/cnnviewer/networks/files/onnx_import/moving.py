"""Operators that move numbers and leave them as they are: shapes, axes, slices, padding."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional as F

from cnnviewer.networks.files.onnx_import.values import UnsupportedError, counted, number, numbers, on_axis, wholes

if TYPE_CHECKING:
    from cnnviewer.networks.files.onnx_import.node import Given
    from cnnviewer.networks.files.onnx_import.values import Value

_FAR = 2**31
_MODES = {"edge": "replicate", "reflect": "reflect", "wrap": "circular"}


def shape_of(given: Given, x: torch.Tensor) -> np.ndarray[Any, Any]:
    """Return the lengths of the axes, as an array: they are known without the numbers."""
    lengths = list(x.shape)
    return np.array(lengths[given.get("start", 0) : given.get("end", len(lengths))], dtype=np.int64)


def size_of(given: Given, x: torch.Tensor) -> np.ndarray[Any, Any]:
    """Return how many numbers there are."""
    return np.array(math.prod(x.shape), dtype=np.int64)


def reshaped(given: Given, x: torch.Tensor, shape: Value = None) -> torch.Tensor:
    """Return the numbers in another shape, in which 0 means the length that there was, and -1 what is left."""
    lengths = wholes(given.list("shape", shape) or [])
    if not given.flag("allowzero"):
        lengths = [length or x.shape[axis] for axis, length in enumerate(lengths)]
    return x.reshape(lengths)


def flattened(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return a matrix: the axes before ``axis`` make its rows."""
    axis = given.get("axis", 1)
    if axis == 1 and x.ndim > 1:
        return torch.flatten(x, 1)
    return x.reshape(math.prod(x.shape[:axis]), -1)


def transposed(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return the axes in another order; without one, in the reverse."""
    return x.permute(*given.get("perm", range(x.ndim)[::-1]))


def squeezed(given: Given, x: torch.Tensor, axes: Value = None) -> torch.Tensor:
    """Return a tensor without axes of length 1."""
    found = given.list("axes", axes)
    return torch.squeeze(x) if found is None else torch.squeeze(x, dim=tuple(wholes(found)))


def unsqueezed(given: Given, x: torch.Tensor, axes: Value = None) -> torch.Tensor:
    """Return a tensor with more axes of length 1."""
    found = wholes(given.list("axes", axes) or [])
    if len(found) == 1:
        return torch.unsqueeze(x, dim=found[0])
    ndim = x.ndim + len(found)
    places = {axis % ndim for axis in found}
    lengths = iter(x.shape)
    return x.reshape([1 if axis in places else next(lengths) for axis in range(ndim)])


def joined(given: Given, *parts: torch.Tensor) -> torch.Tensor:
    """Return tensors, one after another along an axis."""
    kept = [part for part in parts if part.ndim > 1 or part.numel()] or list(parts)
    return torch.cat(kept, dim=given.get("axis", 1))


def _parts(given: Given, length: int, sizes: list[int] | None) -> list[int]:
    """Return the lengths of the parts into which an axis is split."""
    if sizes is not None:
        return sizes
    count = given.get("num_outputs", len(given.outputs))
    part = -(-length // count)
    return [max(0, min(part, length - part * place)) for place in range(count)]


def split(given: Given, x: torch.Tensor, sizes: Value = None) -> tuple[torch.Tensor, ...]:
    """Return parts of a tensor along an axis."""
    axis, found = given.get("axis", 0), given.list("split", sizes)
    return tuple(torch.split(x, _parts(given, x.shape[axis], None if found is None else wholes(found)), dim=axis))


def sliced(
    given: Given, x: torch.Tensor, starts: Value = None, ends: Value = None, axes: Value = None, steps: Value = None
) -> torch.Tensor:
    """Return a part of each axis; a negative step turns it around."""
    begin, end = wholes(given.list("starts", starts) or []), wholes(given.list("ends", ends) or [])
    places = wholes(given.list("axes", axes) or range(len(begin)))
    strides = wholes(numbers(steps)) or [1] * len(begin)
    key: list[slice] = [slice(None)] * x.ndim
    turned = []
    for axis, first, last, step in zip(places, begin, end, strides, strict=True):
        axis %= x.ndim
        if step > 0:
            key[axis] = slice(first or None, None if last > _FAR else last, None if step == 1 else step)
            continue
        taken = range(x.shape[axis])[max(first, -_FAR) : last if last > -_FAR else None : step]
        key[axis] = slice(taken[-1], taken[0] + 1, -step) if taken else slice(0, 0)
        turned.append(axis)
    while len(key) > 1 and key[-1] == slice(None):
        key.pop()
    found = x[tuple(key)] if any(part != slice(None) for part in key) else x
    return torch.flip(found, turned) if turned else found


def expanded(given: Given, x: torch.Tensor, shape: Value) -> torch.Tensor:
    """Return a tensor spread over more places."""
    lengths = np.broadcast_shapes(tuple(x.shape), tuple(counted(wholes(shape))))  # torch's imports SymPy
    return x.expand(lengths)


def tiled(given: Given, x: torch.Tensor, repeats: Value) -> torch.Tensor:
    """Return a tensor repeated along its axes."""
    return x.repeat(*counted(wholes(repeats)))


def padded(given: Given, x: torch.Tensor, pads: Value = None, value: Value = None, axes: Value = None) -> torch.Tensor:
    """Return a tensor with more, or with negative numbers less, at the ends of its axes."""
    found = wholes(given.list("pads", pads) or [])
    half = len(found) // 2
    places = [axis % x.ndim for axis in wholes(numbers(axes))] or list(range(half))
    ends = dict(zip(places, zip(found[:half], found[half:], strict=True), strict=True))
    filler = number(value, given.get("value", 0.0))
    return pad(x, ends, given.word("mode", "constant"), filler)


def pad(x: torch.Tensor, ends: dict[int, tuple[int, int]], mode: str = "constant", filler: float = 0) -> torch.Tensor:
    """Return a tensor with more at the ends of its axes.

    Parameters
    ----------
    x
        The tensor.
    ends
        How much before and behind, by axis.
    mode
        "constant", "edge", "reflect" or "wrap".
    filler
        What is put there by "constant".
    """
    axes = [axis for axis, pair in ends.items() if pair != (0, 0)]
    if not axes:
        return x
    if mode == "constant":
        first = min(axes)
        edges = [length for axis in reversed(range(first, x.ndim)) for length in ends.get(axis, (0, 0))]
        return F.pad(x, edges, mode="constant", value=filler)
    if mode not in _MODES:
        raise UnsupportedError(f"Pad with the mode {mode}")
    is_spatial = x.ndim in (3, 4, 5) and min(axes) >= 2 and x.is_floating_point()
    if is_spatial and all(0 <= length < x.shape[axis] for axis in axes for length in ends[axis]):
        edges = [length for axis in reversed(range(2, x.ndim)) for length in ends.get(axis, (0, 0))]
        return F.pad(x, edges, mode=_MODES[mode])
    for axis in axes:
        x = torch.index_select(x, axis, torch.tensor(_outside(x.shape[axis], *ends[axis], mode), device=x.device))
    return x


def _outside(length: int, before: int, behind: int, mode: str) -> list[int]:
    """Return which places of an axis are read, where places outside mean some within."""
    places = range(-before, on_axis(length + behind + max(before, 0)) - max(before, 0))
    if mode == "edge":
        return [min(max(place, 0), length - 1) for place in places]
    if mode == "wrap":
        return [place % length for place in places]
    span = max(1, 2 * (length - 1))
    return [min(place % span, span - place % span) if length > 1 else 0 for place in places]


def centred(given: Given, x: torch.Tensor, shape: Value) -> torch.Tensor:
    """Return the middle of some axes, cropped or padded with zeros to new lengths."""
    axes = [axis % x.ndim for axis in given.get("axes", range(x.ndim))]
    ends: dict[int, tuple[int, int]] = {}
    key = [slice(None)] * x.ndim
    for axis, length in zip(axes, wholes(shape), strict=True):
        spare = length - x.shape[axis]
        if spare < 0:
            key[axis] = slice(-spare // 2, -spare // 2 + length)
        ends[axis] = (max(spare, 0) // 2, max(spare, 0) - max(spare, 0) // 2)
    return pad(x[tuple(key)], ends)


def depth_to_space(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return channels laid out as squares of pixels."""
    side = given.get("blocksize")
    if given.word("mode", "DCR") == "CRD":
        return F.pixel_shuffle(x, side)
    batch, channels, height, width = x.shape
    x = x.reshape(batch, side, side, channels // side**2, height, width).permute(0, 3, 4, 1, 5, 2)
    return x.reshape(batch, channels // side**2, height * side, width * side)


def space_to_depth(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return squares of pixels as channels."""
    side = given.get("blocksize")
    batch, channels, height, width = x.shape
    if given.word("mode", "DCR") == "CRD":
        return F.pixel_unshuffle(x, side)
    x = x.reshape(batch, channels, height // side, side, width // side, side).permute(0, 3, 5, 1, 2, 4)
    return x.reshape(batch, channels * side**2, height // side, width // side)


def triangle(given: Given, x: torch.Tensor, offset: Value = None) -> torch.Tensor:
    """Return the upper or lower part of matrices, the rest 0."""
    diagonal = number(offset, 0)
    return torch.triu(x, diagonal) if given.flag("upper", True) else torch.tril(x, diagonal)


def reversed_sequences(given: Given, x: torch.Tensor, lengths: Value) -> torch.Tensor:
    """Return sequences, of each batch the first so many steps turned around."""
    time, batch = given.get("time_axis", 0), given.get("batch_axis", 1)
    parts = []
    for place, length in enumerate(wholes(lengths)):
        part = x.select(batch, place)
        axis = time - (batch < time)
        begin, end = part.narrow(axis, 0, length), part.narrow(axis, length, part.shape[axis] - length)
        parts.append(torch.cat([torch.flip(begin, [axis]), end], dim=axis))
    return torch.stack(parts, dim=batch)
