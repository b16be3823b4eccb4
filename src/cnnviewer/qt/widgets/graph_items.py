"""The boxes, frames and lines of a graph, ready to be painted: what lies in a region is found fast."""

from __future__ import annotations

from math import atan2, cos, sin
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath, QPolygonF

from cnnviewer.analysis.graph.curves import bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cnnviewer.graphs import Curve, GraphBox, GraphFrame, GraphPicture

__all__ = ["GraphItems", "button_rect", "path_of"]

_ARROW = 6.0
_BUTTON = 13.0


def button_rect(item: GraphBox | GraphFrame) -> QRectF:
    """Return where the button lies that folds a module, or unfolds it: at the same place of its frame and its box."""
    return QRectF(item.x + 5, item.y + 6, _BUTTON, _BUTTON)


def path_of(curve: Curve) -> QPainterPath:
    """Return a curve as Qt draws it."""
    path = QPainterPath(QPointF(*curve[0]))
    for segment in curve[1:]:
        if len(segment) == 2:
            path.lineTo(*segment)
        else:
            path.cubicTo(*segment)
    return path


def arrow_of(curve: Curve) -> QPolygonF:
    """Return the head of the arrow at a curve's end."""
    last = curve[-1]
    x, y = last[-2:]
    before = last[-4:-2] if len(last) == 6 else curve[-2][-2:]
    angle = atan2(y - before[1], x - before[0])
    sides = [(x - _ARROW * cos(angle + turn), y - _ARROW * sin(angle + turn)) for turn in (0.45, -0.45)]
    return QPolygonF([QPointF(x, y), *(QPointF(*side) for side in sides)])


class GraphItems:
    """A `GraphPicture` with the bounds of all that is in it, and the paths of its lines."""

    def __init__(self, picture: GraphPicture) -> None:
        self.picture = picture
        self.rects = tuple(QRectF(box.x, box.y, box.width, box.height) for box in picture.boxes)
        self._boxes = _sides(picture.boxes)
        self._frames = _sides(picture.frames)
        self._wires = np.array([bounds(wire.curve) for wire in picture.wires], float).reshape(-1, 4)
        self._paths: dict[int, QPainterPath] = {}
        self._arrows: dict[int, QPolygonF] = {}

    def boxes_in(self, region: QRectF) -> list[int]:
        """Return which boxes lie in a region, in part at least."""
        return _within(self._boxes, region)

    def frames_in(self, region: QRectF) -> list[int]:
        """Return which frames lie in a region, outer ones first."""
        return _within(self._frames, region)

    def wires_in(self, region: QRectF) -> list[int]:
        """Return which lines may lie in a region."""
        return _within(self._wires, region)

    def path(self, wire: int) -> QPainterPath:
        """Return a line's path; made when it is first seen."""
        found = self._paths.get(wire)
        if found is None:
            found = self._paths[wire] = path_of(self.picture.wires[wire].curve)
        return found

    def arrow(self, wire: int) -> QPolygonF:
        """Return the head of the arrow at a line's end."""
        found = self._arrows.get(wire)
        if found is None:
            found = self._arrows[wire] = arrow_of(self.picture.wires[wire].curve)
        return found

    def box_at(self, place: QPointF) -> int | None:
        """Return the box at a place."""
        found = self.boxes_in(QRectF(place.x(), place.y(), 0.01, 0.01))
        return found[0] if found else None

    def frame_at(self, place: QPointF) -> int | None:
        """Return the innermost frame at a place."""
        found = self.frames_in(QRectF(place.x(), place.y(), 0.01, 0.01))
        return max(found, key=lambda number: self.picture.frames[number].depth) if found else None

    def beside(self, place: int, step: QPointF) -> int | None:
        """Return the box that lies next to another in a direction: near, and not far to the side."""
        begin = self.rects[place].center()

        def distance(other: int) -> float:
            way = self.rects[other].center() - begin
            ahead, aside = way.x() * step.x() + way.y() * step.y(), abs(way.x() * step.y()) + abs(way.y() * step.x())
            return ahead + 2.5 * aside if ahead > 1.0 else float("inf")

        best = min((other for other in range(len(self.rects)) if other != place), key=distance, default=None)
        return None if best is None or distance(best) == float("inf") else best


def _sides(items: Sequence[GraphBox] | Sequence[GraphFrame]) -> NDArray[np.float64]:
    found = [(item.x, item.y, item.x + item.width, item.y + item.height) for item in items]
    return np.array(found, float).reshape(-1, 4)


def _within(sides: NDArray[np.float64], region: QRectF) -> list[int]:
    left, top, right, bottom = sides.T
    is_in = (left <= region.right()) & (right >= region.left()) & (top <= region.bottom()) & (bottom >= region.top())
    return np.flatnonzero(is_in).tolist()
