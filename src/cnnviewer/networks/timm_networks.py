"""Networks of timm, under the names ``timm/NAME`` and ``timm/NAME.TAG``."""

from __future__ import annotations

import math
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import timm
from timm.data.config import resolve_data_config
from timm.data.imagenet_info import ImageNetInfo, infer_imagenet_subset
from timm.models import get_pretrained_cfg, model_entrypoint
from torchvision.models import ResNet18_Weights

from cnnviewer.networks import timm_weights
from cnnviewer.networks.names import TIMM
from cnnviewer.networks.recipe import Recipe, no_pretrained
from cnnviewer.preprocessing import Preprocessing

if TYPE_CHECKING:
    from torch import nn

    from cnnviewer.downloads import ProgressCallback

__all__ = [
    "architectures",
    "config",
    "is_name",
    "module_of",
    "names",
    "preprocessing_of",
    "recipe",
    "tag_of",
    "trained_on",
]

_DATASETS = {
    "imagenet-1k": "ImageNet-1k",
    "imagenet-12k": "ImageNet-12k",
    "imagenet-21k": "ImageNet-21k",
    "imagenet-21k-goog": "ImageNet-21k",
    "imagenet-21k-miil": "ImageNet-21k",
    "imagenet-22k": "ImageNet-22k",
    "imagenet-22k-ms": "ImageNet-22k",
}
_IN_TAGS = ("in1k", "in12k", "in21k", "in22k")


@cache
def architectures() -> tuple[str, ...]:
    """Return the names of all architectures, ``timm/NAME``."""
    return tuple(TIMM + name for name in timm.list_models())


@cache
def names() -> tuple[str, ...]:
    """Return a name for each set of pretrained weights, and for each architecture that has none."""
    plain = (name for name in timm.list_models() if not timm.is_model_pretrained(name))
    return tuple(TIMM + name for name in (*timm.list_pretrained(), *plain))


def is_name(name: str) -> bool:
    """Return whether a name means a network of timm."""
    return name in _known()


def config(name: str) -> dict[str, Any]:
    """Return what timm tells of a network: input, preprocessing, classes, where the weights are."""
    found = get_pretrained_cfg(name.removeprefix(TIMM))
    return {} if found is None else dict(found.to_dict())  # type: ignore[no-untyped-call]


def module_of(name: str) -> str:
    """Return the file of timm that makes a network: "vision_transformer"."""
    module: str = model_entrypoint(name.removeprefix(TIMM)).__module__
    return module.rpartition(".")[2]


def trained_on(found: dict[str, Any]) -> str:
    """Return the dataset of pretrained weights, for people: their last one; '' where it is none that is known."""
    if not timm_weights.has_weights(found):
        return ""
    # The classes tell it; weights without classes have only their tag, which names the datasets in their order.
    told = (part.removeprefix("in") for part in reversed(tag_of(found).split("_")) if part in _IN_TAGS)
    subset = infer_imagenet_subset(found) or f"imagenet-{next(told, '')}"
    return _DATASETS.get(subset, "")


def tag_of(found: dict[str, Any]) -> str:
    """Return what timm calls pretrained weights: "openai"; '' without any."""
    return (found.get("tag") or "") if timm_weights.has_weights(found) else ""


def recipe(name: str) -> Recipe:
    """Return how a network of timm is made.

    With random weights it has the preprocessing and the categories of the pretrained ones; a name without a tag means
    the weights that timm chooses.
    """
    found, own = config(name), name.removeprefix(TIMM)
    is_pretrained = timm_weights.has_weights(found)
    return Recipe(
        name=name,
        preprocessing=preprocessing_of(found),
        categories=_categories(infer_imagenet_subset(found)),
        trained_on=trained_on(found),
        tag=tag_of(found),
        build=partial(_create, own),
        pretrained=partial(_pretrained, name, found) if is_pretrained else partial(no_pretrained, name),
        is_local=partial(timm_weights.is_here, found) if is_pretrained else _never,
        variant=partial(_variant, own),
    )


def preprocessing_of(found: dict[str, Any]) -> Preprocessing:
    """Return what `timm.data.create_transform` does to a photo for a network, told by its `config`."""
    data = resolve_data_config({}, pretrained_cfg=found)  # type: ignore[no-untyped-call]
    channels, height, width = data["input_size"]
    return Preprocessing(
        size=(height, width),
        resize=math.floor(min(height, width) / data["crop_pct"]),
        mean=tuple(data["mean"]),
        deviation=tuple(data["std"]),
        channels=channels,
        interpolation=data["interpolation"],
        crop_mode={"squash": "squash", "border": "border"}.get(data["crop_mode"], "centre"),
    )


def _pretrained(name: str, found: dict[str, Any], progress: ProgressCallback | None) -> nn.Module:
    return timm_weights.pretrained(name, found, progress)


def _create(own: str) -> nn.Module:
    module: nn.Module = timm.create_model(own, pretrained=False)
    return module


def _variant(own: str, classes: int | None, channels: int | None) -> nn.Module:
    # timm takes None for what is not said.
    module: nn.Module = timm.create_model(own, pretrained=False, num_classes=classes, in_chans=channels)
    return module


@cache
def _known() -> frozenset[str]:
    return frozenset((*architectures(), *names()))


@cache
def _categories(subset: str | None) -> tuple[str, ...]:
    if subset is None:
        return ()
    if subset == "imagenet-1k":
        # As the other sources call them; timm's names are those of WordNet, with all synonyms.
        return tuple(ResNet18_Weights.IMAGENET1K_V1.meta["categories"])
    return tuple(ImageNetInfo(subset).label_descriptions())


def _never() -> bool:
    return False
