"""Requests for pictures and values, which change nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviewer.graphs import GraphRequest
from cnnviewer.messages.choices import WeightsShown
from cnnviewer.network_reports import CatalogueRequest
from cnnviewer.questions import Question

if TYPE_CHECKING:
    from cnnviewer.messages.choices import Order, PhotoView, ScaleChoice, View
    from cnnviewer.messages.openings import ImageRequest

__all__ = [
    "FREE_REQUESTS",
    "BarsRequest",
    "DevicesRequest",
    "LessonRequest",
    "MapRequest",
    "MatrixRequest",
    "PhotoRequest",
    "PictureRequest",
    "ThumbnailRequest",
    "TilesRequest",
]


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
    """The photo, at most `longest` pixels wide and high, or the tensor really fed in (FED), or one of its channels.

    A channel is shown by the numbers that the network takes; where `in_pixels`, by those before it is normalised.
    """

    view: PhotoView
    channel: int
    scale: ScaleChoice
    longest: int = 4096
    in_pixels: bool = False


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
