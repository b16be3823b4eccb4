"""What the window shows of a network and a recording, apart from pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, sqrt
from typing import TYPE_CHECKING

from cnnviewer.layouts import Layout
from cnnviewer.outputs import Returns
from cnnviewer.readings import Read

if TYPE_CHECKING:
    from cnnviewer.card import Reason
    from cnnviewer.messages.choices import View
    from cnnviewer.messages.openings import DeviceRequest
    from cnnviewer.outputs import Output

__all__ = [
    "AnswerSummary",
    "DeviceAnswer",
    "LayerSummary",
    "Mismatch",
    "NetworkSummary",
    "RecordingSummary",
    "WeightsAnswer",
]


@dataclass(frozen=True, eq=False)
class NetworkSummary:
    """What the window shows of a network."""

    name: str
    provenance: str
    preprocessing: str
    input_shape: tuple[int, int, int]
    categories: tuple[str, ...]
    parameters: int
    device: str
    numbers: str = "float32"
    """Of what type its weights are."""
    is_file: bool = False
    """Whether it was opened from a file, or made by a function of one: then it has a card."""
    guessed: tuple[Reason, ...] = ()
    """What of its card was guessed, and not looked at by the user since."""


@dataclass(frozen=True)
class LayerSummary:
    """What the window shows of a layer, apart from pictures.

    `maps` is how many feature maps it has, `kernels` how many pictures its filters make (0: none); `map_shape`
    is the height and width of a map, `kernel_shape` that of a kernel. `layout` tells where on the maps a unit lies.
    """

    index: int
    name: str
    module: str
    kind: str
    operation: str
    settings: str
    inputs: tuple[str, ...]
    input_shapes: tuple[tuple[int, ...], ...]
    shape: tuple[int, ...]
    parameters: int
    multiply_adds: int
    views: tuple[View, ...]
    maps: int
    map_shape: tuple[int, int]
    kernels: int = 0
    kernel_shape: tuple[int, int] = (1, 1)
    filters: int = 0
    is_scores: bool = False
    is_answer: bool = False
    """Whether it made what the network returned as its answer: the scores, or values."""
    has_classes: bool = False
    """Whether its units are the classes: it made the answer, or what that is made of unit by unit, or by a softmax."""
    layout: Layout = field(default_factory=Layout)
    worked_out: tuple[str, ...] = ()
    """A sentence on each weight that the forward pass worked out of others; its name stands before a colon."""
    learnt: tuple[tuple[int, int], ...] = ()
    """Of each learnt tensor that it uses, a number by which it is known and how many parameters it has."""

    @property
    def wrapped_columns(self) -> int:
        """Into how many columns the inspector wraps its maps of one row; 0 where it wraps none."""
        rows, columns = self.map_shape
        return ceil(sqrt(columns)) if rows == 1 and columns > 1 else 0

    def wrapped(self, unit: tuple[int, int] | None) -> tuple[int, int] | None:
        """Return the cell in which the inspector shows a unit (row, column) of a map."""
        columns = self.wrapped_columns
        return divmod(unit[1], columns) if columns and unit is not None and unit[0] == 0 else unit

    def unwrapped(self, cell: tuple[int, int]) -> tuple[int, int]:
        """Return the unit (row, column) of a map that the inspector shows in a cell."""
        columns = self.wrapped_columns
        return (0, cell[0] * columns + cell[1]) if columns and cell[0] >= 0 else cell


@dataclass(frozen=True)
class Mismatch:
    """That an image can't be what the network knows.

    `sentence` tells it, `note` in fewer words; `sample` names one that suits, with `offer` for a button that shows it;
    `can_draw` tells whether one can be drawn, too.
    """

    sentence: str
    note: str
    sample: str
    offer: str
    can_draw: bool


@dataclass(frozen=True)
class AnswerSummary:
    """What the window tells of a network's answer.

    Parameters
    ----------
    returns
        What it is.
    reason
        Why it is taken for that, a sentence.
    values
        The numbers themselves, of a network that returns values; else empty.
    groups
        How many groups the classes make, which have probabilities that sum to 1 each.
    """

    returns: Returns = Returns.FEATURES
    reason: str = ""
    values: tuple[float, ...] = ()
    groups: int = 1


@dataclass(frozen=True, eq=False)
class RecordingSummary:
    """What the window shows of a recording, apart from pictures.

    `outputs` is what the network returned, `answer` what of it tells something and `categories` the names in its order,
    `read` how the image was read, `mismatch` that it does not suit, and `run_notes` what is particular in how the
    network was run.
    """

    image: str
    caution: str
    layers: tuple[LayerSummary, ...]
    layer_seconds: tuple[float, ...]
    probabilities: tuple[float, ...]
    ranking: tuple[int, ...]
    entropy: float
    seconds: float
    nbytes: int
    outputs: tuple[Output, ...] = ()
    answer: AnswerSummary = field(default_factory=AnswerSummary)
    categories: tuple[str, ...] = ()
    read: Read = field(default_factory=Read)
    mismatch: Mismatch | None = None
    run_notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class WeightsAnswer:
    """What the window shows after a change of weights, or of the moment that is held.

    `held` are the class probabilities of the moment that is held; None where none is, empty where it has none.
    """

    step: int | None
    network: NetworkSummary
    recording: RecordingSummary | None
    held: tuple[float, ...] | None


@dataclass(frozen=True, eq=False)
class DeviceAnswer:
    """What the window shows after a change of device; `network` is None where none is open."""

    request: DeviceRequest
    network: NetworkSummary | None
    recording: RecordingSummary | None
    held: tuple[float, ...] | None
