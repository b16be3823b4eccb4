"""Operators that make numbers: constants, ranges, drawn at random, windows of signals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional as F

from cnnviewer.networks.files.onnx_import.values import (
    UnsupportedError,
    counted,
    number,
    on_axis,
    tensor_of,
    torch_type,
    wholes,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnnviewer.networks.files.onnx_import.node import Given
    from cnnviewer.networks.files.onnx_import.values import Value

_FLOAT = 1
_CHOICES = {
    "value_float": torch.float32,
    "value_floats": torch.float32,
    "value_int": torch.int64,
    "value_ints": torch.int64,
}


def constant(given: Given) -> Any:
    """Return what the node holds."""
    if "value" in given:
        return tensor_of(given.get("value"))
    for name, kind in _CHOICES.items():
        if name in given:
            return torch.tensor(given.get(name), dtype=kind)
    if "value_string" in given:
        return np.array(given.word("value_string"), dtype=object)
    if "value_strings" in given:
        return np.array(given.words("value_strings"), dtype=object)
    raise UnsupportedError("Constant that is sparse")


def constant_of_shape(given: Given, shape: Value) -> torch.Tensor:
    """Return one number at each place: it is there once, until something changes it."""
    value = tensor_of(given.get("value")) if "value" in given else torch.zeros(1)
    assert isinstance(value, torch.Tensor)
    return value.reshape(()).expand(counted(wholes(shape)))


def stepped(given: Given, start: Value, limit: Value, step: Value) -> torch.Tensor | np.ndarray[Any, Any]:
    """Return numbers from one to another, by steps."""
    first, last, by = (number(value, 0) for value in (start, limit, step))
    kind = start.dtype if isinstance(start, (torch.Tensor, np.ndarray)) else None
    count = max(0, math.ceil((last - first) / by))
    if isinstance(kind, torch.dtype):
        return torch.add(torch.arange(count).to(kind) * by, first)
    with torch._C.DisableTorchFunction():  # no arithmetic on an image
        return np.asarray(torch.arange(count).numpy() * by + first, dtype=kind)


def eye_like(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return a matrix of ones on a diagonal."""
    kind = torch_type(given.get("dtype")) if "dtype" in given else x.dtype
    rows, columns = x.shape
    offset = given.get("k", 0)
    steps = torch.arange(columns, device=x.device)[None] - torch.arange(rows, device=x.device)[:, None]
    return torch.eq(steps, offset).to(kind)


def _kind(given: Given, like: torch.Tensor | None) -> torch.dtype:
    return torch_type(given.get("dtype", _FLOAT)) if "dtype" in given or like is None else like.dtype


def drawn_normal(given: Given, like: torch.Tensor | None = None) -> torch.Tensor:
    """Return numbers drawn from a normal distribution."""
    shape = tuple(given.get("shape", ())) if like is None else tuple(like.shape)
    return torch.randn(shape, dtype=_kind(given, like)) * given.real("scale", 1.0) + given.real("mean", 0.0)


def drawn_evenly(given: Given, like: torch.Tensor | None = None) -> torch.Tensor:
    """Return numbers drawn from a uniform distribution."""
    shape = tuple(given.get("shape", ())) if like is None else tuple(like.shape)
    low, high = given.real("low", 0.0), given.real("high", 1.0)
    return torch.rand(shape, dtype=_kind(given, like)) * (high - low) + low


def drawn_ones(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return 1 with the probability that is told, else 0."""
    return torch.bernoulli(x).to(_kind(given, x))


def drawn_classes(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return classes drawn by their log probabilities."""
    kind = torch_type(given.get("dtype", 6))
    return torch.multinomial(torch.softmax(x, 1), given.get("sample_size", 1), replacement=True).to(kind)


def dropped(
    given: Given, x: torch.Tensor, ratio: Value = None, is_training: Value = None
) -> tuple[torch.Tensor, torch.Tensor] | torch.Tensor:
    """Return numbers of which in training some are 0, and which were kept."""
    share = float(number(ratio, given.get("ratio", 0.5)))
    found = F.dropout(x, share, training=True) if number(is_training, False) and share else x
    return (
        (found, (found != 0) if found is not x else torch.ones_like(x, dtype=torch.bool)) if given.wants(1) else found
    )


def window(function: Callable[..., torch.Tensor]) -> Any:
    """Return an operator that makes a window of a length."""

    def run(given: Given, size: Value) -> torch.Tensor:
        length = int(number(size, 0))
        kind = torch_type(given.get("output_datatype", _FLOAT))
        return function(length, periodic=given.flag("periodic", True)).to(kind)

    return run


def hamming(length: int, *, periodic: bool) -> torch.Tensor:
    """Return Hamming's window with ONNX's coefficients."""
    return torch.hamming_window(length, periodic=periodic, alpha=25 / 46, beta=21 / 46)


def mel_weights(given: Given, bins: Value, length: Value, rate: Value, lower: Value, upper: Value) -> torch.Tensor:
    """Return a matrix that sums a spectrum into bands of the mel scale (O'Shaughnessy, 1987)."""
    count, size, sampling = int(number(bins, 0)), int(number(length, 0)), number(rate, 0)
    low, high = (2595 * math.log10(1 + number(edge, 0.0) / 700) for edge in (lower, upper))
    edges = [700 * (10 ** ((low + place * (high - low) / (count + 2)) / 2595) - 1) for place in range(count + 2)]
    places = [int((size + 1) * edge // sampling) for edge in edges]
    found = np.zeros((on_axis(size // 2 + 1), on_axis(count)))
    for band in range(count):
        first, middle, last = places[band : band + 3]
        if first == middle:
            found[middle, band] = 1
        found[first : middle + (first != middle), band] = (
            (np.arange(first, middle + 1) - first) / (middle - first) if first != middle else found[first:middle, band]
        )
        if middle != last:
            found[middle:last, band] = (last - np.arange(middle, last)) / (last - middle)
    return torch.from_numpy(found).to(torch_type(given.get("output_datatype", _FLOAT)))
