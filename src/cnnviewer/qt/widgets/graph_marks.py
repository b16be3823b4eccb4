"""What is marked on a graph: the box under the mouse with its lines, the chosen box, what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from cnnviewer.qt.theme import PLACE_COLOR, current_theme
from cnnviewer.qt.widgets.graph_items import path_of

if TYPE_CHECKING:
    from cnnviewer.qt.widgets.graph_items import GraphItems

__all__ = ["GraphMarks"]


@dataclass(frozen=True)
class GraphMarks:
    """The numbers of the boxes under the mouse and chosen, None for none, and the layers that were found.

    Painted in the coordinates of the picture, by a painter that is scaled to `zoom`.
    """

    hovered: int | None
    current: int | None
    found: frozenset[str]

    def paint(self, painter: QPainter, items: GraphItems, seen: QRectF, zoom: float) -> None:
        """Paint the marks that lie in the part of the picture that is seen."""
        if self.hovered is not None:
            _paint_ways(painter, items, self.hovered, zoom)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.found:
            painter.setPen(QPen(QColor(PLACE_COLOR), max(2.5, 2.0 / zoom)))
            for number in items.boxes_in(seen):
                if not self.found.isdisjoint(items.picture.boxes[number].members):
                    painter.drawRoundedRect(_around(items, number, 2.0, zoom), 6, 6)
        if self.current is not None:
            painter.setPen(QPen(QColor(current_theme().accent), max(2.5, 2.0 / zoom)))
            painter.drawRoundedRect(_around(items, self.current, 3.5, zoom), 7, 7)


def _paint_ways(painter: QPainter, items: GraphItems, place: int, zoom: float) -> None:
    """Paint the lines of a box, and frames around the boxes at their other ends."""
    theme = current_theme()
    into, out = QColor(theme.warning), QColor(theme.accent)
    ends = {}
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for edge in items.picture.edges:
        if place in (edge.source, edge.target):
            color = into if edge.target == place else out
            painter.setPen(QPen(color, max(2.2, 1.6 / zoom)))
            painter.drawPath(path_of(edge.curve))
            ends[edge.source if edge.target == place else edge.target] = color
    for number, color in ends.items():
        painter.setPen(QPen(color, max(1.8, 1.5 / zoom)))
        painter.drawRoundedRect(_around(items, number, 1.5, zoom), 6, 6)


def _around(items: GraphItems, place: int, gap: float, zoom: float) -> QRectF:
    gap = max(gap, gap / zoom) if zoom < 0.5 else gap
    return items.rects[place].adjusted(-gap, -gap, gap, gap)
