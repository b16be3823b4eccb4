"""A vector as rows of cells, or a weight matrix as one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from cnnviewer.messages import View
from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.images import to_image
from cnnviewer.qt.widgets.numbers import unit_text, value_text
from cnnviewer.qt.widgets.styling import literal

if TYPE_CHECKING:
    from cnnviewer.messages import MatrixAnswer
    from cnnviewer.qt.widgets.card_layout import BodyLayout

__all__ = ["CellGrid"]


class CellGrid(QWidget):
    """Paints a `MatrixAnswer`.

    `chosen` tells the number of the cell that was clicked or reached by the arrows, `opened` that of one that was
    double-clicked.
    """

    chosen = Signal(int)
    opened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout: BodyLayout | None = None
        self._answer: MatrixAnswer | None = None
        self._image: QImage | None = None
        self._names: tuple[str, ...] = ()
        self._cell: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def set_layout(self, layout: BodyLayout, names: tuple[str, ...] = ()) -> None:
        """Lay the cells out anew; `names` are the classes where the cells are class scores."""
        if self._layout is None or self._layout.view is not layout.view:
            self.clear()
        self._layout, self._names = layout, names
        self.update()

    def clear(self) -> None:
        """Forget the picture: it is of another layer."""
        self._answer = self._image = None
        self.update()

    def show_answer(self, answer: MatrixAnswer) -> None:
        """Show this picture."""
        self._answer, self._image = answer, to_image(answer.pixels)
        self.update()

    @property
    def answer(self) -> MatrixAnswer | None:
        """What is shown; None before it came."""
        return self._answer

    def set_cell(self, cell: int | None) -> None:
        """Mark the chosen cell."""
        if cell != self._cell:
            self._cell = cell
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the cells, without smoothing."""
        if self._layout is None:
            return
        with QPainter(self) as painter:
            self._paint(painter, self._layout)

    def _paint(self, painter: QPainter, layout: BodyLayout) -> None:
        if self._image is None:
            painter.fillRect(self.rect(), QColor(current_theme().raised))
        elif layout.view is View.WEIGHTS:
            painter.drawImage(self.rect(), self._image)
        else:
            self._paint_cells(painter)

    def _paint_cells(self, painter: QPainter) -> None:
        assert self._layout is not None
        assert self._answer is not None
        assert self._image is not None
        side = self._layout.tile[0]
        rows, columns = self._answer.pixels.shape
        painter.setClipRect(0, 0, columns * side, self._layout.rows * side)
        painter.drawImage(QRect(0, 0, columns * side, rows * side), self._image)
        count = 0 if self._answer.values is None else len(self._answer.values)
        tail = rows * columns - count
        if tail:
            left = (columns - tail) * side
            painter.fillRect(left, (rows - 1) * side, tail * side, side, QColor(current_theme().panel))
        painter.setClipping(False)
        if self._cell is not None and 0 <= self._cell < count:
            painter.setPen(QPen(QColor(current_theme().accent), 2))
            painter.drawRect(self.cell_rect(self._cell).adjusted(-1, -1, 0, 0))

    def cell_rect(self, cell: int) -> QRect:
        """Return where a cell lies."""
        if self._layout is None or self._answer is None:
            return QRect()
        side, columns = self._layout.tile[0], self._answer.pixels.shape[1]
        row, column = divmod(cell, columns)
        return QRect(column * side, row * side, side, side)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the cell under the mouse."""
        cell = self._cell_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self.chosen.emit(cell)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Ask where the cell under the mouse comes from."""
        cell = self._cell_at(event.position().toPoint())
        if cell is not None:
            self.opened.emit(cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move to the neighbouring cell with the arrow keys."""
        if self._answer is None or self._answer.values is None:
            super().keyPressEvent(event)
            return
        columns = self._answer.pixels.shape[1]
        step = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Down: columns,
        }.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        cell = 0 if self._cell is None else self._cell + step
        if 0 <= cell < len(self._answer.values):
            self.chosen.emit(cell)
        else:
            event.ignore()

    def event(self, event: QEvent) -> bool:
        """Tell the number, name and value of the cell under the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell = self._cell_at(event.pos())
            if cell is None or self._answer is None or self._answer.values is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), literal(self._tip(cell)), self)
            return True
        return super().event(event)

    def _tip(self, cell: int) -> str:
        assert self._answer is not None
        assert self._answer.values is not None
        name = self._names[cell] if cell < len(self._names) else ""
        return f"{unit_text((cell,), name)} = {value_text(float(self._answer.values[cell]))}"

    def _cell_at(self, point: QPoint) -> int | None:
        if self._layout is None or self._answer is None or self._answer.values is None:
            return None
        side, columns = max(self._layout.tile[0], 1), self._answer.pixels.shape[1]
        row, column = point.y() // side, point.x() // side
        cell = row * columns + column
        inside = 0 <= column < columns and 0 <= row < self._layout.rows
        return cell if inside and cell < len(self._answer.values) else None
