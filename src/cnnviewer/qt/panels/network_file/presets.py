"""Ready values for mean and deviation, as networks are commonly trained; Qt is not known here.

Sources: torchvision's `Normalize` for ImageNet; Inception's and TensorFlow's −1..1; Caffe's means of the channels of
ImageNet, in BGR.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["PRESETS", "Preset", "preset_of"]


@dataclass(frozen=True)
class Preset:
    """Ready values.

    Parameters
    ----------
    title
        For people.
    white
        What a white pixel is before the mean is taken away.
    mean, deviation
        A number a letter of the order; "*" stands for every letter.
    order
        The order that belongs to them; '' for any.
    """

    title: str
    white: int
    mean: dict[str, float]
    deviation: dict[str, float]
    order: str = ""

    def suits(self, order: str) -> bool:
        """Whether there are numbers for every channel of an order."""
        return "*" in self.mean or (set(self.order or order) <= set(self.mean) and order != "L")

    def values(self, order: str, channels: int) -> dict[str, Any]:
        """Return the values of a card's JSON: range, order, mean and deviation, a number for all or one a channel."""
        order = self.order or order
        letters = [order[channel % len(order)] for channel in range(channels)]
        return {
            "range": self.white,
            "order": order,
            "mean": _numbers(self.mean, letters),
            "deviation": _numbers(self.deviation, letters),
        }


def _numbers(table: dict[str, float], letters: list[str]) -> list[float]:
    numbers = [table.get(letter, table.get("*", 0)) for letter in letters]
    return numbers[:1] if len(set(numbers)) == 1 else numbers


PRESETS = (
    Preset(
        "ImageNet's mean and deviation",
        1,
        {"R": 0.485, "G": 0.456, "B": 0.406},
        {"R": 0.229, "G": 0.224, "B": 0.225},
    ),
    Preset("−1..1", 1, {"*": 0.5}, {"*": 0.5}),
    Preset("0..1 as it is", 1, {"*": 0}, {"*": 1}),
    Preset("0..255 as it is", 255, {"*": 0}, {"*": 1}),
    Preset("Caffe: BGR minus 104, 117, 123", 255, {"B": 104, "G": 117, "R": 123}, {"*": 1}, "BGR"),
)


def preset_of(stored: dict[str, Any]) -> Preset | None:
    """Return the ready values that a card's JSON has; None where it has others."""
    order, channels = stored["order"], stored["channels"]
    for preset in PRESETS:
        if preset.suits(order):
            values = preset.values(order, channels)
            if all(_spread(values[key], channels) == _spread(stored[key], channels) for key in values):
                return preset
    return None


def _spread(value: object, channels: int) -> object:
    """Return a number a channel where one stands for all."""
    return value * channels if isinstance(value, list) and len(value) == 1 else value
