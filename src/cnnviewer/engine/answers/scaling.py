"""The colour scale of maps, the order in which they are shown, and the note beside them."""

from __future__ import annotations

from math import ceil, prod
from typing import TYPE_CHECKING

import torch

from cnnviewer.analysis.statistics import MapStatistics, feature_maps
from cnnviewer.messages import Order, Scope
from cnnviewer.operations import Kind
from cnnviewer.recording import INPUT
from cnnviewer.rendering.scales import Scale, layer_scale, map_scale, shared_scale

if TYPE_CHECKING:
    from cnnviewer.engine.scene import Scene
    from cnnviewer.messages import ScaleChoice, TilesRequest
    from cnnviewer.recording import Layer

__all__ = ["chosen_maps", "in_order", "joined", "note_of", "operand", "pooled_scale", "scale_of", "wrapped"]


def joined(maps: torch.Tensor, held: torch.Tensor) -> MapStatistics:
    """Return the statistics of pairs of maps, a pair's values taken together."""
    return MapStatistics(torch.cat([maps.flatten(1), held.flatten(1)], dim=1)[:, None])


def chosen_maps(maps: torch.Tensor, channels: torch.Tensor) -> torch.Tensor:
    """Return some of the maps, without a copy where they lie side by side."""
    if len(channels) and int(channels[-1]) - int(channels[0]) == len(channels) - 1 and _ascends(channels):
        return maps[int(channels[0]) : int(channels[-1]) + 1]
    return maps[channels.to(maps.device)]


def _ascends(channels: torch.Tensor) -> bool:
    return bool((channels.diff() == 1).all())


def in_order(statistics: MapStatistics, order: Order, count: int) -> torch.Tensor:
    """Return the numbers of all maps in the order asked for; the largest first."""
    if order is Order.CHANNEL:
        return torch.arange(count)
    key = statistics.mean if order is Order.MEAN else statistics.maximum
    return key.argsort(descending=True, stable=True)


def scale_of(statistics: MapStatistics, scene: Scene, choice: ScaleChoice) -> Scale:
    """Return the scale of maps: each its own, one for the layer, or one for the network."""
    if choice.scope is Scope.MAP:
        return map_scale(statistics)
    if choice.scope is Scope.LAYER:
        return layer_scale(statistics)
    low, high = scene.extremes
    if scene.held is not None:
        low, high = min(low, scene.held.extremes[0]), max(high, scene.held.extremes[1])
    return shared_scale(low, high, statistics.is_signed, len(statistics.minimum))


def pooled_scale(layer: Layer, scene: Scene, request: TilesRequest) -> Scale:
    """Return a scale that holds the maps that went in: the pooled ones lie within it, and can be compared."""
    if request.scale.scope is not Scope.MAP:
        return scale_of(scene.statistics(layer), scene, request.scale)
    return map_scale(MapStatistics(operand(layer, scene)))


def operand(layer: Layer, scene: Scene) -> torch.Tensor:
    """Return the maps that a layer took, ``(C, H, W)``."""
    name = layer.inputs[0]
    return scene.recording.input if name == INPUT else feature_maps(scene.recording[name])


def note_of(layer: Layer, statistics: MapStatistics) -> str:
    """Tell what there is to know of a layer's values as a whole."""
    parts = [_left_out(layer.layout.skipped)] if layer.layout.skipped else []
    if layer.output.is_complex():
        parts.append("absolute values of complex numbers")
    if layer.kind is Kind.ACTIVATION:
        parts.append(f"{float(statistics.zero_share.mean()):.0%} zero".replace("%", " %"))
    dead, unknown = int(statistics.dead.sum()), int(statistics.unknown.sum())
    infinite = int((~statistics.finite).sum()) - unknown
    if dead and not layer.layout.is_vector and prod(layer.layout.map_shape) > 1:
        parts.append(f"{dead} dead")
    if unknown:
        parts.append(f"{unknown} not finite")
    if infinite:
        parts.append("1 holds infinity" if infinite == 1 else f"{infinite} hold infinity")
    return " · ".join(parts)


def _left_out(count: int) -> str:
    """Tell which tokens lie on no map; the inspector shows their values."""
    return "class token left out" if count == 1 else f"{count} tokens left out"


def wrapped(values: torch.Tensor, columns: int) -> torch.Tensor:
    """Return a vector in rows of `columns`; the cells behind its end are NaN."""
    columns = min(columns, max(len(values), 1))
    rows = max(1, ceil(len(values) / columns))
    padded = torch.full((rows * columns,), torch.nan)
    padded[: len(values)] = values
    return padded.reshape(rows, columns)
