"""Any other operation: run again in float64, and its slope at each of its operands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from cnnviewer.analysis.explaining.asked import numbers
from cnnviewer.analysis.explaining.slopes import value_and_slopes
from cnnviewer.analysis.explanation import Rule
from cnnviewer.devices import exact, host
from cnnviewer.slots import Slot

if TYPE_CHECKING:
    from cnnviewer.analysis.explaining.asked import Asked
    from cnnviewer.analysis.explanation import Explanation, Part

__all__ = ["by_slope"]


def by_slope(asked: Asked) -> Explanation:
    """Explain as the operands that change the unit, each times the unit's slope along it; the bias is what that leaves.

    That is the whole truth where the operation is linear, and the nearest linear one elsewhere.
    """
    with torch.inference_mode(False):
        call = asked.layer.call.with_tensors(_exact)
        operands = [_exact(asked.recording.result(name)) for name in asked.layer.inputs]
    unit, slopes = value_and_slopes(call, operands, lambda result: result[asked.index])
    parts = [
        _part(asked, Slot(place), operand, slope)
        for place, (operand, slope) in enumerate(zip(operands, slopes, strict=True))
        if slope is not None and bool(slope.any())
    ]
    value = float(unit)
    total = sum(float(part.contributions.sum()) for part in parts)
    return asked.explanation(Rule.SLOPE, parts, value - total, value)


def _part(asked: Asked, slot: Slot, operand: torch.Tensor, slope: torch.Tensor) -> Part:
    places = slope.nonzero()
    chosen = tuple(places.T)
    return asked.part(slot, places.cpu().numpy().astype(np.int64), numbers(operand[chosen]), numbers(slope[chosen]))


def _exact(tensor: torch.Tensor) -> torch.Tensor:
    tensor = tensor.detach().clone() if tensor.is_inference() else tensor.detach()
    return exact(tensor) if tensor.is_floating_point() else host(tensor)
