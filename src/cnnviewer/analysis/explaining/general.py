"""Any other operation: run again in float64, and its slope at each of its operands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from cnnviewer.analysis.explaining.asked import numbers
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
    with torch.inference_mode(False), torch.enable_grad():
        call = asked.layer.call.with_tensors(_exact)
        operands = [_exact(asked.recording.result(name)).clone() for name in asked.layer.inputs]
        free = [operand.requires_grad_() for operand in operands if operand.is_floating_point()]
        unit = call.run(operands)[asked.index]
        slopes = torch.autograd.grad(unit, free, allow_unused=True) if unit.requires_grad else (None,) * len(free)
    found = iter(slopes)
    parts = []
    for place, operand in enumerate(operands):
        slope = next(found) if operand.is_floating_point() else None
        if slope is not None and bool(slope.any()):
            parts.append(_part(asked, Slot(place), operand.detach(), slope))
    value = float(unit.detach())
    total = sum(float(part.contributions.sum()) for part in parts)
    return asked.explanation(Rule.SLOPE, parts, value - total, value)


def _part(asked: Asked, slot: Slot, operand: torch.Tensor, slope: torch.Tensor) -> Part:
    places = slope.nonzero()
    chosen = tuple(places.T)
    return asked.part(slot, places.cpu().numpy().astype(np.int64), numbers(operand[chosen]), numbers(slope[chosen]))


def _exact(tensor: torch.Tensor) -> torch.Tensor:
    tensor = tensor.detach().clone() if tensor.is_inference() else tensor.detach()
    return exact(tensor) if tensor.is_floating_point() else host(tensor)
