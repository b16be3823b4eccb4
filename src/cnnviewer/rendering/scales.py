"""From values to the levels of a colour map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from cnnviewer.rendering.colormaps import LEVELS, NOT_FINITE, diverging

if TYPE_CHECKING:
    from cnnviewer.analysis.statistics import MapStatistics
    from cnnviewer.messages import ScaleChoice

__all__ = ["Scale", "levels", "map_scale", "shared_scale"]


@dataclass(frozen=True, eq=False)
class Scale:
    """The ends of the scale of each of several maps.

    Parameters
    ----------
    low, high
        float32 ``(maps,)``; for signed values ``low = -high``, so that zero is the colour map's centre; for
        others ``low`` is 0.
    is_signed
        Whether the colour map is a diverging one.
    """

    low: torch.Tensor
    high: torch.Tensor
    is_signed: bool

    def colormap(self, choice: ScaleChoice) -> str:
        """Return the name of the colour map."""
        return diverging(choice.dark) if self.is_signed else choice.sequential


def map_scale(statistics: MapStatistics, is_signed: bool | None = None) -> Scale:
    """Return a scale of its own for each map; signed where any is, unless that is told."""
    signed = statistics.is_signed if is_signed is None else is_signed
    return _scale(statistics.minimum, statistics.maximum, signed)


def shared_scale(low: float, high: float, is_signed: bool, count: int) -> Scale:
    """Return one scale for `count` maps, that holds values between `low` and `high`."""
    return _scale(torch.full((count,), low), torch.full((count,), high), is_signed)


def _scale(minimum: torch.Tensor, maximum: torch.Tensor, is_signed: bool) -> Scale:
    if is_signed:
        # A map of zeros keeps a scale around zero, and so the centre's colour.
        reach = torch.maximum(minimum.abs(), maximum.abs()).clamp(min=1e-30)
        return Scale(-reach, reach, True)
    return Scale(torch.zeros_like(maximum), maximum, False)


def levels(values: torch.Tensor, low: torch.Tensor, high: torch.Tensor, gamma: float = 1.0) -> torch.Tensor:
    """Return the level of each value in a colour map.

    Parameters
    ----------
    values
        float ``(maps, H, W)``.
    low, high
        float32 ``(maps,)``: the ends of each map's scale. Where low is negative the scale is signed, and gamma
        works on the distance from zero.
    gamma
        The exponent on the share of the scale.

    Returns
    -------
    torch.Tensor
        uint8, 0..255; int16 where some are NaN or infinite, which have the level `NOT_FINITE`.
    """
    low, high = low[:, None, None], high[:, None, None]
    # Values are divided by the high end first: a difference of the ends could be infinite.
    factor = torch.where(high > 0, 1 / high.clamp(min=1e-37), 0.0)
    half, middle = torch.where(low < 0, 0.5, 1.0) * (LEVELS - 1), torch.where(low < 0, 0.5, 0.0) * (LEVELS - 1)
    if gamma == 1:
        found = values * (factor * half)
    else:
        share = values * factor
        found = (share.abs().clamp(max=1).pow(gamma) * share.sign()).mul_(half)
    found = found.add_(middle + 0.5).clamp_(0, LEVELS - 1)
    # A sum is finite where all are, and costs less than a look at each.
    if bool(torch.isfinite(values.sum())):
        # NumPy's conversion takes a fifth of the time of torch's on a CPU.
        return torch.from_numpy(found.numpy().astype(np.uint8)) if found.device.type == "cpu" else found.to(torch.uint8)
    found = found.nan_to_num_(0.0).to(torch.int16)
    return found.masked_fill_(~torch.isfinite(values), NOT_FINITE)
