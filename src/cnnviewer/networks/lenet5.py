"""LeNet-5 for handwritten digits, with weights trained on MNIST by ``cnnviewer train``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from torch import nn

from cnnviewer.networks.recipe import Recipe, shipped
from cnnviewer.networks.stems import with_channels
from cnnviewer.preprocessing import Preprocessing

if TYPE_CHECKING:
    import torch

__all__ = ["CATEGORIES", "PREPROCESSING", "LeNet5", "recipe"]

CATEGORIES = tuple("0123456789")
"""The names of the ten classes."""

PREPROCESSING = Preprocessing(
    size=(32, 32), resize=28, padding=2, channels=1, order="L", mean=(0.1307,), deviation=(0.3081,)
)
"""A digit of 28x28 pixels, white on black, in a black frame; mean and deviation are those of MNIST."""


class LeNet5(nn.Module):
    """LeNet-5, for digits of 32x32 pixels.

    From LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition, 1998.

    The submodules have the paper's names: convolutions C1, C3, C5, subsampling S2, S4, full connection F6.
    Modernised:

    - ReLU instead of the scaled hyperbolic tangent,
    - maximum pooling instead of the average with a trainable gain and bias,
    - each map of C3 sees all six maps of S2, not those of the paper's table 1,
    - ten logits (for a softmax) instead of the Euclidean radial basis functions.

    It takes float32 ``(N, 1, 32, 32)`` and returns logits ``(N, classes)``; with 10 classes it has 61,706 parameters.
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, kernel_size=5)
        self.relu1 = nn.ReLU()
        self.s2 = nn.MaxPool2d(kernel_size=2)
        self.c3 = nn.Conv2d(6, 16, kernel_size=5)
        self.relu3 = nn.ReLU()
        self.s4 = nn.MaxPool2d(kernel_size=2)
        self.c5 = nn.Conv2d(16, 120, kernel_size=5)
        self.relu5 = nn.ReLU()
        self.flatten = nn.Flatten()
        self.f6 = nn.Linear(120, 84)
        self.relu6 = nn.ReLU()
        self.output = nn.Linear(84, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits ``(N, classes)`` for digits ``(N, 1, 32, 32)``."""
        x = self.s2(self.relu1(self.c1(x)))
        x = self.s4(self.relu3(self.c3(x)))
        x = self.flatten(self.relu5(self.c5(x)))
        logits: torch.Tensor = self.output(self.relu6(self.f6(x)))
        return logits


def recipe(name: str) -> Recipe:
    """Return how ``lenet5``, the only network of this source, is made."""
    return Recipe(
        name=name,
        preprocessing=PREPROCESSING,
        categories=CATEGORIES,
        trained_on="MNIST",
        build=LeNet5,
        pretrained=partial(shipped, name, LeNet5),
        variant=_variant,
    )


def _variant(classes: int | None, channels: int | None) -> nn.Module:
    module = LeNet5(classes or len(CATEGORIES))
    return module if channels is None else with_channels(module, channels)
