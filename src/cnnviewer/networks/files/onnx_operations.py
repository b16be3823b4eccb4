"""Operations whose settings ONNX keeps in tensors (shapes, axes, bounds), with plain numbers for settings.

onnx2pytorch reads such tensors again at each forward pass, by operations of torch that a recording would show and that
keep it from being replayed. Where the tensors are constants, as nearly always, one call of torch says the same. What
is not in the table, or not in a form that it knows, is left to onnx2pytorch.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Constants = Sequence[torch.Tensor | None]
    """For each input of a node its value, where it is a constant; the first is the image-like one."""
    Attributes = Mapping[str, Any]
    Make = Callable[[Attributes, Constants, int], "nn.Module | None"]

__all__ = ["Calling", "plain_operation"]


class Calling(nn.Module):
    """A module of one function of torch, with settings."""

    def __init__(self, function: Callable[..., Any], *args: Any, is_method: bool = False, **kwargs: Any) -> None:
        super().__init__()
        self._function, self._args, self._kwargs = function, args, kwargs

    def forward(self, *inputs: torch.Tensor) -> Any:
        """Call the function."""
        return self._function(*inputs, *self._args, **self._kwargs)

    def extra_repr(self) -> str:
        """Return the name of the function, for people."""
        return str(getattr(self._function, "__name__", ""))


def plain_operation(kind: str, attributes: Attributes, constants: Constants, opset: int) -> nn.Module | None:
    """Return a module for an operation of which all inputs but the first are constants; None where none is known.

    Parameters
    ----------
    kind
        ONNX's name of the operation.
    attributes
        Its attributes by name.
    constants
        For each input its value; None where it is no constant.
    opset
        The version of ONNX's operations.
    """
    make = _MAKERS.get(kind)
    return None if make is None else make(attributes, constants, opset)


def _numbers(value: torch.Tensor | None) -> list[int] | None:
    return None if value is None else [int(number) for number in value.reshape(-1).tolist()]


def _input(constants: Constants, place: int) -> torch.Tensor | None:
    return constants[place] if place < len(constants) else None


def _axes(attributes: Attributes, constants: Constants) -> list[int] | None:
    """Return the axes: an attribute in older versions, an input in newer ones."""
    given = attributes.get("axes")
    return list(given) if given is not None else _numbers(_input(constants, 1))


class _Reshape(nn.Module):
    def __init__(self, shape: Sequence[int], is_zero_kept: bool) -> None:
        super().__init__()
        self._shape, self._is_zero_kept = tuple(shape), is_zero_kept

    def forward(self, data: torch.Tensor) -> torch.Tensor:
        if self._is_zero_kept:
            return data.reshape(self._shape)
        return data.reshape([length or data.shape[axis] for axis, length in enumerate(self._shape)])


def _reshape(attributes: Attributes, constants: Constants, opset: int) -> nn.Module | None:
    shape = attributes.get("shape") or _numbers(_input(constants, 1))
    return None if shape is None else _Reshape(shape, bool(attributes.get("allowzero", 0)))


class _Slice(nn.Module):
    def __init__(self, slices: Mapping[int, slice]) -> None:
        super().__init__()
        self._slices = dict(slices)

    def forward(self, data: torch.Tensor) -> torch.Tensor:
        found = {axis % data.ndim: part for axis, part in self._slices.items()}
        # A slice an axis: with tensors for bounds it could not be replayed.
        return data[tuple(found.get(axis, slice(None)) for axis in range(max(found) + 1))]


def _slice(attributes: Attributes, constants: Constants, opset: int) -> nn.Module | None:
    given = [_numbers(_input(constants, place)) for place in range(1, 5)]
    starts, ends = attributes.get("starts", given[0]), attributes.get("ends", given[1])
    if starts is None or ends is None:
        return None
    axes = attributes.get("axes", given[2]) or range(len(starts))
    steps = given[3] or [1] * len(starts)
    if min(steps, default=1) < 1:
        return None
    far = 2**31
    return _Slice(
        {
            axis: slice(start or None, None if end > far else end, None if step == 1 else step)
            for axis, start, end, step in zip(axes, starts, ends, steps, strict=True)
        }
    )


def _squeeze(attributes: Attributes, constants: Constants, opset: int) -> nn.Module | None:
    axes = _axes(attributes, constants)
    return Calling(torch.squeeze) if axes is None else Calling(torch.squeeze, dim=tuple(axes))


def _unsqueeze(attributes: Attributes, constants: Constants, opset: int) -> nn.Module | None:
    axes = _axes(attributes, constants)
    return Calling(torch.unsqueeze, dim=axes[0]) if axes is not None and len(axes) == 1 else None


def _reduction(function: Callable[..., Any]) -> Make:
    def make(attributes: Attributes, constants: Constants, opset: int) -> nn.Module | None:
        axes = _axes(attributes, constants)
        keeps = bool(attributes.get("keepdims", 1))
        return None if not axes else Calling(function, dim=tuple(axes), keepdim=keeps)

    return make


def _clip(attributes: Attributes, constants: Constants, opset: int) -> nn.Module | None:
    bounds = []
    for place, name in enumerate(("min", "max"), start=1):
        value = _input(constants, place)
        bounds.append(attributes.get(name) if value is None else value.item())
    if bounds == [0, 6]:
        return nn.ReLU6()
    return Calling(torch.clamp, min=bounds[0], max=bounds[1]) if any(bound is not None for bound in bounds) else None


def _pad(attributes: Attributes, constants: Constants, opset: int) -> nn.Module | None:
    pads = attributes.get("pads") or _numbers(_input(constants, 1))
    if pads is None or _input(constants, 3) is not None:
        return None
    mode = _word(attributes.get("mode", b"constant"))
    given = _input(constants, 2)
    value = attributes.get("value", 0.0) if given is None else float(given.item())
    half = len(pads) // 2
    pairs = [(pads[axis], pads[axis + half]) for axis in reversed(range(half))]
    while pairs and pairs[-1] == (0, 0):
        pairs.pop()
    if mode not in ("constant", "reflect", "edge") or (mode != "constant" and len(pairs) > half - 2):
        return None
    numbers = [number for pair in pairs for number in pair]
    if mode == "constant":
        return Calling(F.pad, numbers, mode="constant", value=value)
    return Calling(F.pad, numbers, mode="replicate" if mode == "edge" else mode)


def _expand(attributes: Attributes, constants: Constants, opset: int) -> nn.Module | None:
    shape = _numbers(_input(constants, 1))
    return None if shape is None else _Expand(shape)


class _Expand(nn.Module):
    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__()
        self._shape = tuple(shape)

    def forward(self, data: torch.Tensor) -> torch.Tensor:
        shape: tuple[int, ...] = torch.broadcast_shapes(tuple(data.shape), self._shape)  # type: ignore[no-untyped-call]
        return data.expand(shape)


def _split(attributes: Attributes, constants: Constants, opset: int) -> nn.Module | None:
    sizes = attributes.get("split") or _numbers(_input(constants, 1))
    return None if sizes is None else Calling(torch.split, list(sizes), dim=int(attributes.get("axis", 0)))


def _gather(attributes: Attributes, constants: Constants, opset: int) -> nn.Module | None:
    index = _input(constants, 1)
    if index is None or index.ndim != 0:
        return None
    return Calling(torch.select, dim=int(attributes.get("axis", 0)), index=int(index.item()))


def _concatenation(attributes: Attributes, constants: Constants, opset: int) -> nn.Module | None:
    return _Concatenation(int(attributes.get("axis", 1)))


class _Concatenation(nn.Module):
    def __init__(self, axis: int) -> None:
        super().__init__()
        self._axis = axis

    def forward(self, *parts: torch.Tensor) -> torch.Tensor:
        return torch.cat(parts, dim=self._axis)


def _flatten(attributes: Attributes, constants: Constants, opset: int) -> nn.Module | None:
    return nn.Flatten(1) if attributes.get("axis", 1) == 1 else None


def _window(attributes: Attributes) -> tuple[list[int], list[int], list[int], bool] | None:
    """Return kernel, stride and padding of a pooling; None where torch's pooling can't say the same."""
    kernel = list(attributes.get("kernel_shape", ()))
    axes = len(kernel)
    pads = list(attributes.get("pads", [0] * 2 * axes))
    auto = _word(attributes.get("auto_pad", b"NOTSET"))
    is_fit = axes == 2 and auto in ("NOTSET", "VALID") and pads[:axes] == pads[axes:]
    if not is_fit or any(2 * pad > side for pad, side in zip(pads, kernel, strict=False)):
        return None
    return kernel, list(attributes.get("strides", [1] * axes)), pads[:axes], bool(attributes.get("ceil_mode", 0))


def _max_pool(attributes: Attributes, constants: Constants, opset: int) -> nn.Module | None:
    found = _window(attributes)
    if found is None:
        return None
    kernel, stride, padding, ceil = found
    dilation = list(attributes.get("dilations", [1, 1]))
    return nn.MaxPool2d(_pair(kernel), _pair(stride), _pair(padding), _pair(dilation), ceil_mode=ceil)


def _average_pool(attributes: Attributes, constants: Constants, opset: int) -> nn.Module | None:
    found = _window(attributes)
    if found is None or any(step != 1 for step in attributes.get("dilations", [1])):
        return None
    kernel, stride, padding, ceil = found
    counts = bool(attributes.get("count_include_pad", 0))
    return nn.AvgPool2d(_pair(kernel), _pair(stride), _pair(padding), ceil_mode=ceil, count_include_pad=counts)


def _pair(numbers: Sequence[int]) -> tuple[int, int]:
    first, second = numbers
    return int(first), int(second)


def _product(attributes: Attributes, constants: Constants, opset: int) -> nn.Module | None:
    """Return a linear layer without bias for the product with a constant matrix."""
    matrix = _input(constants, 1)
    if matrix is None or matrix.ndim != 2 or not matrix.is_floating_point() or not prod(matrix.shape):
        return None
    layer = nn.Linear(1, 1, bias=False)
    layer.in_features, layer.out_features = matrix.shape
    layer.weight = nn.Parameter(matrix.T.contiguous())
    return layer


def _layer_norm(attributes: Attributes, constants: Constants, opset: int) -> nn.Module | None:
    weight, bias = _input(constants, 1), _input(constants, 2)
    axis = int(attributes.get("axis", -1))
    if weight is None or axis >= 0 or weight.ndim != -axis:
        return None
    layer = nn.LayerNorm(weight.shape, eps=float(attributes.get("epsilon", 1e-5)), bias=bias is not None)
    layer.weight = nn.Parameter(weight)
    if bias is not None:
        layer.bias = nn.Parameter(bias)
    return layer


def _word(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


_MAKERS: dict[str, Make] = {
    "Reshape": _reshape,
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "ReduceMean": _reduction(torch.mean),
    "ReduceSum": _reduction(torch.sum),
    "ReduceMax": _reduction(torch.amax),
    "ReduceMin": _reduction(torch.amin),
    "Clip": _clip,
    "Pad": _pad,
    "Expand": _expand,
    "Split": _split,
    "Gather": _gather,
    "Concat": _concatenation,
    "Flatten": _flatten,
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
    "MatMul": _product,
    "LayerNormalization": _layer_norm,
}
