"""Which moments of a training are kept for its film."""

from __future__ import annotations

__all__ = ["LARGEST_FILM", "MOST_MOMENTS", "film_steps"]

MOST_MOMENTS = 64
"""How many moments a film has at most, the end of a run that was stopped not counted."""

LARGEST_FILM = 512_000_000
"""How many bytes the moments of a film have together at most, but the first and the last are always kept."""


def film_steps(steps: int, weights_bytes: int) -> frozenset[int]:
    """Return after which steps the weights are kept: dense at first, where they change most, then ever sparser.

    The first and the last step, and between them steps that grow by a constant factor, as whole numbers.

    Parameters
    ----------
    steps
        How many steps the training has.
    weights_bytes
        The size of one moment.
    """
    count = min(MOST_MOMENTS, max(2, LARGEST_FILM // max(weights_bytes, 1)))
    between = (round(steps ** (index / (count - 2))) for index in range(count - 2)) if count > 2 and steps else ()
    return frozenset({0, steps, *between})
