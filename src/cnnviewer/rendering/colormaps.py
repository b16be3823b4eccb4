"""Colour maps: perceptually uniform and safe for colour-blind eyes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from cmap import Colormap

from cnnviewer.errors import CnnviewerError
from cnnviewer.rendering.packing import packed_rgb

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DIVERGING", "LEVELS", "NOT_FINITE", "SEQUENTIAL", "color_table", "diverging"]

LEVELS = 256
"""How many colours a map has; one more, `NOT_FINITE`, stands for NaN and infinity."""
NOT_FINITE = LEVELS

# Crameri (2018), doi:10.5281/zenodo.1243862, for the diverging ones: vik has a pale centre, berlin a dark one.
SEQUENTIAL = {
    "magma": "bids:magma",
    "inferno": "bids:inferno",
    "viridis": "bids:viridis",
    "cividis": "cividis:cividis",
    "grey": "crameri:grayC",
}
DIVERGING = {"vik": "crameri:vik", "berlin": "crameri:berlin"}
_NOT_FINITE_COLOR = 0xFF00E05A


def diverging(dark: bool) -> str:
    """Return the diverging map whose centre is near the window's background."""
    return "berlin" if dark else "vik"


@cache
def color_table(name: str) -> NDArray[np.uint32]:
    """Return a map's colours, uint32 ``(257,)``, each 0xffRRGGBB; the last is for values that are not finite.

    Raises
    ------
    CnnviewerError
        If there is no map of this name.
    """
    known = SEQUENTIAL | DIVERGING
    if name not in known:
        raise CnnviewerError(f"There is no colour map named {name!r}; there are {', '.join(known)}.")
    channels = (Colormap(known[name]).lut(LEVELS)[:, :3] * 255).round().astype(np.uint32)
    table = np.append(packed_rgb(*channels.T), np.uint32(_NOT_FINITE_COLOR))
    table.setflags(write=False)
    return table
