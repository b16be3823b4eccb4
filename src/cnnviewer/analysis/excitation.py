"""Which frames of a stream excite a map most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnnviewer.frames import Activation, Best

if TYPE_CHECKING:
    from cnnviewer.frames import Chosen, Frame
    from cnnviewer.places import Box
    from cnnviewer.recording import Layer

from cnnviewer.analysis.statistics import feature_maps

__all__ = ["COUNT", "BestFrames", "activation_of", "cut_out"]

COUNT = 9
"""How many frames are remembered for a map."""
_LARGEST = 512
"""How many rows and columns of a map are looked at."""
_APART = 0.5
"""How far apart in seconds two of them are at least: neighbouring frames are all but the same."""
_SIDE = 96
"""How wide and high a cut-out is at most, in pixels."""
_LEAST_SHARE = 0.2
"""How much of the photo's shorter side a cut-out shows at least."""


def activation_of(layer: Layer, chosen: Chosen) -> Activation | None:
    """Return how much a map is excited; None where it has no finite value.

    A vector is one map of one row: there the channel is the number of one of its values. Of a map of more than 512 rows
    or columns only each second is looked at, or each third: a frame's cost has a bound.
    """
    maps = feature_maps(layer)
    is_vector = layer.layout.is_vector and maps.shape[:2] == (1, 1)
    values = maps[0, :, chosen.channel : chosen.channel + 1] if is_vector else maps[min(chosen.channel, len(maps) - 1)]
    step = max(1, -(-max(values.shape) // _LARGEST))
    values = (
        values[::step, ::step].detach().float().contiguous().nan_to_num(nan=-np.inf, posinf=-np.inf, neginf=-np.inf)
    )
    if not values.numel():
        return None
    maximum, place = values.reshape(-1).max(0)
    mean = float(values.mean())
    if not np.isfinite(mean):
        return None
    row, column = divmod(int(place), values.shape[1])
    return Activation(chosen, mean, float(maximum), (row * step, column * step))


def cut_out(frame: Frame, place: Box) -> tuple[np.ndarray, Box]:
    """Return what lies around a place of a frame, and where the place lies on that.

    Parameters
    ----------
    frame
        The frame, of H x W pixels.
    place
        In pixels of the frame; it may reach outside.

    Returns
    -------
    pixels, box
        uint32 ``(h, w)``, 0xffRRGGBB, h and w at most 96, by nearest neighbour; and the place in pixels of it.
    """
    height, width = frame.pixels.shape
    left, top, right, bottom = place
    side = round(max(right - left, bottom - top, _LEAST_SHARE * min(height, width)))
    side = max(1, min(side, height, width))
    first_row = _begin((top + bottom) / 2, side, height)
    first_column = _begin((left + right) / 2, side, width)
    step = max(1, -(-side // _SIDE))
    pixels = frame.pixels[first_row : first_row + side : step, first_column : first_column + side : step].copy()
    pixels.setflags(write=False)
    box = (left - first_column, top - first_row, right - first_column, bottom - first_row)
    shown = tuple(min(max(edge, 0), side) / step for edge in box)
    return pixels, (shown[0], shown[1], shown[2], shown[3])


def _begin(middle: float, side: int, length: int) -> int:
    return min(max(round(middle - side / 2), 0), length - side)


@dataclass(frozen=True, eq=False)
class _Entry:
    best: Best
    arrived: float


class BestFrames:
    """Remembers the frames that excited one map most; as many as `COUNT`, each cut down to the unit's place."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []

    @property
    def best(self) -> tuple[Best, ...]:
        """The frames, the one that excited the map most first."""
        return tuple(entry.best for entry in self._entries)

    def offer(self, frame: Frame, activation: Activation, place: Box) -> bool:
        """Remember a frame where it is among the best; return whether it is.

        Parameters
        ----------
        frame
            The frame.
        activation
            How much it excited the map.
        place
            The place of the unit that it excited most, in pixels of the frame.
        """
        near = [entry for entry in self._entries if abs(entry.arrived - frame.arrived) < _APART]
        if any(entry.best.value >= activation.maximum for entry in near):
            return False
        others = [entry for entry in self._entries if entry not in near]
        if len(others) >= COUNT and others[COUNT - 1].best.value >= activation.maximum:
            return False
        pixels, box = cut_out(frame, place)
        best = Best(frame.number, frame.title, activation.maximum, activation.unit, pixels, box)
        others.append(_Entry(best, frame.arrived))
        self._entries = sorted(others, key=lambda entry: -entry.best.value)[:COUNT]
        return True
