"""The curve of a function, with points on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.numbers import value_text

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FunctionPlot"]

_MARGIN = 10.0
_BELOW = 0.25
"""How much of the negative half of the upright axis is shown."""


class FunctionPlot(QWidget):
    """Paints axes, a curve, points on it, and one of them large, with its numbers."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curve: tuple[tuple[float, float], ...] = ()
        self._points: tuple[tuple[float, float], ...] = ()
        self._chosen: tuple[float, float] | None = None
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_curve(self, curve: Sequence[tuple[float, float]], points: Sequence[tuple[float, float]]) -> None:
        """Show a curve through these (x, y), and points on it."""
        self._curve, self._points = tuple(curve), tuple(points)
        self.update()

    def choose(self, point: tuple[float, float] | None) -> None:
        """Show one point large."""
        self._chosen = point
        if point is not None:
            self.setAccessibleDescription(f"from {value_text(point[0])} to {value_text(point[1])}")
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for a plot."""
        return QSize(190, 170)

    def minimumSizeHint(self) -> QSize:
        """Return room for a small plot."""
        return QSize(130, 110)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint axes, curve and points."""
        if not self._curve:
            return
        theme, painter = current_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        reach = max(abs(x) for x, _ in self._curve)
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(self._at(-reach, 0), self._at(reach, 0))
        painter.drawLine(self._at(0, -_BELOW * reach), self._at(0, reach))
        painter.setPen(QColor(theme.muted))
        low, high = self._at(-reach, 0), self._at(reach, 0)
        painter.drawText(QRectF(low.x(), low.y() + 2, 40, 16), Qt.AlignmentFlag.AlignLeft, value_text(-reach))
        painter.drawText(QRectF(high.x() - 40, high.y() + 2, 40, 16), Qt.AlignmentFlag.AlignRight, value_text(reach))
        painter.setPen(QPen(QColor(theme.accent), 2))
        painter.drawPolyline(QPolygonF([self._at(*point) for point in self._curve]))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.muted))
        for point in self._points:
            painter.drawEllipse(self._at(*point), 3.0, 3.0)
        if self._chosen is not None:
            self._paint_chosen(painter, self._chosen)

    def _paint_chosen(self, painter: QPainter, point: tuple[float, float]) -> None:
        theme, place = current_theme(), self._at(*point)
        painter.setPen(QPen(QColor(theme.warning), 1, Qt.PenStyle.DashLine))
        painter.drawLine(self._at(point[0], 0), place)
        painter.setPen(QPen(QColor(theme.panel), 1.5))
        painter.setBrush(QColor(theme.warning))
        painter.drawEllipse(place, 5.5, 5.5)
        painter.setPen(QColor(theme.text))
        text = f"{value_text(point[0])} → {value_text(point[1])}"
        painter.drawText(QRectF(2, 0, self.width() - 4, 18), Qt.AlignmentFlag.AlignLeft, text)

    def _at(self, x: float, y: float) -> QPointF:
        """Return where a point of the plane lies; both axes have the same scale, and little room is below zero."""
        reach = max(abs(x) for x, _ in self._curve)
        across, down = self.width() - 2 * _MARGIN, self.height() - 2 * _MARGIN - 18
        scale = min(across / (2 * reach), down / (_BELOW * reach + reach))
        left, bottom = self.width() / 2, self.height() / 2 + (1 - _BELOW) / 2 * reach * scale + 9
        return QPointF(left + x * scale, bottom - y * scale)
