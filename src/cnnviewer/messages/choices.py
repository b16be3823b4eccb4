"""How things are shown: what the user chooses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Order", "PhotoView", "ScaleChoice", "Scope", "View", "WeightsShown"]


class Scope(StrEnum):
    """Which values share one scale."""

    MAP = "map"
    LAYER = "layer"
    NETWORK = "network"


class Order(StrEnum):
    """How the maps of a layer are sorted."""

    CHANNEL = "channel"
    MEAN = "mean"
    MAXIMUM = "maximum"


class WeightsShown(StrEnum):
    """What is shown of the weights of a network that learns."""

    VALUE = "value"
    GRADIENT = "gradient"
    CHANGE = "change"


class View(StrEnum):
    """What a card shows of its layer."""

    MAPS = "Maps"
    FILTERS = "Filters"
    POOLED = "Pooled"
    CELLS = "Cells"
    WEIGHTS = "Weights"
    BARS = "Bars"


class PhotoView(StrEnum):
    """What is shown of the input."""

    PHOTO = "Photo"
    FED = "As fed in"
    CHANNEL = "channel"


@dataclass(frozen=True)
class ScaleChoice:
    """How values become colours.

    Parameters
    ----------
    scope
        Which values share one scale.
    gamma
        The exponent on the share of the scale, 0.2..2; below 1 small values show more.
    sequential
        The colour map for values without a sign; signed values have a diverging one.
    dark
        Whether the window is dark: the diverging map's centre follows it.
    """

    scope: Scope = Scope.MAP
    gamma: float = 1.0
    sequential: str = "magma"
    dark: bool = False
