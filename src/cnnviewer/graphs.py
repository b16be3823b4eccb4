"""The picture of a network as a graph, and how it is asked for: frozen values, no torch and no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Curve",
    "Direction",
    "GraphAnswer",
    "GraphBox",
    "GraphEdge",
    "GraphFrame",
    "GraphPicture",
    "GraphRequest",
    "Wire",
]

Curve = tuple[tuple[float, ...], ...]
"""A line that bends: its first point ``(x, y)``, then to each next point a straight line ``(x, y)``, or a cubic Bézier
``(x1, y1, x2, y2, x, y)``."""


class Direction(StrEnum):
    """Which way the computation runs in the picture."""

    DOWN = "Top to bottom"
    ACROSS = "Left to right"


@dataclass(frozen=True)
class GraphRequest:
    """The graph of the network that is open.

    Parameters
    ----------
    folded
        The paths of the modules of which each is one box; None for as many open levels as can well be looked at.
    direction
        Which way the computation runs.
    """

    folded: frozenset[str] | None = None
    direction: Direction = Direction.DOWN


@dataclass(frozen=True, eq=False)
class GraphBox:
    """A layer, or a folded module; lengths are in pixels at the zoom of 1.

    Parameters
    ----------
    name
        What stands on it.
    kind
        The kind of the layer; "input" for the image, "module" for a folded module.
    x, y, width, height
        Where it lies, from its top left corner.
    shape
        That of its output, without the batch.
    settings
        The layer's settings in a few words, or what a module holds.
    parameters
        How many learnt numbers it has.
    members
        The names of the layers that it stands for, in the order in which they ran; none for the image.
    module
        The path of the folded module; '' for a layer.
    kinds
        Of a folded module the kinds of its layers with the number of each, the most first.
    """

    name: str
    kind: str
    x: float
    y: float
    width: float
    height: float
    shape: tuple[int, ...]
    settings: str
    parameters: int
    members: tuple[str, ...]
    module: str = ""
    kinds: tuple[tuple[str, int], ...] = ()

    @property
    def is_folded(self) -> bool:
        """Whether it is a module that can be unfolded."""
        return bool(self.module)


@dataclass(frozen=True, eq=False)
class GraphFrame:
    """An unfolded module: the frame around its boxes; `depth` is 1 for a module of the network itself."""

    module: str
    name: str
    x: float
    y: float
    width: float
    height: float
    depth: int
    layers: int


@dataclass(frozen=True, eq=False)
class GraphEdge:
    """That one box feeds another.

    Parameters
    ----------
    source, target
        The places of the boxes in `GraphPicture.boxes`.
    curve
        The way from the one to the other.
    is_skip
        Whether it leads past boxes that lie on another way between the two.
    """

    source: int
    target: int
    curve: Curve
    is_skip: bool


@dataclass(frozen=True, eq=False)
class Wire:
    """A piece of line as it is drawn; edges that run together share it. At its end there may be an arrow."""

    curve: Curve
    is_skip: bool
    has_arrow: bool


@dataclass(frozen=True, eq=False)
class GraphPicture:
    """Boxes, the frames around them, and the lines between them, in a rectangle from (0, 0) to (width, height).

    `folded` are the modules of which each is one box; `foldable` all that can be folded, outer ones first.
    """

    boxes: tuple[GraphBox, ...]
    frames: tuple[GraphFrame, ...]
    edges: tuple[GraphEdge, ...]
    wires: tuple[Wire, ...]
    width: float
    height: float
    direction: Direction
    folded: frozenset[str]
    foldable: tuple[str, ...]

    @cached_property
    def box_of(self) -> Mapping[str, int]:
        """For each layer's name the place of the box that is it, or holds it."""
        return MappingProxyType({name: place for place, box in enumerate(self.boxes) for name in box.members})


@dataclass(frozen=True, eq=False)
class GraphAnswer:
    """The picture, and the layers that it is of: the very object that the summary of their recording holds."""

    picture: GraphPicture
    layers: tuple[object, ...]
