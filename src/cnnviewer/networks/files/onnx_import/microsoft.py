"""Operators of ONNX Runtime's own (com.microsoft), which its optimiser puts in for several of ONNX's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional as F

from cnnviewer.networks.files.onnx_import import convolving, normalising, quantised, reducing
from cnnviewer.networks.files.onnx_import.row import Row
from cnnviewer.networks.files.onnx_import.values import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnnviewer.networks.files.onnx_import.node import Given

__all__ = ["MICROSOFT"]


_PLAIN: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "": lambda x: x,
    "Relu": F.relu,
    "Tanh": torch.tanh,
    "Sigmoid": torch.sigmoid,
}


def _activated(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return what a fused activation makes of an output."""
    name = given.word("activation")
    params = list(given.get("activation_params", ()))
    first = params[0] if params else given.get("leaky_relu_alpha", 0.01)
    if name in _PLAIN:
        return _PLAIN[name](x)
    if name == "LeakyRelu":
        return F.leaky_relu(x, first)
    if name == "Clip":
        return F.relu6(x) if params == [0, 6] else torch.clamp(x, params[0], params[1])
    if name == "HardSigmoid":
        return torch.clamp(x * params[0] + params[1], 0, 1)
    raise UnsupportedError(f"{given.kind} with the activation {name}")


class _Activated(nn.Module):
    """A layer and its activation."""

    def __init__(self, given: Given, layer: nn.Module) -> None:
        super().__init__()
        self._given, self.layer = given, layer

    def forward(self, x: torch.Tensor, added: torch.Tensor | None = None) -> torch.Tensor:
        """Run the layer, add what is to be added, and the activation."""
        found = self.layer(x)
        return _activated(self._given, found if added is None else found + added)


def fused_convolution(
    given: Given,
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    added: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return a convolution, with something added, and its activation."""
    found = convolving.convolved(given, x, weight, bias)
    return _activated(given, found if added is None else found + added)


def _fused_convolution_module(given: Given, constants: Sequence[torch.Tensor | None]) -> nn.Module | None:
    layer = convolving.convolution_module(given, constants[:3])
    return None if layer is None else _Activated(given, layer)


def _with_added(given: Given) -> tuple[int, ...]:
    return (0, 3) if len(given.inputs) > 3 else (0,)


def fused_general_product(
    given: Given, first: torch.Tensor, second: torch.Tensor, added: torch.Tensor | None = None
) -> torch.Tensor:
    """Return a general product of matrices and its activation."""
    return _activated(given, reducing.general_product(given, first, second, added))


def _fused_general_module(given: Given, constants: Sequence[torch.Tensor | None]) -> nn.Module | None:
    layer = reducing.general_product_module(given, constants)
    return None if layer is None else _Activated(given, layer)


def fused_product(given: Given, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return a product of matrices, of which either may be transposed, times ``alpha``."""
    if given.flag("transBatchA") or given.flag("transBatchB"):
        raise UnsupportedError("FusedMatMul with transposed batches")
    first = first.transpose(-1, -2) if given.flag("transA") and first.ndim > 1 else first
    second = second.transpose(-1, -2) if given.flag("transB") and second.ndim > 1 else second
    found, alpha = torch.matmul(first, second), given.get("alpha", 1.0)
    return found if alpha == 1 else found * alpha


def gelu(given: Given, x: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """Return the Gaussian error linear unit of a sum."""
    return F.gelu(x if bias is None else x + bias)


def fast_gelu(given: Given, x: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """Return the Gaussian error linear unit of a sum, by its approximation with tanh."""
    return F.gelu(x if bias is None else x + bias, approximate="tanh")


def quick_gelu(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return ``x * sigmoid(alpha * x)``."""
    return x * torch.sigmoid(x * given.get("alpha", 1.702))


def split_gelu(given: Given, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Return one half of the channels times the other half's Gaussian error linear unit."""
    first, second = (x + bias).chunk(2, dim=-1)
    return first * F.gelu(second)


def biased(given: Given, x: torch.Tensor, bias: torch.Tensor, added: torch.Tensor) -> torch.Tensor:
    """Return a sum of three."""
    return x + bias + added


def skipped_norm(
    given: Given,
    x: torch.Tensor,
    skip: torch.Tensor,
    scale: torch.Tensor,
    shift: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
) -> tuple[Any, ...] | torch.Tensor:
    """Return a sum, normalised along its last axis, and where it is asked for the sum."""
    total = x + skip if bias is None else x + skip + bias
    found = F.layer_norm(total, [x.shape[-1]], scale, shift, given.get("epsilon", 1e-5))
    return (found, None, None, total) if len(given.outputs) > 1 else found


def skipped_rms_norm(
    given: Given, x: torch.Tensor, skip: torch.Tensor, scale: torch.Tensor, bias: torch.Tensor | None = None
) -> tuple[Any, ...] | torch.Tensor:
    """Return a sum, divided by the root of its mean square, and where it is asked for the sum."""
    total = x + skip if bias is None else x + skip + bias
    found = F.rms_norm(total, [x.shape[-1]], scale, given.get("epsilon", 1e-5))
    return (found, None, None, total) if len(given.outputs) > 1 else found


def multi_head(
    given: Given,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return attention of several heads over ``(batch, steps, width)``."""
    parts = [query, key, value]
    if bias is not None:
        widths = [part.shape[-1] for part in parts]
        parts = [part + own for part, own in zip(parts, torch.split(bias, widths), strict=True)]
    return _attended(given, *parts)


def _attended(given: Given, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    heads = [part.reshape(*part.shape[:2], given.get("num_heads"), -1).transpose(1, 2) for part in (query, key, value)]
    scale = given.get("scale", 0.0) or 1 / math.sqrt(heads[0].shape[-1])
    is_causal = given.flag("unidirectional")
    found = F.scaled_dot_product_attention(heads[0], heads[1], heads[2], is_causal=is_causal, scale=scale)
    return found.transpose(1, 2).flatten(2)


def packed_attention(
    given: Given, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None
) -> torch.Tensor:
    """Return attention of several heads, query, key and value made by one product."""
    found = F.linear(x, weight.T, bias)
    widths = given.get("qkv_hidden_sizes") or [found.shape[-1] // 3] * 3
    return _attended(given, *torch.split(found, list(widths), dim=-1))


def group_norm(given: Given, x: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """Return groups of channels normalised, with an activation where it is said so."""
    is_last = given.flag("channels_last", True)
    x = x.movedim(-1, 1) if is_last else x
    found = F.group_norm(x, given.get("groups"), scale, shift, given.get("epsilon", 1e-5))
    found = F.silu(found) if given.flag("activation") else found
    return found.movedim(1, -1) if is_last else found


def inverse(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return the inverses of matrices."""
    found: torch.Tensor = torch.linalg.inv(x)
    return found


# ---- quantised


def _quantised_pair(function: Any) -> Any:
    """Return an operator of a function of two, on quantised numbers."""

    def run(given: Given, *parts: torch.Tensor | None) -> torch.Tensor:
        first, first_scale, first_zero, second, second_scale, second_zero, scale, zero = [*parts, None, None][:8]
        found = function(_real(first, first_scale, first_zero), _real(second, second_scale, second_zero))
        return _whole(found, scale, zero)

    return run


def _quantised_one(function: Any) -> Any:
    """Return an operator of a function of one, on quantised numbers."""

    def run(given: Given, *parts: torch.Tensor | None) -> torch.Tensor:
        x, x_scale, x_zero, scale, zero = [*parts, None, None][:5]
        return _whole(function(given, _real(x, x_scale, x_zero)), scale, zero)

    return run


def _real(x: Any, scale: Any, zero: Any) -> torch.Tensor:
    wide: torch.Tensor = x.to(torch.float32)
    return torch.mul(wide if zero is None else wide - zero.to(torch.float32), scale)


def _whole(x: torch.Tensor, scale: Any, zero: Any) -> torch.Tensor:
    kind = torch.uint8 if zero is None else zero.dtype
    limits = torch.iinfo(kind)
    found = torch.round(x / scale)
    return torch.clamp(found if zero is None else found + zero.to(found.dtype), limits.min, limits.max).to(kind)


def _pooled(given: Given, x: torch.Tensor) -> torch.Tensor:
    if given.flag("channels_last"):
        return torch.mean(x, dim=tuple(range(1, x.ndim - 1)), keepdim=True)
    return torch.mean(x, dim=tuple(range(2, x.ndim)), keepdim=True)


def quantised_join(given: Given, scale: torch.Tensor, zero: torch.Tensor, *parts: torch.Tensor) -> torch.Tensor:
    """Return quantised tensors, one after another along an axis."""
    found = [_real(*parts[place : place + 3]) for place in range(0, len(parts), 3)]
    return _whole(torch.cat(found, dim=given.get("axis")), scale, zero)


def scaled_product(
    given: Given,
    first: torch.Tensor,
    second: torch.Tensor,
    first_scale: torch.Tensor,
    second_scale: torch.Tensor,
    first_zero: torch.Tensor | None = None,
    second_zero: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return a product of whole numbers as floating point ones."""
    found = quantised.integer_product(given, first, second, first_zero, second_zero).to(torch.float32)
    found = found * first_scale * second_scale
    return found if bias is None else found + bias


MICROSOFT: dict[str, Row] = {
    "Attention": Row(packed_attention),
    "BiasAdd": Row(biased),
    "BiasGelu": Row(gelu),
    "BiasSplitGelu": Row(split_gelu),
    "DequantizeLinear": Row(quantised.dequantised),
    "FastGelu": Row(fast_gelu),
    "FusedConv": Row(fused_convolution, make=_fused_convolution_module, taken=_with_added),
    "FusedGemm": Row(fused_general_product, make=_fused_general_module),
    "FusedMatMul": Row(fused_product),
    "Gelu": Row(gelu),
    "GroupNorm": Row(group_norm),
    "Inverse": Row(inverse),
    "LayerNormalization": Row(normalising.layer_norm, make=normalising.layer_norm_module),
    "MatMulIntegerToFloat": Row(scaled_product),
    "MultiHeadAttention": Row(multi_head),
    "QLinearAdd": Row(_quantised_pair(torch.add)),
    "QLinearConcat": Row(quantised_join),
    "QLinearGlobalAveragePool": Row(_quantised_one(_pooled)),
    "QLinearLeakyRelu": Row(_quantised_one(lambda given, x: F.leaky_relu(x, given.get("alpha", 0.01)))),
    "QLinearMul": Row(_quantised_pair(torch.mul)),
    "QLinearSigmoid": Row(_quantised_one(lambda _, x: torch.sigmoid(x))),
    "QLinearSoftmax": Row(_quantised_one(lambda given, x: torch.softmax(x, dim=given.get("axis", -1)))),
    "QuantizeLinear": Row(quantised.quantised),
    "QuickGelu": Row(quick_gelu),
    "SimplifiedLayerNormalization": Row(normalising.rms_norm),
    "SkipLayerNormalization": Row(skipped_norm),
    "SkipSimplifiedLayerNormalization": Row(skipped_rms_norm),
}
