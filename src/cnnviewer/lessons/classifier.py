"""Fully connected and softmax: from inputs to logits, from logits to probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from cnnviewer.analysis.explaining.table import explain
from cnnviewer.lessons.messages import SoftmaxAnswer
from cnnviewer.lessons.tiny import floats, grid, recorded

if TYPE_CHECKING:
    from cnnviewer.lessons.context import LessonContext
    from cnnviewer.lessons.messages import SoftmaxRequest

__all__ = ["show_softmax"]


class _Classifier(nn.Module):
    """A fully connected layer, and a softmax at a temperature."""

    def __init__(self, weights: torch.Tensor, biases: torch.Tensor, temperature: float) -> None:
        super().__init__()
        self.linear = nn.Linear(weights.shape[1], weights.shape[0])
        self.linear.weight = nn.Parameter(weights, requires_grad=False)
        self.linear.bias = nn.Parameter(biases, requires_grad=False)
        self.temperature = temperature

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.linear(image.flatten(1))
        return functional.softmax(logits / self.temperature, 1)


def show_softmax(request: SoftmaxRequest, context: LessonContext) -> SoftmaxAnswer:
    """Return each step of a small classifier."""
    inputs, weights = floats([request.inputs]), floats(request.weights)
    module = _Classifier(weights, floats(request.biases), request.temperature)
    recording = recorded(module, inputs[None])
    *_, linear, divided, softmax = recording.layers
    units = [(place,) for place in range(len(request.weights))]
    sums = [explain(recording, linear, unit) for unit in units]
    shares = [explain(recording, softmax, unit) for unit in units]
    # An explanation tells them less the largest logit; these are infinite where no number is so large.
    exponentials = divided.output.double().exp()
    return SoftmaxAnswer(
        inputs=grid(inputs, dark=request.dark, is_signed=True),
        weights=grid(weights, dark=request.dark, is_signed=True),
        products=tuple(tuple(found.terms.contributions.tolist()) for found in sums),
        logits=tuple(found.value for found in sums),
        exponentials=tuple(exponentials.tolist()),
        total=float(exponentials.sum()),
        probabilities=tuple(found.value for found in shares),
    )
