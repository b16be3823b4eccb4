"""Normalise and reshape: numbers shifted and divided to a standard spread, and numbers only laid out anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from cnnviewer.analysis.explaining.table import explain
from cnnviewer.lessons.messages import Grid
from cnnviewer.lessons.preparing_messages import NormaliseAnswer, ReshapeAnswer
from cnnviewer.lessons.tiny import floats, grid, photo_pixels, recorded
from cnnviewer.lessons.tiny import numbers as rows_of

if TYPE_CHECKING:
    from cnnviewer.lessons.context import LessonContext
    from cnnviewer.lessons.preparing_messages import NormaliseRequest, ReshapeRequest

__all__ = ["lay_out_anew", "normalise"]

_PIXELS = 48
"""How many pixels the photo's longer side has."""


def normalise(request: NormaliseRequest, context: LessonContext) -> NormaliseAnswer:
    """Return pixels of the photo, and what a batch norm in use makes of them, divided by 255."""
    values = _middle(np.array(context.small_photo(_PIXELS).convert("L")), request.side)
    for (row, column), pixel in request.edits:
        if row < values.shape[0] and column < values.shape[1]:
            values[row, column] = pixel
    pixels = torch.from_numpy(values).float()
    module = nn.BatchNorm2d(1, eps=0.0)
    state = {
        "running_mean": request.mean,
        "running_var": request.deviation**2,
        "weight": request.scale,
        "bias": request.shift,
    }
    for name, value in state.items():
        getattr(module, name).data.fill_(value)
    shares = pixels[None] / 255
    after = recorded(module.eval(), shares).layers[-1].output
    return NormaliseAnswer(
        before=Grid(rows_of(pixels), photo_pixels(pixels)),
        after=grid(after[0], dark=request.dark, is_signed=True),
        spread=_spread(shares),
        spread_after=_spread(after),
    )


def lay_out_anew(request: ReshapeRequest, context: LessonContext) -> ReshapeAnswer:
    """Return maps, and the one row that flattening makes of them."""
    del context
    maps = floats(request.maps)
    recording = recorded(nn.Flatten(), maps)
    layer = recording.layers[-1]
    terms = (explain(recording, layer, (index,)).strongest for index in range(len(layer.output)))
    both = torch.cat([maps.reshape(1, -1), layer.output[None]])  # one scale: the same number has the same colour
    painted = grid(both, dark=request.dark, sequential="magma", is_signed=False).pixels
    shape = (len(maps), *maps.shape[1:])
    return ReshapeAnswer(
        maps=tuple(
            Grid(rows_of(values), np.ascontiguousarray(pixels))
            for values, pixels in zip(maps, painted[0].reshape(shape), strict=True)
        ),
        row=Grid(rows_of(layer.output[None]), np.ascontiguousarray(painted[1:])),
        places=tuple((p[0], p[1], p[2]) for p in (term.place for term in terms if term is not None) if p is not None),
    )


def _middle(values: np.ndarray, side: int) -> np.ndarray:
    top, left = (max(0, (length - side) // 2) for length in values.shape)
    return values[top : top + side, left : left + side].copy()


def _spread(values: torch.Tensor) -> tuple[float, float]:
    return float(values.mean()), float(values.std(correction=0))
