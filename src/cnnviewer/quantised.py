"""Quantised operations: their weights are packed, an activation may be part of the call, and numbers have 8 bits.

A whole number q of a quantised tensor stands for ``scale * (q - zero_point)`` (Jacob et al. (2018), "Quantization and
Training of Neural Networks", equation 1). What the packed weights hold is told as that of a plain operation, so that
all that is known of convolutions and linear layers holds for these, too.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = [
    "FUSED_NAMES",
    "Levels",
    "fused_activation",
    "is_of_quantized_table",
    "is_packed",
    "is_quantized",
    "levels_of",
    "packed_count",
    "schema_names",
    "unpacked",
]

_CONVOLUTIONS = tuple(f"conv{axes}d" for axes in "123")
_LINEARS = ("linear_dynamic", "linear_dynamic_fp16", "linear_with_input_q_dq_qweight_dq_output_fp32")
_FUSED = {
    **{f"{name}_relu": (name, "relu") for name in (*_CONVOLUTIONS, "linear", "add", "mul", "cat", "batch_norm")},
    **{f"{name}_dynamic": (name, "") for name in (*_CONVOLUTIONS, *(f"conv_transpose{axes}d" for axes in "123"))},
    **{f"batch_norm{axes}d": ("batch_norm", "") for axes in "123"},
    **{f"batch_norm{axes}d_relu": ("batch_norm", "relu") for axes in "123"},
    **dict.fromkeys(_LINEARS, ("linear", "")),
    "linear_relu_dynamic": ("linear", "relu"),
    "linear_relu_dynamic_fp16": ("linear", "relu"),
    "linear_with_input_q_dq_qweight_dq_relu_output_fp32": ("linear", "relu"),
    "linear_leaky_relu": ("linear", "leaky_relu"),
    "linear_tanh": ("linear", "tanh"),
    "add_scalar": ("add", ""),
    "mul_scalar": ("mul", ""),
    "add_scalar_relu": ("add", "relu"),
    "mul_scalar_relu": ("mul", "relu"),
}
FUSED_NAMES = MappingProxyType({name: plain for name, (plain, _) in _FUSED.items()})
"""The plain names of quantised operations that have one of their own."""
_ARGUMENTS = {
    **dict.fromkeys(("qx", "X", "qa", "self"), "input"),
    "qb": "other",
    "b": "other",
    "mean": "running_mean",
    "var": "running_var",
    "Y_scale_i": "output_scale",
    "Y_zero_point_i": "output_zero_point",
}
_BITS = "PackedParamsBase"


@cache
def is_quantized(function: Callable[..., Any]) -> bool:
    """Whether a function takes or makes tensors of whole numbers that stand for others."""
    return "quantize" in str(getattr(function, "__name__", "")) or is_of_quantized_table(function)


@cache
def fused_activation(function: Callable[..., Any]) -> str:
    """Return the activation that is part of an operation's call: "relu"; '' where there is none."""
    name = str(getattr(function, "__name__", "")).split(".")[0]
    return _FUSED.get(name, ("", ""))[1] if is_of_quantized_table(function) else ""


@cache
def is_of_quantized_table(function: Callable[..., Any]) -> bool:
    """Whether a function is one of torch's own for quantised tensors: ``torch.ops.quantized.conv2d``."""
    return str(function).startswith(("quantized.", "<OpOverload(op='quantized."))


def schema_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of the positional arguments of an operation of torch's library, as plain functions call them.

    Of a quantised convolution that is called by name alone, the form is meant that takes packed weights.
    """
    if isinstance(function, torch._ops.OpOverloadPacket):
        forms: list[str] = function.overloads()  # type: ignore[no-untyped-call]
        function = getattr(function, next((form for form in ("new", "default") if form in forms), forms[0]))
    names = tuple(argument.name for argument in function._schema.arguments if not argument.kwarg_only)  # type: ignore[attr-defined]
    return tuple(_ARGUMENTS.get(name, name) for name in names) if is_of_quantized_table(function) else names


# ---- packed weights


def is_packed(value: Any) -> bool:
    """Whether an argument is packed weights of a convolution or a linear layer."""
    return isinstance(value, torch.ScriptObject) and _type_of(value).startswith(("Conv2d", "Conv3d", "Linear"))


def _type_of(packed: Any) -> str:
    """Return the class of packed weights, "Conv2d" for example; '' of another object."""
    name = str(packed._type().qualified_name()).rpartition(".")[2]
    return name.removesuffix(_BITS) if name.endswith(_BITS) else ""


_known: dict[tuple[int, bool], tuple[weakref.ref[Any], Mapping[str, Any]]] = {}
"""What packed weights hold, by their ids: a weak dictionary would compare them, which they can't be."""


def unpacked(packed: Any, operation: str) -> Mapping[str, Any]:
    """Return what packed weights hold, as the arguments of the plain operation.

    Parameters
    ----------
    packed
        Of which `is_packed` is true.
    operation
        The plain name of the operation that takes them: a convolution over one axis packs them as one over two.

    Returns
    -------
    Mapping
        "weight", float32, and "bias", which may be None; of a convolution "stride", "padding", "dilation" and "groups".
    """
    key = id(packed), operation.endswith("1d")
    held = _known.get(key)
    if held is None or held[0]() is not packed:
        held = weakref.ref(packed, lambda _: _known.pop(key, None)), MappingProxyType(_unpack(packed, key[1]))
        _known[key] = held
    return held[1]


def _unpack(packed: Any, is_flat: bool) -> dict[str, Any]:
    is_linear = _type_of(packed) == "Linear"
    # Weights of a network are no tensors of inference, which may not be read everywhere.
    with torch.inference_mode(False), torch.no_grad():
        weight, bias = torch.ops.quantized.linear_unpack(packed) if is_linear else packed.unpack()
        weight = (weight.dequantize() if weight.is_quantized else weight).float()
        bias = None if bias is None else bias.detach().float()
    if is_linear:
        return {"weight": weight, "bias": bias}
    lengths = {name: tuple(getattr(packed, name)()) for name in ("stride", "padding", "dilation")}
    if is_flat:
        weight, lengths = weight.squeeze(-2), {name: length[-1:] for name, length in lengths.items()}
    return {"weight": weight, "bias": bias, **lengths, "groups": int(packed.groups())}


def packed_count(modules: Iterable[torch.nn.Module]) -> int:
    """Return how many weights and biases are packed in modules; what several share counts once."""
    found = {id(value): value for module in modules for value in vars(module).values() if is_packed(value)}
    held = [tensor for value in found.values() for tensor in unpacked(value, "").values()]
    return sum(tensor.numel() for tensor in held if isinstance(tensor, torch.Tensor))


# ---- the numbers that 8 bits can hold


@dataclass(frozen=True)
class Levels:
    """The numbers for which a quantised tensor can stand: equal steps from the lowest to the highest.

    Parameters
    ----------
    step
        What lies between one and the next.
    low, high
        The first and the last.
    """

    step: float
    low: float
    high: float

    def clipped(self, value: float) -> float:
        """Return a number, or the nearest that is not beyond the ends."""
        return min(max(value, self.low), self.high)


def levels_of(tensor: torch.Tensor) -> Levels | None:
    """Return the numbers for which a tensor can stand; None where it is not quantised, or each channel by itself."""
    if not tensor.is_quantized or tensor.is_meta or tensor.qscheme() != torch.per_tensor_affine:
        return None
    scale, zero = float(tensor.q_scale()), int(tensor.q_zero_point())
    first, last = (0, 255) if tensor.dtype == torch.quint8 else (-128, 127)
    if tensor.dtype == torch.qint32:
        first, last = -(2**31), 2**31 - 1
    return Levels(scale, scale * (first - zero), scale * (last - zero))
