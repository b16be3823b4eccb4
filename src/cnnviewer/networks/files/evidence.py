"""What is known of a network beside its module: clues, each with its source and how much it weighs. No torch here.

A card says all of it and is stronger than any clue. What a clue says of the architecture, of the pixels and of the
categories is weighed in `siblings` and `guessing`, which tell the reader why, and what speaks against it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from cnnviewer.networks.files.presets import Preset

__all__ = ["Arithmetic", "Clue", "Evidence", "Framing", "Strength"]

Value = TypeVar("Value")


class Strength(IntEnum):
    """How much a clue weighs."""

    NAMED = 1
    """The name of the file, or of its folder, says so: people name files after what they began with."""
    TOLD = 2
    """The file says so, or a file beside it that was written for it."""


@dataclass(frozen=True)
class Clue(Generic[Value]):
    """What one source says.

    Parameters
    ----------
    value
        What it says.
    source
        The source, as a sentence begins with it: "config.json beside the file".
    strength
        How much it weighs.
    """

    value: Value
    source: str
    strength: Strength = Strength.TOLD


@dataclass(frozen=True)
class Framing:
    """How a photo is brought to the size of the input, as far as it is told: see `Preprocessing`.

    Parameters
    ----------
    resize
        The length to which the photo's shorter side is resized; None where it is not told.
    share
        The share of the resized photo's shorter side that the network sees; 0 where it is not told.
    interpolation, crop_mode
        As in `Preprocessing`; '' where they are not told.
    """

    resize: int | None = None
    share: float = 0.0
    interpolation: str = ""
    crop_mode: str = ""


@dataclass(frozen=True)
class Arithmetic:
    """What is told of the numbers between the layers' tensors.

    Parameters
    ----------
    norms
        Which norms `epsilon` is of: "batch" or "layer".
    epsilon
        What they add to the variance; None where it is not told.
    pads_as_tensorflow
        Whether a convolution with a stride pads as much as its input needs, the rest of it at the end: "SAME".
    usual_activation, activation
        The activation that such networks have, and another that this one has in its place; '' where it has none other.
    unmet
        Settings that such networks have otherwise, and that no network of the program has: "output_stride 16".
    """

    norms: str = ""
    epsilon: float | None = None
    pads_as_tensorflow: bool = False
    usual_activation: str = ""
    activation: str = ""
    unmet: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """Clues by what they are about, of one source after another; those of equal strength as they come.

    Parameters
    ----------
    architectures
        Names of networks, as libraries, people and configurations have them: "resnet50", "microsoft/resnet-50".
    titles
        Texts in which the name of a network may stand: those of the file and of its folder.
    categories
        Names of classes, in their order.
    datasets
        Names of lists of categories that the program knows.
    sizes
        Height and width of the input.
    framings, pixels
        How a photo is cut and scaled.
    arithmetic
        What a network computes that its tensors don't tell.
    problems
        What was found and can't be used, a sentence each.
    """

    architectures: tuple[Clue[str], ...] = ()
    titles: tuple[Clue[str], ...] = ()
    categories: tuple[Clue[tuple[str, ...]], ...] = ()
    datasets: tuple[Clue[str], ...] = ()
    sizes: tuple[Clue[tuple[int, int]], ...] = ()
    framings: tuple[Clue[Framing], ...] = ()
    pixels: tuple[Clue[Preset], ...] = ()
    arithmetic: tuple[Clue[Arithmetic], ...] = ()
    problems: tuple[str, ...] = ()

    def __add__(self, other: Evidence) -> Evidence:
        """Return what both say, this one first."""
        return Evidence(*(getattr(self, part.name) + getattr(other, part.name) for part in fields(Evidence)))
