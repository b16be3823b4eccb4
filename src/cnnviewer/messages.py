"""What passes between the window and the engine: frozen requests and frozen answers.

No torch here: the window makes requests before torch is imported. Pictures travel as uint32 arrays, each pixel
0xffRRGGBB, which Qt paints without converting them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil, sqrt
from typing import TYPE_CHECKING

from cnnviewer.devices import AUTO, Precision
from cnnviewer.graphs import GraphAnswer, GraphRequest
from cnnviewer.layouts import Layout
from cnnviewer.network_reports import CatalogueAnswer, CatalogueRequest
from cnnviewer.questions import Question, QuestionAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    import torch
    from numpy.typing import NDArray

    from cnnviewer.card import Card
    from cnnviewer.devices import Device
    from cnnviewer.outputs import Output

    Pixels = NDArray[np.uint32]
    Values = NDArray[np.float32]

__all__ = [
    "FREE_REQUESTS",
    "BarsAnswer",
    "BarsRequest",
    "DeviceAnswer",
    "DeviceRequest",
    "DevicesAnswer",
    "DevicesRequest",
    "HoldRequest",
    "ImageEdit",
    "ImageRequest",
    "LayerSummary",
    "LessonAnswer",
    "LessonRequest",
    "MapAnswer",
    "MapRequest",
    "MatrixAnswer",
    "MatrixRequest",
    "NetworkRequest",
    "NetworkSummary",
    "Order",
    "PhotoAnswer",
    "PhotoRequest",
    "PhotoView",
    "PictureAnswer",
    "PictureRequest",
    "RecordingSummary",
    "ScaleChoice",
    "Scope",
    "ThumbnailAnswer",
    "ThumbnailRequest",
    "TilesAnswer",
    "TilesRequest",
    "View",
    "WeightsAnswer",
    "WeightsRequest",
    "WeightsShown",
]


class Scope(StrEnum):
    """Which values share one scale."""

    MAP = "map"
    LAYER = "layer"
    NETWORK = "network"


class Order(StrEnum):
    """How the maps of a layer are sorted."""

    CHANNEL = "channel"
    MEAN = "mean"
    MAXIMUM = "maximum"


class WeightsShown(StrEnum):
    """What is shown of the weights of a network that learns."""

    VALUE = "value"
    GRADIENT = "gradient"
    CHANGE = "change"


class View(StrEnum):
    """What a card shows of its layer."""

    MAPS = "Maps"
    FILTERS = "Filters"
    POOLED = "Pooled"
    CELLS = "Cells"
    WEIGHTS = "Weights"
    BARS = "Bars"


class PhotoView(StrEnum):
    """What is shown of the input."""

    PHOTO = "Photo"
    FED = "As fed in"
    CHANNEL = "channel"


@dataclass(frozen=True)
class ScaleChoice:
    """How values become colours.

    Parameters
    ----------
    scope
        Which values share one scale.
    gamma
        The exponent on the share of the scale, 0.2..2; below 1 small values show more.
    sequential
        The colour map for values without a sign; signed values have a diverging one.
    dark
        Whether the window is dark: the diverging map's centre follows it.
    """

    scope: Scope = Scope.MAP
    gamma: float = 1.0
    sequential: str = "magma"
    dark: bool = False


# ---- requests


@dataclass(frozen=True)
class NetworkRequest:
    """Open a network.

    Parameters
    ----------
    name
        A listed name, the folder of a run, a file, or a factory.
    weights
        "DEFAULT", None for random ones, or a file.
    card
        Of a file or a factory: what the user said about it.
    allow_code
        Whether the user consented that code of the file is run.
    remember
        Whether the card is kept for the content of the file.
    """

    name: str
    weights: str | None = "DEFAULT"
    card: Card | None = None
    allow_code: bool = False
    remember: bool = False


@dataclass(frozen=True, eq=False)
class WeightsRequest:
    """Give the open network other weights: those of now while it learns, or those of a moment of the film.

    Parameters
    ----------
    step
        After how many steps of the training.
    weights, gradients
        Tensors by name, which nothing changes any more; no gradients are known of a moment of the film.
    run
        The folder of the run, where the weights lie in its film.
    """

    step: int
    weights: Mapping[str, torch.Tensor] | None = None
    gradients: Mapping[str, torch.Tensor] | None = None
    run: Path | None = None


@dataclass(frozen=True)
class HoldRequest:
    """Hold the moment that is shown, to compare others with it; or let it go."""

    is_held: bool


@dataclass(frozen=True)
class DeviceRequest:
    """Run networks elsewhere, or in another precision, from now on: the open one, and those that are opened later.

    Parameters
    ----------
    device
        "auto", or what `cnnviewer.devices.list_devices` calls it.
    precision
        With how many bits they compute.
    """

    device: str = AUTO
    precision: Precision = Precision.SINGLE


@dataclass(frozen=True)
class ImageEdit:
    """How a photo is moved, turned, scaled and partly covered.

    Parameters
    ----------
    shift
        By how much it is moved to the right and down, as shares of its width and height.
    angle
        By how many degrees it is turned clockwise, around its middle.
    scale
        By how much it is enlarged, around its middle; above 0.
    covers
        What is covered then: (left, top, right, bottom), as shares of the width and height.
    """

    shift: tuple[float, float] = (0.0, 0.0)
    angle: float = 0.0
    scale: float = 1.0
    covers: tuple[tuple[float, float, float, float], ...] = ()

    @property
    def moves(self) -> bool:
        """Whether it does more than cover."""
        return (self.shift, self.angle, self.scale) != ((0.0, 0.0), 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class ImageRequest:
    """Show an image.

    Parameters
    ----------
    title
        What it is called.
    path, data, pixels, packed
        One of them: a file, the bytes of one that was pasted or dropped, uint8 ``(H, W, 3)``, or the pixels of a frame,
        uint32 ``(H, W)``, 0xffRRGGBB.
    edit
        How it is changed before it is shown; None leaves it as it is.
    """

    title: str
    path: Path | None = None
    data: bytes | None = None
    pixels: NDArray[np.uint8] | None = None
    packed: Pixels | None = None
    edit: ImageEdit | None = None

    def is_of(self, other: ImageRequest) -> bool:
        """Whether both are of the same image, each with an edit of its own."""
        own, others = ((it.path, it.data, it.pixels, it.packed) for it in (self, other))
        return all(one is another for one, another in zip(own, others, strict=True))


@dataclass(frozen=True)
class TilesRequest:
    """Pictures of some maps or filters of a layer.

    Parameters
    ----------
    layer
        The layer's index.
    view
        MAPS, FILTERS or POOLED.
    height, width
        The size of a picture in device pixels.
    first, count
        Which of the sorted maps.
    channel
        For FILTERS: the output channel whose kernels are shown.
    weights
        For FILTERS: which numbers of the weights.
    is_paired
        Whether each picture is asked for together with that of the moment that is held, on one scale.
    """

    layer: int
    view: View
    height: int
    width: int
    first: int
    count: int
    order: Order
    scale: ScaleChoice
    channel: int = 0
    weights: WeightsShown = WeightsShown.VALUE
    is_paired: bool = False


@dataclass(frozen=True)
class MatrixRequest:
    """One picture of a whole array.

    CELLS: a vector wrapped into rows of `width` cells, a pixel each; `height` does not matter. WEIGHTS: a
    matrix, outputs down and inputs across, at most `height` x `width` pixels; `weights` tells which numbers.
    """

    layer: int
    view: View
    height: int
    width: int
    scale: ScaleChoice
    weights: WeightsShown = WeightsShown.VALUE


@dataclass(frozen=True)
class BarsRequest:
    """The largest values of a vector."""

    layer: int
    count: int


@dataclass(frozen=True)
class MapRequest:
    """One map in full, for the inspector."""

    layer: int
    channel: int
    scale: ScaleChoice


@dataclass(frozen=True)
class PhotoRequest:
    """The photo, at most `longest` pixels wide and high, or the tensor really fed in (FED), or one of its channels."""

    view: PhotoView
    channel: int
    scale: ScaleChoice
    longest: int = 4096


@dataclass(frozen=True)
class ThumbnailRequest:
    """A small picture of an image, at most `size` pixels wide and high; it needs no recording."""

    image: ImageRequest
    size: int


@dataclass(frozen=True)
class DevicesRequest:
    """Which devices there are; it needs no recording."""


@dataclass(frozen=True)
class LessonRequest:
    """What a page of the tour asks; each lesson has a class of its own, in `cnnviewer.lessons.messages`."""


PictureRequest = (
    TilesRequest
    | MatrixRequest
    | BarsRequest
    | MapRequest
    | PhotoRequest
    | ThumbnailRequest
    | LessonRequest
    | CatalogueRequest
    | DevicesRequest
    | GraphRequest
    | Question
)

FREE_REQUESTS = (ThumbnailRequest, LessonRequest, CatalogueRequest, DevicesRequest, GraphRequest)
"""Requests that need no recording, and whose answers belong to none."""


# ---- answers


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
    layout: Layout = field(default_factory=Layout)

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


@dataclass(frozen=True, eq=False)
class RecordingSummary:
    """What the window shows of a recording, apart from pictures; `outputs` is what the network returned."""

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


@dataclass(frozen=True)
class DevicesAnswer:
    """The devices that are there, and of each kind that is not, why."""

    devices: tuple[Device, ...]


@dataclass(frozen=True, eq=False)
class PhotoAnswer:
    """The picture asked for, ``(H, W)`` pixels, where the network looks at the photo, and what it is given.

    `crop` is (left, top, right, bottom) in pixels of the photo as it was read, `full_size` (width, height) of
    that; a picture of the photo may be smaller. `fed` is the tensor ``(C, H, W)``, its channels' names are
    `channel_names`, and `padding` how many of its rows and columns on each side are no photo.
    """

    pixels: Pixels
    full_size: tuple[int, int]
    crop: tuple[float, float, float, float]
    padding: tuple[int, int]
    fed: Values
    channel_names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class TilesAnswer:
    """Pictures ``(count, height, width)``, with each one's number, range and badge.

    `before` are the maps that went in (POOLED), or those of the moment that is held. `low` and `high` are the ends of
    the scale where all pictures share one; `note` is what else is to be said on the layer: the share of zeros, the
    bias.
    """

    pixels: Pixels
    before: Pixels | None
    channels: tuple[int, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    badges: tuple[str, ...]
    colormap: str
    low: float | None
    high: float | None
    note: str


@dataclass(frozen=True, eq=False)
class MatrixAnswer:
    """One picture ``(height, width)``; `values` are those of the cells where there are few enough to ask."""

    pixels: Pixels
    values: Values | None
    colormap: str
    low: float
    high: float
    note: str


@dataclass(frozen=True, eq=False)
class BarsAnswer:
    """The largest values of a vector, largest first, with their names, and the range of all."""

    names: tuple[str, ...]
    indices: tuple[int, ...]
    values: tuple[float, ...]
    low: float
    high: float
    note: str


@dataclass(frozen=True, eq=False)
class MapAnswer:
    """One map: its values ``(H, W)``, its picture, its numbers.

    `counts` is the histogram between `low` and `high`, `colors` the colour map over the same axis. A vector of
    `length` numbers is wrapped into rows; the cells behind its end are NaN. `full_shape` is the map's height and width
    where these are only some of its units, as of large maps of frames. `skipped` are the map's values of the tokens
    that stand before the grid, such as a class token.
    """

    title: str
    values: Values
    pixels: Pixels
    minimum: float
    maximum: float
    mean: float
    zero_share: float
    badge: str
    low: float
    high: float
    scope: Scope
    colormap: str
    colors: Pixels
    counts: tuple[int, ...]
    length: int | None = None
    full_shape: tuple[int, int] | None = None
    skipped: tuple[float, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the map: rows and columns of cells, for a vector that is wrapped."""
        return self.full_shape or (self.values.shape[0], self.values.shape[1])

    def unit_of(self, cell: tuple[int, int]) -> tuple[int, int]:
        """Return the unit (row, column) of the map whose value stands in a cell."""
        (row, column), (rows, columns) = cell, self.values.shape
        height, width = self.shape
        return (2 * row + 1) * height // (2 * rows), (2 * column + 1) * width // (2 * columns)

    def cell_of(self, unit: tuple[int, int]) -> tuple[int, int]:
        """Return the cell (row, column) that a unit of the map lies in."""
        (row, column), (rows, columns) = unit, self.values.shape
        height, width = self.shape
        return row * rows // height, column * columns // width


@dataclass(frozen=True, eq=False)
class ThumbnailAnswer:
    """A small picture; None with a sentence where the image can't be read."""

    pixels: Pixels | None
    error: str = ""


@dataclass(frozen=True, eq=False)
class LessonAnswer:
    """What a page of the tour is told; each lesson has a class of its own, in `cnnviewer.lessons.messages`."""


PictureAnswer = (
    TilesAnswer
    | MatrixAnswer
    | BarsAnswer
    | MapAnswer
    | PhotoAnswer
    | ThumbnailAnswer
    | LessonAnswer
    | CatalogueAnswer
    | DevicesAnswer
    | GraphAnswer
    | QuestionAnswer
)
