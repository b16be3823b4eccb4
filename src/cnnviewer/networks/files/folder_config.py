"""The configuration beside a network's file, as timm and Hugging Face write them: config.json and its like. No torch.

``config.json`` tells the architecture, its classes and, of timm, how an image is prepared; of Hugging Face that stands
in ``preprocessor_config.json``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cnnviewer.card import LARGEST_SIDE
from cnnviewer.networks.files.described import described, pixels_of, share_of, size_of
from cnnviewer.networks.files.evidence import Arithmetic, Clue, Evidence, Framing
from cnnviewer.networks.files.side_files import read_json

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.networks.files.presets import Preset

__all__ = ["config_beside"]

_CONFIG, _IMAGES = "config.json", "preprocessor_config.json"
_RESAMPLING = {2: "bilinear", 3: "bicubic"}
"""As Pillow numbers them."""
_RESNETS = {
    ("basic", (2, 2, 2, 2)): "resnet18",
    ("basic", (3, 4, 6, 3)): "resnet34",
    ("bottleneck", (3, 4, 6, 3)): "resnet50",
    ("bottleneck", (3, 4, 23, 3)): "resnet101",
    ("bottleneck", (3, 8, 36, 3)): "resnet152",
}
_TYPES = {"efficientnet": "tf_efficientnet"}
"""Types of `transformers` whose networks are TensorFlow's, and pad as those do."""
_EPSILONS = {
    "deit": ("layer", "layer_norm_eps"),
    "efficientnet": ("batch", "batch_norm_eps"),
    "focalnet": ("layer", "layer_norm_eps"),
    "mobilenet_v1": ("batch", "layer_norm_eps"),
    "mobilenet_v2": ("batch", "layer_norm_eps"),
    "vit": ("layer", "layer_norm_eps"),
}
"""By type, of which norms `transformers` takes the small number from the configuration, and under which name."""
_ACTIVATIONS = {
    "convnext": "gelu", "convnextv2": "gelu", "deit": "gelu", "efficientnet": "silu", "mobilenet_v1": "relu6",
    "mobilenet_v2": "relu6", "swin": "gelu", "vit": "gelu",
}  # fmt: skip
"""By type, the activation that all its layers have, unless the configuration says another."""
_ALIASES = {"swish": "silu", "gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh"}
_USUAL: dict[str, dict[str, Any]] = {
    "bit": {"output_stride": 32, "hidden_act": "relu"},
    "focalnet": {"hidden_act": "gelu"},
    "hiera": {"hidden_act": "gelu"},
    "mobilenet_v2": {"output_stride": 32},
    "mobilevit": {"output_stride": 32, "hidden_act": "silu"},
    "mobilevitv2": {"output_stride": 32, "hidden_act": "silu"},
    "poolformer": {"hidden_act": "gelu"},
    "regnet": {"downsample_in_first_stage": True, "hidden_act": "relu"},
    "resnet": {"downsample_in_first_stage": False, "downsample_in_bottleneck": False, "hidden_act": "relu"},
}
"""By type, settings that change what is computed and no tensor, and what the networks of the program have."""
_UNLIKE = {"poolformer": ("poolformer, whose last norm comes before the average over the map",)}
"""By type, what no network of the program has, whatever the settings are."""
_LONGEST = 40
"""Characters of a setting: a sentence tells it."""
_WHOLE_FROM = 384
"""From this side on ConvNeXt's images are resized to the input, and nothing is cut off."""
_WORTH_A_BYTE = 255


def config_beside(path: Path) -> Evidence:
    """Return what the configurations beside a network's file say of it."""
    config, problem = _mapping(path.with_name(_CONFIG))
    found = Evidence(problems=(problem,) if problem else ())
    if config is not None:
        found += _config(config, f"{_CONFIG} beside the file")
    images, problem = _mapping(path.with_name(_IMAGES))
    if problem:
        found += Evidence(problems=(problem,))
    # What tells of images alone first: a network's configuration has the size in numbers of its own.
    return found if images is None else _images(images, f"{_IMAGES} beside the file") + found


def _mapping(path: Path) -> tuple[Mapping[str, Any] | None, str]:
    stored, problem = read_json(path)
    if stored is None or isinstance(stored, Mapping):
        return stored, problem
    return None, f"{path.name} beside the file is no JSON object, and is left out."


# ---- config.json


def _config(config: Mapping[str, Any], source: str) -> Evidence:
    found = described(config, source)
    architecture, own = config.get("architecture"), config.get("pretrained_cfg")
    tag = own.get("tag") if isinstance(own, Mapping) else None
    if isinstance(architecture, str) and isinstance(tag, str) and tag:
        found = Evidence(architectures=(Clue(f"{architecture}.{tag}", source),)) + found
    arithmetic = _arithmetic(config)
    return (
        Evidence(
            architectures=tuple(Clue(name, source) for name in _hugging_face(config)),
            arithmetic=() if arithmetic is None else (Clue(arithmetic, source),),
        )
        + found
    )


def _arithmetic(config: Mapping[str, Any]) -> Arithmetic | None:
    """Return what `transformers` reads in a configuration and no tensor tells; None where that is nothing."""
    kind = str(config.get("model_type"))
    norms, key = _EPSILONS.get(kind, ("", ""))
    told = config.get(key)
    usual, activation = _ACTIVATIONS.get(kind, ""), _setting(config, "hidden_act")
    found = Arithmetic(
        norms=norms,
        epsilon=told if isinstance(told, float) and 0 < told < 1 else None,
        pads_as_tensorflow=kind in ("mobilenet_v1", "mobilenet_v2") and config.get("tf_padding") is True,
        usual_activation=usual,
        activation=activation if isinstance(activation, str) and usual and activation != usual else "",
        unmet=_UNLIKE.get(kind, ())
        + tuple(
            f"{name} {_setting(config, name)}"
            for name, value in _USUAL.get(kind, {}).items()
            if _setting(config, name) not in (None, value)
        ),
    )
    return None if found == Arithmetic(norms, usual_activation=usual) else found


def _setting(config: Mapping[str, Any], name: str) -> bool | int | str | None:
    """Return a setting, an activation under the name that it has elsewhere; None where it is none."""
    told = config.get(name)
    if isinstance(told, str):
        return _ALIASES.get(told, told) if len(told) <= _LONGEST else None
    return told if isinstance(told, int) else None


def _hugging_face(config: Mapping[str, Any]) -> list[str]:
    """Return the names that may be meant by the type of Hugging Face's `transformers`, the surest first."""
    kind = config.get("model_type")
    if not isinstance(kind, str) or not kind:
        return []
    depths, blocks = config.get("depths"), config.get("layer_type")
    known = isinstance(depths, list) and isinstance(blocks, str) and all(type(depth) is int for depth in depths)
    own = _RESNETS.get((str(blocks), tuple(depths or ()))) if kind == "resnet" and known else None
    return [own, kind] if own else [_TYPES.get(kind, kind)]


# ---- preprocessor_config.json


def _images(images: Mapping[str, Any], source: str) -> Evidence:
    size, framing = _sizes(images)
    pixels = _pixels(images, source)
    return Evidence(
        sizes=() if size is None else (Clue(size, source),),
        framings=() if framing == Framing() else (Clue(framing, source),),
        pixels=() if pixels is None else (Clue(pixels, source),),
    )


def _sizes(images: Mapping[str, Any]) -> tuple[tuple[int, int] | None, Framing]:
    """Return the size of the input, and how a photo is brought to it, as the image processors of `transformers` do."""
    told = images.get("size")
    size, crop = size_of(told), size_of(images.get("crop_size"))
    resampling = images.get("resample")
    interpolation = _RESAMPLING.get(resampling, "") if isinstance(resampling, int) else ""
    if images.get("do_resize") is False or size is None:
        return crop or size, Framing(interpolation=interpolation)
    share = share_of(images.get("crop_pct"))
    if crop is not None and images.get("do_center_crop", True) is not False:
        return crop, Framing(min(size), interpolation=interpolation)
    if share and min(size) < _WHOLE_FROM:
        return size, Framing(min(int(min(size) / share), LARGEST_SIDE), interpolation=interpolation)
    return size, Framing(min(size), interpolation=interpolation, crop_mode="squash")


def _pixels(images: Mapping[str, Any], source: str) -> Preset | None:
    """Return how pixels are scaled: ``(x * factor - offset - mean) / deviation``, each part as far as it is done."""
    factor = images.get("rescale_factor", 1 / _WORTH_A_BYTE)
    if type(factor) not in (int, float) or not 0 < factor <= 1:
        return None
    mean, deviation = images.get("image_mean"), images.get("image_std")
    white: float | None = _WORTH_A_BYTE * factor
    if images.get("do_rescale") is False:
        white = None
    if images.get("do_normalize") is False:
        mean, deviation, white = 0, 1, white or _WORTH_A_BYTE
    order = "BGR" if images.get("do_flip_channel_order") is True else "RGB"
    found = pixels_of(mean, deviation, source, order=order, white=white)
    if found is None or images.get("rescale_offset") is not True:
        return found
    return replace(found, mean=tuple(number + 1 for number in found.mean))
