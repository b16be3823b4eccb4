"""Steps that follow each other in a circle, the one under way lit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviewer.qt.theme import current_theme

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CycleStep", "StepCycle"]

_ARROW = 22
_LOOP = 16
"""How high the arrow is that leads back."""


@dataclass(frozen=True)
class CycleStep:
    """A step: its title, what it does in a few words, and its numbers, a line each."""

    title: str
    sentence: str
    numbers: tuple[str, ...] = ()


class StepCycle(QWidget):
    """Paints steps from left to right; an arrow leads from the last one back to the second."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: tuple[CycleStep, ...] = ()
        self._lit = -1
        self._is_compact = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(480)

    @property
    def steps(self) -> tuple[CycleStep, ...]:
        """What is shown."""
        return self._steps

    @property
    def lit(self) -> int:
        """Which step is lit, from 0; -1 where none is."""
        return self._lit

    def show_steps(self, steps: Sequence[CycleStep]) -> None:
        """Show these steps."""
        self._steps = tuple(steps)
        texts = (f"{step.title}: {' '.join((step.sentence, *step.numbers))}" for step in steps)
        self.setAccessibleDescription("; ".join(texts))
        self.updateGeometry()
        self.update()

    def light(self, step: int) -> None:
        """Light a step; -1 lights none."""
        if step != self._lit:
            self._lit = step
            self.update()

    def set_compact(self, is_compact: bool) -> None:
        """Show sentences only where there are no numbers yet: there is little room."""
        if is_compact != self._is_compact:
            self._is_compact = is_compact
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """Return room for a title, a sentence of two lines, and three lines of numbers."""
        return QSize(800, (4 if self._is_compact else 6) * self.fontMetrics().height() + 18 + _LOOP)

    def minimumSizeHint(self) -> QSize:
        """Return the height that is wanted."""
        return QSize(480, self.sizeHint().height())

    def box(self, index: int) -> QRectF:
        """Return where a step lies."""
        count = max(1, len(self._steps))
        width = (self.width() - 2 - _ARROW * (count - 1)) / count
        return QRectF(1 + index * (width + _ARROW), 1, width, self.height() - 2 - _LOOP)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the steps and the arrows between them."""
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        theme = current_theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, step in enumerate(self._steps):
            self._paint_step(painter, index, step)
            if index:
                before, after = self.box(index - 1), self.box(index)
                middle = before.center().y()
                color = QColor(theme.accent if index == self._lit else theme.muted)
                _paint_arrow(painter, [QPointF(before.right() + 3, middle), QPointF(after.left() - 3, middle)], color)
        if len(self._steps) > 2:
            last, second = self.box(len(self._steps) - 1), self.box(1)
            low = last.bottom() + _LOOP - 5
            points = [
                QPointF(last.center().x(), last.bottom() + 2),
                QPointF(last.center().x(), low),
                QPointF(second.center().x(), low),
                QPointF(second.center().x(), second.bottom() + 3),
            ]
            _paint_arrow(painter, points, QColor(theme.accent if self._lit == 1 else theme.muted))

    def _paint_step(self, painter: QPainter, index: int, step: CycleStep) -> None:
        theme, box, is_lit = current_theme(), self.box(index), index == self._lit
        painter.setPen(QPen(QColor(theme.accent if is_lit else theme.border), 2 if is_lit else 1))
        painter.setBrush(QColor(theme.accent_soft if is_lit else theme.raised))
        painter.drawRoundedRect(box, 6, 6)
        inside, line = box.adjusted(8, 5, -6, -4), painter.fontMetrics().height()
        font = painter.font()
        painter.save()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor(theme.accent if is_lit else theme.text))
        painter.drawText(inside, Qt.AlignmentFlag.AlignTop, f"{index + 1}  {step.title}")
        painter.restore()
        painter.setPen(QColor(theme.muted))
        first = 1 if self._is_compact else 3
        if not (self._is_compact and step.numbers):
            sentence = QRectF(inside.left(), inside.top() + line + 2, inside.width(), 2 * line)
            painter.drawText(sentence, _WRAPPED, step.sentence)
        painter.setPen(QColor(theme.text))
        for row, number in enumerate(step.numbers):
            place = QRectF(inside.left(), inside.top() + (first + row) * line + 4, inside.width(), line)
            painter.drawText(place, 0, painter.fontMetrics().elidedText(number, _ELIDE, int(inside.width())))


_WRAPPED = Qt.TextFlag.TextWordWrap
_ELIDE = Qt.TextElideMode.ElideRight


def _paint_arrow(painter: QPainter, points: list[QPointF], color: QColor) -> None:
    """Paint a line through points, with a head at its end."""
    path = QPainterPath(points[0])
    for point in points[1:]:
        path.lineTo(point)
    painter.setPen(QPen(color, 1.6))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    end, before = points[-1], points[-2]
    along = QPointF(end.x() - before.x(), end.y() - before.y())
    length = max(abs(along.x()), abs(along.y()), 1e-6)
    along /= length
    across = QPointF(-along.y(), along.x())
    painter.setBrush(color)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawPolygon(QPolygonF([end + along * 1.5, end - along * 6 + across * 4, end - along * 6 - across * 4]))
