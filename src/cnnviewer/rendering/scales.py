"""From values to the levels of a colour map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from cnnviewer.rendering.colormaps import LEVELS, NOT_FINITE, diverging

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cnnviewer.analysis.statistics import MapStatistics
    from cnnviewer.messages import ScaleChoice

__all__ = ["Scale", "layer_scale", "levels", "levels_there", "map_scale", "shared_scale"]


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


def layer_scale(statistics: MapStatistics, is_signed: bool | None = None) -> Scale:
    """Return one scale for all maps of a layer."""
    low, high = float(statistics.minimum.min()), float(statistics.maximum.max())
    is_signed = statistics.is_signed if is_signed is None else is_signed
    return shared_scale(low, high, is_signed, len(statistics.minimum))


def shared_scale(low: float, high: float, is_signed: bool, count: int) -> Scale:
    """Return one scale for `count` maps, that holds values between `low` and `high`."""
    return _scale(torch.full((count,), low), torch.full((count,), high), is_signed)


def _scale(minimum: torch.Tensor, maximum: torch.Tensor, is_signed: bool) -> Scale:
    if is_signed:
        # A map of zeros keeps a scale around zero, and so the centre's colour.
        reach = torch.maximum(minimum.abs(), maximum.abs()).clamp(min=1e-30)
        return Scale(-reach, reach, True)
    return Scale(torch.zeros_like(maximum), maximum, False)


def levels(
    values: NDArray[np.float32], low: torch.Tensor, high: torch.Tensor, gamma: float = 1.0
) -> NDArray[np.integer]:
    """Return the level of each value in a colour map.

    Parameters
    ----------
    values
        float32 ``(maps, H, W)``.
    low, high
        float32 ``(maps,)``: the ends of each map's scale. Where low is negative the scale is signed, and gamma
        works on the distance from zero.
    gamma
        The exponent on the share of the scale.

    Returns
    -------
    numpy.ndarray
        uint8, 0..255; int16 where some are NaN or infinite, which have the level `NOT_FINITE`.
    """
    # NumPy: many small steps on few values, of which each costs torch several times as much.
    top = high.cpu().numpy()[:, None, None]
    is_signed = low.cpu().numpy()[:, None, None] < 0
    with np.errstate(all="ignore"):
        # Values are divided by the high end first: a difference of the ends could be infinite.
        factor = np.where(top > 0, 1 / np.maximum(top, np.float32(1e-37)), np.float32(0))
        reach = np.where(is_signed, np.float32((LEVELS - 1) / 2), np.float32(LEVELS - 1))
        if gamma == 1:
            found = values * (factor * reach)
        else:
            share = values * factor
            found = np.sign(share) * np.minimum(np.abs(share), 1) ** np.float32(gamma) * reach
        found += np.where(is_signed, reach, np.float32(0)) + np.float32(0.5)
        found.clip(0, LEVELS - 1, out=found)
        # A sum is finite where all are, and costs less than a look at each.
        if np.isfinite(values.sum()):
            return cast("NDArray[np.uint8]", found.astype(np.uint8))
        whole: NDArray[np.int16] = np.nan_to_num(found).astype(np.int16)
        whole[~np.isfinite(values)] = NOT_FINITE
    return whole


def levels_there(maps: torch.Tensor, low: torch.Tensor, high: torch.Tensor, gamma: float = 1.0) -> torch.Tensor:
    """Return what `levels` does, worked on the device on which the maps lie.

    Parameters
    ----------
    maps
        float ``(maps, H, W)``.
    low, high, gamma
        As for `levels`.

    Returns
    -------
    torch.Tensor
        int16, on that device: 0..255, and `NOT_FINITE`.
    """
    values = maps.float()
    top, bottom = (end.to(values.device, torch.float32)[:, None, None] for end in (high, low))
    factor = torch.where(top > 0, 1 / top.clamp(min=1e-37), 0.0)
    is_signed = bottom < 0
    reach = torch.where(is_signed, (LEVELS - 1) / 2, LEVELS - 1.0)
    if gamma == 1:
        found = values * (factor * reach)
    else:
        share = values * factor
        found = share.sign() * share.abs().clamp(max=1) ** gamma * reach
    found = (found + torch.where(is_signed, reach, 0.0) + 0.5).clamp(0, LEVELS - 1)
    whole = found.nan_to_num().to(torch.int16)
    return torch.where(torch.isfinite(values), whole, NOT_FINITE)
