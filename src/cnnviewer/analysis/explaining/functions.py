"""What works unit by unit: activation functions, addition, multiplication."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from cnnviewer.analysis.explaining.asked import numbers, repeated
from cnnviewer.analysis.explaining.slopes import value_and_slopes
from cnnviewer.analysis.explanation import CONSTANT, Part, Rule
from cnnviewer.slots import Slot, slots_in

if TYPE_CHECKING:
    from cnnviewer.analysis.explaining.asked import Asked
    from cnnviewer.analysis.explanation import Explanation
    from cnnviewer.recording import Call

__all__ = ["elementwise"]

_SUMS = frozenset(["add", "sub", "rsub"])
_QUOTIENTS = frozenset(["div", "truediv", "rdiv"])
_PRODUCTS = frozenset(["mul", *_QUOTIENTS])
_POINTS = 129


def elementwise(asked: Asked) -> Explanation:
    """Explain as what the very function makes of the units at one place, run on them alone, in float64."""
    with torch.inference_mode(False):
        call, operands = _call_at(asked)
    result, slopes = value_and_slopes(call, operands, torch.sum)
    value, weights = float(result), [_number(slope) for slope in slopes]
    if len(operands) == 1 and asked.layer.operation not in _SUMS | _PRODUCTS:
        return _function(asked, call, operands[0], weights[0], value)
    overwritten = set(slots_in(call.kwargs.get("out")))
    parts = {
        place: _part(asked, place, operands[place], weights[place], value)
        for place in range(len(operands))
        if place not in overwritten
    }
    if asked.layer.operation in _PRODUCTS:
        rule = Rule.QUOTIENT if asked.layer.operation in _QUOTIENTS else Rule.PRODUCT
        return asked.explanation(rule, _factors(asked, parts), value=value)
    total = sum(float(part.contributions.sum()) for part in parts.values())
    rule = Rule.SUM if asked.layer.operation in _SUMS else Rule.SLOPE
    return asked.explanation(rule, list(parts.values()), value - total, value)


def _function(asked: Asked, call: Call, operand: torch.Tensor, slope: float, value: float) -> Explanation:
    """Explain as a function of one number: its term's weight is the slope there, its contribution the whole value."""
    x = float(operand)
    place = np.array([_place(asked, Slot(0))])
    part = asked.part(Slot(0), place, np.array([x]), np.array([slope]), np.array([value]))
    curve = _curve(call, x) if operand.is_floating_point() and np.isfinite(x) else None
    return asked.explanation(Rule.FUNCTION, [part], value=value, curve=curve)


def _curve(call: Call, x: float) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    reach = max(3.0, 1.25 * abs(x))
    axis = torch.linspace(-reach, reach, _POINTS, dtype=torch.float64)
    return axis.numpy(), numbers(call.run([axis]))


def _part(asked: Asked, place: int, operand: torch.Tensor, weight: float, value: float) -> Part:
    """Return the one term of an operand; each factor of a product stands for all of it."""
    slot = Slot(place)
    whole = np.array([value]) if asked.layer.operation in _PRODUCTS else None
    return asked.part(slot, np.array([_place(asked, slot)]), numbers(operand), np.array([weight]), whole)


def _factors(asked: Asked, parts: dict[int, Part]) -> list[Part]:
    """Return the factors of a product, or dividend and divisor, in the order of the formula, constants among them."""
    found = [_factor(asked, value, parts) for name, value in asked.given.items() if name != "out"]
    factors = [part for part in found if part is not None]
    return factors[::-1] if asked.layer.operation == "rdiv" else factors


def _factor(asked: Asked, value: Any, parts: dict[int, Part]) -> Part | None:
    if isinstance(value, Slot):
        return parts.get(value.index)
    if not isinstance(value, (int, float, torch.Tensor)):
        return None  # how a quotient is rounded
    number = value if isinstance(value, (int, float)) else float(_picked(value, asked))
    return Part(CONSTANT, np.full((1, 1), -1), np.array([float(number)]), np.ones(1), np.zeros(1))


def _place(asked: Asked, slot: Slot) -> tuple[int, ...]:
    """Return the index of an operand's unit: the output's, 0 along axes where the operand is repeated."""
    return repeated(asked.index, asked.tensor(slot).shape)


def _call_at(asked: Asked) -> tuple[Call, list[torch.Tensor]]:
    """Return the call and its operands, ``(1,)`` each, with nothing but the units at the asked place."""
    call = asked.layer.call.with_tensors(lambda tensor: _exact(_picked(tensor, asked)))
    call = call.with_setting("memory_format", torch.preserve_format)  # one number has no channels to put last
    count = 1 + max(slots_in((call.args, tuple(call.kwargs.values()))), default=-1)
    places = [Slot(place) for place in range(count)]
    return call, [_exact(asked.tensor(slot)[_place(asked, slot)]) for slot in places]


def _picked(tensor: torch.Tensor, asked: Asked) -> torch.Tensor:
    """Return the number of a constant that counts at the asked place."""
    if tensor.ndim == 1 and asked.layer.operation == "prelu":  # one slope a channel
        return tensor[asked.index[1] if len(tensor) > 1 and len(asked.index) > 1 else 0]
    return tensor[repeated(asked.index, tensor.shape)]


def _exact(number: torch.Tensor) -> torch.Tensor:
    number = number.detach().cpu().reshape(1).clone()  # a copy can have a slope, what was recorded can't
    return number.double() if number.is_floating_point() else number


def _number(slope: torch.Tensor | None) -> float:
    return 0.0 if slope is None else float(slope.sum())
