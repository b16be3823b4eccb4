"""Pictures of maps and filters, each at the size at which it is shown."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch

from cnnviewer.rendering.colormaps import color_table
from cnnviewer.rendering.packing import packed_rgb
from cnnviewer.rendering.scales import levels, levels_there

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["color_filters", "cut_down", "nearest", "paint_tiles"]


@cache
def nearest(length: int, shown: int) -> torch.Tensor:
    """Return, for each of `shown` pixels, the index 0..length-1 of the nearest of `length` cells."""
    return ((torch.arange(shown) * 2 + 1) * length // (2 * shown)).clamp_(max=length - 1)


def paint_tiles(
    maps: torch.Tensor,
    low: torch.Tensor,
    high: torch.Tensor,
    size: tuple[int, int],
    colormap: str,
    gamma: float = 1.0,
) -> NDArray[np.uint32]:
    """Return a picture of each map, by nearest neighbour.

    Parameters
    ----------
    maps
        float ``(maps, H, W)``.
    low, high
        float32 ``(maps,)``: the ends of each map's scale.
    size
        Height and width of a picture in pixels.
    colormap
        A name that `color_table` knows.
    gamma
        See `levels`.

    Returns
    -------
    numpy.ndarray
        uint32 ``(maps, height, width)``, 0xffRRGGBB. The cost is bounded by the smaller of the map and its
        picture: a map is cut down before it is coloured, and coloured before it is enlarged.
    """
    shown = cut_down(maps, size)
    if shown.device.type == "cpu":
        found = levels(shown.float().numpy(), low, high, gamma)
    else:  # the levels travel, and not the values
        found = levels_there(shown, low, high, gamma).cpu().numpy()
    return _enlarge(color_table(colormap).take(found), size)


def cut_down(maps: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Return the units of maps ``(maps, H, W)`` that pictures of `size`, height and width in pixels, show.

    On the CPU in float32; elsewhere they stay where they are, and what they are.
    """
    rows, columns = maps.shape[-2:]
    shown = min(rows, size[0]), min(columns, size[1])
    if maps.device.type != "cpu":
        maps = maps.detach()
        if shown == (rows, columns):
            return maps
        down, across = nearest(rows, shown[0]), nearest(columns, shown[1])
        return maps.index_select(1, down.to(maps.device)).index_select(2, across.to(maps.device))
    # NumPy, since torch takes up to fifty times as long where the channels of a pixel lie side by side.
    # It knows no bfloat16: of that the bits are picked.
    is_unknown = maps.dtype is torch.bfloat16
    values = (maps.view(torch.int16) if is_unknown else maps).detach().numpy()
    if shown != (rows, columns):
        values = values[:, nearest(rows, shown[0])[:, None].numpy(), nearest(columns, shown[1]).numpy()]
    found = torch.from_numpy(np.ascontiguousarray(values))
    return (found.view(torch.bfloat16) if is_unknown else found).float()


def color_filters(weight: torch.Tensor, size: tuple[int, int], reach: torch.Tensor) -> NDArray[np.uint32]:
    """Return filters over three colours as colour pictures: grey where a weight is 0, full where it is `reach`.

    Parameters
    ----------
    weight
        float ``(filters, 3, kH, kW)``, in the order red, green, blue.
    size
        Height and width of a picture in pixels.
    reach
        float32 ``(filters,)``: the weight that is shown as 255, and minus that as 0.
    """
    share = (weight.float().cpu() / reach.cpu().clamp(min=1e-30)[:, None, None, None] + 1) * 127.5
    channels = share.nan_to_num(127.5).round().clamp(0, 255).to(torch.int64).numpy().astype(np.uint32)
    return _enlarge(packed_rgb(channels[:, 0], channels[:, 1], channels[:, 2]), size)


def _enlarge(pixels: NDArray[np.uint32], size: tuple[int, int]) -> NDArray[np.uint32]:
    count, rows, columns = pixels.shape
    if (rows, columns) == size:
        return np.ascontiguousarray(pixels)
    if not rows * columns:  # a map without units, as a detector has that found nothing
        return np.zeros((count, *size), np.uint32)
    return pixels.reshape(count, rows * columns).take(_cells((rows, columns), size), axis=1).reshape(count, *size)


@cache
def _cells(cells: tuple[int, int], size: tuple[int, int]) -> NDArray[np.intp]:
    """Return, for each pixel of a picture, the number of the nearest of rows x columns cells."""
    down, across = nearest(cells[0], size[0]), nearest(cells[1], size[1])
    return (down[:, None] * cells[1] + across).flatten().numpy()
