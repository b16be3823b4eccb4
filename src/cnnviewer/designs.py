"""Designs: networks that are described row by row, as a user puts them together. No torch here.

A design is a list of rows, worked off in their order; behind them comes a fully connected layer with one unit a class,
the head. `examine` tells what each row makes of the image, and why it can't.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from reprlib import repr as short_repr
from typing import TYPE_CHECKING, Any

from cnnviewer.errors import NetworkError
from cnnviewer.files import json_text, parsed, write_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "ACTIVATIONS",
    "BOUNDS",
    "CHOICES",
    "LARGEST_IMAGE",
    "POOLINGS",
    "Activation",
    "Convolution",
    "Design",
    "Dropout",
    "FullyConnected",
    "Pooling",
    "Row",
    "RowFacts",
    "examine",
    "from_json",
    "open_design",
    "problems",
    "save_design",
    "to_json",
]

ACTIVATIONS = ("relu", "leaky relu", "sigmoid", "tanh", "gelu")
POOLINGS = ("max", "average", "sum")
LARGEST_IMAGE = 4096
"""The most pixels that an image may be high or wide."""

_FORMAT = 1
_FOLLOWS = "Follows"
_MOST_PARAMETERS = 200_000_000
_MOST_ACTIVATIONS = 50_000_000
_MOST_ROWS = 200


@dataclass(frozen=True)
class Convolution:
    """Filters that slide over the maps: `filters` of them, `kernel` pixels wide and high."""

    filters: int = 16
    kernel: int = 3
    stride: int = 1
    padding: int = 0


@dataclass(frozen=True)
class Activation:
    """A function of each unit on its own, one of `ACTIVATIONS`."""

    function: str = "relu"


@dataclass(frozen=True)
class Pooling:
    """One number for each window of a map: its "max", "average" or "sum"."""

    how: str = "max"
    window: int = 2
    stride: int = 2


@dataclass(frozen=True)
class FullyConnected:
    """Units that each see all that comes before."""

    units: int = 64


@dataclass(frozen=True)
class Dropout:
    """While the network learns, this share of the units is set to 0 at random."""

    share: float = 0.5


Row = Convolution | Activation | Pooling | FullyConnected | Dropout

_KINDS: dict[str, type[Row]] = {
    "convolution": Convolution,
    "activation": Activation,
    "pooling": Pooling,
    "fully connected": FullyConnected,
    "dropout": Dropout,
}
BOUNDS: dict[str, tuple[int, int]] = {
    "filters": (1, 4096),
    "kernel": (1, 31),
    "stride": (1, 31),
    "padding": (0, 31),
    "window": (1, 63),
    "units": (1, 65_536),
}
"""The smallest and the largest value of each field with a whole number."""

CHOICES = {"function": ACTIVATIONS, "how": POOLINGS}
"""The values of each field that has a name for a value."""


@dataclass(frozen=True)
class Design:
    """A network, row by row.

    Parameters
    ----------
    name
        What the user calls it.
    input_shape
        Channels (1 or 3), height and width of the image.
    rows
        What is done to it, before the head.
    """

    name: str
    input_shape: tuple[int, int, int]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class RowFacts:
    """What a row makes.

    Parameters
    ----------
    shape
        What comes out: ``(C, H, W)`` or ``(units,)``; None where it can't be.
    parameters, multiply_adds
        How many numbers it learns, and how many products it takes for an image.
    problem
        Why it can't be, in a sentence; '' where it can.
    """

    shape: tuple[int, ...] | None
    parameters: int = 0
    multiply_adds: int = 0
    problem: str = ""

    @property
    def follows(self) -> bool:
        """Whether it can't be only because of what comes before it."""
        return self.problem.startswith(_FOLLOWS)


def examine(design: Design, classes: int) -> tuple[RowFacts, ...]:
    """Return the facts of each row, and of the head behind them.

    Parameters
    ----------
    design
        Any design, a wrong one too.
    classes
        How many units the head has.
    """
    shape: tuple[int, ...] = design.input_shape
    found: list[RowFacts] = []
    broken = _input_problem(design)
    if broken:
        return (RowFacts(None, problem=f"{_FOLLOWS} from the design as a whole. {broken}"),) * (len(design.rows) + 1)
    for number, row in enumerate((*design.rows, FullyConnected(max(classes, 1))), start=1):
        facts = RowFacts(None, problem=broken) if broken else _bounded(_examine_row(row, shape), found)
        found.append(facts)
        if facts.problem and not broken:
            broken = f"{_FOLLOWS} row {number}, which can't be."
        shape = facts.shape or ()
    return tuple(found)


def problems(design: Design, classes: int) -> tuple[str, ...]:
    """Return why a design can't be built, in sentences; nothing where it can.

    Rows that merely follow a wrong one are left out: what they would be given is not known.
    """
    whole = _input_problem(design)
    if whole:
        return (whole,)
    for number, fact in enumerate(examine(design, classes), start=1):
        if fact.problem:
            return (f"Row {number}: {fact.problem}",)
    return ()


def _examine_row(row: Row, shape: tuple[int, ...]) -> RowFacts:
    wrong = _field_problem(row)
    if wrong:
        return RowFacts(None, problem=wrong)
    if isinstance(row, (Convolution, Pooling)):
        return _slide(row, shape)
    if isinstance(row, FullyConnected):
        before = math.prod(shape)
        return RowFacts((row.units,), (before + 1) * row.units, before * row.units)
    return RowFacts(shape)


def _slide(row: Convolution | Pooling, shape: tuple[int, ...]) -> RowFacts:
    """Return the facts of a row that slides a window over maps; PyTorch rounds their number down."""
    what = "convolution" if isinstance(row, Convolution) else "pooling"
    if len(shape) != 3:
        return RowFacts(None, problem=f"A {what} needs maps, and a fully connected row before it left none.")
    window = row.kernel if isinstance(row, Convolution) else row.window
    padding = row.padding if isinstance(row, Convolution) else 0
    channels, *sizes = shape
    if min(sizes) + 2 * padding < window:
        advice = "take a smaller one" + (", or more padding" if isinstance(row, Convolution) else "")
        image = f"{sizes[0]}×{sizes[1]}" + (f" with padding {padding}" if padding else "")
        return RowFacts(None, problem=f"A window of {window}×{window} does not fit into {image}: {advice}.")
    if isinstance(row, Convolution) and padding >= window:
        return RowFacts(
            None, problem=f"With padding {padding} whole windows of {window}×{window} see nothing but padding."
        )
    height, width = ((size + 2 * padding - window) // row.stride + 1 for size in sizes)
    if isinstance(row, Pooling):
        return RowFacts((channels, height, width))
    weights = channels * window * window
    units = row.filters * height * width
    return RowFacts((row.filters, height, width), (weights + 1) * row.filters, units * weights)


def _bounded(facts: RowFacts, before: list[RowFacts]) -> RowFacts:
    """Return the facts of a row, as a problem where it and the rows before it would fill the memory."""
    together = (*before, facts)
    parameters = sum(row.parameters for row in together)
    units = sum(math.prod(row.shape) for row in together if row.shape is not None)
    problem = ""
    if parameters > _MOST_PARAMETERS:
        problem = f"The network would have {parameters:,} parameters; {_MOST_PARAMETERS:,} is the limit."
    elif units > _MOST_ACTIVATIONS:
        problem = f"Up to here the network would make {units:,} units of one image; {_MOST_ACTIVATIONS:,} is the limit."
    return RowFacts(None, problem=problem) if problem else facts


def _input_problem(design: Design) -> str:
    if not design.name.strip():
        return "The design has no name."
    wrong = _shape_problem(design.input_shape)
    if wrong:
        return wrong
    if len(design.rows) > _MOST_ROWS:
        return f"A design has at most {_MOST_ROWS} rows, not {len(design.rows)}."
    return ""


def _shape_problem(shape: Sequence[object]) -> str:
    if len(shape) != 3 or not all(map(_is_whole, shape)):
        return "The image of a design has three whole numbers: channels, height, width."
    if shape[0] not in (1, 3):
        return f"An image has 1 channel (grey) or 3 (colour), not {shape[0]}."
    if not all(_is_whole(size, 1, LARGEST_IMAGE) for size in shape[1:]):
        return f"An image is 1 to {LARGEST_IMAGE} pixels high and wide, not {shape[1]}×{shape[2]}."
    return ""


def _field_problem(row: Row) -> str:
    for name, value in asdict(row).items():
        if name in BOUNDS and not _is_whole(value, *BOUNDS[name]):
            low, high = BOUNDS[name]
            return f"The {name} must be a whole number, {low:,} to {high:,}, not {short_repr(value)}."
        if name in CHOICES and value not in CHOICES[name]:
            return f"The {name} must be one of {', '.join(CHOICES[name])}, not {short_repr(value)}."
        if name == "share" and not _is_share(value):
            return f"The share that is dropped must be at least 0 and below 1, not {short_repr(value)}."
    return ""


def _is_whole(value: object, low: int = -(2**31), high: int = 2**31) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_share(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1  # which NaN is not


# ---- files


def to_json(design: Design) -> dict[str, Any]:
    """Return a design for a file."""
    names = {kind: name for name, kind in _KINDS.items()}
    return {
        "format": _FORMAT,
        "name": design.name,
        "input_shape": list(design.input_shape),
        "rows": [{"kind": names[type(row)], **asdict(row)} for row in design.rows],
    }


def from_json(stored: object) -> Design:
    """Return what `to_json` was given; a design whose rows do not fit each other is one too.

    Raises
    ------
    NetworkError
        If it is no design, or a number in it is out of bounds; the row and the field are named.
    """
    if not isinstance(stored, dict) or not isinstance(stored.get("rows"), list):
        raise NetworkError("This is no design of a network: it has no rows.")
    version = stored.get("format")
    if not _is_whole(version, _FORMAT, _FORMAT):
        raise NetworkError(f"The design has the format {short_repr(version)}; this program reads {_FORMAT}.")
    name, given = stored.get("name"), stored.get("input_shape")
    shape = given if isinstance(given, list) else []
    wrong = _shape_problem(shape)
    if wrong:
        raise NetworkError(f"The input_shape of the design is wrong. {wrong}")
    if not isinstance(name, str):
        raise NetworkError("The name of a design is a text.")
    rows = tuple(_row_from_json(row, number) for number, row in enumerate(stored["rows"], start=1))
    return Design(name, (shape[0], shape[1], shape[2]), rows)


def open_design(path: Path) -> Design:
    """Return the design in a file.

    Raises
    ------
    NetworkError
        If it can't be read, or is none.
    """
    try:
        # Some editors put a byte order mark in front of UTF-8.
        stored = parsed(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise NetworkError(f"{path} can't be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise NetworkError(f"{path.name} is no JSON, and so no design of a network.") from error
    return from_json(stored)


def save_design(design: Design, path: Path) -> None:
    """Write a design into a file.

    Raises
    ------
    NetworkError
        If it can't be written; what was there before is still there then.
    """
    try:
        write_text(path, json_text(to_json(design), indent=2) + "\n")
    except (OSError, ValueError) as error:  # ValueError: of letters that a name or a path can't have
        raise NetworkError(f"{path} can't be written: {getattr(error, 'strerror', None) or error}.") from error


def _row_from_json(stored: object, number: int) -> Row:
    kind = _KINDS.get(str(stored.get("kind"))) if isinstance(stored, dict) else None
    if kind is None or not isinstance(stored, dict):
        raise NetworkError(f"Row {number} of the design is none of {', '.join(_KINDS)}.")
    given = {name: value for name, value in stored.items() if name != "kind"}
    known = asdict(kind())
    for name in (*known, *given):
        if name not in known:
            raise NetworkError(f"Row {number} of the design has a field {short_repr(name)} that is not known.")
        if name not in given:
            raise NetworkError(f"Row {number} of the design has no {name}.")
    row = kind(**given)
    wrong = _field_problem(row)
    if wrong:
        raise NetworkError(f"Row {number} of the design is wrong. {wrong}")
    return row
