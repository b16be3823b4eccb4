"""Small pictures of the map that a unit lies on."""

from __future__ import annotations

from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np
import torch

from cnnviewer.analysis.statistics import MapStatistics, feature_maps, skipped_tokens
from cnnviewer.recording import INPUT
from cnnviewer.rendering.packing import packed_rgb
from cnnviewer.rendering.scales import map_scale
from cnnviewer.rendering.tiles import cut_down, nearest, paint_tiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cnnviewer.messages import ScaleChoice
    from cnnviewer.recording import Recording

    Cell = tuple[float, float, float, float]

__all__ = ["painted", "small_map"]


def small_map(
    recording: Recording, name: str, unit: tuple[int, ...], side: int, scale: ScaleChoice
) -> tuple[NDArray[np.uint32], Cell]:
    """Return a picture of a unit's map, at most `side` pixels wide and high, and where the unit lies on it.

    The place is (left, top, right, bottom) in shares 0..1. Of the image it is the picture as the network is given it.
    """
    if name == INPUT:
        return _small_image(recording, side), _share(unit[-2:], tuple(recording.input.shape[-2:]))
    layer = recording[name]
    channel, cell = layer.layout.place_of(unit)
    if cell is None:
        return _small_vector(layer.output.reshape(-1).float().cpu(), channel, side, scale)
    if cell[0] < 0:  # a token that lies on no map: all its channels
        token = skipped_tokens(layer).select(layer.layout.skipped_axis, cell[1])
        return _small_vector(token.reshape(-1).float().cpu(), channel, side, scale)
    values = feature_maps(layer)[channel]
    rows, columns = values.shape
    return painted(values, *_fitted(rows, columns, side), scale), _share(cell, (rows, columns))


def _small_vector(values: torch.Tensor, index: int, side: int, scale: ScaleChoice) -> tuple[NDArray[np.uint32], Cell]:
    """Return a picture of a vector wrapped into rows; behind its end it is transparent."""
    columns = ceil(sqrt(len(values)))
    rows = ceil(len(values) / columns)
    wrapped = torch.zeros(rows * columns)
    wrapped[: len(values)] = values
    size = _fitted(rows, columns, side)
    pixels = painted(wrapped.reshape(rows, columns), *size, scale)
    is_cell = (torch.arange(rows * columns) < len(values)).reshape(rows, columns)
    shown = is_cell[nearest(rows, size[0])][:, nearest(columns, size[1])].numpy()
    return np.where(shown, pixels, np.uint32(0)), _share(divmod(index, columns), (rows, columns))


def painted(
    values: torch.Tensor, height: int, width: int, scale: ScaleChoice, is_signed: bool | None = None
) -> NDArray[np.uint32]:
    """Return a picture of one map ``(H, W)`` on a scale of its own, ``(height, width)``, 0xffRRGGBB."""
    shown = cut_down(values[None], (height, width))
    own = map_scale(MapStatistics(shown), is_signed)
    pixels = paint_tiles(shown, own.low, own.high, (height, width), own.colormap(scale), scale.gamma)[0]
    return np.ascontiguousarray(pixels)


def _fitted(rows: int, columns: int, side: int) -> tuple[int, int]:
    """Return the height and width of a picture that keeps the map's proportions."""
    factor = side / max(rows, columns)
    return max(1, round(rows * factor)), max(1, round(columns * factor))


def _share(cell: tuple[int, ...], shape: tuple[int, ...]) -> Cell:
    (row, column), (rows, columns) = cell, shape
    return column / columns, row / rows, (column + 1) / columns, (row + 1) / rows


def _small_image(recording: Recording, side: int) -> NDArray[np.uint32]:
    colors = recording.network.preprocessing.invert(recording.input)
    colors = colors.expand(3, -1, -1) if len(colors) == 1 else colors[:3]
    rows, columns = colors.shape[-2:]
    height, width = _fitted(rows, columns, side)
    shown = colors[:, nearest(rows, height)][:, :, nearest(columns, width)].numpy().astype(np.uint32)
    return np.ascontiguousarray(packed_rgb(shown[0], shown[1], shown[2]))
