"""What passes between the tour's page on normalising and reshaping and its lesson."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviewer.messages import LessonAnswer, LessonRequest

if TYPE_CHECKING:
    from cnnviewer.lessons.messages import Grid, Numbers

__all__ = ["NormaliseAnswer", "NormaliseRequest", "ReshapeAnswer", "ReshapeRequest"]


@dataclass(frozen=True)
class NormaliseRequest(LessonRequest):
    """Pixels 0..255 of the photo, `side` rows and columns from its middle, normalised.

    Parameters
    ----------
    side
        How many rows and columns.
    mean, deviation
        What is subtracted of a pixel divided by 255, and what that is divided by then.
    scale, shift
        What the result is multiplied by, and what is added.
    edits
        The pixels that were changed: ((row, column), value).
    dark
        Whether the window is dark.
    """

    side: int
    mean: float
    deviation: float
    scale: float = 1.0
    shift: float = 0.0
    edits: tuple[tuple[tuple[int, int], int], ...] = ()
    dark: bool = False


@dataclass(frozen=True, eq=False)
class NormaliseAnswer(LessonAnswer):
    """The pixels, and what comes of them.

    `spread` are mean and deviation of the pixels / 255, `spread_after` those of what comes.
    """

    before: Grid
    after: Grid
    spread: tuple[float, float]
    spread_after: tuple[float, float]


@dataclass(frozen=True)
class ReshapeRequest(LessonRequest):
    """Maps of the same size, laid out as one row: map after map, row after row."""

    maps: tuple[Numbers, ...]
    dark: bool = False


@dataclass(frozen=True, eq=False)
class ReshapeAnswer(LessonAnswer):
    """The maps, and the row ``(1, count)`` with the place (map, row, column) that each of its numbers comes from."""

    maps: tuple[Grid, ...]
    row: Grid
    places: tuple[tuple[int, int, int], ...]
