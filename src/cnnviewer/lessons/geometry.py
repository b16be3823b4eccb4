"""Stride, padding, dilation: how many windows fit, and what they leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from cnnviewer.analysis.explaining.table import explain
from cnnviewer.errors import RecordingError
from cnnviewer.lessons.messages import GeometryAnswer
from cnnviewer.lessons.tiny import convolution, grid, recorded

if TYPE_CHECKING:
    from cnnviewer.lessons.context import LessonContext
    from cnnviewer.lessons.messages import GeometryRequest

__all__ = ["show_geometry"]


def show_geometry(request: GeometryRequest, context: LessonContext) -> GeometryAnswer:
    """Return what a convolution of these settings makes of an image of ones: each unit counts the pixels it sees."""
    image = torch.ones(1, request.size, request.size)
    padded = functional.pad(image, [request.padding] * 4)[0]
    module = convolution(_ones(request), stride=request.stride, padding=request.padding, dilation=request.dilation)
    try:
        output = recorded(module, image).layers[-1].output[0]
    except RecordingError:  # nothing fits, and PyTorch refuses it
        output = None
    length = 0 if output is None else len(output)
    unit = (min(request.unit[0], length - 1), min(request.unit[1], length - 1)) if length else (0, 0)
    dropped = len(padded) - _reach(request, length) if length else 0
    return GeometryAnswer(
        padded=grid(padded, dark=request.dark, is_signed=False),
        output=None if output is None else grid(output, dark=request.dark, sequential="magma", is_signed=False),
        unit=unit,
        taps=_taps(request, padded, unit) if length else (),
        dropped=dropped,
        formula=_formula(request),
        sentence=_sentence(request, length, dropped),
    )


def _width(request: GeometryRequest) -> int:
    """Return how many cells a window spans."""
    return request.dilation * (request.kernel - 1) + 1


def _reach(request: GeometryRequest, length: int) -> int:
    """Return how many rows and columns the windows reach."""
    return (length - 1) * request.stride + _width(request)


def _taps(request: GeometryRequest, padded: torch.Tensor, unit: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """Return the cells of the padded image that a unit sees: those that explain it without padding."""
    module = convolution(_ones(request), stride=request.stride, dilation=request.dilation)
    recording = recorded(module, padded[None])
    places = (term.place for term in explain(recording, recording.layers[-1], (0, *unit)).terms)
    return tuple((place[1], place[2]) for place in places if place is not None)


def _ones(request: GeometryRequest) -> torch.Tensor:
    return torch.ones(1, 1, request.kernel, request.kernel)


def _formula(request: GeometryRequest) -> tuple[str, ...]:
    """Return the formula of the output's size as PyTorch documents it for Conv2d, with its numbers."""
    n, k, s, p, d = request.size, request.kernel, request.stride, request.padding, request.dilation
    room = n + 2 * p - d * (k - 1) - 1
    return (
        "⌊(n + 2p − d(k − 1) − 1) / s⌋ + 1",
        f"⌊({n} + 2·{p} − {d}·({k} − 1) − 1) / {s}⌋ + 1",
        f"⌊{room} / {s}⌋ + 1".replace("-", "−"),
        f"{room // s + 1}".replace("-", "−"),
    )


def _sentence(request: GeometryRequest, length: int, dropped: int) -> str:
    width, padded = _width(request), request.size + 2 * request.padding
    if not length:
        return f"Nothing comes out: the window spans {width} cells, the padded image has only {padded}."
    if not dropped:
        return "The windows fit: every row and column of the padded image is reached."
    rows = "row and the last column are" if dropped == 1 else f"{dropped} rows and columns are"
    return f"The last {rows} dropped: another window would not fit, and the formula rounds down."
