"""One map in full, for the inspector."""

from __future__ import annotations

from functools import cache
from math import ceil, nan, sqrt
from typing import TYPE_CHECKING

import numpy as np
import torch

from cnnviewer.analysis.statistics import MapStatistics, feature_maps, histogram
from cnnviewer.engine.answers.scaling import scale_of, wrapped
from cnnviewer.messages import MapAnswer, Scope
from cnnviewer.rendering.colormaps import color_table, diverging
from cnnviewer.rendering.scales import map_scale
from cnnviewer.rendering.tiles import cut_down, paint_tiles

if TYPE_CHECKING:
    from cnnviewer.engine.scene import Scene
    from cnnviewer.messages import MapRequest, Pixels
    from cnnviewer.recording import Layer

__all__ = ["whole_map"]

_LARGEST_MAP = 512
"""How many rows and columns of a frame's map the inspector shows: its cost is bounded, however large the map is."""


def whole_map(request: MapRequest, layer: Layer, scene: Scene) -> MapAnswer:
    """Return a map's values and picture; of a large map of a frame only some of its rows and columns."""
    maps = feature_maps(layer)
    if not maps.numel():
        return _no_map(request, layer)
    index = min(max(request.channel, 0), maps.shape[0] - 1)
    rows, columns = maps.shape[-2:]
    limit = _LARGEST_MAP if scene.is_frame and rows > 1 else max(rows, columns)
    # In one piece: what follows takes several times as long where the channels of a pixel lie side by side.
    values, length = cut_down(maps[index : index + 1], (limit, limit))[0].float().cpu(), None
    own_values, own = values, MapStatistics(values[None])
    has_finite = bool(own.finite.all()) or bool(values.isfinite().any())
    if scene.signs is not None and request.scale.scope is Scope.MAP:
        scale = map_scale(own, scene.signs.is_signed(layer.index, own))
        low, high = float(scale.low[0]), float(scale.high[0])
    else:
        scale = scale_of(scene.statistics(layer), scene, request.scale)
        low, high = float(scale.low[index]), float(scale.high[index])
    if values.shape[0] == 1 and values.shape[1] > 1:
        length = values.shape[1]
        values = wrapped(values[0], ceil(sqrt(length)))
    name = scale.colormap(request.scale)
    size = (values.shape[0], values.shape[1])
    ends = torch.tensor([low]), torch.tensor([high])
    pixels = paint_tiles(values[None], *ends, size, name, request.scale.gamma)
    return MapAnswer(
        title=layer.name if maps.shape[0] == 1 else f"{layer.name} · map {index}",
        values=values.numpy(),
        pixels=_blanked(pixels[0], length),
        minimum=float(own.minimum[0]) if has_finite else nan,
        maximum=float(own.maximum[0]) if has_finite else nan,
        mean=float(own.mean) if has_finite else nan,
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
