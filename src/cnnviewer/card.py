"""The card of a network's file: what the file itself does not tell, as a user says it or a JSON file beside it.

No torch here: a dialog edits a card.

A card is a JSON object; all but ``size`` may be left out::

    {
      "name": "my network",
      "architecture": "resnet18",
      "categories": ["cat", "dog"],
      "size": [224, 224],
      "resize": 256,
      "order": "RGB",
      "channels": 3,
      "range": 1,
      "mean": [0.485, 0.456, 0.406],
      "deviation": [0.229, 0.224, 0.225],
      "padding": 0,
      "interpolation": "bilinear",
      "crop_mode": "centre",
      "returns": "classes"
    }

``range`` is what a white pixel is before the mean is taken away: 1, or 255. ``categories`` may also be the name of one
of the lists that the program knows ("ImageNet-1k", "CIFAR-10", "digits", "Fashion-MNIST"), or the path of a text file
with a name a line, from the folder of the card.

``returns`` is what the network returns: "classes" (one of several: they get a softmax where the network has none
itself), "multi-label" (each label holds or not, with a probability of its own), "binary" (one number that tells yes or
no), "values" (numbers that are no probabilities: a regression, a box) or "features" (an embedding, feature maps). Where
it is left out the network's last operations tell. A card that the program keeps has ``guessed``, too: what of it was
guessed, each with the reason, and not looked at by anybody since.
"""

from __future__ import annotations

import math
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cnnviewer.errors import NetworkError
from cnnviewer.files import json_text, parsed, write_text
from cnnviewer.outputs import returns_of
from cnnviewer.preprocessing import Preprocessing

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.outputs import Returns

__all__ = [
    "LARGEST_SIDE",
    "MOST_CHANNELS",
    "MOST_NUMBERS",
    "Card",
    "Reason",
    "card_beside",
    "from_json",
    "read_card",
    "read_categories",
    "to_json",
    "write_card",
]

LARGEST_SIDE = 4096
"""No network takes an image with a longer side, in pixels: a card that says so is a slip."""
MOST_CHANNELS = 1024
"""No image has more."""
MOST_NUMBERS = 2**28
"""An input of as many numbers takes 1 GB, before the network has begun."""

_LARGEST_FILE = 4_000_000
_LONGEST = 80
_INTERPOLATIONS = ("bilinear", "bicubic")
_CROP_MODES = ("centre", "squash", "border")


@dataclass(frozen=True)
class Reason:
    """Why something of a card is as it is: what, and a sentence; `is_told` where it was told, and is no guess."""

    what: str
    text: str
    is_told: bool = False


@dataclass(frozen=True)
class Card:
    """What a file of a network does not tell by itself.

    Parameters
    ----------
    preprocessing
        How a photo becomes the tensor that the network takes.
    categories
        One name a class; or the name of a list, or the path of a text file.
    architecture
        For a file that holds weights alone: the name of the network that they are of, as `load_network` takes it.
    name
        What the network is called; empty for the file's own name.
    returns
        What the network returns; None for what its last operations tell.
    guessed
        What of it was guessed, and not looked at since.
    part
        For a file with the weights of several networks: what the names of those that are taken begin with; None for the
        usual ones.
    """

    preprocessing: Preprocessing
    categories: tuple[str, ...] | str = ()
    architecture: str = ""
    name: str = ""
    returns: Returns | None = None
    guessed: tuple[Reason, ...] = ()
    part: str | None = None


def card_beside(path: Path) -> Card | None:
    """Return the card that lies beside a network's file; None where there is none.

    It is called as the file is (``net.json`` or ``net.pth.json``), or ``card.json``. A JSON file without a size is
    something else, as many lie beside networks.

    Raises
    ------
    NetworkError
        If it says something that can't be.
    """
    names = dict.fromkeys((path.with_suffix(".json").name, f"{path.name}.json", "card.json"))
    for candidate in (path.with_name(name) for name in names):
        if candidate.is_file() and (candidate.name == "card.json" or _is_card(candidate)):
            return read_card(candidate)
    return None


def _is_card(path: Path) -> bool:
    with suppress(OSError, ValueError):
        stored = parsed(path.read_text(encoding="utf-8")) if path.stat().st_size <= _LARGEST_FILE else None
        return isinstance(stored, dict) and "size" in stored
    return False


def read_card(path: Path) -> Card:
    """Return the card in a JSON file.

    Raises
    ------
    NetworkError
        If it can't be read, or says something that can't be.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise NetworkError(f"{path.name} is no card of a network: it is larger than {_LARGEST_FILE:,} bytes.")
        stored = parsed(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NetworkError(f"The card {path} can't be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise NetworkError(f"The card {path.name} is no JSON: {error}. Mend it, or move it away.") from error
    try:
        card = from_json(stored)
    except NetworkError as error:
        raise NetworkError(f"The card {path.name} can't be used: {error}") from error
    if isinstance(card.categories, str) and _is_file(path.parent / card.categories):
        return replace(card, categories=read_categories(path.parent / card.categories))
    return card


def _is_file(path: Path) -> bool:
    with suppress(OSError, ValueError):  # a name that is too long to be one, or with a character of code 0
        return path.is_file()
    return False


def write_card(card: Card, path: Path) -> None:
    """Write a card as JSON.

    Raises
    ------
    OSError
        If it can't be written.
    """
    write_text(path, json_text(to_json(card), indent=2) + "\n", is_durable=False)


def to_json(card: Card) -> dict[str, Any]:
    """Return a card as a JSON object."""
    how = card.preprocessing
    part = {} if card.part is None else {"part": card.part}
    return {
        "name": card.name,
        "architecture": card.architecture,
        **part,
        "categories": card.categories if isinstance(card.categories, str) else list(card.categories),
        "size": list(how.size),
        "resize": how.resize,
        "order": how.order,
        "channels": how.channels,
        "range": 255 / how.divisor,
        "mean": list(how.mean),
        "deviation": list(how.deviation),
        "padding": how.padding,
        "interpolation": how.interpolation,
        "crop_mode": how.crop_mode,
        "returns": "" if card.returns is None else card.returns.value,
        **({"guessed": {reason.what: reason.text for reason in card.guessed}} if card.guessed else {}),
    }


def from_json(stored: object) -> Card:
    """Return the card that a JSON object tells.

    Raises
    ------
    NetworkError
        If something in it can't be; the sentence names it.
    """
    if not isinstance(stored, dict):
        raise NetworkError("a card is an object, with the size of the network's input at least.")
    return Card(
        preprocessing=_preprocessing(stored),
        categories=_categories(stored.get("categories", [])),
        architecture=_word(stored, "architecture"),
        name=_word(stored, "name"),
        returns=_returns(stored),
        guessed=_guessed(stored),
        part=_word(stored, "part") if "part" in stored else None,
    )


def _preprocessing(stored: dict[str, Any]) -> Preprocessing:
    size = stored.get("size")
    sides = [size, size] if isinstance(size, int) else size
    if not isinstance(sides, list) or len(sides) != 2:
        raise NetworkError('"size" must tell the height and width of the network\'s input, for example [224, 224].')
    height, width = (_whole("size", side, 1, LARGEST_SIDE) for side in sides)
    order = stored.get("order", "L" if stored.get("channels") == 1 else "RGB")
    if not isinstance(order, str) or not order or not (order == "L" or set(order) <= set("RGB")):
        raise NetworkError(f'"order" must be "RGB", "BGR" or "L", not {_shown(order)}.')
    channels = _whole("channels", stored.get("channels", len(order)), 1, MOST_CHANNELS)
    if channels * height * width > MOST_NUMBERS:
        raise NetworkError(
            f'"size" and "channels" tell of an input of {channels} × {height} × {width}, which is '
            f"{channels * height * width:,} numbers; {MOST_NUMBERS:,} are the most."
        )
    padding = _whole("padding", stored.get("padding", 0), 0, (min(height, width) - 1) // 2)
    usual = min(height, width) - 2 * padding
    interpolation = stored.get("interpolation", "bilinear")
    if interpolation not in _INTERPOLATIONS:
        raise NetworkError(f'"interpolation" must be "bilinear" or "bicubic", not {_shown(interpolation)}.')
    crop_mode = stored.get("crop_mode", "centre")
    if crop_mode not in _CROP_MODES:
        raise NetworkError(f'"crop_mode" must be "centre", "squash" or "border", not {_shown(crop_mode)}.')
    white = _number("range", stored.get("range", 1))
    if white <= 0 or not math.isfinite(255 / white):
        raise NetworkError('"range" must be above 0: 1, or 255.')
    deviation = _numbers("deviation", stored.get("deviation", 1), channels)
    if any(value == 0 for value in deviation):
        raise NetworkError('"deviation" must not be 0: it is divided by.')
    return Preprocessing(
        size=(height, width),
        resize=_whole("resize", stored.get("resize", usual), 1, LARGEST_SIDE),
        mean=_numbers("mean", stored.get("mean", 0), channels),
        deviation=deviation,
        channels=channels,
        padding=padding,
        divisor=255 / white,
        order=order,
        interpolation=interpolation,
        crop_mode=crop_mode,
    )


def _categories(stored: object) -> tuple[str, ...] | str:
    if isinstance(stored, str):
        return stored
    if not isinstance(stored, list) or not all(isinstance(name, str) for name in stored):
        raise NetworkError('"categories" must be a list of names, the name of a list, or a text file.')
    return tuple(stored)


def read_categories(path: Path) -> tuple[str, ...]:
    """Return the names of classes in a text file, one a line; empty lines are left out.

    Raises
    ------
    NetworkError
        If it can't be read as text.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise NetworkError(f"{path.name} is no list of categories: it is larger than {_LARGEST_FILE:,} bytes.")
        return tuple(line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise NetworkError(f"The categories in {path} can't be read as a text file: {error}.") from error


def _returns(stored: dict[str, Any]) -> Returns | None:
    """Return what a card says that the network returns; None where it says nothing."""
    word = _word(stored, "returns")
    return returns_of(word) if word else None


def _guessed(stored: dict[str, Any]) -> tuple[Reason, ...]:
    """Return what of a card was guessed."""
    told = stored.get("guessed", {})
    if not isinstance(told, dict) or not all(isinstance(text, str) for text in told.values()):
        raise NetworkError('"guessed" must be an object with a sentence for each thing that was guessed.')
    return tuple(Reason(what, text) for what, text in told.items())


def _word(stored: dict[str, Any], key: str) -> str:
    value = stored.get(key, "")
    if not isinstance(value, str):
        raise NetworkError(f'"{key}" must be text, not {_shown(value)}.')
    return value


def _whole(key: str, value: object, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise NetworkError(f'"{key}" must be a whole number from {least} to {most}, not {_shown(value)}.')
    return value


def _number(key: str, value: object) -> float:
    if type(value) not in (int, float) or not abs(value) <= sys.float_info.max:  # type: ignore[arg-type]
        raise NetworkError(f'"{key}" must be a number, not {_shown(value)}.')
    return float(value)  # type: ignore[arg-type]


def _shown(value: object) -> str:
    """Return a value as a sentence can show it."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _numbers(key: str, value: object, channels: int) -> tuple[float, ...]:
    """Return a number a channel; one number stands for all."""
    values = value if isinstance(value, list) else [value] * channels
    if len(values) == 1:
        values = values * channels
    if len(values) != channels:
        raise NetworkError(f'"{key}" has {len(values)} numbers for {channels} channels.')
    return tuple(_number(key, number) for number in values)
