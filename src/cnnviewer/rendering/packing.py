"""Colours as pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["packed_rgb"]


def packed_rgb(red: NDArray[np.integer], green: NDArray[np.integer], blue: NDArray[np.integer]) -> NDArray[np.uint32]:
    """Return opaque pixels 0xffRRGGBB, uint32 of the shape of the three channels, whole numbers 0..255."""
    red, green, blue = (channel.astype(np.uint32, copy=False) for channel in (red, green, blue))
    return np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue
