"""Quantised operations: the plain arithmetic on the numbers for which whole ones stand, then rounding to 8 bits."""

from __future__ import annotations

from dataclasses import replace
from math import tanh
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional as F

from cnnviewer.quantised import is_of_quantized_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnnviewer.analysis.explaining.asked import Asked
    from cnnviewer.analysis.explanation import Explanation
    from cnnviewer.quantised import Levels
    from cnnviewer.recording import Layer

__all__ = ["DOUBT", "as_plain", "settled"]

DOUBT = (
    "It does not come to what was recorded: with 8 bits some processors add up in 16, where large sums are cut off, "
    "and a layer without steps of its own rounds what it takes first."
)


def _elu(x: torch.Tensor, _scale: float, _zero_point: int, alpha: float = 1.0) -> torch.Tensor:
    return F.elu(x, alpha)


def _celu(x: torch.Tensor, _scale: float, _zero_point: int, alpha: float = 1.0) -> torch.Tensor:
    return F.celu(x, alpha)


_PLAIN: dict[str, tuple[Callable[..., Any], int]] = {
    "add": (torch.add, 2),
    "mul": (torch.mul, 2),
    "sigmoid": (torch.sigmoid, 1),
    "hardswish": (F.hardswish, 1),
    "elu": (_elu, 4),
    "celu": (_celu, 4),
    "leaky_relu": (F.leaky_relu, 2),
    "prelu": (F.prelu, 2),
    "relu6": (F.relu6, 1),
    "clamp": (torch.clamp, 3),
    "threshold": (F.threshold, 3),
}
"""For operations unit by unit: the plain function, and how many of the first arguments it takes.

The others tell the steps of the result.
"""
_UNSEEN = 1e-4
"""A smaller share of a step is what arithmetic rounds away, and not the layer."""
_ACTIVATIONS = {"relu": "ReLU", "leaky_relu": "leaky ReLU", "tanh": "tanh"}


def as_plain(asked: Asked) -> Asked:
    """Return what is asked with the plain call in the place of a quantised one that works unit by unit."""
    layer = asked.layer
    if layer.operation == "quantize_per_tensor" and layer.levels is not None:
        return _with_call(asked, _rounding(layer.levels), 1)
    if is_of_quantized_table(layer.call.function) and layer.operation in _PLAIN:
        return _with_call(asked, *_PLAIN[layer.operation])
    return asked


def _with_call(asked: Asked, function: Callable[..., Any], count: int) -> Asked:
    """Return what is asked with another function, which takes the first arguments only."""
    call = asked.layer.call
    args = (*call.args, *call.kwargs.values())[:count]
    names = tuple(call.given)[:count]
    plain = replace(call, function=function, args=args, kwargs=MappingProxyType({}), names=names)
    return replace(asked, layer=replace(asked.layer, call=plain))


def _rounding(levels: Levels) -> Callable[[torch.Tensor], torch.Tensor]:
    def rounded(x: torch.Tensor) -> torch.Tensor:
        return ((x / levels.step).round() * levels.step).clamp(levels.low, levels.high)

    return rounded


def settled(explanation: Explanation, layer: Layer) -> Explanation:
    """Return the explanation with what follows on the sum in the same call: an activation, and rounding to 8 bits."""
    found = _activated(explanation, layer) if layer.fused else explanation
    return found if layer.levels is None else _rounded(found, layer.levels)


def _activated(explanation: Explanation, layer: Layer) -> Explanation:
    before, name = explanation.value, _ACTIVATIONS[layer.fused]
    if layer.fused == "tanh":
        value = tanh(before)
    else:
        slope = float(layer.settings.get("negative_slope", 0.01)) if layer.fused == "leaky_relu" else 0.0
        value = before if before > 0 or before != before else slope * before + 0.0  # no negative zero
    facts = MappingProxyType({**explanation.facts, f"before the {name}": before})
    after = "leaves the sum as it is" if value == before else f"makes {value:.4g} of {before:.4g}"
    note = f"The {name} is part of this layer: it {after}."
    return replace(explanation, value=value, facts=facts, notes=(*explanation.notes, note))


def _rounded(explanation: Explanation, levels: Levels) -> Explanation:
    """Return the explanation with the number cut off where the bits end, and a note on what they make of it."""
    found = replace(explanation, value=levels.clipped(explanation.value))
    is_cut = found.value != explanation.value
    if not is_cut and abs(found.difference) < _UNSEEN * levels.step:
        return found
    held = f"The layer's numbers have steps of {levels.step:.4g} from {levels.low:.4g} to {levels.high:.4g}"
    note = f"{held}: it was cut off." if is_cut else f"{held}: it was rounded."
    return replace(found, notes=(*found.notes, note))
