"""Links of convolution, pooling and resampling: windows that slide along axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from cnnviewer.analysis.links.links import AxisLink
from cnnviewer.analysis.links.relations import Blocks, Mixed, Same, Taps, transposed_window, window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnnviewer.analysis.links.relations import Relation, Span

__all__ = [
    "adaptive_ends",
    "adaptive_link",
    "convolution_link",
    "interpolation_link",
    "lengths_of",
    "pooling_link",
    "pooling_strides",
    "window_paddings",
]

Shape = tuple[int, ...]


def lengths_of(value: Any, axes: int, usual: int = 1) -> tuple[int, ...]:
    """Return a setting for each axis: one number stands for all."""
    if value is None or (isinstance(value, (tuple, list)) and not value):
        return (usual,) * axes
    if isinstance(value, (tuple, list)):
        return tuple(int(part) for part in value) if len(value) == axes else (int(value[0]),) * axes
    return (int(value),) * axes


def window_paddings(padding: Any, kernel: Shape, dilation: Shape) -> Shape:
    """Return how many cells of padding lie before the first unit of each axis; "same" has fewer before than after."""
    if padding == "same":
        return tuple(step * (length - 1) // 2 for length, step in zip(kernel, dilation, strict=True))
    return (0,) * len(kernel) if padding == "valid" else lengths_of(padding, len(kernel), 0)


def pooling_strides(stride: Any, kernel: Shape) -> Shape:
    """Return how far the window of a pooling moves along each axis: its own length where no stride is given."""
    is_given = stride is not None and not (isinstance(stride, (tuple, list)) and not stride)
    return lengths_of(stride, len(kernel)) if is_given else kernel


def adaptive_ends(place: int, after: int, before: int) -> Span:
    """Return the window of an adaptive pooling's unit: ``floor(o n / m)`` up to ``ceil((o + 1) n / m)``."""
    return place * before // after, -(-(place + 1) * before // after)


def convolution_link(given: Mapping[str, Any], after: Shape, before: Shape, *, is_transposed: bool) -> AxisLink:
    """Return the link of a convolution over any number of axes, from its arguments by name."""
    weight = given["weight"]
    kernel = tuple(weight.shape[2:])
    count, groups = len(kernel), int(given.get("groups") or 1)
    strides, dilations = (lengths_of(given.get(name), count) for name in ("stride", "dilation"))
    paddings = window_paddings(given.get("padding", 0), kernel, dilations)
    make = transposed_window if is_transposed else window
    axes = [(place - count, place) for place in range(count)]
    spatial = tuple(
        (
            len(after) + back,
            len(before) + back,
            make(after[back], before[back], kernel[i], strides[i], paddings[i], dilations[i]),
        )
        for back, i in axes
    )
    ends = after[-count - 1], before[-count - 1]
    channels: Relation = Mixed(*ends) if groups == 1 else Blocks(groups, *ends)
    return AxisLink(
        after, before, (*_same(after, before, count + 1), _at(after, before, -count - 1, channels), *spatial)
    )


def pooling_link(given: Mapping[str, Any], after: Shape, before: Shape, count: int) -> AxisLink:
    """Return the link of max, average or power pooling over the last `count` axes, from its arguments by name."""
    kernel = lengths_of(given["kernel_size"], count)
    strides = pooling_strides(given.get("stride"), kernel)
    paddings, dilations = lengths_of(given.get("padding", 0), count, 0), lengths_of(given.get("dilation"), count)
    pairs = [
        _at(
            after,
            before,
            i - count,
            window(after[i - count], before[i - count], kernel[i], strides[i], paddings[i], dilations[i]),
        )
        for i in range(count)
    ]
    return AxisLink(after, before, (*_same(after, before, count), *pairs))


def adaptive_link(after: Shape, before: Shape, count: int) -> AxisLink:
    """Return the link of adaptive pooling; see `adaptive_ends`."""
    pairs = [_at(after, before, place, _adaptive(after[place], before[place])) for place in range(-count, 0)]
    return AxisLink(after, before, (*_same(after, before, count), *pairs))


def _adaptive(after: int, before: int) -> Relation:
    ends = np.array([adaptive_ends(place, after, before) for place in range(after)]).reshape(-1, 2)
    places = np.arange(before)
    matrix = (places >= ends[:, :1]) & (places < ends[:, 1:])

    def virtual(found: Span) -> Span:
        return adaptive_ends(found[0], after, before)[0], adaptive_ends(found[1] - 1, after, before)[1]

    return Taps(matrix, virtual)


def interpolation_link(given: Mapping[str, Any], after: Shape, before: Shape) -> AxisLink:
    """Return the link of `torch.nn.functional.interpolate`, from its arguments by name."""
    count = len(after) - 2
    pairs = [
        _at(after, before, place, _resampling(given, after[place], before[place], place, count))
        for place in range(-count, 0)
    ]
    return AxisLink(after, before, (*_same(after, before, count), *pairs))


def _resampling(given: Mapping[str, Any], after: int, before: int, place: int, count: int) -> Relation:
    matrix = axis_weights(given, after, before, place, count) != 0
    ratio = before / after

    def virtual(found: Span) -> Span:
        inside = min(max(found[0], 0), after - 1), min(max(found[1] - 1, 0), after - 1)
        low, high = np.flatnonzero(matrix[inside[0]])[0], np.flatnonzero(matrix[inside[1]])[-1] + 1
        beyond = round((found[0] - inside[0]) * ratio), round((found[1] - 1 - inside[1]) * ratio)
        return int(low) + beyond[0], int(high) + beyond[1]

    return Taps(matrix, virtual)


def axis_weights(given: Mapping[str, Any], after: int, before: int, place: int, count: int) -> np.ndarray[Any, Any]:
    """Return how much each index of an axis weighs in each of the resampled one, float64 ``(n_out, n_in)``.

    The axis is resampled alone: with one unit at a time, by the very function.
    """
    mode, factor = given.get("mode") or "nearest", given.get("scale_factor")
    factors = factor if isinstance(factor, (tuple, list)) else (factor,) * count
    flat = count == 2  # "nearest" rounds otherwise over two axes than over one or three
    # As columns of one row: rows of one column come out wrong where PyTorch smooths them (antialias, 2.14).
    units = torch.eye(before)[None]  # float32, as the network: which neighbour is nearest may hang on its rounding
    sizes: dict[str, Any] = {"size": (1, after) if flat else (after,)}
    own = factors[place + count]
    if own is not None and not given.get("recompute_scale_factor"):
        sizes = {"scale_factor": (1.0, float(own)) if flat else (float(own),)}
    plain = {"trilinear": "linear"}.get(mode, mode)
    is_smoothed = bool(given.get("antialias")) and mode in ("bilinear", "bicubic")
    found = torch.nn.functional.interpolate(
        units[:, :, None] if flat else units,
        **sizes,
        mode=plain,
        align_corners=given.get("align_corners"),
        antialias=is_smoothed,
    )
    weights: np.ndarray[Any, Any] = found.reshape(before, after).T.double().numpy()
    return weights


def _same(after: Shape, before: Shape, count: int) -> tuple[tuple[int, int, Relation], ...]:
    """Return pairs for all axes but the last `count`."""
    return tuple(_at(after, before, place - len(after), Same()) for place in range(len(after) - count))


def _at(after: Shape, before: Shape, place: int, relation: Relation) -> tuple[int, int, Relation]:
    return len(after) + place, len(before) + place, relation
