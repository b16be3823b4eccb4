"""The curve of a function of one number, with the point that is meant on it."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.numbers import value_text

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FunctionCurve"]

_MARGIN = 22.0


class FunctionCurve(QWidget):
    """Draws a curve over its axes, and a point with the way to it: from the argument up, and across to the value.

    Where the function is not finite, as the root of a negative number, the curve is broken off; so is the way to a
    point that lies there.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._xs: Sequence[float] = ()
        self._ys: Sequence[float] = ()
        self._point = 0.0, 0.0
        self._ends = 0.0, 1.0
        self.setAccessibleName("Curve of the function")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_curve(self, xs: Sequence[float], ys: Sequence[float], point: tuple[float, float]) -> None:
        """Show a curve, and a point (argument, value) on it."""
        self._xs, self._ys, self._point = xs, ys, point
        finite = [y for y in (*ys, point[1], 0.0) if isfinite(y)]
        low, high = min(finite), max(finite)
        self._ends = (low, high) if high > low else (low - 1, high + 1)
        self.setAccessibleDescription(f"{value_text(point[0])} becomes {value_text(point[1])}")
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for a curve that can be read."""
        return QSize(280, 180)

    def minimumSizeHint(self) -> QSize:
        """Return room for a small curve."""
        return QSize(120, 90)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint axes, curve and point."""
        if not len(self._xs) or not (isfinite(self._xs[0]) and isfinite(self._xs[-1])):
            return
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        theme = current_theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        origin, room = self._at(0.0, 0.0), self._room()
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(QPointF(room.left(), origin.y()), QPointF(room.right(), origin.y()))
        painter.drawLine(QPointF(origin.x(), room.top()), QPointF(origin.x(), room.bottom()))
        painter.setPen(QPen(QColor(theme.accent), 2))
        painter.drawPath(self._path())
        if all(map(isfinite, self._point)):
            self._paint_point(painter, origin, self._at(*self._point))

    def _path(self) -> QPainterPath:
        """Return the curve, in pieces where it is not finite between them."""
        path, is_begun = QPainterPath(), False
        for x, y in zip(self._xs, self._ys, strict=True):
            if not isfinite(y):
                is_begun = False
            elif is_begun:
                path.lineTo(self._at(x, y))
            else:
                path.moveTo(self._at(x, y))
                is_begun = True
        return path

    def _paint_point(self, painter: QPainter, origin: QPointF, point: QPointF) -> None:
        theme = current_theme()
        painter.setPen(QPen(QColor(theme.muted), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(point.x(), origin.y()), point)
        painter.drawLine(point, QPointF(origin.x(), point.y()))
        painter.setPen(QPen(QColor(theme.panel), 1.5))
        painter.setBrush(QColor(theme.warning))
        painter.drawEllipse(point, 5, 5)
        painter.setPen(QColor(theme.text))
        below = origin.y() < point.y()
        self._write(painter, QPointF(point.x(), origin.y() + (-10 if below else 10)), value_text(self._point[0]))
        side = -26 if point.x() > origin.x() else 26
        self._write(painter, QPointF(origin.x() + side, point.y()), value_text(self._point[1]))

    def _write(self, painter: QPainter, middle: QPointF, text: str) -> None:
        width, height = painter.fontMetrics().horizontalAdvance(text) + 4, painter.fontMetrics().height()
        left = min(max(middle.x() - width / 2, 0), self.width() - width)
        top = min(max(middle.y() - height / 2, 0), self.height() - height)
        painter.drawText(QRectF(left, top, width, height), Qt.AlignmentFlag.AlignCenter, text)

    def _room(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)

    def _at(self, x: float, y: float) -> QPointF:
        room, (low, high) = self._room(), self._ends
        across = (x - self._xs[0]) / ((self._xs[-1] - self._xs[0]) or 1.0)
        return QPointF(room.left() + across * room.width(), room.bottom() - (y - low) / (high - low) * room.height())
