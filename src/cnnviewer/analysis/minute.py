"""The last minute of something that changes: what a strip over time is painted from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["BINS", "SECONDS", "Minute"]

SECONDS = 60
"""How long values are remembered."""
BINS = 600
"""How many of them at most: one for each tenth of a second, the newest of it."""
_PER_SECOND = BINS // SECONDS


class Minute:
    """Remembers numbers of the last minute, several at a time; its memory does not grow.

    Parameters
    ----------
    width
        How many numbers belong to one moment.
    """

    def __init__(self, width: int = 1) -> None:
        self._values = np.full((BINS, width), np.nan, np.float32)
        self._newest: int | None = None

    @property
    def width(self) -> int:
        """How many numbers belong to one moment."""
        return int(self._values.shape[1])

    def add(self, seconds: float, values: Sequence[float]) -> None:
        """Remember the numbers of a moment, told in seconds of any clock; moments come in order."""
        moment = int(seconds * _PER_SECOND)
        self._move_to(moment)
        self._values[moment % BINS] = values

    def values(self, seconds: float) -> NDArray[np.float32]:
        """Return the numbers of the last minute, float32 ``(600, width)``, oldest first; NaN where there are none."""
        self._move_to(int(seconds * _PER_SECOND))
        if self._newest is None:
            return self._values.copy()
        return np.roll(self._values, -(self._newest % BINS) - 1, axis=0)

    def _move_to(self, moment: int) -> None:
        """Forget what is older than a minute."""
        newest = moment if self._newest is None else self._newest
        for passed in range(newest + 1, min(moment, newest + BINS) + 1):
            self._values[passed % BINS] = np.nan
        self._newest = max(moment, newest)
