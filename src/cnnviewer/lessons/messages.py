"""What passes between the pages of the tour and their lessons: frozen requests and frozen answers. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviewer.messages import LessonAnswer, LessonRequest

if TYPE_CHECKING:
    from cnnviewer.messages import Pixels

__all__ = ["Numbers", "PixelsAnswer", "PixelsRequest"]

Numbers = tuple[tuple[float, ...], ...]
"""Rows of numbers."""


# ---- an image is numbers


@dataclass(frozen=True)
class PixelsRequest(LessonRequest):
    """The photo in few pixels, and the numbers of some of them.

    Parameters
    ----------
    longest
        How many pixels the longer side has.
    top, left
        The first row and column of those whose numbers are wanted.
    side
        How many rows and columns of them.
    edits
        The numbers that were changed: ((row, column, colour), value 0..255), colours 0 to 2 for R, G, B.
    """

    longest: int
    top: int
    left: int
    side: int
    edits: tuple[tuple[tuple[int, int, int], int], ...] = ()


@dataclass(frozen=True, eq=False)
class PixelsAnswer(LessonAnswer):
    """The picture ``(H, W)``; of the window ``(h, w)`` its pixels, its numbers by colour, and each colour's picture.

    `top` and `left` tell where the window lies: inside the picture, whatever was asked for.
    """

    picture: Pixels
    top: int
    left: int
    window: Pixels
    planes: tuple[Numbers, Numbers, Numbers]
    plane_pixels: tuple[Pixels, Pixels, Pixels]
