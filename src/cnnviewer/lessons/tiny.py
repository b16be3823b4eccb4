"""Tiny networks with given weights, recorded and painted as real ones are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from cnnviewer.analysis.statistics import MapStatistics
from cnnviewer.lessons.messages import Grid
from cnnviewer.messages import ScaleChoice
from cnnviewer.network import from_module
from cnnviewer.recorder import record
from cnnviewer.rendering.packing import packed_rgb
from cnnviewer.rendering.scales import map_scale
from cnnviewer.rendering.tiles import paint_tiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from cnnviewer.lessons.messages import Numbers
    from cnnviewer.messages import Pixels
    from cnnviewer.recording import Recording

__all__ = ["convolution", "floats", "grid", "numbers", "painted", "photo_pixels", "photo_values", "recorded"]


def recorded(module: nn.Module, image: torch.Tensor) -> Recording:
    """Return the recording of a module over an image ``(C, H, W)``.

    Raises
    ------
    RecordingError
        If it fails on it, as PyTorch does.
    """
    return record(from_module(module), image[None])


def floats(values: Sequence[object]) -> torch.Tensor:
    """Return nested numbers as float32: whole ones too."""
    return torch.tensor(values, dtype=torch.float32)


def convolution(weight: torch.Tensor, **settings: int | str) -> nn.Conv2d:
    """Return a convolution without bias, of these weights ``(C_out, C_in / groups, kH, kW)``."""
    outputs, inputs, height, width = weight.shape
    groups = settings.get("groups", 1)
    assert isinstance(groups, int)
    module = nn.Conv2d(inputs * groups, outputs, (height, width), bias=False, **settings)  # type: ignore[arg-type]
    module.weight = nn.Parameter(weight, requires_grad=False)
    return module


def numbers(values: torch.Tensor) -> Numbers:
    """Return ``(rows, columns)`` as rows of numbers."""
    return tuple(tuple(row) for row in values.tolist())


def painted(maps: torch.Tensor, *, dark: bool, sequential: str = "grey", is_signed: bool | None = None) -> Pixels:
    """Return a picture ``(maps, H, W)`` of each of ``(maps, H, W)``, a pixel a unit, each on a scale of its own."""
    scale = map_scale(MapStatistics(maps), is_signed)
    name = scale.colormap(ScaleChoice(sequential=sequential, dark=dark))
    return paint_tiles(maps, scale.low, scale.high, (maps.shape[1], maps.shape[2]), name)


def grid(values: torch.Tensor, *, dark: bool, sequential: str = "grey", is_signed: bool | None = None) -> Grid:
    """Return ``(rows, columns)`` with its picture."""
    pixels = painted(values[None].float(), dark=dark, sequential=sequential, is_signed=is_signed)[0]
    return Grid(numbers(values), np.ascontiguousarray(pixels))


def photo_values(photo: Image, mode: str = "L") -> torch.Tensor:
    """Return a photo's values, float32 ``(C, H, W)``, 0..255; `mode` is "L" or "RGB"."""
    values = torch.from_numpy(np.array(photo.convert(mode), np.float32))
    return values[None] if values.ndim == 2 else values.permute(2, 0, 1).contiguous()


def photo_pixels(values: torch.Tensor) -> Pixels:
    """Return a grey map ``(H, W)`` as a photo: what is below 0 is black, above 255 white."""
    grey = values.round().clamp(0, 255).numpy().astype(np.uint32)
    return packed_rgb(grey, grey, grey)
