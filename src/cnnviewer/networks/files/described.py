"""What a mapping says of a network: a configuration, a checkpoint's settings, the metadata of a file. No torch here.

Libraries and people call the same things by some ten names each; the tables below have them. Whatever is not of the
expected kind is passed over: such mappings hold anything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cnnviewer.card import LARGEST_SIDE, MOST_CHANNELS
from cnnviewer.networks.files.evidence import Clue, Evidence, Framing
from cnnviewer.networks.files.labels import literal, names_in
from cnnviewer.networks.files.presets import Preset

__all__ = ["described", "list_named", "pixels_of", "share_of", "size_of"]

_NESTS = (
    "pretrained_cfg", "args", "opt", "options", "hyper_parameters", "hparams", "config", "cfg", "model_args",
    "model_config", "model_cfg", "meta", "metadata", "dataset_meta", "data_preprocessor", "preprocessing", "transform",
)  # fmt: skip
_DEEPEST = 3
_ARCHITECTURES = (
    "architecture", "arch", "model_name", "model_arch", "model", "backbone", "backbone_name", "encoder",
    "encoder_name", "base_model", "net", "network", "timm_model",
)  # fmt: skip
_CATEGORIES = (
    "class_names", "classes", "CLASSES", "label_names", "labels", "class_labels", "categories", "target_names",
    "id2label", "idx_to_class", "idx2class", "idx2label", "index_to_class", "int_to_label", "class_to_idx",
    "class2idx", "class_to_index", "label2id", "label_to_idx", "label_map", "classnames", "vocab", "names",
)  # fmt: skip
_SIZES = (
    "input_size", "img_size", "image_size", "imgsz", "input_shape", "input_resolution", "resolution", "val_size",
    "crop_size", "val_crop_size",
)  # fmt: skip
_MEANS = ("mean", "image_mean", "pixel_mean", "img_mean", "norm_mean", "normalize_mean", "mean_values")
_DEVIATIONS = ("std", "image_std", "pixel_std", "img_std", "norm_std", "normalize_std", "scale_values")
_ORDERS = ("order", "channel_order", "color_order", "color_mode", "input_format", "color_space")
_INTERPOLATIONS = {"bilinear": "bilinear", "bicubic": "bicubic", 2: "bilinear", 3: "bicubic"}
_CROP_MODES = {"center": "centre", "centre": "centre", "squash": "squash", "border": "border"}
_DATASETS = ("dataset", "dataset_name", "trained_on", "data")
_LISTS = (
    (re.compile(r"(^|[^a-z])(fashion[-_ ]?mnist|fmnist)"), "Fashion-MNIST"),
    (re.compile(r"(^|[^a-z])mnist"), "digits"),
    (re.compile(r"(^|[^a-z])cifar[-_ ]?10(?!\d)"), "CIFAR-10"),
    (re.compile(r"(^|[^a-z0-9])(in1k|imagenet[-_ ]?1k|imagenet(?![-_ ]?(\d|[a-z])))"), "ImageNet-1k"),
)
_LONGEST_WORD = 200
_BYTES = 4
"""A mean or a deviation above this is of pixels of 0..255."""


def described(stored: Mapping[Any, Any], source: str) -> Evidence:
    """Return what a mapping says of a network, and the mappings in it that tools keep settings in.

    Parameters
    ----------
    stored
        By name. A value that is text may be a list, a mapping or a number as JSON or Python writes it.
    source
        What sentences call it: "config.json beside the file".
    """
    found = Evidence()
    for part in _parts(stored):
        found += _one(part, source)
    return found


def list_named(text: str) -> str:
    """Return the list of categories that a text names, as "in1k" does; '' where it names none."""
    return next((name for pattern, name in _LISTS if pattern.search(text.lower())), "")


def size_of(value: Any) -> tuple[int, int] | None:
    """Return the height and width that a value tells: a side, two, a shape, or a mapping of them; else None."""
    value = literal(value) if isinstance(value, str) else value
    if isinstance(value, Mapping):
        square = value.get("shortest_edge")
        value = [value.get("height", square), value.get("width", square)]
    sides = [value, value] if type(value) is int else value
    if not isinstance(sides, (list, tuple)) or not all(type(side) is int for side in sides):
        return None
    sides = list(sides[1:]) if len(sides) == 4 else list(sides)
    if len(sides) == 3:
        sides = sides[1:] if sides[0] in (1, 3, 4) else sides[:2]
    if len(sides) == 1:
        sides *= 2
    is_size = len(sides) == 2 and all(1 <= side <= LARGEST_SIDE for side in sides)
    return (sides[0], sides[1]) if is_size else None


def pixels_of(
    mean: Any, deviation: Any, source: str, *, order: str = "RGB", white: float | None = None
) -> Preset | None:
    """Return how pixels are scaled, told by a mean and a deviation; None where they are none.

    Parameters
    ----------
    mean, deviation
        A number, or one each channel; or such as text.
    source
        What sentences call where they stand.
    order
        "RGB" or "BGR".
    white
        What a white pixel is before the mean is taken away; by default 255 where the numbers are of pixels of 0..255.
    """
    means, deviations = _numbers(mean), _numbers(deviation)
    if not means or not deviations or not all(deviations):
        return None
    if white is None:
        white = 255 if max(map(abs, (*means, *deviations))) > _BYTES else 1
    return Preset(f"as {source} says", order, white, means, deviations)


def share_of(value: Any) -> float:
    """Return the share of a photo that a network sees, as a number of 0.1..1 or a text tells it; 0 where none does."""
    value = literal(value) if isinstance(value, str) else value
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and 0.1 <= value <= 1 else 0.0


# ---- parts


def _parts(stored: Mapping[Any, Any]) -> Iterator[Mapping[Any, Any]]:
    """Yield a mapping and the mappings of settings in it, each once, the outer ones first."""
    seen, level = set[int](), [stored]
    for _ in range(_DEEPEST):
        inner: list[Mapping[Any, Any]] = []
        for part in level:
            if id(part) not in seen:
                seen.add(id(part))
                yield part
                inner += [value for nest in _NESTS if isinstance(value := part.get(nest), Mapping)]
        level = inner


def _one(stored: Mapping[Any, Any], source: str) -> Evidence:
    told = [value for key in _ARCHITECTURES if (value := _word(stored.get(key)))]
    names = [names for key in _CATEGORIES if (names := names_in(stored.get(key)))]
    sizes = [size for key in _SIZES if (size := size_of(stored.get(key)))]
    lists = [name for key in _DATASETS if (name := list_named(_word(stored.get(key))))]
    tag = _word(stored.get("tag"))
    framing, pixels = _framing(stored), _pixels(stored, source)
    return Evidence(
        architectures=tuple(Clue(value, source) for value in told),
        categories=tuple(Clue(value, source) for value in dict.fromkeys(names)),
        datasets=tuple(Clue(name, source) for name in (*lists, *filter(None, [list_named(tag.rpartition("_")[2])]))),
        sizes=tuple(Clue(size, source) for size in sizes[:1]),
        framings=() if framing == Framing() else (Clue(framing, source),),
        pixels=() if pixels is None else (Clue(pixels, source),),
    )


def _framing(stored: Mapping[Any, Any]) -> Framing:
    interpolation, crop_mode = stored.get("interpolation"), stored.get("crop_mode")
    return Framing(
        share=share_of(stored.get("crop_pct")),
        interpolation=_INTERPOLATIONS.get(interpolation, "") if isinstance(interpolation, (str, int)) else "",
        crop_mode=_CROP_MODES.get(crop_mode, "") if isinstance(crop_mode, str) else "",
    )


def _pixels(stored: Mapping[Any, Any], source: str) -> Preset | None:
    mean = next((stored[key] for key in _MEANS if key in stored), None)
    deviation = next((stored[key] for key in _DEVIATIONS if key in stored), None)
    told = {_word(stored.get(key)).upper() for key in _ORDERS}
    swaps = stored.get("bgr") is True or stored.get("to_rgb") is False or stored.get("to_bgr") is True
    return pixels_of(mean, deviation, source, order="BGR" if swaps or "BGR" in told else "RGB")


def _word(value: Any) -> str:
    return value.strip() if isinstance(value, str) and len(value) <= _LONGEST_WORD else ""


def _numbers(value: Any) -> tuple[float, ...]:
    """Return a value's finite numbers, at least one; empty where it has anything else."""
    value = literal(value) if isinstance(value, str) else value
    values = [value] if type(value) in (int, float) else value
    if not isinstance(values, Sequence) or isinstance(values, (str, bytes)) or not 0 < len(values) <= MOST_CHANNELS:
        return ()
    if not all(type(number) in (int, float) for number in values):
        return ()
    with_floats = tuple(_float(number) for number in values)
    return with_floats if all(map(math.isfinite, with_floats)) else ()


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:  # a whole number of many digits
        return math.inf
