"""How large a box is: one sees maps shrink and channels grow."""

from __future__ import annotations

from math import log2, prod, sqrt
from typing import TYPE_CHECKING

from cnnviewer.graphs import Direction

if TYPE_CHECKING:
    from cnnviewer.messages import LayerSummary

__all__ = ["box_size", "channels_and_side"]

_LEAST = {Direction.DOWN: (64.0, 32.0), Direction.ACROSS: (92.0, 30.0)}
"""The least length across the way of the computation and along it, so that a name can be read."""
_PER_SIDE = {Direction.DOWN: 20.0, Direction.ACROSS: 9.0}
_PER_CHANNELS = {Direction.DOWN: 3.2, Direction.ACROSS: 5.5}


def channels_and_side(shape: tuple[int, ...], layer: LayerSummary | None = None) -> tuple[int, float]:
    """Return how many channels an output has, and how large the side of a map is; 1 for a vector.

    A map that is no square counts as a square of the same area.
    """
    if len(shape) < 2:
        return max(1, prod(shape)), 1.0
    if layer is not None:
        return max(1, layer.maps), sqrt(max(1, prod(layer.map_shape)))
    return max(1, shape[0]), sqrt(max(1, prod(shape[1:])))


def box_size(channels: int, side: float, direction: Direction) -> tuple[float, float]:
    """Return the width and the height of a box in pixels.

    Across the way of the computation it is as long as the logarithm of its maps' side tells, along that as the
    logarithm of the number of its channels does: each doubling adds the same.
    """
    if direction is Direction.DOWN:
        least, thin = _LEAST[direction]
        across = least + _PER_SIDE[direction] * log2(max(1.0, side))
        along = thin + _PER_CHANNELS[direction] * log2(channels)
        return round(across), round(along)
    thin, least = _LEAST[direction]
    along = thin + _PER_CHANNELS[direction] * log2(channels)
    across = least + _PER_SIDE[direction] * log2(max(1.0, side))
    return round(along), round(across)
