"""The numbers of feature maps: range, mean, zeros, histogram."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from cnnviewer.layouts import Layout
    from cnnviewer.recording import Layer

__all__ = ["Histogram", "MapStatistics", "feature_maps", "histogram", "laid_out", "skipped_tokens"]


def feature_maps(layer: Layer) -> torch.Tensor:
    """Return a layer's output as maps, ``(maps, H, W)``, floating point, as its layout tells.

    Convolutions' ``(C, H, W)`` stays as it is; tokens ``(T, C)`` and channels that stand last are put into that order.
    """
    output = layer.output
    if not output.is_floating_point():
        output = output.abs().float() if output.is_complex() else output.float()
    return laid_out(output, layer.layout)


def laid_out(output: torch.Tensor, layout: Layout) -> torch.Tensor:
    """Return an output, without a batch axis, as maps ``(maps, H, W)``; without a copy where that can be."""
    shape = (layout.maps, *layout.map_shape)
    if layout.keeps_order:
        return output.reshape(shape)
    if layout.skipped:
        axis = layout.skipped_axis
        output = output.narrow(axis, layout.skipped, output.shape[axis] - layout.skipped)
    return output.reshape(layout.parts).permute(layout.order).reshape(shape)


def skipped_tokens(layer: Layer) -> torch.Tensor:
    """Return what stands before a layer's grid and lies on none of its maps: class tokens and their kin."""
    return layer.output.narrow(layer.layout.skipped_axis, 0, layer.layout.skipped)


class MapStatistics:
    """Statistics of each map of ``(maps, H, W)``; each is computed when it is first asked for.

    NaN and infinite values are left out of the ranges and means. Whatever device the maps are on and of whatever
    type, sums are worked in float32 at least, and the statistics lie on the CPU.
    """

    def __init__(self, maps: torch.Tensor) -> None:
        self._values = maps.detach().flatten(1)

    @cached_property
    def _extremes(self) -> tuple[torch.Tensor, torch.Tensor]:
        if not self._values.numel():
            empty = torch.zeros(self._values.shape[0])
            return empty, empty
        # Not aminmax: along an axis it takes twenty times as long on a CPU.
        low, high = self._on_host(self._values.amin(1), self._values.amax(1))
        if not isfinite(float((high - low).sum())):  # or it is too large for a sum, and each is looked at
            usual = torch.where(torch.isfinite(self._values), self._values, torch.nan)
            low, high = self._on_host(usual.nan_to_num(nan=torch.inf).amin(1), usual.nan_to_num(nan=-torch.inf).amax(1))
            low, high = low.nan_to_num(posinf=0.0), high.nan_to_num(neginf=0.0)
            self.__dict__["finite"] = torch.isfinite(self._values).all(1).cpu()
        return low, high

    def _on_host(self, *each: torch.Tensor) -> torch.Tensor:
        """Return some numbers of each map in float32, brought to the CPU in one go."""
        return torch.stack(each).float().cpu()

    @property
    def _sum_type(self) -> torch.dtype:
        return torch.promote_types(self._values.dtype, torch.float32)

    @property
    def minimum(self) -> torch.Tensor:
        """The smallest value of each map, float32 ``(maps,)``."""
        return self._extremes[0]

    @property
    def maximum(self) -> torch.Tensor:
        """The largest value of each map, float32 ``(maps,)``."""
        return self._extremes[1]

    @cached_property
    def finite(self) -> torch.Tensor:
        """Whether all values of a map are finite, bool ``(maps,)``."""
        _ = self._extremes  # sets it where something is not finite
        found: torch.Tensor | None = self.__dict__.get("finite")
        return torch.ones(self._values.shape[0], dtype=torch.bool) if found is None else found

    @cached_property
    def unknown(self) -> torch.Tensor:
        """Whether a map has values that are NaN, bool ``(maps,)``; of the others that are not finite it is infinity."""
        is_finite = self.finite
        return torch.zeros_like(is_finite) if bool(is_finite.all()) else torch.isnan(self._values).any(1).cpu()

    @cached_property
    def dead(self) -> torch.Tensor:
        """Whether all values of a map are zero, bool ``(maps,)``."""
        return (self.minimum == 0) & (self.maximum == 0) & self.finite

    @cached_property
    def mean(self) -> torch.Tensor:
        """The mean of each map's finite values, float32 ``(maps,)``."""
        if bool(self.finite.all()):
            return self._values.mean(1, dtype=self._sum_type).float().cpu()
        usual = torch.where(torch.isfinite(self._values), self._values, torch.nan)
        return usual.nanmean(1, dtype=self._sum_type).nan_to_num().float().cpu()

    @cached_property
    def zero_share(self) -> torch.Tensor:
        """The share of each map's units that are exactly zero, 0..1, float32 ``(maps,)``."""
        count = max(self._values.shape[1], 1)
        return (self._values.shape[1] - torch.count_nonzero(self._values, dim=1)).float().cpu() / count

    @property
    def is_signed(self) -> bool:
        """Whether any value is negative."""
        return bool(self.minimum.numel()) and float(self.minimum.min()) < 0

    def badge(self, index: int) -> str:
        """Return "not finite" (with NaN), "holds infinity", "dead" (all zero) or "constant", as it is true; else ''."""
        return self.badges[index]

    @cached_property
    def badges(self) -> tuple[str, ...]:
        """The `badge` of each map."""
        is_unit = self._values.shape[1] == 1
        each = (self.finite, self.unknown, self.minimum, self.maximum)
        ends = zip(*(values.tolist() for values in each), strict=True)
        return tuple(_badge(is_finite, has_nan, low, high, is_unit) for is_finite, has_nan, low, high in ends)


def _badge(is_finite: bool, has_nan: bool, low: float, high: float, is_unit: bool) -> str:
    if not is_finite:
        return "not finite" if has_nan else "holds infinity"
    if low != high or is_unit:
        return ""
    return "dead" if low == 0 else "constant"


@dataclass(frozen=True, eq=False)
class Histogram:
    """How many values lie in each of equally wide bins.

    Parameters
    ----------
    counts
        One number a bin.
    low, high
        The left edge of the first bin and the right edge of the last; values outside lie in neither.
    """

    counts: tuple[int, ...]
    low: float
    high: float


def histogram(values: torch.Tensor, low: float, high: float, bins: int = 48) -> Histogram:
    """Count a map's finite values in equally wide bins between `low` and `high`."""
    finite = values.float().cpu()
    if not isfinite(float(finite.sum())):  # or it is too large for a sum
        finite = finite[torch.isfinite(finite)]
    if high <= low:
        low, high = low - 0.5, high + 0.5
    counts = torch.histc(finite, bins=bins, min=low, max=high)
    return Histogram(tuple(int(count) for count in counts.tolist()), low, high)
