"""The maps of a layer, each in a tile, some with what went in or what the moment that is held has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.analysis.statistics import MapStatistics, feature_maps
from cnnviewer.engine.answers.scaling import (
    chosen_maps,
    in_order,
    joined,
    note_of,
    operand,
    pooled_scale,
    scale_of,
)
from cnnviewer.messages import Order, Scope, TilesAnswer, TilesRequest, View
from cnnviewer.rendering.scales import map_scale
from cnnviewer.rendering.tiles import cut_down, paint_tiles

if TYPE_CHECKING:
    import torch

    from cnnviewer.engine.scene import Scene
    from cnnviewer.messages import Pixels
    from cnnviewer.recording import Layer

__all__ = ["tiles"]


def tiles(request: TilesRequest, layer: Layer, scene: Scene) -> TilesAnswer:
    """Return some maps of a layer, in the order and on the scale asked for."""
    if scene.is_frame and _is_local(request, scene):
        return _frame_tiles(request, layer, scene)
    maps, statistics = feature_maps(layer), scene.statistics(layer)
    chosen = in_order(statistics, request.order, maps.shape[0])[request.first : request.first + request.count]
    held = _held_maps(layer, scene, request)
    if held is not None:
        scale = scale_of(joined(maps, held), scene, request.scale)
    elif request.view is View.POOLED:
        scale = pooled_scale(layer, scene, request)
    else:
        scale = scale_of(statistics, scene, request.scale)
    low, high = scale.low[chosen], scale.high[chosen]
    name, size = scale.colormap(request.scale), (request.height, request.width)
    beside = operand(layer, scene) if held is None and request.view is View.POOLED else held

    def painted(shown: torch.Tensor) -> Pixels:
        return paint_tiles(chosen_maps(shown, chosen), low, high, size, name, request.scale.gamma)

    shared = None if request.scale.scope is Scope.MAP or not len(chosen) else (float(low[0]), float(high[0]))
    return TilesAnswer(
        pixels=painted(maps),
        before=None if beside is None else painted(beside),
        channels=tuple(chosen.tolist()),
        lows=tuple(low.tolist()),
        highs=tuple(high.tolist()),
        badges=tuple(statistics.badges[index] for index in chosen.tolist()),
        colormap=name,
        low=shared and shared[0],
        high=shared and shared[1],
        note=note_of(layer, statistics),
    )


def _frame_tiles(request: TilesRequest, layer: Layer, scene: Scene) -> TilesAnswer:
    """Return some maps of a frame, each on the scale of its units that are shown: no other is looked at."""
    assert scene.signs is not None
    maps, size = feature_maps(layer), (request.height, request.width)
    chosen = range(request.first, min(request.first + request.count, maps.shape[0]))
    shown = cut_down(maps[chosen.start : chosen.stop], size)
    statistics = MapStatistics(shown)
    before, compared = None, statistics
    if request.view is View.POOLED:
        before = cut_down(operand(layer, scene)[chosen.start : chosen.stop], size)
        # Both: the largest unit before may lie between those that are shown.
        compared = joined(shown, before)
    scale = map_scale(compared, scene.signs.is_signed(layer.index, compared))
    name, gamma = scale.colormap(request.scale), request.scale.gamma
    return TilesAnswer(
        pixels=paint_tiles(shown, scale.low, scale.high, size, name, gamma),
        before=None if before is None else paint_tiles(before, scale.low, scale.high, size, name, gamma),
        channels=tuple(chosen),
        lows=tuple(scale.low.tolist()),
        highs=tuple(scale.high.tolist()),
        badges=statistics.badges,
        colormap=name,
        low=None,
        high=None,
        note="",
    )


def _is_local(request: TilesRequest, scene: Scene) -> bool:
    """Whether maps are shown without looking at others."""
    is_compared = request.is_paired and scene.held is not None
    return request.order is Order.CHANNEL and request.scale.scope is Scope.MAP and not is_compared


def _held_maps(layer: Layer, scene: Scene, request: TilesRequest) -> torch.Tensor | None:
    """Return the same layer's maps under the weights of the moment that is held; None where none is wanted."""
    if not request.is_paired or scene.held is None:
        return None
    return feature_maps(scene.held.recording.layers[layer.index])
