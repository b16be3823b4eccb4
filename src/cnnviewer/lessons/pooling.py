"""Pooling: one number for each window, and what of it survives a shift."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from cnnviewer.analysis.explaining.table import explain
from cnnviewer.errors import RecordingError
from cnnviewer.lessons.kernels import VERTICAL_EDGES
from cnnviewer.lessons.messages import PoolingAnswer
from cnnviewer.lessons.tiny import convolution, floats, grid, painted, photo_values, recorded
from cnnviewer.networks.designed import SumPool2d

if TYPE_CHECKING:
    from cnnviewer.lessons.context import LessonContext
    from cnnviewer.lessons.messages import PoolingRequest
    from cnnviewer.recording import Recording

__all__ = ["show_pooling"]

_POOLS: dict[str, type[nn.Module]] = {"max": nn.MaxPool2d, "average": nn.AvgPool2d, "sum": SumPool2d}
_MOST = 3
"""By how many pixels a shift may move the photo."""


def show_pooling(request: PoolingRequest, context: LessonContext) -> PoolingAnswer:
    """Return numbers and maps of the photo, pooled, and how much of them a shift changes."""
    still = floats(request.numbers)[None]
    moved = _shifted(still, request.shift)
    pooled, pooled_still = _pooled(request, moved), _pooled(request, still)
    maps = _edges(request, context, 0), _edges(request, context, request.shift)
    pooled_maps = [_pooled(request, of) for of in maps]
    return PoolingAnswer(
        before=grid(moved[0], dark=request.dark, sequential="magma", is_signed=False),
        after=None if pooled is None else grid(pooled[0], dark=request.dark, sequential="magma", is_signed=False),
        winners=_winners(request, moved),
        equal_before=_equal(moved[0], still[0]),
        equal_after=() if pooled is None or pooled_still is None else _equal(pooled[0], pooled_still[0]),
        maps_before=painted(maps[1], dark=request.dark, sequential="magma"),
        maps_after=painted(
            maps[1] if pooled_maps[1] is None else pooled_maps[1], dark=request.dark, sequential="magma"
        ),
        shape_before=_shape(maps[1]),
        shape_after=_shape(pooled_maps[1]),
        change_before=_change(*maps),
        change_after=_change(*pooled_maps),
    )


def _recorded(request: PoolingRequest, maps: torch.Tensor) -> Recording | None:
    """Return the recording of maps ``(C, H, W)`` that are pooled; None where the window does not fit."""
    try:
        return recorded(_POOLS[request.how](request.window, request.stride), maps)
    except RecordingError:
        return None


def _pooled(request: PoolingRequest, maps: torch.Tensor) -> torch.Tensor | None:
    recording = _recorded(request, maps)
    return None if recording is None else recording.layers[-1].output


def _winners(request: PoolingRequest, maps: torch.Tensor) -> tuple[tuple[int, int], ...]:
    """Return which cell (row, column) of the one map each largest number comes from, row by row."""
    recording = _recorded(request, maps)
    if recording is None or request.how != "max":
        return ()
    _, rows, columns = recording.layers[-1].output.shape
    units = ((0, row, column) for row in range(rows) for column in range(columns))
    strongest = (explain(recording, recording.layers[-1], unit).strongest for unit in units)
    return tuple((term.place[1], term.place[2]) for term in strongest if term is not None and term.place is not None)


def _edges(request: PoolingRequest, context: LessonContext, shift: int) -> torch.Tensor:
    """Return where the photo has edges, in each of its colours: the maps that a first layer might make."""
    photo = photo_values(context.small_photo(request.longest), "RGB") / 255
    weight = floats(VERTICAL_EDGES)[None, None].repeat(3, 1, 1, 1)
    module = nn.Sequential(convolution(weight, padding=1, padding_mode="replicate", groups=3), nn.ReLU())
    return recorded(module, _panned(photo, shift)).layers[-1].output


def _shifted(maps: torch.Tensor, shift: int) -> torch.Tensor:
    """Return maps ``(C, H, W)`` moved to the right; zeros come in at the left."""
    return functional.pad(maps, (shift, -shift))


def _panned(photo: torch.Tensor, shift: int) -> torch.Tensor:
    """Return a photo as a camera sees it that is turned by `shift` pixels: what comes in at the left is photo, too."""
    last = photo.shape[2] - _MOST
    return photo[:, :, _MOST - shift : last + _MOST - shift] if last > _MOST else _shifted(photo, shift)


def _equal(values: torch.Tensor, others: torch.Tensor) -> tuple[tuple[bool, ...], ...]:
    return tuple(tuple(row) for row in torch.isclose(values, others).tolist())


def _shape(maps: torch.Tensor | None) -> tuple[int, int, int]:
    return (0, 0, 0) if maps is None else (maps.shape[0], maps.shape[1], maps.shape[2])


def _change(still: torch.Tensor | None, moved: torch.Tensor | None) -> float:
    if still is None or moved is None:
        return 0.0
    return float((moved - still).abs().mean() / still.abs().mean().clamp(min=1e-12))
