"""How an image file is read where that is in question: the range of its numbers, and which of its pages.

Frozen values, of which the window makes some before any image is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from cnnviewer.errors import ImageError

__all__ = ["ALL_PAGES", "Origin", "Read", "Reading", "ValueRange", "checked_range"]

ALL_PAGES = 0
"""As a page: all of them, each a channel."""


class Origin(StrEnum):
    """Who says which numbers are black and white."""

    FILE = "told by the file"
    GUESS = "a guess"
    USER = "chosen"


@dataclass(frozen=True)
class ValueRange:
    """The numbers that are shown black and white; what lies outside is shown as they are."""

    low: float
    high: float
    origin: Origin = Origin.USER


@dataclass(frozen=True)
class Reading:
    """How an image is to be read.

    Parameters
    ----------
    value_range
        The numbers that are black and white, low and high; None for what the file tells, or else a guess.
    page
        Of a file of several pages or frames, which one, from 1 on; `ALL_PAGES` for all, each a channel.
    """

    value_range: tuple[float, float] | None = None
    page: int = 1


@dataclass(frozen=True)
class Read:
    """How an image was read.

    Parameters
    ----------
    value_range
        The numbers that are black and white; None where that is not in question, as in 8-bit images.
    extremes
        The smallest and the largest of its numbers.
    choices
        Ranges that may be meant, (low, high), where it is in question.
    nonfinite
        How many of its numbers are NaN or infinite.
    page, pages
        Which of how many pages or frames; a page of `ALL_PAGES` is all of them.
    """

    value_range: ValueRange | None = None
    extremes: tuple[float, float] = (0.0, 0.0)
    choices: tuple[tuple[float, float], ...] = ()
    nonfinite: int = 0
    page: int = 1
    pages: int = 1

    @property
    def is_in_question(self) -> bool:
        """Whether it might have been read otherwise."""
        return self.value_range is not None or self.pages > 1


def checked_range(low: float, high: float) -> tuple[float, float]:
    """Return a range that a user chose.

    Raises
    ------
    ImageError
        If it is none.
    """
    if not (isfinite(low) and isfinite(high) and low < high):
        raise ImageError(f"A range of values goes from a number to a larger one; {low:g} to {high:g} does not.")
    return float(low), float(high)
