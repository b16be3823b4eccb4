"""The range of an image's numbers: what the file tells of it, or a guess, and the numbers in 8 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviewer.readings import Origin, Read, ValueRange

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["in_8_bits", "read_range"]

_DEPTHS = (8, 10, 12, 14, 16)
"""With how many bits cameras and scanners count; files have room for 16."""
_FLOATS = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))
_OVERSHOOT = 1e-3
"""Of a float range, as a share: so far what was resized or filtered may lie outside."""
_HUGE = 1e300
_AT_ONCE = 1 << 22
"""So many numbers are scaled at once: floats of a large image would need eight times its memory."""


def read_range(
    values: NDArray[Any], told: tuple[float, float] | None = None, chosen: tuple[float, float] | None = None
) -> Read:
    """Return which numbers are black and white.

    Parameters
    ----------
    values
        Whole or floating point numbers, of any shape; of more than 8 bits.
    told
        What the file says of it, low and high.
    chosen
        What the user says of it.

    Returns
    -------
    Read
        What was chosen, else told, else a guess: of whole numbers the range of the fewest usual bits (8, 10, 12, 14,
        16) that holds them all, of floats the first of 0..1, -1..1 and 0..255 that does, else their own.
    """
    is_whole = values.dtype.kind in "iu"
    finite = values if is_whole else values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    usual = [(0.0, float(2**bits - 1)) for bits in _DEPTHS] if is_whole else list(_FLOATS)
    fitting = next((pair for pair in usual if _holds(pair, low, high, is_whole)), (low, high))
    if chosen is not None:
        found = ValueRange(*chosen, Origin.USER)
    elif told is not None and told[0] < told[1] and np.isfinite(told).all():
        found = ValueRange(*told, Origin.FILE)
    else:
        found = ValueRange(*fitting, Origin.GUESS)
    choices = [*usual, *([told] if told is not None and found.origin is not Origin.GUESS else ())]
    if low < high:
        choices.append((low, high))
    return Read(found, (low, high), tuple(dict.fromkeys(choices)), values.size - finite.size)


def _holds(pair: tuple[float, float], low: float, high: float, is_whole: bool) -> bool:
    slack = 0.0 if is_whole else _OVERSHOOT * (pair[1] - pair[0])
    return pair[0] - slack <= low and high <= pair[1] + slack


def in_8_bits(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """Return numbers as 0..255, to the nearest: `low` and what is below is 0, `high` and above 255, NaN is 0."""
    if values.dtype.kind in "iu" and values.dtype.itemsize <= 2 and values.size > 1 << 16:
        limits = np.iinfo(values.dtype)
        table = _scaled(np.arange(limits.min, limits.max + 1), low, high)
        return table[values.astype(np.int32) - limits.min]
    made = np.empty(values.shape, np.uint8)
    flat, numbers = made.reshape(-1), values.reshape(-1)
    for first in range(0, flat.size, _AT_ONCE):
        flat[first : first + _AT_ONCE] = _scaled(numbers[first : first + _AT_ONCE], low, high)
    return made


def _scaled(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    if max(abs(low), abs(high)) > _HUGE:  # what follows would have no number for it
        values, low, high = values / _HUGE, low / _HUGE, high / _HUGE
    # A constant image has no range; and clipping first keeps the infinite out of the arithmetic.
    clipped = np.clip(np.nan_to_num(values.astype(np.float64), nan=low, posinf=np.inf, neginf=-np.inf), low, high)
    return np.rint((clipped - low) * 255 / ((high - low) or 1)).astype(np.uint8)
