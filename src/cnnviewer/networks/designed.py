"""Networks that a user designed, row by row (see `cnnviewer.designs`)."""

from __future__ import annotations

from collections import Counter
from math import prod
from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

from cnnviewer.designs import (
    Activation,
    Convolution,
    Design,
    Dropout,
    FullyConnected,
    Pooling,
    Row,
    examine,
    problems,
)
from cnnviewer.errors import NetworkError
from cnnviewer.preprocessing import Preprocessing

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

__all__ = ["SumPool2d", "build_design", "design_preprocessing"]

_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky relu": nn.LeakyReLU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "gelu": nn.GELU,
}


class SumPool2d(nn.Module):
    """Sums the units of each window of a map."""

    def __init__(self, kernel_size: int, stride: int) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return ``(N, C, H', W')`` for maps ``(N, C, H, W)``."""
        # An average that is divided by 1.
        return functional.avg_pool2d(x, self.kernel_size, self.stride, divisor_override=1)

    def extra_repr(self) -> str:
        """Return the settings, as torch's own poolings show them."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}"


def build_design(design: Design, classes: int) -> nn.Module:
    """Return the module of a design, with random weights: it gives logits ``(N, classes)``.

    The submodules are numbered by their sort: conv1, relu1, pool1, conv2, ..., flatten, fc1, output.

    Raises
    ------
    NetworkError
        If a row can't be; the first reason is told.
    """
    wrong = problems(design, classes)
    if wrong:
        raise NetworkError(f"The design {design.name!r} can't be built. {wrong[0]}")
    facts = examine(design, classes)
    module, counts = nn.Sequential(), Counter[str]()
    before: tuple[int, ...] = design.input_shape
    for number, (row, fact) in enumerate(zip((*design.rows, FullyConnected(classes)), facts, strict=True)):
        if isinstance(row, FullyConnected) and len(before) == 3:
            module.add_module("flatten", nn.Flatten())
        name, made = _module_of(row, before)
        counts[name] += 1
        module.add_module("output" if number == len(design.rows) else f"{name}{counts[name]}", made)
        assert fact.shape is not None
        before = fact.shape
    return module


def design_preprocessing(design: Design) -> Preprocessing:
    """Return how a photo becomes the image that a design takes: its middle, resized, in −1..1."""
    channels, height, width = design.input_shape
    return Preprocessing(
        size=(height, width),
        resize=max(height, width),
        channels=channels,
        order="L" if channels == 1 else "RGB",
        mean=(0.5,) * channels,
        deviation=(0.5,) * channels,
    )


def _module_of(row: Row, before: tuple[int, ...]) -> tuple[str, nn.Module]:
    """Return a row's module for what comes before it, and what its sort is called."""
    if isinstance(row, Convolution):
        return "conv", nn.Conv2d(before[0], row.filters, row.kernel, row.stride, row.padding)
    if isinstance(row, Activation):
        return row.function.replace(" ", "_"), _ACTIVATIONS[row.function]()
    if isinstance(row, Pooling):
        return "pool", _pooling(row)
    if isinstance(row, Dropout):
        return "dropout", nn.Dropout(row.share)
    return "fc", nn.Linear(prod(before), row.units)


def _pooling(row: Pooling) -> nn.Module:
    if row.how == "sum":
        return SumPool2d(row.window, row.stride)
    return (nn.MaxPool2d if row.how == "max" else nn.AvgPool2d)(row.window, row.stride)
