"""The answer to each kind of request for a picture."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from math import ceil, prod, sqrt
from typing import TYPE_CHECKING

import numpy as np
import torch

from cnnviewer.analysis.statistics import MapStatistics, feature_maps, histogram
from cnnviewer.engine.filters import filter_bank
from cnnviewer.engine.learning import shown_weight
from cnnviewer.errors import CnnviewerError
from cnnviewer.messages import (
    BarsAnswer,
    BarsRequest,
    MapAnswer,
    MapRequest,
    MatrixAnswer,
    MatrixRequest,
    Order,
    PhotoRequest,
    Scope,
    TilesAnswer,
    TilesRequest,
    View,
    WeightsShown,
)
from cnnviewer.operations import Kind
from cnnviewer.recording import INPUT
from cnnviewer.rendering.colormaps import color_table, diverging
from cnnviewer.rendering.scales import Scale, map_scale, shared_scale
from cnnviewer.rendering.tiles import color_filters, cut_down, paint_tiles

if TYPE_CHECKING:
    from cnnviewer.engine.engine import Scene
    from cnnviewer.engine.filters import FilterBank
    from cnnviewer.messages import PictureAnswer, Pixels, ScaleChoice
    from cnnviewer.recording import Layer

__all__ = ["answer"]

_LARGEST_MAP = 512
"""How many rows and columns of a frame's map the inspector shows: its cost is bounded, however large the map is."""


def answer(
    request: TilesRequest | MatrixRequest | BarsRequest | MapRequest | PhotoRequest, scene: Scene
) -> PictureAnswer:
    """Render what is asked for.

    Raises
    ------
    CnnviewerError
        If the recording has no such layer or map.
    """
    if isinstance(request, PhotoRequest):
        from cnnviewer.engine.photos import photo_answer

        return photo_answer(request, scene)
    layers = scene.recording.layers
    if not 0 <= request.layer < len(layers):
        raise CnnviewerError(f"The recording has no layer {request.layer}; it has {len(layers)}.")
    layer = layers[request.layer]
    if isinstance(request, MapRequest):
        return _map(request, layer, scene)
    if isinstance(request, BarsRequest):
        return _bars(request, layer, scene)
    if isinstance(request, MatrixRequest):
        return _cells(request, layer, scene) if request.view is View.CELLS else _weights(request, layer, scene)
    return _filters(request, layer, scene) if request.view is View.FILTERS else _tiles(request, layer, scene)


# ---- maps


def _frame_tiles(request: TilesRequest, layer: Layer, scene: Scene) -> TilesAnswer:
    """Return some maps of a frame, each on the scale of its units that are shown: no other is looked at."""
    assert scene.signs is not None
    maps, size = feature_maps(layer), (request.height, request.width)
    chosen = range(request.first, min(request.first + request.count, maps.shape[0]))
    shown = cut_down(maps[chosen.start : chosen.stop], size)
    statistics = MapStatistics(shown)
    before, compared = None, statistics
    if request.view is View.POOLED:
        before = cut_down(_operand(layer, scene)[chosen.start : chosen.stop], size)
        # Both: the largest unit before may lie between those that are shown.
        compared = _joined(shown, before)
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


def _tiles(request: TilesRequest, layer: Layer, scene: Scene) -> TilesAnswer:
    if scene.is_frame and _is_local(request, scene):
        return _frame_tiles(request, layer, scene)
    maps, statistics = feature_maps(layer), scene.statistics(layer)
    chosen = _sorted(statistics, request.order, maps.shape[0])[request.first : request.first + request.count]
    held = _held_maps(layer, scene, request)
    if held is not None:
        scale = _scale(_joined(maps, held), scene, request.scale)
    elif request.view is View.POOLED:
        scale = _pooled_scale(layer, scene, request)
    else:
        scale = _scale(statistics, scene, request.scale)
    low, high = scale.low[chosen], scale.high[chosen]
    name, size = scale.colormap(request.scale), (request.height, request.width)
    beside = _operand(layer, scene) if held is None and request.view is View.POOLED else held

    def painted(shown: torch.Tensor) -> Pixels:
        return paint_tiles(_chosen(shown, chosen), low, high, size, name, request.scale.gamma)

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
        note=_note(layer, statistics),
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


def _joined(maps: torch.Tensor, held: torch.Tensor) -> MapStatistics:
    """Return the statistics of pairs of maps, a pair's values taken together."""
    return MapStatistics(torch.cat([maps.flatten(1), held.flatten(1)], dim=1)[:, None])


def _chosen(maps: torch.Tensor, channels: torch.Tensor) -> torch.Tensor:
    """Return some of the maps, without a copy where they lie side by side."""
    if len(channels) and int(channels[-1]) - int(channels[0]) == len(channels) - 1 and _ascends(channels):
        return maps[int(channels[0]) : int(channels[-1]) + 1]
    return maps[channels.to(maps.device)]


def _ascends(channels: torch.Tensor) -> bool:
    return bool((channels.diff() == 1).all())


def _sorted(statistics: MapStatistics, order: Order, count: int) -> torch.Tensor:
    """Return the numbers of all maps in the order asked for; the largest first."""
    if order is Order.CHANNEL:
        return torch.arange(count)
    key = statistics.mean if order is Order.MEAN else statistics.maximum
    return key.argsort(descending=True, stable=True)


def _scale(statistics: MapStatistics, scene: Scene, choice: ScaleChoice) -> Scale:
    if choice.scope is Scope.MAP:
        return map_scale(statistics)
    count = len(statistics.minimum)
    if choice.scope is Scope.NETWORK:
        low, high = scene.extremes
        if scene.held is not None:
            low, high = min(low, scene.held.extremes[0]), max(high, scene.held.extremes[1])
        return shared_scale(low, high, statistics.is_signed, count)
    low, high = float(statistics.minimum.min()), float(statistics.maximum.max())
    return shared_scale(low, high, statistics.is_signed, count)


def _pooled_scale(layer: Layer, scene: Scene, request: TilesRequest) -> Scale:
    """Return a scale that holds the maps that went in: the pooled ones lie within it, and can be compared."""
    if request.scale.scope is not Scope.MAP:
        return _scale(scene.statistics(layer), scene, request.scale)
    return map_scale(MapStatistics(_operand(layer, scene)))


def _operand(layer: Layer, scene: Scene) -> torch.Tensor:
    """Return the maps that a layer took, ``(C, H, W)``."""
    name = layer.inputs[0]
    return scene.recording.input if name == INPUT else feature_maps(scene.recording[name])


def _note(layer: Layer, statistics: MapStatistics) -> str:
    parts = [_left_out(layer.layout.skipped)] if layer.layout.skipped else []
    if layer.output.is_complex():
        parts.append("absolute values of complex numbers")
    if layer.kind is Kind.ACTIVATION:
        parts.append(f"{float(statistics.zero_share.mean()):.0%} zero".replace("%", " %"))
    dead = int(((statistics.minimum == 0) & (statistics.maximum == 0)).sum())
    broken = int((~statistics.finite).sum())
    if dead and not layer.layout.is_vector and prod(layer.layout.map_shape) > 1:
        parts.append(f"{dead} dead")
    if broken:
        parts.append(f"{broken} not finite")
    return " · ".join(parts)


# ---- filters


def _filters(request: TilesRequest, layer: Layer, scene: Scene) -> TilesAnswer:
    weight, told = shown_weight(layer, scene, request.weights)
    bank = filter_bank(layer, scene.recording, weight)
    if bank is None:
        raise CnnviewerError(f"{layer.name} has no filters to show.")
    held = _held_bank(layer, scene, request)
    if bank.is_color:
        return _color_filters(request, bank, held, told)
    channel = min(max(request.channel, 0), bank.filters - 1)
    kernels = bank.kernels(channel)
    before = None if held is None else held.kernels(channel)
    statistics = MapStatistics(kernels)
    chosen = _sorted(statistics, request.order, bank.count)[request.first : request.first + request.count]
    compared = statistics if before is None else _joined(kernels, before)
    scale = _signed(map_scale(compared))
    # A kernel of one weight on a scale of its own would show its sign only.
    is_shared = request.scale.scope is not Scope.MAP or bank.kernel_shape == (1, 1)
    if is_shared:
        low, high = float(compared.minimum.min()), float(compared.maximum.max())
        scale = _signed(shared_scale(low, high, True, bank.count))
    ends = scale.low[chosen], scale.high[chosen]
    size, gamma, name = (request.height, request.width), request.scale.gamma, diverging(request.scale.dark)
    pixels = paint_tiles(_chosen(kernels, chosen), *ends, size, name, gamma)
    before_pixels = None if before is None else paint_tiles(_chosen(before, chosen), *ends, size, name, gamma)
    note = told or ("" if bank.is_whole else _filter_note(bank, channel))
    return _filters_answer(pixels, before_pixels, chosen, ends, is_shared, name, statistics, note)


def _color_filters(request: TilesRequest, bank: FilterBank, held: FilterBank | None, told: str) -> TilesAnswer:
    whole = bank.weight.reshape(bank.filters, 1, -1)
    statistics = MapStatistics(whole)
    chosen = _sorted(statistics, request.order, bank.filters)[request.first : request.first + request.count]
    compared = statistics if held is None else _joined(whole, held.weight.reshape(bank.filters, 1, -1))
    reach = torch.maximum(compared.minimum.abs(), compared.maximum.abs())
    is_shared = request.scale.scope is not Scope.MAP
    if is_shared:
        reach = torch.full_like(reach, float(reach.max()))
    reach, size = reach[chosen], (request.height, request.width)
    pixels = color_filters(_chosen(bank.weight, chosen), size, reach)
    before = None if held is None else color_filters(_chosen(held.weight, chosen), size, reach)
    note = f"{told} · grey is 0" if told else "grey is 0"
    return _filters_answer(pixels, before, chosen, (-reach, reach), is_shared, "", statistics, note)


def _filters_answer(
    pixels: Pixels,
    before: Pixels | None,
    chosen: torch.Tensor,
    ends: tuple[torch.Tensor, torch.Tensor],
    is_shared: bool,
    colormap: str,
    statistics: MapStatistics,
    note: str,
) -> TilesAnswer:
    low, high = ends
    is_shared = is_shared and len(chosen) > 0
    return TilesAnswer(
        pixels=pixels,
        before=before,
        channels=tuple(chosen.tolist()),
        lows=tuple(low.tolist()),
        highs=tuple(high.tolist()),
        badges=_weight_badges(statistics, chosen),
        colormap=colormap,
        low=float(low[0]) if is_shared else None,
        high=float(high[0]) if is_shared else None,
        note=note,
    )


def _held_bank(layer: Layer, scene: Scene, request: TilesRequest) -> FilterBank | None:
    """Return the same layer's filters of the moment that is held; None where none are wanted, or known."""
    if not request.is_paired or scene.held is None or request.weights is WeightsShown.GRADIENT:
        return None
    held = scene.held.recording.layers[layer.index]
    weight, _ = shown_weight(held, replace(scene.held, learning=scene.learning), request.weights)
    return filter_bank(held, scene.held.recording, weight)


def _signed(scale: Scale) -> Scale:
    """Return the scale with zero in its centre: weights are signed even where a kernel has one sign only."""
    reach = torch.maximum(scale.low.abs(), scale.high.abs())
    return Scale(-reach, reach, True)


def _weight_badges(statistics: MapStatistics, chosen: torch.Tensor) -> tuple[str, ...]:
    """Weights are not dead: a filter of zeros, or one that is not finite, has a badge."""
    badges = (statistics.badge(index) for index in chosen.tolist())
    return tuple({"dead": "zero", "constant": ""}.get(badge, badge) for badge in badges)


def _filter_note(bank: FilterBank, channel: int) -> str:
    text = f"filter {channel} of {bank.filters}"
    return text if bank.bias is None else f"{text} · bias {float(bank.bias[channel]):+.3g}"


# ---- vectors and matrices


def _cells(request: MatrixRequest, layer: Layer, scene: Scene) -> MatrixAnswer:
    values = layer.output.reshape(-1).float().cpu()
    wrapped = _wrap(values, max(1, request.width))
    scale = _scale(scene.statistics(layer), scene, request.scale)
    name = scale.colormap(request.scale)
    pixels = paint_tiles(
        wrapped[None].nan_to_num(0.0) if bool(torch.isfinite(values).all()) else wrapped[None],
        scale.low[:1],
        scale.high[:1],
        (wrapped.shape[0], wrapped.shape[1]),
        name,
        request.scale.gamma,
    )[0]
    statistics = scene.statistics(layer)
    return MatrixAnswer(
        pixels=pixels,
        values=values.numpy(),
        colormap=name,
        low=float(scale.low[0]),
        high=float(scale.high[0]),
        note=_note(layer, statistics),
    )


def _wrap(values: torch.Tensor, columns: int) -> torch.Tensor:
    """Return a vector in rows of `columns`; the cells behind its end are NaN."""
    columns = min(columns, max(len(values), 1))
    rows = max(1, ceil(len(values) / columns))
    padded = torch.full((rows * columns,), torch.nan)
    padded[: len(values)] = values
    return padded.reshape(rows, columns)


def _weights(request: MatrixRequest, layer: Layer, scene: Scene) -> MatrixAnswer:
    weight, told = shown_weight(layer, scene, request.weights)
    if weight is None or weight.ndim != 2:
        raise CnnviewerError(f"{layer.name} has no weight matrix to show.")
    size = (min(weight.shape[0], max(1, request.height)), min(weight.shape[1], max(1, request.width)))
    shown = cut_down(weight.detach()[None], size).float()
    # The scale is that of the weights on the screen: the largest of 100 million takes longer than a frame.
    reach = shown.abs().nan_to_num(0.0).amax().reshape(1).clamp(min=1e-30)
    name = diverging(request.scale.dark)
    pixels = paint_tiles(shown, -reach, reach, size, name, request.scale.gamma)[0]
    note = f"{weight.shape[0]} outputs down, {weight.shape[1]} inputs across"
    if size != tuple(weight.shape):
        note += f", {size[0]}×{size[1]} of them shown"
    note = f"{told} · {note}" if told else note
    return MatrixAnswer(pixels, None, name, -float(reach), float(reach), note)


def _bars(request: BarsRequest, layer: Layer, scene: Scene) -> BarsAnswer:
    values = layer.output.reshape(-1).float().cpu().nan_to_num()
    found, indices = values.topk(min(request.count, len(values)))
    recording = scene.recording
    named = recording.scores is not None and len(recording.scores) == len(values)
    return BarsAnswer(
        names=tuple(recording.category(i) if named else f"unit {i}" for i in indices.tolist()),
        indices=tuple(indices.tolist()),
        values=tuple(found.tolist()),
        low=float(values.min()),
        high=float(values.max()),
        note=f"the {len(found)} largest of {len(values)}",
    )


# ---- one map


def _map(request: MapRequest, layer: Layer, scene: Scene) -> MapAnswer:
    maps = feature_maps(layer)
    if not maps.numel():
        return _no_map(request, layer)
    index = min(max(request.channel, 0), maps.shape[0] - 1)
    rows, columns = maps.shape[-2:]
    limit = _LARGEST_MAP if scene.is_frame and rows > 1 else max(rows, columns)
    # In one piece: what follows takes several times as long where the channels of a pixel lie side by side.
    values, length = cut_down(maps[index : index + 1], (limit, limit))[0].float().cpu(), None
    own_values, own = values, MapStatistics(values[None])
    if scene.signs is not None and request.scale.scope is Scope.MAP:
        scale = map_scale(own, scene.signs.is_signed(layer.index, own))
        low, high = float(scale.low[0]), float(scale.high[0])
    else:
        scale = _scale(scene.statistics(layer), scene, request.scale)
        low, high = float(scale.low[index]), float(scale.high[index])
    if values.shape[0] == 1 and values.shape[1] > 1:
        length = values.shape[1]
        values = _wrap(values[0], ceil(sqrt(length)))
    name = scale.colormap(request.scale)
    size = (values.shape[0], values.shape[1])
    ends = torch.tensor([low]), torch.tensor([high])
    pixels = paint_tiles(values[None], *ends, size, name, request.scale.gamma)
    return MapAnswer(
        title=layer.name if maps.shape[0] == 1 else f"{layer.name} · map {index}",
        values=values.numpy(),
        pixels=_blanked(pixels[0], length),
        minimum=float(own.minimum[0]),
        maximum=float(own.maximum[0]),
        mean=float(own.mean),
        zero_share=float(own.zero_share),
        badge=own.badge(0),
        low=low,
        high=high,
        scope=request.scale.scope,
        colormap=name,
        colors=_bar_colors(name, low, high, request.scale.gamma),
        counts=histogram(own_values, low, high).counts,
        length=length,
        full_shape=None if own_values.shape == (rows, columns) else (rows, columns),
        skipped=_skipped_values(layer, index),
    )


def _no_map(request: MapRequest, layer: Layer) -> MapAnswer:
    """Return what is shown of an output without numbers: one cell, of which nothing is to be seen."""
    name = diverging(request.scale.dark)
    return MapAnswer(
        title=layer.name,
        values=np.zeros((1, 1), np.float32),
        pixels=np.zeros((1, 1), np.uint32),
        minimum=0.0,
        maximum=0.0,
        mean=0.0,
        zero_share=0.0,
        badge="no numbers",
        low=0.0,
        high=0.0,
        scope=request.scale.scope,
        colormap=name,
        colors=_bar_colors(name, 0.0, 0.0, request.scale.gamma),
        counts=(),
        length=0,
        full_shape=layer.layout.map_shape,
    )


def _left_out(count: int) -> str:
    """Tell which tokens lie on no map; the inspector shows their values."""
    return "class token left out" if count == 1 else f"{count} tokens left out"


def _skipped_values(layer: Layer, channel: int) -> tuple[float, ...]:
    """Return a map's values of the tokens that stand before the grid."""
    units = (layer.layout.unit_at(channel, (-1, token)) for token in range(layer.layout.skipped))
    return tuple(float(layer.output[unit]) for unit in units if unit is not None)


def _blanked(pixels: Pixels, length: int | None) -> Pixels:
    """Make the cells behind a wrapped vector's end transparent."""
    if length is not None:
        pixels.reshape(-1)[length:] = 0
    return pixels


def _bar_colors(name: str, low: float, high: float, gamma: float) -> Pixels:
    """Return the colours along the axis from `low` to `high`, uint32 ``(256,)``."""
    return _axis_colors(name, low < 0, gamma) if high > low else color_table(name)[:256]


@cache
def _axis_colors(name: str, is_signed: bool, gamma: float) -> Pixels:
    """Return the colours along an axis; they are the same whatever its ends."""
    low = -1.0 if is_signed else 0.0
    axis = torch.linspace(low, 1.0, 256)[None, None]
    colors: Pixels = paint_tiles(axis, torch.tensor([low]), torch.tensor([1.0]), (1, 256), name, gamma)[0, 0]
    return colors
