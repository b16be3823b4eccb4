"""What is asked on one unit, and the answers: frozen, as `messages` are, and without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cnnviewer.messages import Pixels, ScaleChoice

    Numbers = NDArray[np.float64]
    Unit = tuple[int, ...]

__all__ = [
    "QUESTIONS",
    "ChannelSum",
    "EffectiveAnswer",
    "EffectiveRequest",
    "FieldAnswer",
    "FieldRequest",
    "Question",
    "QuestionAnswer",
    "ReachAnswer",
    "ReachRequest",
    "TermShown",
    "Unanswered",
    "UnitAnswer",
    "UnitRequest",
    "WayAnswer",
    "WayRequest",
    "WayStep",
    "Window",
]


@dataclass(frozen=True)
class UnitRequest:
    """Where a unit's value comes from.

    Parameters
    ----------
    layer
        The layer's index.
    unit
        The unit's index in the layer's output.
    scale
        How the window's cells are coloured.
    channel
        Which input channel's window is wanted; None for the one that adds most.
    """

    layer: int
    unit: Unit
    scale: ScaleChoice
    channel: int | None = None


@dataclass(frozen=True)
class FieldRequest:
    """The receptive field of a unit."""

    layer: int
    unit: Unit


@dataclass(frozen=True)
class EffectiveRequest:
    """How much each pixel changes a unit, as a picture to be laid over the input."""

    layer: int
    unit: Unit
    scale: ScaleChoice


@dataclass(frozen=True)
class ReachRequest:
    """The units of one map that a pixel (row, column) of the network's input can change."""

    layer: int
    channel: int
    pixel: tuple[int, int]


@dataclass(frozen=True)
class WayRequest:
    """The way from a unit back to a pixel, or on to what it feeds; pictures are at most `side` pixels wide and high."""

    layer: int
    unit: Unit
    scale: ScaleChoice
    side: int
    is_forward: bool = False


Question = UnitRequest | FieldRequest | EffectiveRequest | ReachRequest | WayRequest
QUESTIONS = (UnitRequest, FieldRequest, EffectiveRequest, ReachRequest, WayRequest)


@dataclass(frozen=True)
class TermShown:
    """One term: the unit that it comes from (None: padding or a constant), its name, and its numbers.

    `category` is the class whose score that unit is; '' where it is none.
    """

    source: str
    place: Unit | None
    name: str
    value: float
    weight: float
    contribution: float
    category: str = ""


@dataclass(frozen=True)
class ChannelSum:
    """What one input channel adds to a sum of windows."""

    channel: int
    name: str
    total: float


@dataclass(frozen=True, eq=False)
class Window:
    """The window of one channel, ``(kH, kW)`` each; `kernel` is empty where cells are not weighed one by one.

    `channel` is the input channel and `name` what it is called; `is_padding` tells cells that lie outside of the map,
    `winner` the cell (row, column) that max pooling takes. `cells`, `factors` and `shares` are the pictures of values,
    kernel and products, a pixel a cell; `places` the units that the cells show, None for padding.
    """

    channel: int
    name: str
    values: Numbers
    kernel: Numbers
    products: Numbers
    is_padding: NDArray[np.bool_]
    cells: Pixels
    factors: Pixels
    shares: Pixels
    places: tuple[tuple[Unit | None, ...], ...]
    source: str
    winner: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class UnitAnswer:
    """Where a value comes from.

    Parameters
    ----------
    layer, unit, kind, settings
        What was asked for: the layer's name, the unit, what the layer does.
    category
        The class whose score the unit is; '' where it is none.
    rule
        What combines the terms; see `analysis.explanation.Rule`.
    value, recorded, bias
        The value worked in float64, the recorded one, and what is added whatever the terms are.
    count
        How many terms there are.
    terms
        The strongest, for and against, the largest amount first.
    rest
        What all others add.
    channels
        For windows of several channels: what each adds, the largest amount first, as many as are listed.
    channels_rest, channel_count
        What the channels add that are not listed, and how many there are in all.
    window
        The window of the chosen channel; None where there is none.
    facts
        Further numbers with their names.
    curve
        For a function of one number: arguments and values.
    notes
        Sentences on what is particular here.
    """

    layer: str
    unit: Unit
    kind: str
    settings: str
    category: str
    rule: str
    value: float
    recorded: float
    bias: float
    count: int
    terms: tuple[TermShown, ...]
    rest: float
    channels: tuple[ChannelSum, ...]
    channels_rest: float
    channel_count: int
    window: Window | None
    facts: tuple[tuple[str, float], ...]
    curve: tuple[Numbers, Numbers] | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class FieldAnswer:
    """A receptive field, in pixels of the network's input.

    `box` and `seen` are (top, left, bottom, right), half-open; `seen` is the part on the image, None where no pixel can
    change the unit. `stride` is how far the next unit's field lies; `notes` say what may make the box larger than what
    changes the unit.
    """

    box: tuple[int, int, int, int]
    seen: tuple[int, int, int, int] | None
    stride: tuple[int | None, int | None]
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class EffectiveAnswer:
    """How much each pixel of the input changes a unit: pixels ``(H, W)``, 0xAARRGGBB.

    `share` is the share 0..1 of the receptive field's pixels that hold 90 % of it; None where nothing changes the unit.
    `colors` are those of the effects from 0 to `largest` in equal steps, ``(1, count)``, as they lie over the input.
    """

    pixels: Pixels
    share: float | None
    largest: float
    colors: Pixels


@dataclass(frozen=True, eq=False)
class ReachAnswer:
    """The units of a map that a pixel can change: whether each is, bool ``(H, W)``, and how many are."""

    mask: NDArray[np.bool_]
    count: int


@dataclass(frozen=True, eq=False)
class WayStep:
    """A unit on a way, with a picture of its map.

    Parameters
    ----------
    layer, unit, kind
        The unit's layer ("input" for a pixel), its index there, and the layer's kind.
    value
        Its value.
    contribution
        What it adds to the one before it on the way back, or what it is given on the way forward; None for the first.
    pixels
        The picture of its map, or of the part around it, ``(H, W)``.
    cell
        Where it lies on the picture: (left, top, right, bottom) in shares 0..1.
    category
        The class whose score it is; '' where it is none.
    """

    layer: str
    unit: Unit
    kind: str
    value: float
    contribution: float | None
    pixels: Pixels
    cell: tuple[float, float, float, float]
    category: str = ""


@dataclass(frozen=True, eq=False)
class WayAnswer:
    """The steps of a way, the unit that was asked for first; `notes` tell how many units of each layer it feeds."""

    steps: tuple[WayStep, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unanswered:
    """Why a question has no answer. A value, not an exception: a camera goes on whatever unit is chosen."""

    sentence: str


QuestionAnswer = UnitAnswer | FieldAnswer | EffectiveAnswer | ReachAnswer | WayAnswer | Unanswered
