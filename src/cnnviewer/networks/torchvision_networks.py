"""Networks of torchvision: classification, segmentation, detection.

Their pretrained weights are downloaded once, to where torchvision keeps them.
"""

from __future__ import annotations

import math
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torchvision import models
from torchvision.models import WeightsEnum, get_model, get_model_builder, get_model_weights
from torchvision.ops.misc import FrozenBatchNorm2d

from cnnviewer.errors import WeightsError
from cnnviewer.networks.downloads import download, weights_path
from cnnviewer.networks.names import dense_name
from cnnviewer.networks.recipe import Recipe
from cnnviewer.networks.stems import with_channels
from cnnviewer.networks.weights import load_weights
from cnnviewer.preprocessing import Preprocessing
from cnnviewer.sizes import MIB, byte_text

if TYPE_CHECKING:
    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.networks.weights import State

__all__ = ["default_weights", "file_size", "names", "preprocessing_of", "recipe", "task_of", "top1", "trained_on"]

_TASKS = {"segmentation": models.segmentation, "detection": models.detection}
_OPTIONS: dict[str, dict[str, bool]] = {
    # The heads that help only while the network learns are left out; torchvision warns where init_weights is not given.
    "googlenet": {"aux_logits": False, "init_weights": True},
    "inception_v3": {"aux_logits": False, "init_weights": True},
}
# As torchvision builds them for its own weights: they take their input in another range.
_SKELETON: dict[str, dict[str, bool]] = {
    "googlenet": {"aux_logits": False, "init_weights": False, "transform_input": True},
    "inception_v3": {"aux_logits": False, "init_weights": False, "transform_input": True},
}
# torchvision builds these backbones with batch normalisation that never learns for its own weights, and lets those of
# 2018 divide by the bare variance.
_FROZEN = {
    "fasterrcnn_resnet50_fpn": 0.0,
    "maskrcnn_resnet50_fpn": 0.0,
    "keypointrcnn_resnet50_fpn": 0.0,
    "retinanet_resnet50_fpn": 0.0,
    "fcos_resnet50_fpn": 1e-5,
    "fasterrcnn_mobilenet_v3_large_fpn": 1e-5,
    "fasterrcnn_mobilenet_v3_large_320_fpn": 1e-5,
}
_HEADS_OF_LEARNING = ("aux1.", "aux2.", "AuxLogits.", "aux_classifier.")
_DATASETS = {
    "ImageNet-1K": "ImageNet-1k",
    "COCO-val2017": "COCO",
    "COCO-val2017-VOC-labels": "COCO, with the classes of VOC",
}


@cache
def names() -> tuple[str, ...]:
    """Return the names of all networks: those for classification, then for segmentation and detection."""
    return tuple(name for part in (models, *_TASKS.values()) for name in models.list_models(module=part))


def task_of(name: str) -> str:
    """Return "classification", "segmentation" or "detection"."""
    module: str = get_model_builder(name).__module__
    return next((task for task in _TASKS if f".{task}." in module), "classification")


def default_weights(name: str) -> WeightsEnum:
    """Return what torchvision tells of the pretrained weights of a network."""
    return get_model_weights(name)["DEFAULT"]


def trained_on(weights: WeightsEnum) -> str:
    """Return the dataset of pretrained weights, for people."""
    first: str = next(iter(weights.meta["_metrics"]))
    return _DATASETS.get(first, first)


def top1(weights: WeightsEnum) -> float | None:
    """Return the share of ImageNet-1k's validation images that are named right, 0..1; None for other tasks."""
    percent = weights.meta["_metrics"].get("ImageNet-1K", {}).get("acc@1", math.nan)
    return None if math.isnan(percent) else percent / 100


def recipe(name: str) -> Recipe:
    """Return how a network of torchvision is made.

    With random weights it has the preprocessing and the categories of the pretrained ones.
    """
    weights = default_weights(name)
    return Recipe(
        name=name,
        preprocessing=preprocessing_of(name, weights),
        categories=tuple(weights.meta["categories"]),
        trained_on=trained_on(weights),
        build=partial(_build, name, _OPTIONS.get(name, {})),
        pretrained=partial(_pretrained, name, weights),
        skeleton=partial(_skeleton, name),
        adapt=_adapt,
        is_local=weights_path(weights.url).exists,
        variant=partial(_variant, name),
    )


def _build(name: str, options: dict[str, Any]) -> nn.Module:
    if task_of(name) != "classification":
        options = {"weights_backbone": None, **options}
    if name.startswith("vit_"):
        # The position embedding has an entry a patch: the size is that of the weights' preprocessing.
        options = {"image_size": default_weights(name).meta["min_size"][0], **options}
    module: nn.Module = get_model(name, weights=None, **options)
    return module


def _skeleton(name: str) -> nn.Module:
    return _variant(name, None, None)


def _variant(name: str, classes: int | None, channels: int | None) -> nn.Module:
    options: dict[str, Any] = dict((_OPTIONS if channels else _SKELETON).get(name, {}))
    module = _build(name, options if classes is None else {**options, "num_classes": classes})
    if name in _FROZEN:
        module = _with_frozen_norms(module, _FROZEN[name])
    return module if channels is None else with_channels(module, channels)


def file_size(weights: WeightsEnum) -> int:
    """Return how many bytes a file of weights has, nearly: torchvision tells thousandths of a MiB."""
    return round(float(weights.meta["_file_size"]) * MIB)


def _pretrained(name: str, weights: WeightsEnum, progress: ProgressCallback | None) -> nn.Module:
    path = download(weights.url, name, byte_text(file_size(weights)), progress)
    module = _skeleton(name)
    try:
        # Not through get_model: that unpickles the file with all that is in it.
        load_weights(module, path, name, _adapt)
    except WeightsError as error:
        raise WeightsError(
            f"The weights file {path} is damaged. Delete it and open {name} again: it will be downloaded anew."
        ) from error
    return module


def preprocessing_of(name: str, weights: WeightsEnum) -> Preprocessing:
    """Return what the preset of pretrained weights does to a photo.

    Of a preset that does not crop, the middle is taken: the input of a network has one size.
    """
    preset: Any = weights.transforms()
    if task_of(name) == "detection":
        # The module resizes and normalises itself; a square of its own size is left as it is.
        side = _DETECTED_SIDE.get(name, 800)
        return Preprocessing((side, side), side, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    resize = preset.resize_size[0]
    crop = getattr(preset, "crop_size", [resize])
    return Preprocessing(
        size=(crop[0], crop[-1]),
        resize=resize,
        mean=tuple(preset.mean),
        deviation=tuple(preset.std),
        interpolation=preset.interpolation.value,
    )


_DETECTED_SIDE = {
    "fasterrcnn_mobilenet_v3_large_320_fpn": 320,
    "ssd300_vgg16": 300,
    "ssdlite320_mobilenet_v3_large": 320,
}
"""The shorter side to which a detection network resizes its input, where it is not 800."""


def _with_frozen_norms(module: nn.Module, eps: float) -> nn.Module:
    """Put batch normalisation that never learns in the place of that of the backbone."""
    backbone = module.get_submodule("backbone")
    for path, norm in list(backbone.named_modules()):
        if isinstance(norm, nn.BatchNorm2d):
            parent, _, own = path.rpartition(".")
            with torch.device(norm.weight.device):
                setattr(backbone.get_submodule(parent), own, FrozenBatchNorm2d(norm.num_features, eps=eps))
    return module


def _adapt(state: State, module: nn.Module) -> State:
    """Do to torchvision's own files what torchvision does: rename tensors, leave auxiliary heads out."""
    wanted = module.state_dict()
    has_heads = any(name.startswith(_HEADS_OF_LEARNING) for name in wanted)
    return {
        dense_name(name): tensor
        for name, tensor in state.items()
        if (has_heads or not name.startswith(_HEADS_OF_LEARNING)) and not _is_spare_count(name, wanted)
    }


def _is_spare_count(name: str, wanted: State) -> bool:
    """Return whether a file counts batches for a normalisation that never learns."""
    if not name.endswith(".num_batches_tracked") or name in wanted:
        return False
    return f"{name.rpartition('.')[0]}.running_mean" in wanted
