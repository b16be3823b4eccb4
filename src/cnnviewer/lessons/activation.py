"""ReLU: negative numbers become zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from cnnviewer.analysis.statistics import MapStatistics
from cnnviewer.lessons.messages import ReluAnswer
from cnnviewer.lessons.tiny import convolution, floats, grid, painted, photo_values, recorded

if TYPE_CHECKING:
    from cnnviewer.lessons.context import LessonContext
    from cnnviewer.lessons.messages import ReluRequest

__all__ = ["show_relu"]

_REACH, _POINTS = 10, 41


def show_relu(request: ReluRequest, context: LessonContext) -> ReluAnswer:
    """Return numbers, a feature map of the photo and the curve, before and after."""
    values = floats(request.numbers)
    photo = photo_values(context.small_photo(request.longest)) / 255
    x = torch.linspace(-_REACH, _REACH, _POINTS)
    module = nn.Sequential(
        convolution(floats(request.kernel)[None, None], padding=1, padding_mode="replicate"), nn.ReLU()
    )
    *_, before, after = (layer.output for layer in recorded(module, photo).layers)
    # One scale: what is positive has the same colour in both.
    both = painted(torch.cat([before, after], 2), dark=request.dark, is_signed=True)[0]
    width = before.shape[2]
    return ReluAnswer(
        before=grid(values, dark=request.dark, is_signed=True),
        after=grid(_through_relu(values), dark=request.dark, is_signed=True),
        curve=tuple(zip(x.tolist(), _through_relu(x[None])[0].tolist(), strict=True)),
        map_before=np.ascontiguousarray(both[:, :width]),
        map_after=np.ascontiguousarray(both[:, width:]),
        negative_share=float((before < 0).float().mean()),
        zero_share=float(MapStatistics(after).zero_share[0]),
    )


def _through_relu(values: torch.Tensor) -> torch.Tensor:
    return recorded(nn.ReLU(), values[None]).layers[-1].output[0]
