"""A small image under a filter: played, paused, stepped, hovered, edited."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from cnnviewer.lessons.messages import ConvolutionAnswer, ConvolutionRequest, Numbers
from cnnviewer.qt.icons import icon
from cnnviewer.qt.panels.learn.parts import Sentence, changed, sign, sum_text, titled
from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.number_grid import CellMark, NumberGrid

__all__ = ["ConvolutionNumbers"]

_IMAGE: Numbers = ((1, 1, 1, 0, 0), (0, 1, 1, 1, 0), (0, 0, 1, 1, 1), (0, 0, 1, 1, 0), (0, 1, 1, 0, 0))
_FILTER: Numbers = ((1, 0, 1), (0, 1, 0), (1, 0, 1))
_BEAT = 800
"""Milliseconds between two steps."""


class ConvolutionNumbers(QWidget):
    """Shows the window on the image, its products with the filter, and the sum as a cell of the result.

    What the filter has not reached yet is faded; pointing at a cell shows it all the same.
    """

    requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._numbers, self._filter = _IMAGE, _FILTER
        self._answer: ConvolutionAnswer | None = None
        self._position = 0
        self._hovered: tuple[int, int] | None = None
        self.image, self.kernel = NumberGrid("Image", self), NumberGrid("Filter", self)
        self.products, self.output = NumberGrid("Products", self), NumberGrid("Feature map", self)
        for grid in (self.image, self.kernel):
            grid.set_editable(-9, 9)
            grid.edited.connect(self._on_edited)
        for grid in (self.kernel, self.products, self.output):
            grid.set_least_rows(len(_IMAGE))
        self.image.hovered.connect(self._on_image_hovered)
        self.output.hovered.connect(self._on_output_hovered)
        self.output.chosen.connect(self._on_output_chosen)
        self.output.setToolTip("Point at a cell to see how it is made")
        self._sum = Sentence(self, lines=1)
        self._timer = QTimer(self)
        self._timer.setInterval(_BEAT)
        self._timer.timeout.connect(self._on_beat)
        self._build_buttons()
        self._lay_out()

    def ask(self) -> None:
        """Ask for the feature map."""
        self._show_icons()
        self.requested.emit(ConvolutionRequest(self._numbers, self._filter, current_theme().is_dark))

    def show_answer(self, answer: ConvolutionAnswer) -> None:
        """Show image, filter and feature map."""
        self._answer = answer
        for grid, shown in ((self.image, answer.image), (self.kernel, answer.kernel), (self.output, answer.output)):
            grid.show_numbers(shown.numbers, shown.pixels)
        self._show_position()

    def pause(self) -> None:
        """Stop where it is."""
        self._timer.stop()
        self._show_icons()

    @property
    def position(self) -> tuple[int, int]:
        """The cell (row, column) of the result that is shown."""
        columns = max(self.output.shape[1], 1)
        return self._hovered or divmod(self._position, columns)

    @property
    def is_playing(self) -> bool:
        """Whether it goes on by itself."""
        return self._timer.isActive()

    @property
    def told(self) -> str:
        """The sum as it is written."""
        return self._sum.text()

    def _build_buttons(self) -> None:
        self.back = self._button("One step back", self._on_back)
        self.play = self._button("Play or pause", self._on_play)
        self.on = self._button("One step on", self._on_step)
        self.reset = QPushButton("Start over", self)
        self.reset.setToolTip("Show the first image and filter again")
        self.reset.clicked.connect(self._on_reset)

    def _button(self, tip: str, slot: object) -> QToolButton:
        button = QToolButton(self)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(slot)
        return button

    def _lay_out(self) -> None:
        grids = QHBoxLayout()
        grids.setSpacing(10)
        grids.addLayout(titled("Image", self.image, parent=self), stretch=5)
        grids.addWidget(sign("×", self))
        grids.addLayout(titled("Filter", self.kernel, parent=self), stretch=3)
        grids.addWidget(sign("→", self))
        grids.addLayout(titled("Products", self.products, parent=self), stretch=3)
        grids.addWidget(sign("Σ", self))
        grids.addLayout(titled("Feature map", self.output, parent=self), stretch=3)
        controls = QHBoxLayout()
        for button in (self.back, self.play, self.on, self.reset):
            controls.addWidget(button)
        controls.addSpacing(10)
        controls.addWidget(self._sum, stretch=1, alignment=Qt.AlignmentFlag.AlignVCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(grids, stretch=1)
        column.addLayout(controls)

    # ---- where the filter is

    def _show_icons(self) -> None:
        self.back.setIcon(icon("step-back"))
        self.on.setIcon(icon("step"))
        self.play.setIcon(icon("pause" if self.is_playing else "play"))

    def _show_position(self) -> None:
        if self._answer is None:
            return
        row, column = self.position
        found, accent = self._answer.sums[row][column], current_theme().accent
        rows, columns = self.kernel.shape
        self.image.set_marks((CellMark(row, column, rows, columns, accent),))
        self.output.set_marks((CellMark(row, column, 1, 1, accent),))
        self.products.show_numbers(found.products)
        self._sum.setText(sum_text(found))
        cells = (divmod(place, self.output.shape[1]) for place in range(self._position + 1, self._count()))
        self.output.set_faded(frozenset(cells) - {(row, column)}, is_hidden=True)
        self.output.set_cell((row, column))

    def _count(self) -> int:
        return self.output.shape[0] * self.output.shape[1]

    def _go(self, position: int) -> None:
        self._position = position % max(self._count(), 1)
        self._hovered = None
        self._show_position()

    @Slot()
    def _on_beat(self) -> None:
        if self._position + 1 >= self._count():
            self.pause()
        else:
            self._go(self._position + 1)

    @Slot()
    def _on_play(self) -> None:
        if self.is_playing:
            self.pause()
            return
        if self._position + 1 >= self._count():
            self._go(0)
        self._timer.start()
        self._show_icons()

    @Slot()
    def _on_step(self) -> None:
        self.pause()
        self._go(self._position + 1)

    @Slot()
    def _on_back(self) -> None:
        self.pause()
        self._go(self._position - 1)

    @Slot(object)
    def _on_output_hovered(self, cell: tuple[int, int] | None) -> None:
        self._hovered = cell
        self._show_position()

    @Slot(object)
    def _on_image_hovered(self, cell: tuple[int, int] | None) -> None:
        """Show the window in whose middle the cell lies."""
        if cell is not None:
            middle = (side // 2 for side in self.kernel.shape)
            last = (side - 1 for side in self.output.shape)
            row, column = (min(max(at - m, 0), end) for at, m, end in zip(cell, middle, last, strict=True))
            cell = row, column
        self._on_output_hovered(cell)

    @Slot(int, int)
    def _on_output_chosen(self, row: int, column: int) -> None:
        self.pause()
        self._go(row * self.output.shape[1] + column)

    # ---- other numbers

    @Slot(int, int, float)
    def _on_edited(self, row: int, column: int, value: float) -> None:
        if self.sender() is self.image:
            self._numbers = changed(self._numbers, row, column, value)
        else:
            self._filter = changed(self._filter, row, column, value)
        self.ask()

    @Slot()
    def _on_reset(self) -> None:
        self._numbers, self._filter = _IMAGE, _FILTER
        self.pause()
        self._go(0)
        self.ask()
