"""Networks as points: how many parameters they have, and how many images they classify rightly."""

from __future__ import annotations

from math import log10
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.numbers import count_text, percent_text

if TYPE_CHECKING:
    from cnnviewer.lessons.network_messages import Family

__all__ = ["FamilyChart"]

_LEFT, _TOP, _RIGHT, _BOTTOM = 40, 18, 14, 32
_TICKS = (5e6, 1e7, 2e7, 5e7, 1e8)
_LOW, _HIGH = 4e6, 2.2e8
_PERCENT = (0.55, 0.60, 0.65, 0.70, 0.75, 0.80)
_RADIUS = 5


class FamilyChart(QWidget):
    """Paints a point for each network with a known accuracy; `chosen` tells the name of one that was clicked."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._families: tuple[Family, ...] = ()
        self._current = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 110)
        self.setAccessibleName("Parameters and accuracy of the networks")

    def show_families(self, families: tuple[Family, ...]) -> None:
        """Show these networks."""
        self._families = tuple(family for family in families if family.top1 is not None)
        self.setAccessibleDescription("; ".join(_text(family) for family in self._families))
        self.update()

    def set_current(self, name: str) -> None:
        """Mark a network."""
        self._current = name
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for some ten points."""
        return QSize(380, 170)

    def point(self, family: Family) -> QPointF:
        """Return where a network lies."""
        return QPointF(self._across(family.parameters), self._height(family.top1 or 0.0))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the axes and the points."""
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        theme = current_theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_axes(painter)
        taken: list[QRectF] = []
        for family in sorted(self._families, key=lambda family: family.name == self._current, reverse=True):
            is_current = family.name == self._current
            point = self.point(family)
            painter.setPen(QPen(QColor(theme.panel), 1))
            painter.setBrush(QColor(theme.accent if is_current else theme.muted))
            radius = _RADIUS + (1.5 if is_current else 0)
            painter.drawEllipse(point, radius, radius)
            place = self._label_place(painter, point, family.title, taken)
            if place is not None:
                taken.append(place)
                painter.setPen(QColor(theme.text if is_current else theme.muted))
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, family.title)

    def _paint_axes(self, painter: QPainter) -> None:
        theme = current_theme()
        line = painter.fontMetrics().height()
        bottom = self.height() - _BOTTOM
        for share in _PERCENT:
            y = self._height(share)
            painter.setPen(QPen(QColor(theme.border), 1))
            painter.drawLine(QPointF(_LEFT, y), QPointF(self.width() - _RIGHT, y))
            painter.setPen(QColor(theme.muted))
            place = QRectF(0, y - line / 2, _LEFT - 5, line)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight, percent_text(share, digits=0))
        for tick in _TICKS:
            x = self._across(tick)
            painter.setPen(QPen(QColor(theme.border), 1))
            painter.drawLine(QPointF(x, bottom), QPointF(x, bottom + 4))
            painter.setPen(QColor(theme.muted))
            place = QRectF(x - 30, bottom + 3, 60, line)
            painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, count_text(round(tick)))
        foot = QRectF(_LEFT, self.height() - line, self.width() - _LEFT - _RIGHT, line)
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, "parameters, equal distances are equal ratios")
        painter.drawText(QRectF(_LEFT, 0, self.width(), line), Qt.AlignmentFlag.AlignLeft, "top-1 on ImageNet")

    def _label_place(self, painter: QPainter, point: QPointF, text: str, taken: list[QRectF]) -> QRectF | None:
        """Return where a name can be written; None where each place would lie over another name or a point."""
        wide, high = painter.fontMetrics().horizontalAdvance(text) + 2, painter.fontMetrics().height() - 2
        right, left = point.x() + _RADIUS + 3, point.x() - _RADIUS - 3 - wide
        places = [
            QRectF(right, point.y() - high / 2, wide, high),
            QRectF(left, point.y() - high / 2, wide, high),
            QRectF(point.x() - wide / 2, point.y() - _RADIUS - high, wide, high),
            QRectF(point.x() - wide / 2, point.y() + _RADIUS, wide, high),
        ]
        room = QRectF(_LEFT, 0, self.width() - _LEFT, self.height() - _BOTTOM)
        points = [QRectF(at.x() - 4, at.y() - 4, 8, 8) for at in map(self.point, self._families) if at != point]
        free = (place for place in places if room.contains(place))
        return next((place for place in free if not any(place.intersects(other) for other in taken + points)), None)

    def _across(self, parameters: float) -> float:
        share = log10(parameters / _LOW) / log10(_HIGH / _LOW)
        return _LEFT + share * (self.width() - _LEFT - _RIGHT)

    def _height(self, share: float) -> float:
        low, high = _PERCENT[0], _PERCENT[-1]
        return self.height() - _BOTTOM - (share - low) / (high - low) * (self.height() - _TOP - _BOTTOM)

    def _at(self, place: QPointF) -> Family | None:
        near = [(family, (self.point(family) - place).manhattanLength()) for family in self._families]
        found = min(near, key=lambda pair: pair[1], default=None)
        return found[0] if found is not None and found[1] <= 14 else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the network under the mouse."""
        family = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and family is not None:
            self.chosen.emit(family.name)

    def event(self, event: QEvent) -> bool:
        """Tell the numbers of the network under the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            family = self._at(QPointF(event.pos()))
            if family is not None:
                QToolTip.showText(event.globalPos(), _text(family), self)
            return True
        return super().event(event)


def _text(family: Family) -> str:
    return f"{family.title}: {count_text(family.parameters)} parameters, {percent_text(family.top1 or 0.0)} right"
