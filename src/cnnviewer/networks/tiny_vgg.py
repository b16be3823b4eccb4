"""TinyVGG, the network of CNN Explainer: small enough to see all of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from torch import nn

from cnnviewer.networks.recipe import Recipe, no_pretrained
from cnnviewer.networks.stems import with_channels
from cnnviewer.preprocessing import Preprocessing

if TYPE_CHECKING:
    import torch

__all__ = ["CATEGORIES", "PREPROCESSING", "TinyVGG", "recipe"]

CATEGORIES = (
    "lifeboat", "ladybug", "pizza", "bell pepper", "school bus",
    "koala", "espresso", "red panda", "orange", "sport car",
)  # fmt: skip
"""The ten classes that CNN Explainer shows, of Tiny ImageNet."""

PREPROCESSING = Preprocessing(size=(64, 64), resize=64, mean=(0.0, 0.0, 0.0), deviation=(1.0, 1.0, 1.0))
"""64x64 pixels in 0..1, as CNN Explainer gives them."""

_MAPS = 10


class TinyVGG(nn.Module):
    """Two blocks of two convolutions, as VGG has them, with ten maps each.

    From Wang et al., CNN Explainer: Learning convolutional neural networks with interactive visualization, 2020. The
    convolutions are 3x3 without padding, each with a ReLU; the blocks end with maximum pooling over 2x2.

    It takes float32 ``(N, 3, 64, 64)`` and returns logits ``(N, classes)``; with 10 classes it has 19,920 parameters.
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv_1_1 = nn.Conv2d(3, _MAPS, kernel_size=3)
        self.relu_1_1 = nn.ReLU()
        self.conv_1_2 = nn.Conv2d(_MAPS, _MAPS, kernel_size=3)
        self.relu_1_2 = nn.ReLU()
        self.max_pool_1 = nn.MaxPool2d(kernel_size=2)
        self.conv_2_1 = nn.Conv2d(_MAPS, _MAPS, kernel_size=3)
        self.relu_2_1 = nn.ReLU()
        self.conv_2_2 = nn.Conv2d(_MAPS, _MAPS, kernel_size=3)
        self.relu_2_2 = nn.ReLU()
        self.max_pool_2 = nn.MaxPool2d(kernel_size=2)
        self.flatten = nn.Flatten()
        self.output = nn.Linear(_MAPS * 13 * 13, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits ``(N, classes)`` for images ``(N, 3, 64, 64)``."""
        x = self.relu_1_2(self.conv_1_2(self.relu_1_1(self.conv_1_1(x))))
        x = self.max_pool_1(x)
        x = self.relu_2_2(self.conv_2_2(self.relu_2_1(self.conv_2_1(x))))
        x = self.max_pool_2(x)
        logits: torch.Tensor = self.output(self.flatten(x))
        return logits


def recipe(name: str) -> Recipe:
    """Return how ``tiny-vgg``, the only network of this source, is made."""
    return Recipe(
        name=name,
        preprocessing=PREPROCESSING,
        categories=CATEGORIES,
        trained_on="",
        build=TinyVGG,
        pretrained=partial(no_pretrained, name),
        variant=_variant,
    )


def _variant(classes: int | None, channels: int | None) -> nn.Module:
    module = TinyVGG(classes or len(CATEGORIES))
    return module if channels is None else with_channels(module, channels)
