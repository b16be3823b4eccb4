"""The page "Stride, padding, dilation"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cnnviewer.lessons.messages import GeometryAnswer, GeometryRequest
from cnnviewer.qt.panels.learn.page import Page, Place
from cnnviewer.qt.panels.learn.parts import Sentence, number_text, sign, titled
from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.number_grid import CellMark, NumberGrid
from cnnviewer.qt.widgets.number_slider import NumberSlider

if TYPE_CHECKING:
    from cnnviewer.messages import LessonAnswer, LessonRequest

__all__ = ["GeometryPage"]

_SETTINGS = (
    ("n", "Image size n", 1, 12, 7, "How many pixels the image is wide and high"),
    ("k", "Kernel size k", 1, 5, 3, "How many weights the kernel is wide and high"),
    ("s", "Stride s", 1, 4, 2, "By how many pixels the window moves on"),
    ("p", "Padding p", 0, 3, 1, "How many zeros are put around the image on each side"),
    ("d", "Dilation d", 1, 3, 1, "How far apart the weights of the kernel lie"),
)


class GeometryPage(Page):
    """Sliders for all that decides how large a feature map is."""

    title = "Stride, padding, dilation"
    text = """
    <p>How large the feature map is depends on five numbers. The image here is all ones, and so is the kernel: each
    cell of the result counts how many pixels of the image its window sees.</p>
    <p><b>Stride</b> is the step of the window: with 2 the map is half as wide and high. <b>Padding</b> puts zeros
    around the image (hatched), so that the border gets as many windows as the middle; with a 3×3 kernel, a padding
    of 1 keeps the size. <b>Dilation</b> spreads the weights: the window sees further, with as many weights.</p>
    <p>Not every combination fits. Where the last step would leave the padded image, PyTorch leaves that window out,
    and rounds down: the rows and columns in the orange frames are never seen.</p>
    <p>Choose a cell of the result to see its window.</p>
    """
    place = Place(
        "convolution",
        view="Maps",
        words=("stride", "padding", "dilation"),
        what="convolution with a stride, padding or dilation",
        otherwise=Place("convolution", view="Maps"),
        network="efficientnet-lite0",
        sample="chelsea",
    )

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._unit = (0, 0)
        self.sliders: dict[str, NumberSlider] = {}
        for key, name, low, high, value, tip in _SETTINGS:
            slider = NumberSlider(name, low, high, value, self, tip=tip, name_width=86)
            slider.changed.connect(self.refresh)
            self.sliders[key] = slider
        self.padded = NumberGrid("The image with its padding", self)
        self.output = NumberGrid("The result", self)
        for grid in (self.padded, self.output):
            grid.set_text_of(number_text)
        self.output.chosen.connect(self._on_chosen)
        self.output.hovered.connect(self._on_hovered)
        self._formula, self._sentence = Sentence(self, lines=3), Sentence(self, lines=3)
        self._lay_out()

    @Slot()
    def refresh(self) -> None:
        """Ask for the result."""
        n, k, s, p, d = (self.sliders[key].value for key in "nkspd")
        self.requested.emit(GeometryRequest(n, k, s, p, d, self._unit, current_theme().is_dark))

    def show_answer(self, request: LessonRequest, answer: LessonAnswer) -> None:
        """Show the window, the result, and the formula."""
        if not isinstance(answer, GeometryAnswer) or not isinstance(request, GeometryRequest):
            return
        self.padded.show_numbers(answer.padded.numbers, answer.padded.pixels)
        self.padded.set_faded(_around(len(answer.padded.numbers), request.padding))
        self.padded.set_marks(_marks(answer))
        output = answer.output
        self.output.show_numbers(() if output is None else output.numbers, None if output is None else output.pixels)
        self.output.set_least_rows(len(answer.padded.numbers))
        self.output.set_cell(None if output is None else answer.unit)
        accent = current_theme().accent
        self.output.set_marks(() if output is None else (CellMark(*answer.unit, 1, 1, accent),))
        general, filled, rest, result = answer.formula
        self._formula.setText(f"{general}<br>= {filled}<br>= {rest} = <b>{result}</b>")
        self._sentence.setText(answer.sentence)

    @property
    def told(self) -> tuple[str, str]:
        """The formula and the sentence as they are written."""
        return self._formula.text(), self._sentence.text()

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(5)
        for slider in self.sliders.values():
            left.addWidget(slider)
        left.addSpacing(4)
        left.addWidget(self._formula)
        left.addWidget(self._sentence)
        left.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addLayout(left, stretch=3)
        row.addLayout(titled("Image with padding", self.padded, parent=self), stretch=4)
        row.addWidget(sign("→", self))
        row.addLayout(titled("Result", self.output, parent=self), stretch=4)

    @Slot(int, int)
    def _on_chosen(self, row: int, column: int) -> None:
        self._unit = row, column
        self.refresh()

    @Slot(object)
    def _on_hovered(self, cell: tuple[int, int] | None) -> None:
        if cell is not None:
            self._on_chosen(*cell)


def _around(length: int, padding: int) -> frozenset[tuple[int, int]]:
    """Return the cells of the padding."""
    inner = range(padding, length - padding)
    return frozenset(
        (row, column) for row in range(length) for column in range(length) if row not in inner or column not in inner
    )


def _marks(answer: GeometryAnswer) -> tuple[CellMark, ...]:
    """Return frames around what is dropped, and around the cells of the window."""
    theme, length, dropped = current_theme(), len(answer.padded.numbers), answer.dropped
    marks = []
    if dropped:
        marks.append(CellMark(length - dropped, 0, dropped, length, theme.warning))
        marks.append(CellMark(0, length - dropped, length, dropped, theme.warning))
    return (*marks, *(CellMark(row, column, 1, 1, theme.accent) for row, column in answer.taps))
