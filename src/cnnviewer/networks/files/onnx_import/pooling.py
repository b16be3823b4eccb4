"""Pooling: the largest, the mean or a norm of windows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch
from torch.nn import functional as F

from cnnviewer.networks.files.onnx_import.convolving import ends_of, spread, steps_of
from cnnviewer.networks.files.onnx_import.values import wholes

if TYPE_CHECKING:
    from cnnviewer.networks.files.onnx_import.node import Given
    from cnnviewer.networks.files.onnx_import.values import Value

_MAXIMA: dict[int, Any] = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
_MEANS: dict[int, Any] = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
_WHOLE_MEANS: dict[int, Any] = {1: F.adaptive_avg_pool1d, 2: F.adaptive_avg_pool2d, 3: F.adaptive_avg_pool3d}
_WHOLE_MAXIMA: dict[int, Any] = {1: F.adaptive_max_pool1d, 2: F.adaptive_max_pool2d, 3: F.adaptive_max_pool3d}


@dataclass(frozen=True)
class _Window:
    """The windows of a pooling over an image: a number for each spatial axis; `counts` are how many fit."""

    kernel: list[int]
    strides: list[int]
    dilations: list[int]
    ends: list[tuple[int, int]]
    counts: list[int]
    is_ceil: bool

    @classmethod
    def of(cls, given: Given, lengths: torch.Size) -> _Window:
        kernel = list(given.get("kernel_shape"))
        strides, dilations = steps_of(given, len(kernel))
        ends = ends_of(given, lengths, kernel, strides, dilations)
        is_ceil = given.flag("ceil_mode") and given.word("auto_pad", "NOTSET") in ("", "NOTSET")
        counts = []
        for axis, (first, last) in enumerate(ends):
            room = lengths[axis] + first + last - dilations[axis] * (kernel[axis] - 1) - 1
            count = (-(-room // strides[axis]) if is_ceil else room // strides[axis]) + 1
            # A window that begins in the padding behind the image is none.
            counts.append(count - (is_ceil and (count - 1) * strides[axis] >= lengths[axis] + first))
        return cls(kernel, strides, dilations, ends, counts, is_ceil)

    @property
    def is_plain(self) -> bool:
        """Whether torch's pooling can say the same."""
        return all(
            first == last and 0 <= 2 * first <= side for (first, last), side in zip(self.ends, self.kernel, strict=True)
        )

    @property
    def padding(self) -> list[int]:
        return [first for first, _ in self.ends]

    def reach(self, lengths: torch.Size) -> list[tuple[int, int]]:
        """Return what is to be added at the ends of an image so that its windows end where it ends."""
        found = []
        for axis, (first, _) in enumerate(self.ends):
            span = self.dilations[axis] * (self.kernel[axis] - 1) + 1
            found.append((first, (self.counts[axis] - 1) * self.strides[axis] + span - lengths[axis] - first))
        return found

    def patches(self, x: torch.Tensor, filler: float = 0) -> torch.Tensor:
        """Return the numbers of each window, ``(N, C, *counts, *kernel)``."""
        x = spread(x, self.reach(x.shape[2:]), filler)
        for axis, side in enumerate(self.kernel):
            span = self.dilations[axis] * (side - 1) + 1
            x = x.unfold(axis + 2, span, self.strides[axis])
            x = x[..., :: self.dilations[axis]] if self.dilations[axis] > 1 else x
        return x

    @property
    def axes(self) -> tuple[int, ...]:
        """Those of the patches that are within a window."""
        return tuple(range(-len(self.kernel), 0))


def max_pooled(given: Given, x: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
    """Return the largest number of each window, and its place in the whole tensor where that is asked for."""
    if not x.is_floating_point():
        found = max_pooled(given, x.float())
        return found.to(x.dtype) if isinstance(found, torch.Tensor) else (found[0].to(x.dtype), found[1])
    window, function = _Window.of(given, x.shape[2:]), _MAXIMA[x.ndim - 2]
    kernel, strides, dilations = tuple(window.kernel), tuple(window.strides), tuple(window.dilations)
    before = window.padding
    if window.is_plain:
        padding, is_ceil, image = tuple(before), window.is_ceil, x
        before = [0] * len(kernel)
    else:
        padding, is_ceil, image = (0,) * len(kernel), False, spread(x, window.reach(x.shape[2:]), -math.inf)
    options = {"stride": strides, "padding": padding, "dilation": dilations, "ceil_mode": is_ceil}
    if not given.wants(1):
        return cast("torch.Tensor", function(image, kernel, **options))
    values, places = function(image, kernel, **options, return_indices=True)
    return values, _flat_places(places, image.shape, x.shape, before, is_by_columns=given.flag("storage_order"))


def _flat_places(
    places: torch.Tensor, padded: torch.Size, shape: torch.Size, before: list[int], *, is_by_columns: bool
) -> torch.Tensor:
    """Return places in the whole tensor for places in each padded map."""
    lengths = shape[2:]
    found = torch.zeros_like(places)
    step = 1
    weights = []
    for length in lengths if is_by_columns else reversed(lengths):
        weights.append(step)
        step *= length
    weights = weights if is_by_columns else weights[::-1]
    rest = places
    for axis in reversed(range(len(lengths))):
        found = found + (rest % padded[axis + 2] - before[axis]) * weights[axis]
        rest = torch.div(rest, padded[axis + 2], rounding_mode="floor")
    maps = torch.arange(shape[0] * shape[1], device=places.device) * step
    return found + maps.reshape(*shape[:2], *(1,) * len(lengths))


def average_pooled(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return the mean of each window."""
    window, counts_padding = _Window.of(given, x.shape[2:]), given.flag("count_include_pad")
    if window.is_plain and set(window.dilations) == {1}:
        return cast(
            "torch.Tensor",
            _MEANS[x.ndim - 2](
                x, tuple(window.kernel), tuple(window.strides), tuple(window.padding), window.is_ceil, counts_padding
            ),
        )
    sums = torch.sum(window.patches(x), dim=window.axes)
    ones = torch.ones(1, 1, *x.shape[2:], dtype=x.dtype, device=x.device)
    if counts_padding:
        reach = zip(window.reach(x.shape[2:]), window.ends, strict=True)
        ones = spread(spread(ones, window.ends, 1.0), [(0, behind - last) for (_, behind), (_, last) in reach])
        inner = _Window(
            window.kernel, window.strides, window.dilations, [(0, 0)] * len(window.kernel), window.counts, False
        )
        return sums / torch.sum(inner.patches(ones), dim=inner.axes)
    return sums / torch.sum(window.patches(ones), dim=window.axes)


def norm_pooled(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return the p-norm of each window."""
    window, degree = _Window.of(given, x.shape[2:]), given.real("p", 2)
    return torch.sum(window.patches(torch.abs(x) ** degree), dim=window.axes) ** (1 / degree)


def _spatial(x: torch.Tensor) -> tuple[int, ...]:
    return tuple(range(2, x.ndim))


def whole_mean(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return the mean of each map."""
    if x.ndim - 2 in _WHOLE_MEANS:
        return cast("torch.Tensor", _WHOLE_MEANS[x.ndim - 2](x, 1))
    return torch.mean(x, dim=_spatial(x), keepdim=True)


def whole_maximum(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return the largest number of each map."""
    if x.ndim - 2 in _WHOLE_MAXIMA:
        return cast("torch.Tensor", _WHOLE_MAXIMA[x.ndim - 2](x, 1))
    return torch.amax(x, dim=_spatial(x), keepdim=True)


def whole_norm(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return the p-norm of each map."""
    degree = given.real("p", 2)
    return torch.sum(torch.abs(x) ** degree, dim=_spatial(x), keepdim=True) ** (1 / degree)


def unpooled(given: Given, x: torch.Tensor, places: torch.Tensor, shape: Value = None) -> torch.Tensor:
    """Return maps with numbers put back to where a pooling found them, else 0."""
    kernel = list(given.get("kernel_shape"))
    strides = list(given.get("strides", [1] * len(kernel)))
    pads = given.get("pads", [0] * 2 * len(kernel))
    lengths = [
        (length - 1) * stride - pads[axis] - pads[axis + len(kernel)] + kernel[axis]
        for axis, (length, stride) in enumerate(zip(x.shape[2:], strides, strict=True))
    ]
    found = x.new_zeros(math.prod(x.shape[:2]) * math.prod(lengths))
    found = torch.scatter(found, 0, places.reshape(-1), x.reshape(-1)).reshape(*x.shape[:2], *lengths)
    wanted = wholes(shape)[2:] if shape is not None else lengths
    return spread(found, [(0, more - less) for more, less in zip(wanted, lengths, strict=True)])
