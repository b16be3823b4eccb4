"""The small residual networks that were made for CIFAR-10."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

from cnnviewer.networks.names import cifar_depth
from cnnviewer.networks.recipe import Recipe, no_pretrained
from cnnviewer.networks.stems import with_channels
from cnnviewer.preprocessing import Preprocessing

if TYPE_CHECKING:
    import torch

__all__ = ["CATEGORIES", "PREPROCESSING", "CifarResNet", "recipe"]

CATEGORIES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""The ten classes of CIFAR-10."""

PREPROCESSING = Preprocessing(size=(32, 32), resize=32, mean=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225))
"""32x32 pixels, with ImageNet's mean and deviation, as the weights found for these networks take them."""


class _Block(nn.Module):
    """Two 3x3 convolutions, added to what went in."""

    def __init__(self, before: int, maps: int) -> None:
        super().__init__()
        stride = 1 if before == maps else 2
        self.conv1 = nn.Conv2d(before, maps, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(maps)
        self.conv2 = nn.Conv2d(maps, maps, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(maps)
        self._added = maps - before

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = functional.relu(self.bn1(self.conv1(x)))
        found = self.bn2(self.conv2(found))
        if self._added:
            # A shortcut without weights (option A): every second pixel, and maps of zeros for those that are new.
            x = functional.pad(x[:, :, ::2, ::2], [0, 0, 0, 0, self._added // 2, self._added - self._added // 2])
        return functional.relu(found + x)


class CifarResNet(nn.Module):
    """A residual network for images of 32x32 pixels.

    From He, Zhang, Ren and Sun, Deep residual learning for image recognition, 2016, section 4.2: a convolution, three
    stages of n blocks with 16, 32 and 64 maps, global average pooling, a linear layer; 6n + 2 layers. Shortcuts have
    no weights (option A). The weights begin as He et al., 2015, propose.

    It takes float32 ``(N, 3, 32, 32)`` and returns logits ``(N, classes)``.

    Parameters
    ----------
    depth
        20, 32, 44, 56, or any other 6n + 2.
    classes
        How many outputs there are.
    """

    def __init__(self, depth: int, classes: int = 10) -> None:
        super().__init__()
        blocks = (depth - 2) // 6
        self.conv1 = nn.Conv2d(3, 16, kernel_size=3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = _stage(16, 16, blocks)
        self.layer2 = _stage(16, 32, blocks)
        self.layer3 = _stage(32, 64, blocks)
        self.linear = nn.Linear(64, classes)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits ``(N, classes)`` for images ``(N, 3, 32, 32)``."""
        x = functional.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        x = functional.adaptive_avg_pool2d(x, 1).flatten(1)
        logits: torch.Tensor = self.linear(x)
        return logits


def recipe(name: str) -> Recipe:
    """Return how ``resnet20``, ``resnet32``, ``resnet44``, ``resnet56`` and their deeper and flatter kin are made."""
    depth = cifar_depth(name)
    assert depth is not None
    return Recipe(
        name=name,
        preprocessing=PREPROCESSING,
        categories=CATEGORIES,
        trained_on="",
        build=partial(CifarResNet, depth),
        pretrained=partial(no_pretrained, name),
        variant=partial(_variant, depth),
    )


def _variant(depth: int, classes: int | None, channels: int | None) -> nn.Module:
    module = CifarResNet(depth, classes or len(CATEGORIES))
    return module if channels is None else with_channels(module, channels)


def _stage(before: int, maps: int, blocks: int) -> nn.Sequential:
    return nn.Sequential(_Block(before, maps), *(_Block(maps, maps) for _ in range(blocks - 1)))
