"""The usual ways in which networks want the values of their pixels. No torch here: a dialog offers them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnviewer.preprocessing import Preprocessing

__all__ = ["PRESETS", "Preset", "applied", "presets_for"]


@dataclass(frozen=True)
class Preset:
    """A way to scale pixels: ``(x / 255 * white - mean) / deviation``, a number a channel or one for all.

    Parameters
    ----------
    name
        What people read.
    order
        "RGB", "BGR" or "L".
    white
        What a white pixel is before the mean is taken away.
    mean, deviation
        One number for all channels, or one each.
    """

    name: str
    order: str
    white: float
    mean: tuple[float, ...]
    deviation: tuple[float, ...]


PRESETS = (
    Preset("ImageNet's mean and deviation", "RGB", 1, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    Preset("−1..1", "RGB", 1, (0.5,), (0.5,)),
    Preset("0..1", "RGB", 1, (0.0,), (1.0,)),
    Preset("0..255", "RGB", 255, (0.0,), (1.0,)),
    Preset("Caffe's: BGR, 0..255, minus 104, 117, 123", "BGR", 255, (104.0, 117.0, 123.0), (1.0,)),
    Preset("0..255, minus ImageNet's mean", "RGB", 255, (123.675, 116.28, 103.53), (1.0,)),
    Preset("(x − 127) / 128", "RGB", 255, (127.0,), (128.0,)),
    Preset("MNIST's mean and deviation", "L", 1, (0.1307,), (0.3081,)),
    Preset("grey, 0..1", "L", 1, (0.0,), (1.0,)),
    Preset("grey, −1..1", "L", 1, (0.5,), (0.5,)),
    Preset("grey, 0..255", "L", 255, (0.0,), (1.0,)),
    Preset("grey, 1..0: black on white", "L", 1, (1.0,), (-1.0,)),
    Preset("grey, 255..0: black on white", "L", 255, (255.0,), (-1.0,)),
)
"""Those that networks in the wild have."""


def presets_for(channels: int) -> tuple[Preset, ...]:
    """Return the presets that suit a number of channels."""
    return tuple(preset for preset in PRESETS if (preset.order == "L") == (channels == 1))


def applied(preset: Preset, preprocessing: Preprocessing) -> Preprocessing:
    """Return a preprocessing of the same size and crop with the values of a preset."""
    channels = preprocessing.channels
    mean, deviation = (_spread(numbers, channels) for numbers in (preset.mean, preset.deviation))
    return replace(preprocessing, order=preset.order, divisor=255 / preset.white, mean=mean, deviation=deviation)


def _spread(numbers: tuple[float, ...], channels: int) -> tuple[float, ...]:
    """Return a number a channel; as the letters of the order, they begin again."""
    return tuple(numbers[channel % len(numbers)] for channel in range(channels))
