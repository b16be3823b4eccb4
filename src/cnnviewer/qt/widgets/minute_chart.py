"""Lines over the last minute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviewer.analysis.minute import BINS, SECONDS
from cnnviewer.qt.theme import current_theme, line_colors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Line", "MinuteChart"]

_TICKS = (60, 45, 30, 15)
_LEGEND_WIDTH = 0.4


@dataclass(frozen=True, eq=False)
class Line:
    """One line: its name, its values as `Minute.values` gives them, the text of the newest, and its colour's place."""

    name: str
    values: NDArray[np.float32]
    text: str
    color: int = 0


class MinuteChart(QWidget):
    """Paints lines over the last minute on one axis, with their names and newest values at the right."""

    def __init__(self, parent: QWidget | None = None, *, low: float | None = None, high: float | None = None) -> None:
        super().__init__(parent)
        self._ends = low, high
        self._lines: tuple[Line, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 60)

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown."""
        return self._lines

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Show these lines."""
        self._lines = tuple(lines)
        self.setAccessibleDescription("; ".join(f"{line.name} {line.text}" for line in lines))
        self.update()

    def sizeHint(self) -> QSize:
        """Return a wide strip."""
        return QSize(320, 110)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the axis, the lines and the names."""
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        font = painter.font()
        font.setPointSizeF(max(6.5, font.pointSizeF() * 0.85))
        painter.setFont(font)
        legend = self._legend_width(painter)
        plot = QRect(0, 2, self.width() - legend - 8, self.height() - painter.fontMetrics().height() - 5)
        low, high = self._range()
        self._paint_axis(painter, plot)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for line in reversed(self._lines):
            painter.setPen(QPen(QColor(_color(line)), 1.6 if line is self._lines[0] else 1.2))
            for polygon in _polygons(line.values, plot, low, high):
                painter.drawPolyline(polygon)
        self._paint_legend(painter, QRect(plot.right() + 9, 0, legend, self.height()))

    def _legend_width(self, painter: QPainter) -> int:
        metrics = painter.fontMetrics()
        texts = (metrics.horizontalAdvance(f"{line.name}  {line.text}") + 14 for line in self._lines)
        return min(max(texts, default=0), round(self.width() * _LEGEND_WIDTH))

    def _range(self) -> tuple[float, float]:
        known = [line.values[np.isfinite(line.values)] for line in self._lines]
        values = np.concatenate(known) if known else np.empty(0)
        low = self._ends[0] if self._ends[0] is not None else min(float(values.min()), 0.0) if len(values) else 0.0
        high = self._ends[1] if self._ends[1] is not None else max(float(values.max()), 0.0) if len(values) else 1.0
        return low, high if high > low else low + 1.0

    def _paint_axis(self, painter: QPainter, plot: QRect) -> None:
        theme = current_theme()
        painter.fillRect(plot, QColor(theme.raised))
        painter.setPen(QColor(theme.border))
        for seconds in _TICKS[1:]:
            x = round(plot.left() + plot.width() * (1 - seconds / SECONDS))
            painter.drawLine(x, plot.top(), x, plot.bottom())
        painter.setPen(QColor(theme.muted))
        below = QRect(plot.left(), plot.bottom() + 2, plot.width(), self.height() - plot.bottom() - 2)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, f"{SECONDS} s ago")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, "now")

    def _paint_legend(self, painter: QPainter, room: QRect) -> None:
        metrics, theme = painter.fontMetrics(), current_theme()
        for row, line in enumerate(self._lines):
            top = room.top() + row * (metrics.height() + 2)
            if top + metrics.height() > room.bottom():
                break
            painter.fillRect(room.left(), top + metrics.height() // 2 - 1, 9, 3, QColor(_color(line)))
            painter.setPen(QColor(theme.text))
            text_width = metrics.horizontalAdvance(line.text)
            name_room = room.width() - 14 - text_width - 4
            name = metrics.elidedText(line.name, Qt.TextElideMode.ElideRight, name_room)
            painter.drawText(room.left() + 14, top + metrics.ascent(), name)
            painter.drawText(room.right() - text_width, top + metrics.ascent(), line.text)


def _color(line: Line) -> str:
    colors = line_colors()
    return colors[line.color % len(colors)]


def _polygons(values: NDArray[np.float32], plot: QRect, low: float, high: float) -> list[QPolygonF]:
    """Return a line in pixels, one polygon for each part without a gap."""
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return []
    x = plot.left() + (known + 0.5) * (plot.width() / BINS)
    y = plot.bottom() - (values[known] - low) / (high - low) * (plot.height() - 2)
    # A slow network gives a frame a second: what lies closer than three is one line.
    parts = np.split(np.arange(len(known)), np.flatnonzero(np.diff(known) > 30) + 1)
    return [QPolygonF([QPointF(x[place], y[place]) for place in _thinned(part)]) for part in parts]


def _thinned(part: NDArray[np.intp]) -> list[int]:
    return [int(place) for place in (part if len(part) > 1 else np.repeat(part, 2))]
