"""Networks of torchvision. Their pretrained weights are downloaded once, to where torchvision keeps them."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from torchvision.models import WeightsEnum, get_model, get_model_weights

from cnnviewer.errors import WeightsError
from cnnviewer.networks.downloads import download, weights_path
from cnnviewer.networks.recipe import Recipe
from cnnviewer.networks.weights import load_weights
from cnnviewer.preprocessing import Preprocessing

if TYPE_CHECKING:
    from torch import nn

    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.networks.weights import State

__all__ = ["recipe"]

_RANDOM: dict[str, dict[str, bool]] = {"googlenet": {"aux_logits": False, "init_weights": True}}
# As torchvision builds it for its own weights: they take their input in another range.
_SKELETON: dict[str, dict[str, bool]] = {
    "googlenet": {"aux_logits": False, "init_weights": False, "transform_input": True}
}
# torchvision's files of DenseNet are older than its names: "norm.1.weight" is "norm1.weight" today.
_OLD_DENSE_NAME = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")


def recipe(name: str) -> Recipe:
    """Return how a network of torchvision is made.

    With random weights it has the preprocessing and the categories of the pretrained ones.
    """
    weights = get_model_weights(name)["DEFAULT"]
    return Recipe(
        name=name,
        preprocessing=_preprocessing(weights),
        categories=tuple(weights.meta["categories"]),
        trained_on="ImageNet-1k",
        build=partial(_build, name, _RANDOM.get(name, {})),
        pretrained=partial(_pretrained, name, weights),
        skeleton=partial(_build, name, _SKELETON.get(name, {})),
        adapt=_adapt,
        is_local=weights_path(weights.url).exists,
    )


def _build(name: str, options: dict[str, bool]) -> nn.Module:
    module: nn.Module = get_model(name, weights=None, **options)
    return module


def _pretrained(name: str, weights: WeightsEnum, progress: ProgressCallback | None) -> nn.Module:
    path = download(weights.url, name, f"{weights.meta['_file_size']:.0f} MB", progress)
    module = _build(name, _SKELETON.get(name, {}))
    try:
        # Not through get_model: that unpickles the file with all that is in it.
        load_weights(module, path, name, _adapt)
    except WeightsError as error:
        raise WeightsError(
            f"The weights file {path} is damaged. Delete it and open {name} again: it will be downloaded anew."
        ) from error
    return module


def _preprocessing(weights: WeightsEnum) -> Preprocessing:
    preset: Any = weights.transforms()
    return Preprocessing(
        size=(preset.crop_size[0], preset.crop_size[-1]),
        resize=preset.resize_size[0],
        mean=tuple(preset.mean),
        deviation=tuple(preset.std),
        interpolation=preset.interpolation.value,
    )


def _adapt(state: State, module: nn.Module) -> State:
    """Do to torchvision's own files what torchvision does: rename tensors, leave auxiliary heads out."""
    has_heads = any(name.startswith("aux") for name in module.state_dict())
    return {
        _OLD_DENSE_NAME.sub(r"\1\2", name): tensor
        for name, tensor in state.items()
        if has_heads or not name.startswith(("aux1.", "aux2."))
    }
