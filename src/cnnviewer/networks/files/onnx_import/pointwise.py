"""Operators that work on each number by itself: activations, arithmetic, comparisons, changes of type."""

from __future__ import annotations

import math
import operator
from functools import reduce
from typing import TYPE_CHECKING, Any

import torch
from onnx import TensorProto
from torch import nn
from torch.nn import functional as F

from cnnviewer.networks.files.onnx_import.values import UnsupportedError, number, torch_type

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnnviewer.networks.files.onnx_import.node import Given
    from cnnviewer.networks.files.onnx_import.values import Value

    Run = Callable[..., Any]

_SELU = (1.67326319217681884765625, 1.05070102214813232421875)
_NEAR = 1e-6


def unary(function: Callable[[Any], torch.Tensor]) -> Run:
    """Return an operator of one function of torch of one tensor."""
    return lambda _, x: function(x)


# ---- activations


def leaky_relu(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return ``x``, negative numbers times ``alpha``."""
    return F.leaky_relu(x, given.get("alpha", 0.01))


def prelu(given: Given, x: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
    """Return ``x``, negative numbers times a slope that is spread over the last axes."""
    if given.opset < 7 and slope.ndim == 1 and x.ndim > 1:
        slope = slope.reshape(-1, *(1,) * (x.ndim - 2))
    return torch.where(x < 0, x * slope, x)


def prelu_module(given: Given, constants: Sequence[torch.Tensor | None]) -> nn.Module | None:
    """Return a module where there is one slope, or one a channel of an image."""
    slope = constants[1]
    if slope is not None and given.opset < 7 and slope.ndim == 1:
        slope = slope.reshape(-1, 1, 1)
    if slope is None or not (slope.numel() == 1 or (slope.ndim == 3 and slope.shape[1:] == (1, 1))):
        return None
    module = nn.PReLU(slope.numel(), device="meta")
    module.weight = nn.Parameter(slope.reshape(-1).contiguous())
    return module


def elu(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return the exponential linear unit (Clevert et al., 2016)."""
    return F.elu(x, given.get("alpha", 1.0))


def selu(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return the scaled exponential linear unit (Klambauer et al., 2017)."""
    alpha, gamma = given.real("alpha", _SELU[0]), given.real("gamma", _SELU[1])
    if abs(alpha - _SELU[0]) < _NEAR and abs(gamma - _SELU[1]) < _NEAR:
        return F.selu(x)
    return F.elu(x, alpha) * gamma


def celu(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return the continuously differentiable exponential linear unit (Barron, 2017)."""
    return F.celu(x, given.get("alpha", 1.0))


def gelu(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return the Gaussian error linear unit (Hendrycks and Gimpel, 2016)."""
    return F.gelu(x, approximate=given.word("approximate", "none"))


def hard_sigmoid(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return ``alpha * x + beta`` within 0 and 1."""
    alpha, beta = given.get("alpha", 0.2), given.get("beta", 0.5)
    if abs(alpha - 1 / 6) < _NEAR and beta == 0.5:
        return F.hardsigmoid(x)
    return torch.clamp(x * alpha + beta, 0, 1)


def _tensor(value: Any) -> torch.Tensor:
    return value if isinstance(value, torch.Tensor) else torch.tensor(value)


def swish(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return ``x * sigmoid(alpha * x)``."""
    alpha = given.get("alpha", 1.0)
    return F.silu(x) if alpha == 1 else x * torch.sigmoid(x * alpha)


def thresholded_relu(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return ``x`` where it is above ``alpha``, else 0."""
    return F.threshold(x, given.get("alpha", 1.0), 0)


def shrink(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return 0 within ``lambd`` of 0; what is outside, nearer to 0 by ``bias``."""
    limit, bias = given.get("lambd", 0.5), given.get("bias", 0.0)
    zero = torch.zeros_like(x)
    return torch.where(x < -limit, x + bias, torch.where(x > limit, x - bias, zero)).to(x.dtype)


def clip(given: Given, x: torch.Tensor, low: Value = None, high: Value = None) -> torch.Tensor:
    """Return ``x`` within two bounds: attributes in older versions, inputs in newer ones."""
    if isinstance(low, torch.Tensor) or isinstance(high, torch.Tensor):
        x = x if low is None else torch.maximum(x, _tensor(low))
        return x if high is None else torch.minimum(x, _tensor(high))
    bounds = [number(low, given.get("min")), number(high, given.get("max"))]
    if bounds == [0, 6] and x.is_floating_point():
        return F.relu6(x)
    return x if bounds == [None, None] else torch.clamp(x, min=bounds[0], max=bounds[1])


def softplus(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return ``log(1 + exp(x))``."""
    return F.softplus(x)


# ---- arithmetic


def _aligned(given: Given, first: Any, second: Any) -> Any:
    """Return the second operand as versions before 7 align it: its axes begin at the attribute ``axis``."""
    if given.opset >= 7 or not given.flag("broadcast") or "axis" not in given or not isinstance(second, torch.Tensor):
        return second
    behind = first.ndim - given.get("axis") % first.ndim - second.ndim
    return second.reshape(*second.shape, *(1,) * behind)


def binary(
    function: Callable[[Any, Any], torch.Tensor], swapped: Callable[[Any, Any], torch.Tensor] | None = None
) -> Run:
    """Return an operator of one function of torch of two tensors, of which one may be a number.

    Parameters
    ----------
    function
        Of a tensor, and a tensor or a number.
    swapped
        Of a number and a tensor; without one, the function with its operands exchanged.
    """

    def run(given: Given, first: Any, second: Any) -> torch.Tensor:
        if isinstance(first, torch.Tensor):
            return function(first, _aligned(given, first, second))
        if not isinstance(second, torch.Tensor):
            raise UnsupportedError(f"{given.kind} of texts")
        return function(second, first) if swapped is None else swapped(first, second)

    return run


def divided(given: Given, first: Any, second: Any) -> Any:
    """Return a quotient; that of whole numbers is rounded towards 0."""
    second = _aligned(given, first, second)
    whole = next(part for part in (first, second) if isinstance(part, torch.Tensor))
    if whole.is_floating_point() or whole.is_complex():
        return torch.div(first, second) if isinstance(first, torch.Tensor) else first / second
    return torch.div(_tensor(first), second, rounding_mode="trunc")


def power(given: Given, base: Any, exponent: Any) -> torch.Tensor:
    """Return a power, of the base's type."""
    exponent = _aligned(given, base, exponent)
    if not isinstance(base, torch.Tensor) or base.is_floating_point():
        return torch.pow(base, exponent)
    wide = (
        torch.float64 if isinstance(exponent, float) or getattr(exponent, "is_floating_point", bool)() else base.dtype
    )
    return torch.pow(base.to(wide), exponent).to(base.dtype)


def modulo(given: Given, first: Any, second: Any) -> torch.Tensor:
    """Return a remainder: of the divisor's sign, or with ``fmod`` of the dividend's."""
    return torch.fmod(first, second) if given.flag("fmod") else torch.remainder(first, second)


def shifted(given: Given, first: Any, second: Any) -> torch.Tensor:
    """Return whole numbers with their bits moved."""
    is_left = given.word("direction") == "LEFT"
    return torch.bitwise_left_shift(first, second) if is_left else torch.bitwise_right_shift(first, second)


def variadic(function: Callable[[Any, Any], torch.Tensor]) -> Run:
    """Return an operator of any count of tensors, of a function of two."""
    return lambda _, *parts: reduce(function, parts) if len(parts) > 1 else parts[0]


def averaged(given: Given, *parts: torch.Tensor) -> torch.Tensor:
    """Return the mean of several tensors."""
    return reduce(operator.add, parts) / len(parts)


def where(given: Given, condition: torch.Tensor, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return the first where a condition holds, else the second."""
    return torch.where(condition.to(torch.bool), first, second)


def is_infinite(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Tell which numbers are infinite, of the signs that are asked for."""
    positive, negative = given.flag("detect_positive", True), given.flag("detect_negative", True)
    if positive and negative:
        return torch.isinf(x)
    if positive:
        return torch.isposinf(x)
    return torch.isneginf(x) if negative else torch.zeros_like(x, dtype=torch.bool)


# ---- types

_NARROW: dict[int | None, tuple[int, int]] = {
    TensorProto.INT4: (-8, 7),
    TensorProto.UINT4: (0, 15),
    TensorProto.INT2: (-2, 1),
    TensorProto.UINT2: (0, 3),
}
_UNSIGNED: dict[int | None, int] = {TensorProto.UINT16: 16, TensorProto.UINT32: 32, TensorProto.UINT64: 63}
_FIRST_TOO_LARGE = 464
"""A number above becomes none in the type float8e4m3fn, of which the largest is 448."""


def _as_type(x: torch.Tensor, kind: torch.dtype, told: int | None, is_saturated: bool) -> torch.Tensor:
    """Return numbers in another type: torch's, and ONNX's number of it where that is known."""
    if told in _NARROW:
        low, high = _NARROW[told]
        return (torch.remainder(torch.trunc(x.float()) - low, high - low + 1) + low).to(kind)
    if x.dtype == kind:
        return x
    if not (kind.is_floating_point and kind.itemsize == 1):
        return x.to(kind)
    if is_saturated:
        limits = torch.finfo(kind)
        return torch.clamp(x.float(), limits.min, limits.max).to(kind)
    if kind is torch.float8_e4m3fn:
        x = torch.where(torch.abs(x.float()) > _FIRST_TOO_LARGE, math.nan, x.float())
    return x.to(kind)


def cast(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return numbers in another type."""
    if not isinstance(x, torch.Tensor):
        raise UnsupportedError(f"{given.kind} of texts")
    told = given.get("to")
    return _as_type(x, torch_type(told), told, given.flag("saturate", True))


def cast_like(given: Given, x: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Return numbers in the type of another tensor's."""
    return _as_type(x, other.dtype, given.kinds[1], given.flag("saturate", True))


def bit_cast(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return what the bits of numbers mean in another type of the same length."""
    kind = torch_type(given.get("to"))
    if kind.itemsize != x.element_size() or given.kinds[0] in _UNSIGNED or given.get("to") in _UNSIGNED:
        raise UnsupportedError("BitCast of unsigned numbers")
    return x.view(kind)


def inverted(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return whole numbers with their bits turned over."""
    bits = _UNSIGNED.get(given.kinds[0])
    found = torch.bitwise_not(x)
    return found if bits is None else torch.bitwise_and(found, 2**bits - 1)
