"""From logits to probabilities: a row a class, whose logit can be dragged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviewer.qt.theme import current_theme, signed_color
from cnnviewer.qt.widgets.numbers import probability_text, value_text

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LogitBars", "LogitRow"]

_REACH = 10.0
_STEPS = {Qt.Key.Key_Left: -0.1, Qt.Key.Key_Right: 0.1}
_ROWS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
_NAME, _NUMBER = 58.0, 56.0


@dataclass(frozen=True)
class LogitRow:
    """One class: its name, its logit, its exponential, its probability."""

    name: str
    logit: float
    exponential: float
    probability: float


class LogitBars(QWidget):
    """Paints the rows; `dragged` tells a row and the logit to which its bar was dragged, or moved by the keys."""

    dragged = Signal(int, float)
    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[LogitRow, ...] = ()
        self._total = 0.0
        self._current = 0
        self._is_dragging = False
        self.setAccessibleName("Logits and probabilities")
        self.setToolTip("Drag a logit, or choose a row with ↑ ↓ and move its logit with ← →")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_rows(self, rows: Sequence[LogitRow], total: float) -> None:
        """Show these classes, and the sum of their exponentials."""
        self._rows, self._total = tuple(rows), total
        texts = (f"{row.name}: logit {value_text(row.logit)}, {probability_text(row.probability)}" for row in rows)
        self.setAccessibleDescription("; ".join(texts))
        self.update()

    @property
    def rows(self) -> tuple[LogitRow, ...]:
        """The classes that are shown."""
        return self._rows

    @property
    def current(self) -> int:
        """The chosen row."""
        return self._current

    def choose(self, row: int) -> None:
        """Choose a row."""
        if row != self._current:
            self._current = row
            self.chosen.emit(row)
            self.update()

    def point_of(self, row: int, logit: float) -> tuple[float, float]:
        """Return where the end of a row's bar lies for a logit."""
        box = self._logit_box(row)
        return box.center().x() + logit / _REACH * box.width() / 2, box.center().y()

    def sizeHint(self) -> QSize:
        """Return room for all rows."""
        return QSize(460, round((len(self._rows) + 2) * 30))

    def minimumSizeHint(self) -> QSize:
        """Return room for narrow rows."""
        return QSize(380, round((max(len(self._rows), 4) + 2) * 22))

    # ---- geometry

    def _height(self) -> float:
        return min(54.0, self.height() / (len(self._rows) + 2))

    def _bar_width(self) -> float:
        return (self.width() - _NAME - 3 * _NUMBER - 28) / 2

    def _logit_box(self, row: int) -> QRectF:
        return QRectF(_NAME + 4, (row + 1) * self._height(), self._bar_width(), self._height())

    def _number_box(self, row: int, left: float) -> QRectF:
        return QRectF(left, (row + 1) * self._height(), _NUMBER, self._height())

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint heads, rows and the sum."""
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = self._bar_width()
        logits, exponentials = _NAME + 4, _NAME + 4 + bar + _NUMBER + 4
        shares = exponentials + _NUMBER + 14
        painter.setPen(QColor(current_theme().muted))
        center = Qt.AlignmentFlag.AlignCenter
        painter.drawText(QRectF(logits, 0, bar + _NUMBER, self._height()), center, "logit z")
        painter.drawText(QRectF(exponentials - 8, 0, _NUMBER + 16, self._height()), center, "exp(z / T)")
        painter.drawText(QRectF(shares, 0, bar + _NUMBER, self._height()), center, "share = probability")
        for number, row in enumerate(self._rows):
            self._paint_row(painter, number, row, exponentials, shares)
        sum_box = self._number_box(len(self._rows), exponentials)
        painter.setPen(QPen(QColor(current_theme().border), 1))
        painter.drawLine(sum_box.topLeft(), sum_box.topRight())
        painter.setPen(QColor(current_theme().text))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(sum_box, right, value_text(self._total))
        painter.setPen(QColor(current_theme().muted))
        painter.drawText(QRectF(0, sum_box.top(), exponentials - 6, sum_box.height()), right, "sum")

    def _paint_row(self, painter: QPainter, number: int, row: LogitRow, exponentials: float, shares: float) -> None:
        theme, box = current_theme(), self._logit_box(number)
        if number == self._current:
            whole = QRectF(0, box.top() + 1, self.width(), box.height() - 2)
            painter.setPen(QPen(QColor(theme.accent), 1) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.raised))
            painter.drawRoundedRect(whole.adjusted(0.5, 0, -0.5, 0), 4, 4)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(theme.text))
        painter.drawText(QRectF(6, box.top(), _NAME, box.height()), Qt.AlignmentFlag.AlignVCenter, row.name)
        painter.drawText(self._number_box(number, box.right()), right, value_text(round(row.logit, 3)))
        painter.drawText(self._number_box(number, exponentials), right, value_text(row.exponential))
        share = self._number_box(number, shares + self._bar_width())
        painter.drawText(share, right, probability_text(row.probability))
        self._paint_logit(painter, number, row.logit)
        height = max(6.0, box.height() * 0.4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.accent))
        width = max(self._bar_width() * row.probability, 1.5)
        painter.drawRoundedRect(QRectF(shares, box.center().y() - height / 2, width, height), 3, 3)

    def _paint_logit(self, painter: QPainter, number: int, logit: float) -> None:
        theme, box = current_theme(), self._logit_box(number)
        middle, height = box.center(), max(6.0, box.height() * 0.4)
        end, _ = self.point_of(number, min(max(logit, -_REACH), _REACH))
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(QPointF(box.left(), middle.y()), QPointF(box.right(), middle.y()))
        painter.drawLine(QPointF(middle.x(), box.top() + 3), QPointF(middle.x(), box.bottom() - 3))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(signed_color(logit)))
        painter.drawRect(QRectF(min(middle.x(), end), middle.y() - height / 2, abs(end - middle.x()), height))
        painter.setPen(QPen(QColor(theme.accent), 2))
        painter.setBrush(QColor(theme.panel))
        painter.drawEllipse(QRectF(end - 5, middle.y() - 5, 10, 10))

    # ---- mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the row under the mouse; take its bar where that is."""
        row = int(event.position().y() / self._height()) - 1
        if event.button() != Qt.MouseButton.LeftButton or not 0 <= row < len(self._rows):
            return
        self.choose(row)
        if self._logit_box(row).adjusted(-6, 0, 6, 0).contains(event.position()):
            self._is_dragging = True
            self._drag(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the bar with the mouse."""
        if self._is_dragging:
            self._drag(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let the bar go."""
        self._is_dragging = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose a row with ↑ and ↓, move its logit with ← and →, ten times as far with Shift."""
        key = Qt.Key(event.key())
        if key in _ROWS and 0 <= self._current + _ROWS[key] < len(self._rows):
            self.choose(self._current + _ROWS[key])
        elif key in _STEPS and self._rows:
            far = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            self._tell(self._rows[self._current].logit + far * _STEPS[key])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: object) -> None:
        """Show which row the keys move."""
        self.update()

    def focusOutEvent(self, event: object) -> None:
        """Show that the keys go elsewhere."""
        self._is_dragging = False
        self.update()

    def _drag(self, x: float) -> None:
        box = self._logit_box(self._current)
        self._tell((x - box.center().x()) / (box.width() / 2) * _REACH)

    def _tell(self, logit: float) -> None:
        self.dragged.emit(self._current, round(min(max(logit, -_REACH), _REACH), 1))
