"""A confusion matrix: what is taken for what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnviewer.categories import category_name
from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.arrow_keys import ROW_COLUMN
from cnnviewer.qt.widgets.images import to_image
from cnnviewer.qt.widgets.numbers import percent_text
from cnnviewer.qt.widgets.styling import literal
from cnnviewer.rendering.packing import packed_rgb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["ConfusionGrid"]

_GAMMA = 0.45
"""Of the shares of a row: a mistake in a hundred is to be seen."""
_CELL_FOR_LINES = 8.0


class ConfusionGrid(QWidget):
    """Rows are the true classes, columns what the network takes them for.

    A cell's colour is its share of its row: right ones in the accent colour, mistakes in that of warnings. `cellChosen`
    tells the true and the predicted class of a cell that was clicked, or entered.
    """

    cellChosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._confusion: NDArray[np.int64] = np.zeros((0, 0), dtype=np.int64)
        self._categories: tuple[str, ...] = ()
        self._cell: tuple[int, int] | None = None
        self.setAccessibleName("Confusion matrix")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_confusion(self, confusion: NDArray[np.int64], categories: Sequence[str]) -> None:
        """Show counts, int64 ``(classes, classes)``, with the names of the classes."""
        self._confusion, self._categories = confusion, tuple(categories)
        if self._cell is not None and max(self._cell) >= len(confusion):
            self._cell = None
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self.show_confusion(np.zeros((0, 0), dtype=np.int64), ())

    def sizeHint(self) -> QSize:
        """Return a square and the names."""
        return QSize(380, 220)

    def cell_rect(self, label: int, predicted: int) -> QRect:
        """Return where a cell lies."""
        area, size = self._area(), self._cell_size()
        left, right = (round(area.left() + size[0] * place) for place in (predicted, predicted + 1))
        top, bottom = (round(area.top() + size[1] * place) for place in (label, label + 1))
        return QRect(left, top, max(right - left, 1), max(bottom - top, 1))

    # ---- geometry

    def _area(self) -> QRect:
        """Return where the cells lie: right of the names, below the title."""
        line, names = self.fontMetrics().height(), self._name_width()
        side = line + 2
        return QRect(names, side, max(self.width() - names - 4, 1), max(self.height() - 2 * side, 1))

    def _name_width(self) -> int:
        widest = max((self.fontMetrics().horizontalAdvance(name) for name in self._categories), default=0)
        return min(widest + 10, round(self.width() * 0.24)) + self.fontMetrics().height()

    def _cell_size(self) -> tuple[float, float]:
        area, count = self._area(), max(len(self._confusion), 1)
        return min(area.width() / count, 64.0), area.height() / count

    def _cell_at(self, point: QPoint) -> tuple[int, int] | None:
        area, (wide, high) = self._area(), self._cell_size()
        row, column = int((point.y() - area.top()) / high), int((point.x() - area.left()) / wide)
        count = len(self._confusion)
        is_inside = point.x() >= area.left() and point.y() >= area.top() and row < count and column < count
        return (row, column) if is_inside else None

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint cells, names and titles."""
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        theme, count = current_theme(), len(self._confusion)
        painter.setPen(QColor(theme.muted))
        if not count:
            text = "What the network takes for what is shown here after an epoch."
            painter.drawText(
                self.rect().adjusted(8, 8, -8, -8), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text
            )
            return
        wide, high = self._cell_size()
        last = self.cell_rect(count - 1, count - 1)
        whole = QRect(self._area().topLeft(), last.bottomRight())
        painter.drawImage(whole, to_image(self._colors()))
        if min(wide, high) >= _CELL_FOR_LINES:
            self._paint_lines(painter, whole, count)
        self._paint_names(painter, high)
        self._paint_titles(painter, whole)
        line = self.fontMetrics().height()
        if high >= line and wide >= self.fontMetrics().horizontalAdvance("0000"):
            self._paint_counts(painter)
        if self._cell is not None:
            painter.setPen(QPen(QColor(theme.text), 2))
            painter.drawRect(self.cell_rect(*self._cell).adjusted(0, 0, -1, -1))

    def _shares(self) -> NDArray[np.float64]:
        totals = np.maximum(self._confusion.sum(axis=1, keepdims=True), 1)
        shares: NDArray[np.float64] = self._confusion / totals
        return shares

    def _colors(self) -> NDArray[np.uint32]:
        """Return a pixel for each cell: from the panel's colour to the accent's, or to that of warnings."""
        theme, shares = current_theme(), self._shares() ** _GAMMA
        ends = np.where(np.eye(len(shares), dtype=bool)[..., None], _rgb(theme.accent), _rgb(theme.warning))
        mixed = (_rgb(theme.raised) + shares[..., None] * (ends - _rgb(theme.raised))).round().astype(np.uint32)
        return packed_rgb(mixed[..., 0], mixed[..., 1], mixed[..., 2])

    def _paint_lines(self, painter: QPainter, whole: QRect, count: int) -> None:
        painter.setPen(QPen(QColor(current_theme().panel), 1))
        for place in range(count + 1):
            rect = self.cell_rect(min(place, count - 1), min(place, count - 1))
            x = rect.left() if place < count else rect.right() + 1
            y = rect.top() if place < count else rect.bottom() + 1
            painter.drawLine(x, whole.top(), x, whole.bottom() + 1)
            painter.drawLine(whole.left(), y, whole.right() + 1, y)

    def _paint_names(self, painter: QPainter, high: float) -> None:
        """Write the classes at the left: all of them, or as many as have room."""
        metrics, left = self.fontMetrics(), self.fontMetrics().height()
        step = max(1, -(-metrics.height() // max(round(high), 1)))
        room = self._name_width() - left - 5
        painter.setPen(QColor(current_theme().muted))
        for label in range(0, len(self._confusion), step):
            rect = self.cell_rect(label, 0)
            middle = QRect(left, rect.center().y() - metrics.height() // 2, room, metrics.height())
            text = metrics.elidedText(self._name(label), Qt.TextElideMode.ElideRight, room)
            painter.drawText(middle, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_titles(self, painter: QPainter, whole: QRect) -> None:
        line = self.fontMetrics().height()
        painter.setPen(QColor(current_theme().muted))
        above = QRect(whole.left(), 0, max(whole.width(), 220), line)
        painter.drawText(above, Qt.AlignmentFlag.AlignLeft, "taken for, in the same order →")
        painter.save()
        painter.translate(0, whole.bottom())
        painter.rotate(-90)
        painter.drawText(QRect(0, 0, whole.height(), line), Qt.AlignmentFlag.AlignCenter, "true class")
        painter.restore()

    def _paint_counts(self, painter: QPainter) -> None:
        theme, shares = current_theme(), self._shares()
        font = painter.font()
        font.setPointSizeF(max(6.5, font.pointSizeF() * 0.85))
        painter.setFont(font)
        for label, predicted in np.argwhere(self._confusion).tolist():
            is_strong = shares[label, predicted] > 0.3
            painter.setPen(QColor(theme.on_accent if is_strong and label == predicted else theme.text))
            text = f"{self._confusion[label, predicted]}"
            painter.drawText(self.cell_rect(label, predicted), Qt.AlignmentFlag.AlignCenter, text)

    def _name(self, label: int) -> str:
        return category_name(self._categories, label)

    # ---- user

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose a cell."""
        cell = self._cell_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self._choose(cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move with the arrow keys, choose with Enter."""
        key = Qt.Key(event.key())
        if not len(self._confusion) or (key not in ROW_COLUMN and key not in (Qt.Key.Key_Return, Qt.Key.Key_Enter)):
            super().keyPressEvent(event)
            return
        row, column = self._cell or (0, 0)
        if key in ROW_COLUMN:
            down, right = ROW_COLUMN[key]
            last = len(self._confusion) - 1
            self._cell = min(max(row + down, 0), last), min(max(column + right, 0), last)
            self.setAccessibleDescription(self.tip(*self._cell))
            self.update()
        else:
            self._choose((row, column))

    def event(self, event: QEvent) -> bool:
        """Tell the numbers of the cell under the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell = self._cell_at(event.pos())
            QToolTip.showText(event.globalPos(), literal(self.tip(*cell)), self) if cell else QToolTip.hideText()
            return True
        return super().event(event)

    def tip(self, label: int, predicted: int) -> str:
        """Return what is said on a cell."""
        count, total = int(self._confusion[label, predicted]), int(self._confusion[label].sum())
        share = f"{count:,} of {total:,} ({percent_text(count / max(total, 1))})"
        if label == predicted:
            return f"{self._name(label)}, rightly: {share}"
        return f"{self._name(label)} taken for {self._name(predicted)}: {share}"

    def _choose(self, cell: tuple[int, int]) -> None:
        self._cell = cell
        self.update()
        self.cellChosen.emit(*cell)


def _rgb(color: str) -> NDArray[np.float64]:
    return np.array([int(color[place : place + 2], 16) for place in (1, 3, 5)], dtype=np.float64)
