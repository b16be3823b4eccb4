"""Filters and depth: each filter makes a map, and none of them knows how large the image is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from cnnviewer.lessons.messages import DepthAnswer, ParameterRow
from cnnviewer.lessons.tiny import convolution, floats, grid, painted, photo_values, recorded
from cnnviewer.network import from_module
from cnnviewer.rendering.packing import packed_rgb

if TYPE_CHECKING:
    from cnnviewer.lessons.context import LessonContext
    from cnnviewer.lessons.messages import DepthRequest

__all__ = ["show_depth"]

_COLORS, _KERNEL = 3, 3
_SIZES = (1, 2, 4)
"""For images how many times as wide and high parameters are counted."""


def show_depth(request: DepthRequest, context: LessonContext) -> DepthAnswer:
    """Return the maps of some filters over the photo; those behind the given ones have random weights."""
    photo = context.small_photo(request.longest)
    given = floats(request.kernels)
    weight = torch.cat([given, _random_filters(max(0, request.filters - len(given)))])[: request.filters]
    recording = recorded(convolution(weight, padding=1, padding_mode="replicate"), photo_values(photo, "RGB") / 255)
    red, green, blue = np.moveaxis(np.asarray(photo), 2, 0)
    return DepthAnswer(
        photo=packed_rgb(red, green, blue),
        maps=painted(recording.layers[-1].output, dark=request.dark, is_signed=True),
        kernels=tuple(
            tuple(grid(kernel, dark=request.dark, is_signed=True) for kernel in kernels) for kernels in given
        ),
        rows=tuple(_row(request.side * size, request.filters) for size in _SIZES),
    )


def _random_filters(count: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(4)
    return torch.randn(count, _COLORS, _KERNEL, _KERNEL, generator=generator)


def _row(side: int, filters: int) -> ParameterRow:
    """Count the parameters of two modules that make as much of an image; neither of them takes any memory."""
    with torch.device("meta"):
        convolving = nn.Conv2d(_COLORS, filters, _KERNEL, padding=1)
        connected = nn.Linear(_COLORS * side**2, filters * side**2)
    return ParameterRow(side, filters, from_module(convolving).parameter_count, from_module(connected).parameter_count)
