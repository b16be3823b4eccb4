"""What is told of networks before they are opened: the catalogue, and what a file holds.

Frozen values without torch: the window asks for them and shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cnnviewer.card import Reason

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.card import Card

__all__ = [
    "CatalogueAnswer",
    "CatalogueEntry",
    "CatalogueRequest",
    "FileReport",
    "FileRequest",
    "Fit",
    "FitRow",
    "Reason",
    "WeightsPlace",
    "part_name",
]


class WeightsPlace(StrEnum):
    """Where pretrained weights are."""

    HERE = "here"
    DOWNLOAD = "to download"
    NONE = "none"


@dataclass(frozen=True)
class CatalogueEntry:
    """A network that can be opened by its name.

    Parameters
    ----------
    name
        As `load_network` takes it: "resnet50", "timm/convnext_tiny.fb_in1k".
    source
        "bundled", "torchvision", "timm", "untrained".
    family
        Networks of one design share it: "ResNet", "ConvNeXt".
    task
        "classification", "segmentation", "detection".
    parameters
        How many learnt numbers; None where not known.
    size
        Height and width of the input; None where not known.
    top1
        The share of ImageNet-1k's validation images that the pretrained weights name right, 0..1; None where not known.
    weights
        Where its pretrained weights are.
    download
        How many bytes are to be downloaded; None where not known.
    trained_on
        The dataset of the pretrained weights; '' without, and where it is not known by name.
    tag
        What the library calls the pretrained weights; '' where it has no word for them.
    """

    name: str
    source: str
    family: str
    task: str = "classification"
    parameters: int | None = None
    size: tuple[int, int] | None = None
    top1: float | None = None
    weights: WeightsPlace = WeightsPlace.NONE
    download: int | None = None
    trained_on: str = ""
    tag: str = ""


@dataclass(frozen=True)
class CatalogueRequest:
    """Tell all networks that can be opened by name; it needs no recording."""


@dataclass(frozen=True, eq=False)
class CatalogueAnswer:
    """All networks that can be opened by name, those that the program carries first."""

    entries: tuple[CatalogueEntry, ...]


@dataclass(frozen=True)
class FileRequest:
    """Tell what a file, or a factory, holds and how it can be opened.

    Parameters
    ----------
    path
        The file; or a factory as text, ``package.module:function`` or ``file.py:function``.
    architecture
        For weights alone: the architecture that the user chose; '' for the best.
    allow_code
        Whether the user consented that code of the file is run.
    digest
        The content that the consent was given to; '' for any. Of another content the consent is asked again.
    part
        Of a file with the weights of several networks: the one that the user chose; None for the usual one.
    """

    path: Path | str
    architecture: str = ""
    allow_code: bool = False
    digest: str = ""
    part: str | None = None


@dataclass(frozen=True)
class FitRow:
    """A tensor: the shape that the architecture wants, and that of the file; None where one has no such tensor.

    Parameters
    ----------
    key
        Its name in the architecture, or that in the file where only that has it.
    wanted, found
        The shapes.
    source
        Its name in the file, where that is another one; several that were joined.
    is_left
        Whether it is no part of the network, but stands beside it in the file, and is left over.
    """

    key: str
    wanted: tuple[int, ...] | None
    found: tuple[int, ...] | None
    source: str = ""
    is_left: bool = False

    @property
    def is_match(self) -> bool:
        """Whether both have it, with one shape."""
        return self.wanted is not None and self.wanted == self.found


@dataclass(frozen=True)
class Fit:
    """How the tensors of a file fit an architecture.

    Parameters
    ----------
    architecture
        Its name, as `load_network` takes it.
    rows
        A row a tensor of either, in the order of the architecture, then those of the file that it has no place for.
    adaptation
        What the architecture was given to fit, for people: "10 classes instead of 1,000".
    part
        Which tensors of the file these are, where it holds more: what their names begin with.
    is_by_order
        Whether the file's names are others, and its tensors were told by their order and shapes.
    is_sure
        Of such: whether each block of the network has its tensors from one place in the file.
    guesses
        What its head has of which the file tells nothing: "ReLU".
    """

    architecture: str
    rows: tuple[FitRow, ...]
    adaptation: str = ""
    part: str = ""
    is_by_order: bool = False
    is_sure: bool = True
    guesses: tuple[str, ...] = ()

    @property
    def matches(self) -> int:
        """How many tensors fit."""
        return sum(row.is_match for row in self.rows)

    @property
    def count(self) -> int:
        """How many tensors the network and its part of the file have together."""
        return sum(not row.is_left for row in self.rows)

    @property
    def left_over(self) -> tuple[str, ...]:
        """The names of the tensors of the file that are no part of the network."""
        return tuple(row.key for row in self.rows if row.is_left)

    @property
    def is_whole(self) -> bool:
        """Whether all fit but what is left over."""
        return bool(self.rows) and all(row.is_match or row.is_left for row in self.rows)


@dataclass(frozen=True)
class FileReport:
    """What a network's file holds, and how it can be opened.

    Parameters
    ----------
    path
        The file; or the factory, as text.
    digest
        The SHA-256 of its content, in hexadecimal.
    format
        What it is, for people: "PyTorch file", "ONNX".
    nbytes
        Its size.
    consent
        Where opening it runs code: a sentence that says which; else ''. Then the rest is known after the consent.
    fits
        For weights alone: the architectures that they may be of, best first.
    architecture
        The one that is chosen of them.
    card
        What is known or guessed of it; None where it must be opened first, or can't be.
    origin
        Where the card comes from: "beside the file", "remembered", "guessed".
    reasons
        Of what was guessed.
    classes
        How many class scores the network gives; 0 where none, or not known.
    note
        Something else that the user should know, a sentence.
    is_allowed
        Whether the user consented to the code that was run.
    factories
        For a Python file with several functions that could make a network: each one's text, one of which must be
        chosen; nothing else is known then.
    parts
        For weights alone: the parts of the file that hold the same network with other weights (averaged ones, other
        folds), by what their names begin with, in the order of the file.
    part
        The one that is chosen of them.
    """

    path: Path | str
    digest: str
    format: str
    nbytes: int
    consent: str = ""
    fits: tuple[Fit, ...] = ()
    architecture: str = ""
    card: Card | None = None
    origin: str = ""
    reasons: tuple[Reason, ...] = ()
    classes: int = 0
    note: str = ""
    is_allowed: bool = False
    factories: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    part: str = ""

    @property
    def chosen_part(self) -> str | None:
        """The part as a card keeps it: None where there is no choice."""
        return self.part if len(self.parts) > 1 else None


def part_name(part: str) -> str:
    """Return what a part of a file of weights is called, for people: what the names in it begin with."""
    return part.removesuffix("*").removesuffix(".").removeprefix("state_dict.") or "the unnamed ones"
