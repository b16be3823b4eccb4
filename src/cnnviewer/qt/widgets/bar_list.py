"""Names with bars and numbers: class probabilities, the largest logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnviewer.names import steady
from cnnviewer.qt.theme import current_theme, signed_color
from cnnviewer.qt.widgets.card_layout import BAR_HEIGHT
from cnnviewer.qt.widgets.styling import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Bar", "BarList"]

_NAME_SHARE, _NAME_WIDTH = 0.42, 200
"""Names have this share of the width, but not more than so many pixels unless they need them."""


@dataclass(frozen=True)
class Bar:
    """One row: its name, the text of its value, and from where to where its bar goes, as shares 0..1.

    Where it `is_signed` it begins at 0: what adds goes to the right of that, and what subtracts to the left. What is no
    number has no bar: it is not `is_drawn`.
    """

    name: str
    text: str
    start: float
    end: float
    index: int = 0
    is_signed: bool = False
    is_drawn: bool = True


class BarList(QWidget):
    """Paints rows of names, bars and numbers.

    `marked` tells the index of a row that the arrow keys reached, `chosen` of one that was clicked, `opened` of one
    that was clicked twice. Enter chooses and opens the marked row.
    """

    marked = Signal(int)
    chosen = Signal(int)
    opened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: tuple[Bar, ...] = ()
        self._current = -1
        self._is_current_marked = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def bars(self) -> tuple[Bar, ...]:
        """The rows that are shown."""
        return self._bars

    @property
    def current(self) -> int:
        """The row that is marked; a negative number where none is."""
        return self._current

    def row_rect(self, row: int) -> QRect:
        """Return where a row lies."""
        return QRect(0, row * BAR_HEIGHT, self.width(), BAR_HEIGHT)

    def name_width(self) -> int:
        """Return the width of the column of names: of a wide list, as much as they need."""
        widest = max((self.fontMetrics().horizontalAdvance(bar.name) for bar in self._bars), default=0)
        return min(round(self.width() * _NAME_SHARE), max(_NAME_WIDTH, widest + 7))

    def show_bars(self, bars: Sequence[Bar]) -> None:
        """Show these rows."""
        bars = tuple(bars)
        if bars == self._bars:
            return
        is_as_high = len(bars) == len(self._bars)
        self._bars = bars
        self._current = min(self._current, len(self._bars) - 1)
        self.setAccessibleDescription("; ".join(f"{bar.name} {bar.text}" for bar in self._bars))
        if not is_as_high:
            self.updateGeometry()
        self.update()

    def set_current(self, row: int) -> None:
        """Mark a row as chosen, without telling; a negative one marks none."""
        self._current, self._is_current_marked = row, row >= 0
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for all rows."""
        return QSize(200, BAR_HEIGHT * max(len(self._bars), 1))

    def minimumSizeHint(self) -> QSize:
        """Return room for all rows."""
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows."""
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        widest = max((painter.fontMetrics().horizontalAdvance(bar.text) for bar in self._bars), default=0)
        name_width = self.name_width()
        for row, bar in enumerate(self._bars):
            self._paint_row(painter, row, bar, name_width, widest)

    def _paint_row(self, painter: QPainter, row: int, bar: Bar, name_width: int, widest: int) -> None:
        theme = current_theme()
        top = row * BAR_HEIGHT
        if row == self._current and (self.hasFocus() or self._is_current_marked):
            painter.fillRect(0, top, self.width(), BAR_HEIGHT, QColor(theme.accent_soft))
        painter.setPen(QColor(theme.text))
        elided = painter.fontMetrics().elidedText(steady(bar.name), Qt.TextElideMode.ElideRight, name_width - 6)
        vertical = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRect(0, top, name_width, BAR_HEIGHT), vertical, elided)
        right = self.width() - widest
        painter.drawText(QRect(right, top, widest, BAR_HEIGHT), vertical | Qt.AlignmentFlag.AlignRight, bar.text)
        if not bar.is_drawn:
            return
        room = max(right - 8 - name_width, 4)
        left = name_width + room * min(bar.start, bar.end)
        width = max(room * abs(bar.end - bar.start), 1.5)
        painter.setPen(Qt.PenStyle.NoPen)
        plain = theme.accent if row == 0 else theme.bar
        painter.setBrush(QColor(signed_color(bar.end - bar.start) if bar.is_signed else plain))
        painter.drawRoundedRect(QRectF(left, top + 5, width, BAR_HEIGHT - 10), 3, 3)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the row under the mouse."""
        row = self.row_at(event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and row is not None:
            self._mark(row)
            self.chosen.emit(self._bars[row].index)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Ask where the row under the mouse comes from."""
        row = self.row_at(event.position().y())
        if row is not None:
            self.opened.emit(self._bars[row].index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Mark another row with the arrow keys, choose it with Enter."""
        key = Qt.Key(event.key())
        row = self._current + {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(key, 0)
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and 0 <= row < len(self._bars):
            index = self._bars[row].index
            self.chosen.emit(index)
            self.opened.emit(index)
        elif row != self._current and 0 <= row < len(self._bars):
            self._mark(row)
            self.marked.emit(self._bars[row].index)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Tell the whole row under the mouse: its name may be cut off."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = self.row_at(event.pos().y())
            text = "" if row is None else f"{self._bars[row].name}  {self._bars[row].text}"
            place = self.rect() if row is None else self.row_rect(row)
            QToolTip.showText(event.globalPos(), literal("\n".join(filter(None, (text, self.toolTip())))), self, place)
            return True
        return super().event(event)

    def _mark(self, row: int) -> None:
        self._current = row
        self.update()

    def row_at(self, y: float) -> int | None:
        """Return the row at a height; None below the last."""
        row = int(y) // BAR_HEIGHT
        return row if 0 <= row < len(self._bars) else None
