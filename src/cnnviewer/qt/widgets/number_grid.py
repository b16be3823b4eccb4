"""A grid of numbers: cells in given colours, which can be chosen, hovered and edited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnviewer.qt.theme import ERROR_COLOR, current_theme
from cnnviewer.qt.widgets.arrow_keys import ROW_COLUMN
from cnnviewer.qt.widgets.cell_typing import CellTyping
from cnnviewer.qt.widgets.number_cells import paint_cell, paint_frames, set_cell_font
from cnnviewer.qt.widgets.number_field import style_of
from cnnviewer.qt.widgets.numbers import exact_text, value_text
from cnnviewer.qt.widgets.small_cells import paint_small_cells, runs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnnviewer.messages import Pixels

__all__ = ["CellMark", "NumberGrid"]

_NUDGES = {Qt.Key.Key_PageUp: 1, Qt.Key.Key_PageDown: -1}
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_SMALLEST_FOR_TEXT = 15.0
_LARGEST_CELL = 64.0
_LARGEST_MINIMUM, _LARGEST_HINT = 160, 562
"""What a grid asks for at most, in pixels: one of a hundred rows is not to push the window apart."""


@dataclass(frozen=True)
class CellMark:
    """A frame around cells: its first row and column, how many of each, its colour (#rrggbb)."""

    row: int
    column: int
    rows: int
    columns: int
    color: str


class NumberGrid(QWidget):
    """Paints numbers in square cells; where they are too small for numbers, their colours alone.

    `chosen` tells the cell (row, column) that was clicked or reached by the arrow keys, `hovered` the one under the
    mouse or None. Where the grid is editable, typing a number changes the chosen cell; `edited` tells row, column and
    value. Page Up and Page Down change it by a step, Space switches between the ends of the range. Where it is not,
    `opened` tells the cell that was clicked, or chosen when Enter was pressed.
    """

    chosen = Signal(int, int)
    opened = Signal(int, int)
    hovered = Signal(object)
    edited = Signal(int, int, float)

    def __init__(self, name: str, parent: QWidget | None = None, *, largest_cell: float = _LARGEST_CELL) -> None:
        super().__init__(parent)
        self._values: Sequence[Sequence[float]] = ()
        self._pixels: Pixels | None = None
        self._marks: tuple[CellMark, ...] = ()
        self._faded: frozenset[tuple[int, int]] = frozenset()
        self._faded_runs: list[tuple[int, int, int]] = []
        self._is_hidden = False
        self._least_rows = 0
        self._text_of: Callable[[float], str] = value_text
        self._range: tuple[float, float, float] | None = None
        self._cell: tuple[int, int] | None = None
        self._typing = CellTyping()
        self._largest_cell = largest_cell
        self._hovered: tuple[int, int] | None = None
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    # ---- what is shown

    def show_numbers(self, values: Sequence[Sequence[float]], pixels: Pixels | None = None) -> None:
        """Show rows of numbers, each in a cell of its pixel's colour; without pixels in the window's colour."""
        is_resized = self._shape_of(values) != self.shape
        self._values, self._pixels = values, pixels
        if is_resized:
            self._typing.set("")
            self._cell = None
            self.updateGeometry()
        self._describe()
        self.update()

    def set_text_of(self, text_of: Callable[[float], str]) -> None:
        """Set how a number is written; a grid of '' shows colours alone."""
        self._text_of = text_of
        self.update()

    def set_editable(self, low: float, high: float, step: float = 1.0) -> None:
        """Let numbers between two ends be typed; whole ones where the step is whole."""
        self._range = low, high, step
        self.setToolTip("Choose a cell and type a number; Page Up and Page Down change it, Space switches")

    def set_marks(self, marks: tuple[CellMark, ...]) -> None:
        """Draw frames around cells."""
        if marks != self._marks:
            self._marks = marks
            self.update()

    def set_faded(self, cells: frozenset[tuple[int, int]], *, is_hidden: bool = False) -> None:
        """Hatch cells; hide their numbers, where they are not known yet."""
        if (cells, is_hidden) != (self._faded, self._is_hidden):
            self._faded, self._is_hidden = cells, is_hidden
            self._faded_runs = runs_of(cells)
            self.update()

    def set_least_rows(self, rows: int) -> None:
        """Make cells no larger than those of a grid of so many rows beside this one."""
        if rows != self._least_rows:
            self._least_rows = rows
            self.update()

    def set_cell(self, cell: tuple[int, int] | None) -> None:
        """Choose a cell (row, column), without telling."""
        if cell != self._cell:
            self._cell = cell
            self._typing.set("")
            self._describe()
            self.update()

    @property
    def cell(self) -> tuple[int, int] | None:
        """The chosen cell."""
        return self._cell

    @property
    def values(self) -> Sequence[Sequence[float]]:
        """The numbers that are shown."""
        return self._values

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows and columns there are."""
        return self._shape_of(self._values)

    @property
    def side(self) -> float:
        """The width of a cell in logical pixels."""
        rows, columns = self.shape
        across, down = (self.width() - 2) / max(columns, 1), (self.height() - 2) / max(rows, self._least_rows, 1)
        return max(0.01, min(across, down, self._largest_cell))

    def cell_rect(self, row: int, column: int, rows: int = 1, columns: int = 1) -> QRectF:
        """Return where a cell lies, or several from it on; the grid lies in the middle of the widget."""
        side = self.side
        left, top = (self.width() - self.shape[1] * side) / 2, (self.height() - self.shape[0] * side) / 2
        return QRectF(left + column * side, top + row * side, columns * side, rows * side)

    def sizeHint(self) -> QSize:
        """Return room for cells that can be read."""
        rows, columns = self.shape
        return QSize(max(columns, 1) * 28 + 2, max(rows, 1) * 28 + 2).boundedTo(QSize(_LARGEST_HINT, _LARGEST_HINT))

    def minimumSizeHint(self) -> QSize:
        """Return room for small cells; where there are many, for their colours."""
        rows, columns = self.shape
        largest = QSize(_LARGEST_MINIMUM, _LARGEST_MINIMUM)
        return QSize(max(columns, 1) * 10 + 2, max(rows, 1) * 10 + 2).boundedTo(largest)

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the cells, the numbers, the frames."""
        if 0 in self.shape:
            return
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        if self.side >= _SMALLEST_FOR_TEXT and self._set_font(painter):
            for row, numbers in enumerate(self._values):
                for column, value in enumerate(numbers):
                    self._paint_cell(painter, row, column, value)
        else:
            paint_small_cells(painter, self._whole(), self.shape, self._pixels, self._faded_runs)
        marked = [(self.cell_rect(mark.row, mark.column, mark.rows, mark.columns), mark.color) for mark in self._marks]
        paint_frames(painter, marked, 2.4)
        if self._cell is not None:
            color = current_theme().accent if self.hasFocus() else current_theme().muted
            color = ERROR_COLOR if self._typing.problem else color
            paint_frames(painter, [(self.cell_rect(*self._cell), color)], 2.0)
        elif self.hasFocus():
            paint_frames(painter, [(self._whole(), current_theme().accent)], 2.0)

    def _set_font(self, painter: QPainter) -> bool:
        """Choose a font for the longest number; return whether it can be read, or has to be."""
        ends = () if self._range is None else self._range[:2]
        texts = {self._text_of(value) for numbers in (*self._values, ends) for value in numbers}
        return set_cell_font(painter, texts, self.side) or self._range is not None

    def _paint_cell(self, painter: QPainter, row: int, column: int, value: float) -> None:
        is_faded = (row, column) in self._faded
        pixel = None if self._pixels is None or is_faded else int(self._pixels[row, column])
        is_typed = self._typing.text and (row, column) == self._cell
        text = self._typing.text + "|" if is_typed else self._text_of(value)
        paint_cell(
            painter,
            self.cell_rect(row, column),
            "" if is_faded and self._is_hidden else text,
            None if pixel is None else QColor.fromRgba(pixel),
            is_faded=is_faded,
        )

    # ---- mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the cell under the mouse."""
        cell = self._cell_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self._commit(is_left=True)
            self._choose(cell)
            self._open()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell the cell under the mouse."""
        self._hover(self._cell_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        """Tell that no cell is under the mouse."""
        self._hover(None)

    def event(self, event: QEvent) -> bool:
        """Keep the keys of numbers from being the window's shortcuts; tell the number under the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell = self._cell_at(QPointF(event.pos()))
            place = self.rect() if cell is None else self.cell_rect(*cell).toAlignedRect()
            QToolTip.showText(event.globalPos(), self._tip(cell), self, place)
            return True
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._takes(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move with the arrow keys, open with Enter; type, change or switch the number."""
        key = Qt.Key(event.key())
        if key in ROW_COLUMN:
            self._commit(is_left=True)
            self._move(*ROW_COLUMN[key])
        elif key in _ENTER and self._range is None and self._cell is not None:
            self._open()
        elif not self._takes(event):
            super().keyPressEvent(event)
        elif key in _ENTER:
            self._commit()
        elif key == Qt.Key.Key_Escape:
            self._type("")
        elif key == Qt.Key.Key_Backspace:
            self._type(self._typing.text[:-1])
        elif key == Qt.Key.Key_Space:
            self._switch()
        elif key in _NUDGES:
            self._nudge(_NUDGES[key])
        else:
            self._type(self._typing.text + event.text())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take what was typed."""
        self._commit(is_left=True)
        super().focusOutEvent(event)
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the chosen cell; where none is, that of an editable grid which the keys are to change."""
        super().focusInEvent(event)
        is_by_mouse = event.reason() == Qt.FocusReason.MouseFocusReason
        if self._range is not None and self._cell is None and self._values and not is_by_mouse:
            self._choose((0, 0))
        self.update()

    def _takes(self, event: QKeyEvent) -> bool:
        """Whether a key changes the number."""
        if self._range is None or self._cell is None:
            return False
        key, modifiers = Qt.Key(event.key()), Qt.KeyboardModifier
        # Shift types the digits of some keyboards, the French one's among them.
        if event.modifiers() & ~(modifiers.KeypadModifier | modifiers.ShiftModifier) != modifiers.NoModifier:
            return False
        if key in (Qt.Key.Key_Escape, Qt.Key.Key_Backspace, *_ENTER):
            return bool(self._typing.text)
        return self._typing.takes(event.text()) or key == Qt.Key.Key_Space or key in _NUDGES

    def _type(self, text: str) -> None:
        self._typing.set(text)
        self.update()

    def _commit(self, *, is_left: bool = False) -> None:
        """Take the number that was typed; what can't be is marked, and dropped where the cell is left."""
        if not self._typing.text:
            return
        assert self._range is not None
        assert self._cell is not None
        number = self._typing.read(*self._range, style_of(self.locale()))
        if self._typing.problem:
            stays = f" {exact_text(self._value())} stays in use." if number is None else ""
            place = self.cell_rect(*self._cell).bottomLeft().toPoint()
            QToolTip.showText(self.mapToGlobal(place), self._typing.problem + stays, self)
        if number is not None or is_left:
            self._type("")
        self.update()
        if number is not None:
            self._edit(number)

    def _switch(self) -> None:
        assert self._range is not None
        self._edit(self._range[0] if self._value() >= self._range[1] else self._range[1])

    def _nudge(self, direction: int) -> None:
        assert self._range is not None
        self._edit(self._value() + direction * self._range[2])

    def _edit(self, value: float) -> None:
        assert self._range is not None
        assert self._cell is not None
        value = min(max(value, self._range[0]), self._range[1])
        self.update()
        if value != self._value():
            self.edited.emit(*self._cell, value)

    def _value(self) -> float:
        assert self._cell is not None
        return self._values[self._cell[0]][self._cell[1]]

    def _move(self, down: int, right: int) -> None:
        rows, columns = self.shape
        row, column = self._cell or (-down if down else 0, -right if right else 0)
        if rows and columns:
            self._choose((min(max(row + down, 0), rows - 1), min(max(column + right, 0), columns - 1)))

    def _choose(self, cell: tuple[int, int]) -> None:
        self.set_cell(cell)
        self.chosen.emit(*cell)

    def _open(self) -> None:
        if self._range is None and self._cell is not None:
            self.opened.emit(*self._cell)

    def _hover(self, cell: tuple[int, int] | None) -> None:
        if cell != self._hovered:
            self._hovered = cell
            self.hovered.emit(cell)

    def _cell_at(self, point: QPointF) -> tuple[int, int] | None:
        whole = self._whole()
        if not self._values or not whole.contains(point):
            return None
        row, column = int((point.y() - whole.top()) / self.side), int((point.x() - whole.left()) / self.side)
        return min(row, self.shape[0] - 1), min(column, self.shape[1] - 1)

    def _whole(self) -> QRectF:
        return self.cell_rect(0, 0, *self.shape)

    def _tip(self, cell: tuple[int, int] | None) -> str:
        """Return a cell's number with all its digits where they are not all written, and what can be done."""
        number = ""
        if cell is not None and not (self._is_hidden and cell in self._faded):
            value = self._values[cell[0]][cell[1]]
            text, exact = self._text_of(value), exact_text(value)
            if text and (text != exact or self.side < _SMALLEST_FOR_TEXT):
                number = f"row {cell[0]}, column {cell[1]}: {exact}"
        return "\n".join(filter(None, (number, self.toolTip())))

    def _describe(self) -> None:
        """Tell screen readers the chosen cell."""
        if self._cell is not None and self._values:
            row, column = self._cell
            self.setAccessibleDescription(f"row {row}, column {column}: {self._text_of(self._value())}")

    @staticmethod
    def _shape_of(values: Sequence[Sequence[float]]) -> tuple[int, int]:
        return (len(values), len(values[0])) if values else (0, 0)
