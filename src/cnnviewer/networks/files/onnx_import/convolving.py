"""Convolutions of all kinds, with ONNX's ways of padding."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn
from torch.nn import functional as F

from cnnviewer.networks.files.onnx_import.moving import pad
from cnnviewer.networks.files.onnx_import.values import UnsupportedError, wholes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.networks.files.onnx_import.node import Given
    from cnnviewer.networks.files.onnx_import.values import Value

    Ends = list[tuple[int, int]]

_CONVOLUTIONS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def ends_of(
    given: Given, lengths: Sequence[int], kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> Ends:
    """Return how much is padded before and behind each axis of an image.

    Parameters
    ----------
    given
        The node: its ``pads``, or ``auto_pad``.
    lengths, kernel, strides, dilations
        A number for each of those axes.
    """
    auto, count = given.word("auto_pad", "NOTSET"), len(kernel)
    if auto == "VALID":
        return [(0, 0)] * count
    if auto in ("", "NOTSET"):
        pads = given.get("pads", [0] * 2 * count)
        return list(zip(pads[:count], pads[count:], strict=True))
    found = []
    for length, side, stride, dilation in zip(lengths, kernel, strides, dilations, strict=True):
        spare = max(0, (-(-length // stride) - 1) * stride + dilation * (side - 1) + 1 - length)
        few, many = spare // 2, spare - spare // 2
        found.append((few, many) if auto == "SAME_UPPER" else (many, few))
    return found


def steps_of(given: Given, count: int) -> tuple[list[int], list[int]]:
    """Return strides and dilations."""
    return list(given.get("strides", [1] * count)), list(given.get("dilations", [1] * count))


def fixed_ends(given: Given, kernel: Sequence[int]) -> Ends | None:
    """Return the padding where it does not depend on the size of the image."""
    strides, dilations = steps_of(given, len(kernel))
    if given.word("auto_pad", "NOTSET").startswith("SAME") and set(strides) != {1}:
        return None
    far = [dilation * side for dilation, side in zip(dilations, kernel, strict=True)]
    return ends_of(given, far, kernel, strides, dilations)


def spread(x: torch.Tensor, ends: Ends, filler: float = 0) -> torch.Tensor:
    """Return an image with more at the ends of its spatial axes."""
    return pad(x, {axis + 2: pair for axis, pair in enumerate(ends)}, filler=filler)


def convolved(given: Given, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """Return a convolution."""
    kernel = list(weight.shape[2:])
    if len(kernel) not in _CONVOLUTIONS:
        raise UnsupportedError(f"{given.kind} over {len(kernel)} axes")
    strides, dilations = steps_of(given, len(kernel))
    ends = ends_of(given, x.shape[2:], kernel, strides, dilations)
    padding = [first for first, _ in ends]
    if any(first != last for first, last in ends):
        x, padding = spread(x, ends), [0] * len(kernel)
    return _CONVOLUTIONS[len(kernel)](x, weight, bias, strides, padding, dilations, given.get("group", 1))


class _Padding:
    """A convolution whose padding is not the same on both sides, or follows from the size of the image."""

    given: Given

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Pad the image, and convolve it."""
        return convolved(self.given, image, self.weight, self.bias)  # type: ignore[attr-defined]


class _Padding1d(_Padding, nn.Conv1d):
    pass


class _Padding2d(_Padding, nn.Conv2d):
    pass


class _Padding3d(_Padding, nn.Conv3d):
    pass


_MODULES: dict[int, tuple[Any, Any]] = {
    1: (nn.Conv1d, _Padding1d),
    2: (nn.Conv2d, _Padding2d),
    3: (nn.Conv3d, _Padding3d),
}
_TRANSPOSED_MODULES: dict[int, Any] = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}


def convolution_module(given: Given, constants: Sequence[torch.Tensor | None]) -> nn.Module | None:
    """Return a convolution with constant weights."""
    weight, bias = constants[1], constants[2] if len(constants) > 2 else None
    if weight is None or weight.ndim not in (3, 4, 5) or not weight.is_floating_point() or not weight.numel():
        return None
    if (len(constants) > 2) != (bias is not None):
        return None
    kernel = tuple(weight.shape[2:])
    strides, dilations = steps_of(given, len(kernel))
    groups, ends = given.get("group", 1), fixed_ends(given, kernel)
    is_plain = ends is not None and all(first == last >= 0 for first, last in ends)
    padding = tuple(first for first, _ in ends) if is_plain and ends else (0,) * len(kernel)
    module = _MODULES[len(kernel)][not is_plain](
        weight.shape[1] * groups,
        weight.shape[0],
        kernel,
        tuple(strides),
        padding,
        tuple(dilations),
        groups,
        bias is not None,
        device="meta",
    )
    if not is_plain:
        module.given = given
    return _with_weights(module, weight, bias)


def _with_weights(module: nn.Module, weight: torch.Tensor, bias: torch.Tensor | None) -> nn.Module:
    module.weight = nn.Parameter(weight.contiguous())
    if bias is not None:
        module.bias = nn.Parameter(bias.contiguous())
    return module


# ---- transposed


def _transposed_ends(given: Given, lengths: Sequence[int], kernel: Sequence[int]) -> tuple[Ends, list[int]]:
    """Return what is cut off before and behind each axis, and what is added behind."""
    strides, dilations = steps_of(given, len(kernel))
    more, auto = list(given.get("output_padding", [0] * len(kernel))), given.word("auto_pad", "NOTSET")
    shape = given.get("output_shape")
    if shape is None and not auto.startswith("SAME"):
        return ends_of(given, lengths, kernel, strides, dilations), more
    wanted = shape[-len(kernel) :] if shape else [length * step for length, step in zip(lengths, strides, strict=True)]
    found = []
    for axis, side in enumerate(kernel):
        whole = strides[axis] * (lengths[axis] - 1) + more[axis] + dilations[axis] * (side - 1) + 1
        spare = whole - wanted[axis]
        few, many = spare // 2, spare - spare // 2
        found.append((few, many) if auto == "SAME_UPPER" else (many, few))
    return found, more


def transposed_convolution(
    given: Given, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None
) -> torch.Tensor:
    """Return a transposed convolution."""
    kernel = list(weight.shape[2:])
    if len(kernel) not in _TRANSPOSED:
        raise UnsupportedError(f"{given.kind} over {len(kernel)} axes")
    strides, dilations = steps_of(given, len(kernel))
    ends, more = _transposed_ends(given, x.shape[2:], kernel)
    function, groups = _TRANSPOSED[len(kernel)], given.get("group", 1)
    extra = [first - last + added for (first, last), added in zip(ends, more, strict=True)]
    limits = map(max, strides, dilations)
    if all(first >= 0 and 0 <= added < most for (first, _), added, most in zip(ends, extra, limits, strict=True)):
        return function(x, weight, bias, strides, [first for first, _ in ends], extra, groups, dilations)
    whole = function(x, weight, None, strides, 0, 0, groups, dilations)
    cut = spread(whole, [(-first, added - last) for (first, last), added in zip(ends, more, strict=True)])
    return cut if bias is None else cut + bias.reshape(-1, *(1,) * len(kernel))


def transposed_module(given: Given, constants: Sequence[torch.Tensor | None]) -> nn.Module | None:
    """Return a transposed convolution with constant weights, where both sides are cut alike."""
    weight, bias = constants[1], constants[2] if len(constants) > 2 else None
    if (
        weight is None
        or weight.ndim not in (3, 4, 5)
        or not weight.numel()
        or (len(constants) > 2) != (bias is not None)
    ):
        return None
    if "output_shape" in given or given.word("auto_pad", "NOTSET").startswith("SAME"):
        return None
    kernel = tuple(weight.shape[2:])
    strides, dilations = steps_of(given, len(kernel))
    ends, more = _transposed_ends(given, kernel, kernel)
    extra = [first - last + added for (first, last), added in zip(ends, more, strict=True)]
    if any(first < 0 for first, _ in ends) or any(
        not 0 <= added < max(step, far) for added, step, far in zip(extra, strides, dilations, strict=True)
    ):
        return None
    groups = given.get("group", 1)
    module = _TRANSPOSED_MODULES[len(kernel)](
        weight.shape[0],
        weight.shape[1] * groups,
        kernel,
        tuple(strides),
        tuple(first for first, _ in ends),
        tuple(extra),
        groups,
        bias is not None,
        tuple(dilations),
        device="meta",
    )
    return _with_weights(module, weight, bias)


# ---- others


def deformed_convolution(
    given: Given,
    x: torch.Tensor,
    weight: torch.Tensor,
    offset: torch.Tensor,
    bias: torch.Tensor | None = None,
    mask: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return a convolution that reads at places which are moved by offsets (Dai et al., 2017)."""
    from torchvision.ops import deform_conv2d

    kernel = list(weight.shape[2:])
    if len(kernel) != 2:
        raise UnsupportedError(f"{given.kind} over {len(kernel)} axes")
    strides, dilations = steps_of(given, 2)
    ends = ends_of(given, x.shape[2:], kernel, strides, dilations)
    padding = (ends[0][0], ends[1][0])
    if any(first != last for first, last in ends):
        x, padding = spread(x, ends), (0, 0)
    options: dict[str, Any] = {"stride": tuple(strides), "padding": padding, "dilation": tuple(dilations)}
    return cast("torch.Tensor", deform_conv2d(x, offset, weight, bias, mask=mask, **options))


def folded(given: Given, x: torch.Tensor, image: Value, block: Value) -> torch.Tensor:
    """Return an image of columns, each a block of it; where blocks overlap, their sum."""
    lengths, kernel = wholes(image), wholes(block)
    strides, dilations = steps_of(given, len(kernel))
    pads = given.get("pads", [0] * 2 * len(kernel))
    ends = list(zip(pads[: len(kernel)], pads[len(kernel) :], strict=True))
    if len(kernel) == 2 and all(first == last for first, last in ends):
        return F.fold(
            x, tuple(lengths), tuple(kernel), tuple(dilations), tuple(first for first, _ in ends), tuple(strides)
        )
    whole = [length + first + last for length, (first, last) in zip(lengths, ends, strict=True)]
    counts = [
        (length - dilation * (side - 1) - 1) // stride + 1
        for length, dilation, side, stride in zip(whole, dilations, kernel, strides, strict=True)
    ]
    channels = x.shape[1] // math.prod(kernel)
    columns = x.reshape(x.shape[0], channels, math.prod(kernel), *counts)
    found = x.new_zeros(x.shape[0], channels, *whole)
    for place, offsets in enumerate(product(*map(range, kernel))):
        begins = [offset * dilation for offset, dilation in zip(offsets, dilations, strict=True)]
        key = [
            slice(begin, begin + stride * count, stride)
            for begin, stride, count in zip(begins, strides, counts, strict=True)
        ]
        found[(slice(None), slice(None), *key)] += columns[:, :, place]
    return spread(found, [(-first, -last) for first, last in ends])
