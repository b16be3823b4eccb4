"""Networks of torchvision, with the preprocessing and categories that travel with its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torchvision

from cnnviewer.errors import WeightsError
from cnnviewer.network import Network
from cnnviewer.networks.downloads import cached_file, fetch
from cnnviewer.networks.weights import PRETRAINED_IMAGENET, RANDOM, fill_from_file
from cnnviewer.preprocessing import Preprocessing

if TYPE_CHECKING:
    import torch

    from cnnviewer.networks import ProgressCallback

__all__ = ["load", "preprocessing_of"]


def load(name: str, weights: str | None, progress: ProgressCallback) -> Network:
    """Load a network of torchvision; see `cnnviewer.networks.load_network`."""
    default = torchvision.models.get_model_weights(name).DEFAULT
    if weights == "DEFAULT":
        module, provenance = _pretrained(name, default, progress), PRETRAINED_IMAGENET
    else:
        module, provenance = _random(name), RANDOM
        if weights is not None:
            provenance = fill_from_file(module, weights, name)
    categories = tuple(default.meta["categories"])
    return Network(module.eval(), name, preprocessing_of(default), categories, provenance)


def preprocessing_of(weights: Any) -> Preprocessing:
    """Return the preprocessing that a member of a torchvision ``Weights`` enum carries."""
    preset = weights.transforms()
    (crop,) = preset.crop_size
    (resize,) = preset.resize_size
    return Preprocessing(
        size=(crop, crop),
        resize=resize,
        mean=tuple(preset.mean),
        deviation=tuple(preset.std),
        interpolation=preset.interpolation.value,
    )


def _pretrained(name: str, weights: Any, progress: ProgressCallback) -> torch.nn.Module:
    fetch(weights.url, name, progress)
    path = cached_file(weights.url)
    progress(0, None, f"Building {name}")
    try:
        # The file lies where torchvision looks for it: nothing is downloaded here.
        module: torch.nn.Module = torchvision.models.get_model(name, weights=weights, progress=False)
    except Exception as error:
        raise WeightsError(f"The weights in {path} are damaged: delete that file and try again.") from error
    return module


def _random(name: str) -> torch.nn.Module:
    # GoogLeNet asks for a decision on both; its trained weights come without the auxiliary classifiers.
    options = {"aux_logits": False, "init_weights": True} if name == "googlenet" else {}
    module: torch.nn.Module = torchvision.models.get_model(name, weights=None, **options)
    return module
