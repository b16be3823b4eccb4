"""`render`: a layer's maps as one picture, for scripts and files."""

from __future__ import annotations

from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np
import torch

from cnnviewer.analysis.statistics import MapStatistics, feature_maps
from cnnviewer.errors import CnnviewerError
from cnnviewer.messages import ScaleChoice, Scope
from cnnviewer.rendering.scales import layer_scale, map_scale
from cnnviewer.rendering.tiles import paint_tiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cnnviewer.recording import Layer

__all__ = ["arrange", "render", "unpack"]

_BACKGROUND = {False: 0xFFFFFFFF, True: 0xFF1B1F27}


def render(
    layer: Layer,
    *,
    channels: Sequence[int] | None = None,
    columns: int | None = None,
    tile: int | None = None,
    scope: str = "map",
    gamma: float = 1.0,
    colormap: str = "magma",
    dark: bool = False,
    gap: int = 2,
) -> NDArray[np.uint8]:
    """Return a layer's maps as one picture.

    Parameters
    ----------
    layer
        A layer of a recording.
    channels
        Which maps, in which order; by default all.
    columns
        How many stand side by side; by default as many as make the picture about square.
    tile
        The width of a map in pixels, by nearest neighbour; by default its own width, at least 16.
    scope
        "map" or "layer": which values share one scale.
    gamma
        The exponent on the share of the scale.
    colormap
        For values without a sign; signed ones have a diverging map with zero in its centre.
    dark
        Whether the background, and the diverging map's centre, are dark.
    gap
        Pixels between maps.

    Returns
    -------
    numpy.ndarray
        uint8 ``(H, W, 3)``, RGB.

    Raises
    ------
    CnnviewerError
        If a channel, the scope or the colour map does not exist.
    """
    maps = feature_maps(layer)
    if not maps.numel():
        raise CnnviewerError(f"The layer has nothing to show: its output has the shape {tuple(layer.output.shape)}.")
    scale = (layer_scale if Scope(_checked_scope(scope)) is Scope.LAYER else map_scale)(MapStatistics(maps))
    chosen = torch.tensor(_checked_channels(channels, maps.shape[0]))
    rows, width = maps.shape[-2:]
    shown = tile or max(width, 16)
    size = (max(1, round(shown * rows / width)), shown)
    name = scale.colormap(ScaleChoice(sequential=colormap, dark=dark))
    tiles = paint_tiles(maps[chosen.to(maps.device)], scale.low[chosen], scale.high[chosen], size, name, gamma)
    return unpack(arrange(tiles, columns or ceil(sqrt(len(tiles) * size[0] / size[1])), gap, _BACKGROUND[dark]))


def arrange(tiles: NDArray[np.uint32], columns: int, gap: int, background: int) -> NDArray[np.uint32]:
    """Return pictures ``(n, height, width)`` as one, row by row, with `gap` pixels between and around them."""
    count, height, width = tiles.shape
    columns = max(1, min(columns, count))
    rows = ceil(count / columns)
    shape = (rows * (height + gap) + gap, columns * (width + gap) + gap)
    picture = np.full(shape, background, dtype=np.uint32)
    for index, tile in enumerate(tiles):
        top = gap + index // columns * (height + gap)
        left = gap + index % columns * (width + gap)
        picture[top : top + height, left : left + width] = tile
    return picture


def unpack(pixels: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Return pixels 0xffRRGGBB, ``(H, W)``, as uint8 ``(H, W, 3)``."""
    return np.stack([pixels >> 16 & 255, pixels >> 8 & 255, pixels & 255], axis=-1).astype(np.uint8)


def _checked_scope(scope: str) -> str:
    if scope not in ("map", "layer"):
        raise CnnviewerError(f"The scope of a picture's scale is 'map' or 'layer', not {scope!r}.")
    return scope


def _checked_channels(channels: Sequence[int] | None, count: int) -> list[int]:
    if channels is None:
        return list(range(count))
    wrong = [channel for channel in channels if not 0 <= channel < count]
    if wrong or not channels:
        raise CnnviewerError(f"The layer has the channels 0 to {count - 1}; asked for were {list(channels)}.")
    return list(channels)
