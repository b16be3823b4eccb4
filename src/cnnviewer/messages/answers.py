"""Answers to requests for pictures and values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviewer.graphs import GraphAnswer
from cnnviewer.network_reports import CatalogueAnswer
from cnnviewer.questions import QuestionAnswer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cnnviewer.devices import Device
    from cnnviewer.messages.arrays import Pixels, Values
    from cnnviewer.messages.choices import Scope

__all__ = [
    "BarsAnswer",
    "DevicesAnswer",
    "LessonAnswer",
    "MapAnswer",
    "MatrixAnswer",
    "PhotoAnswer",
    "PictureAnswer",
    "ThumbnailAnswer",
    "TilesAnswer",
]


@dataclass(frozen=True)
class DevicesAnswer:
    """The devices that are there, and of each kind that is not, why."""

    devices: tuple[Device, ...]


@dataclass(frozen=True, eq=False)
class PhotoAnswer:
    """The picture asked for, ``(H, W)`` pixels, where the network looks at the photo, and what it is given.

    `crop` is (left, top, right, bottom) in pixels of the photo as it was read, `full_size` (width, height) of
    that; a picture of the photo may be smaller. `fed` is the tensor ``(C, H, W)``, its channels' names are
    `channel_names`, and `padding` how many of its rows and columns on each side are no photo. `given` are the pixels
    0..255 that it was made of, uint8 ``(C, H, W)``: cropped, resized, padded, and not yet normalised; None beside a
    photo. Of one channel `colormap` and the ends of its scale are told; '' is grey.
    """

    pixels: Pixels
    full_size: tuple[int, int]
    crop: tuple[float, float, float, float]
    padding: tuple[int, int]
    fed: Values
    channel_names: tuple[str, ...]
    given: NDArray[np.uint8] | None = None
    colormap: str = ""
    low: float = 0.0
    high: float = 0.0


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
    """The largest values of a vector, NaN behind them, with their names, and the range of all that are finite."""

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
