"""Quantised numbers: whole ones that stand for others by a scale and a zero point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from cnnviewer.networks.files.onnx_import.convolving import convolved
from cnnviewer.networks.files.onnx_import.values import torch_type

if TYPE_CHECKING:
    from cnnviewer.networks.files.onnx_import.node import Given

_RANGES = {
    "UINT8": (0, 255),
    "INT8": (-128, 127),
    "UINT16": (0, 65535),
    "INT16": (-32768, 32767),
    "UINT4": (0, 15),
    "INT4": (-8, 7),
    "UINT2": (0, 3),
    "INT2": (-2, 1),
}
_OF_TORCH = {torch.uint8: "UINT8", torch.int8: "INT8", torch.int16: "INT16", torch.int32: "UINT16"}


def _name_of(kind: int) -> str:
    from onnx import TensorProto

    return str(TensorProto.DataType.Name(kind))


def _fitted(given: Given, part: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Return scales, or zero points, so that they stand beside their numbers: one for all, an axis, or blocks."""
    axis, block = given.get("axis", 1), given.get("block_size", 0)
    if part.numel() == 1:
        return part.reshape(())
    axis %= x.ndim
    if block:
        return part.repeat_interleave(block, dim=axis).narrow(axis, 0, x.shape[axis])
    return part.reshape([-1 if place == axis else 1 for place in range(x.ndim)]) if part.ndim == 1 else part


def quantised(given: Given, x: torch.Tensor, scale: torch.Tensor, zero: torch.Tensor | None = None) -> torch.Tensor:
    """Return the whole numbers that stand for numbers."""
    told = given.kinds[2] if len(given.kinds) > 2 else None
    if told is not None:
        name = _name_of(told)
    elif zero is not None:
        name = _OF_TORCH.get(zero.dtype, str(zero.dtype))
    else:
        name = _name_of(given.get("output_dtype", 0) or 2)
    if "precision" in given and given.get("precision"):
        kind = torch_type(given.get("precision"))
        x, scale = x.to(kind), scale.to(kind)
    found = x / _fitted(given, scale, x)
    if name not in _RANGES:
        kind = torch_type(given.get("output_dtype", 0)) if zero is None else zero.dtype
        if given.flag("saturate", True) and kind.itemsize == 1:
            limits = torch.finfo(kind)
            found = torch.clamp(found.float(), limits.min, limits.max)
        return found.to(kind)
    found = torch.round(found)
    if zero is not None:
        found = found + _fitted(given, zero, x).to(found.dtype)
    low, high = _RANGES[name]
    kinds = {
        "UINT8": torch.uint8,
        "UINT4": torch.uint8,
        "UINT2": torch.uint8,
        "UINT16": torch.int32,
        "INT16": torch.int16,
    }
    return torch.clamp(found, low, high).to(kinds.get(name, torch.int8))


def dequantised(given: Given, x: torch.Tensor, scale: torch.Tensor, zero: torch.Tensor | None = None) -> torch.Tensor:
    """Return the numbers for which whole numbers stand."""
    kind = torch_type(given.get("output_dtype")) if given.get("output_dtype", 0) else scale.dtype
    found = x.to(scale.dtype if scale.dtype.itemsize > 2 else torch.float32)
    if zero is not None:
        found = found - _fitted(given, zero, x).to(found.dtype)
    return (found * _fitted(given, scale, x).to(found.dtype)).to(kind)


def quantised_by_range(given: Given, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return whole numbers, scale and zero point so that the range of the numbers is used."""
    low, high = torch.clamp(torch.amin(x), max=0), torch.clamp(torch.amax(x), min=0)
    scale = (high - low) / 255
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    zero = torch.clamp(torch.round(-low / scale), 0, 255)
    found = torch.clamp(torch.round(x / scale) + zero, 0, 255)
    return found.to(torch.uint8), scale, zero.to(torch.uint8)


def _centred(x: torch.Tensor, zero: torch.Tensor | None, axis: int | None = None) -> torch.Tensor:
    """Return whole numbers without their zero point, in a type in which sums of products are exact."""
    wide = x.to(torch.float64)
    if zero is None:
        return wide
    if zero.ndim == 1 and zero.numel() > 1 and axis is not None:
        zero = zero.reshape([-1 if place == axis % x.ndim else 1 for place in range(x.ndim)])
    return wide - (zero.reshape(()) if zero.numel() == 1 else zero).to(torch.float64)


def integer_product(
    given: Given,
    first: torch.Tensor,
    second: torch.Tensor,
    zero: torch.Tensor | None = None,
    other: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return a product of matrices of whole numbers."""
    return torch.matmul(_centred(first, zero, -2), _centred(second, other, -1)).to(torch.int32)


def integer_convolution(
    given: Given,
    x: torch.Tensor,
    weight: torch.Tensor,
    zero: torch.Tensor | None = None,
    other: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return a convolution of whole numbers."""
    return convolved(given, _centred(x, zero), _centred(weight, other, 0)).to(torch.int32)


def _as_whole(found: torch.Tensor, scale: torch.Tensor, zero: torch.Tensor) -> torch.Tensor:
    """Return numbers as whole ones of the zero point's type."""
    low, high = _RANGES[_OF_TORCH.get(zero.dtype, "UINT8")]
    return torch.clamp(torch.round(found / scale) + zero.to(found.dtype), low, high).to(zero.dtype)


def quantised_product(
    given: Given,
    first: torch.Tensor,
    first_scale: torch.Tensor,
    first_zero: torch.Tensor,
    second: torch.Tensor,
    second_scale: torch.Tensor,
    second_zero: torch.Tensor,
    scale: torch.Tensor,
    zero: torch.Tensor,
) -> torch.Tensor:
    """Return a product of matrices of quantised numbers."""
    found = torch.matmul(_centred(first, first_zero, -2), _centred(second, second_zero, -1))
    wide = [part.to(torch.float64) for part in (first_scale, second_scale, scale)]
    return _as_whole(found * wide[0] * wide[1], wide[2], zero)


def quantised_convolution(
    given: Given,
    x: torch.Tensor,
    x_scale: torch.Tensor,
    x_zero: torch.Tensor,
    weight: torch.Tensor,
    weight_scale: torch.Tensor,
    weight_zero: torch.Tensor,
    scale: torch.Tensor,
    zero: torch.Tensor,
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return a convolution of quantised numbers."""
    whole = None if bias is None else bias.to(torch.float64)
    found = convolved(given, _centred(x, x_zero), _centred(weight, weight_zero, 0), whole)
    factors = weight_scale.to(torch.float64)
    factors = factors.reshape(-1, *(1,) * (x.ndim - 2)) if factors.numel() > 1 else factors.reshape(())
    return _as_whole(found * x_scale.to(torch.float64) * factors, scale.to(torch.float64), zero)
