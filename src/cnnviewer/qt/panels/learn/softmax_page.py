"""The page "Fully connected and softmax"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from cnnviewer.lessons.messages import Numbers, SoftmaxAnswer, SoftmaxRequest
from cnnviewer.qt.panels.learn.page import Page, Place
from cnnviewer.qt.panels.learn.parts import Sentence, changed, factor_text, number_text, sign, terms_text
from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.logit_bars import LogitBars, LogitRow
from cnnviewer.qt.widgets.number_grid import CellMark, NumberGrid
from cnnviewer.qt.widgets.number_slider import NumberSlider
from cnnviewer.qt.widgets.styling import label

if TYPE_CHECKING:
    from cnnviewer.messages import LessonAnswer, LessonRequest

__all__ = ["SoftmaxPage"]

_NAMES = ("cat", "dog", "bird", "fish")
_INPUTS: Numbers = ((2.0, 0.5, 1.0),)
_WEIGHTS: Numbers = ((1.5, -1.0, 0.5), (1.0, 1.0, -0.5), (-1.0, 2.0, 0.5), (-0.5, -1.0, 1.0))
_BIASES: Numbers = ((0.5,), (0.0,), (1.0,), (-0.5,))


class SoftmaxPage(Page):
    """A small classifier: inputs, weights and biases make logits, and those probabilities."""

    title = "Fully connected and softmax"
    text = """
    <p>At the end of a network stands a vote. In a <b>fully connected</b> layer each class has a weight for every
    input: inputs times weights, plus a bias, is the class's <b>logit</b>. Here are three inputs (say, how much of
    <i>whiskers</i>, <i>feathers</i>, <i>stripes</i> was found) and four classes. All numbers can be changed.</p>
    <p>A logit can be any number. <b>Softmax</b> makes probabilities of them: it raises e to the power of each logit
    (so that all are positive), and gives each class its share of the sum. The shares add up to 100 %.</p>
    <p><b>Drag a logit</b> (the bias follows): the others keep theirs, but lose or gain share. Only differences count:
    moving all by the same amount changes nothing.</p>
    <p>The <b>temperature</b> T divides the logits before. Below 1 the winner takes nearly all; far above 1 all classes
    come out nearly alike. The order never changes.</p>
    """
    place = Place("scores", what="layer that makes class scores")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._inputs, self._weights, self._biases = _INPUTS, _WEIGHTS, _BIASES
        self._answer: SoftmaxAnswer | None = None
        self._answered = tuple(row[0] for row in _BIASES)
        self.inputs = NumberGrid("Inputs", self, largest_cell=48)
        self.weights = NumberGrid("Weights, a row a class", self, largest_cell=48)
        self.biases = NumberGrid("Biases", self, largest_cell=48)
        for grid in (self.inputs, self.weights, self.biases):
            grid.set_editable(-9, 9, 0.1)
            grid.edited.connect(self._on_edited)
        self.weights.chosen.connect(self._on_row_chosen)
        self.biases.chosen.connect(self._on_row_chosen)
        self.bars = LogitBars(self)
        self.bars.dragged.connect(self._on_dragged)
        self.bars.chosen.connect(self._show_row)
        self.temperature = NumberSlider(
            "Temperature T", 10, 500, 100, self, tip="What the logits are divided by", text_of=_temperature_text
        )
        self.temperature.changed.connect(self.refresh)
        self._sentence = Sentence(self)
        self._lay_out()

    @Slot()
    def refresh(self) -> None:
        """Ask for the probabilities."""
        biases = tuple(row[0] for row in self._biases)
        temperature = self.temperature.value / 100
        self.requested.emit(
            SoftmaxRequest(self._inputs[0], self._weights, biases, temperature, current_theme().is_dark)
        )

    def show_answer(self, request: LessonRequest, answer: LessonAnswer) -> None:
        """Show each step."""
        if not isinstance(answer, SoftmaxAnswer) or not isinstance(request, SoftmaxRequest):
            return
        self._answer, self._answered = answer, request.biases
        self.inputs.show_numbers(answer.inputs.numbers, answer.inputs.pixels)
        self.weights.show_numbers(answer.weights.numbers, answer.weights.pixels)
        self.biases.show_numbers(self._biases)
        steps = zip(_NAMES, answer.logits, answer.exponentials, answer.probabilities, strict=True)
        self.bars.show_rows([LogitRow(*step) for step in steps], answer.total)
        self._show_row()

    @property
    def told(self) -> str:
        """The sum of the chosen class as it is written."""
        return self._sentence.text()

    def _lay_out(self) -> None:
        grids = QGridLayout()
        grids.setSpacing(4)
        center = Qt.AlignmentFlag.AlignHCenter
        grids.addWidget(label("Inputs", self, "name"), 0, 0, center)
        grids.addWidget(self.inputs, 1, 0)
        grids.addWidget(label("Weights", self, "name"), 2, 0, center)
        grids.addWidget(label("Bias", self, "name"), 2, 1, center)
        grids.addWidget(self.weights, 3, 0)
        grids.addWidget(self.biases, 3, 1)
        grids.setColumnStretch(0, 3)
        grids.setColumnStretch(1, 1)
        grids.setRowStretch(1, 1)
        grids.setRowStretch(3, len(_NAMES))
        left = QVBoxLayout()
        left.addLayout(grids, stretch=1)
        left.addWidget(self._sentence)
        right = QVBoxLayout()
        right.addWidget(self.bars, stretch=1)
        right.addWidget(self.temperature)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addLayout(left, stretch=2)
        row.addWidget(sign("→", self))
        row.addLayout(right, stretch=4)

    @Slot()
    def _show_row(self) -> None:
        """Show how the logit of the chosen class is made."""
        answer, row = self._answer, self.bars.current
        if answer is None:
            return
        color = current_theme().accent
        self.weights.set_marks((CellMark(row, 0, 1, self.weights.shape[1], color),))
        self.biases.set_marks((CellMark(row, 0, 1, 1, color),))
        terms = terms_text(tuple(zip(self._inputs[0], self._weights[row], strict=True)))
        bias, logit = factor_text(self._biases[row][0]), number_text(round(answer.logits[row], 3))
        self._sentence.setText(f"{_NAMES[row]}: {terms} + bias {bias} = <b>{logit}</b>")

    @Slot(int, int)
    def _on_row_chosen(self, row: int, column: int) -> None:
        self.bars.choose(row)

    @Slot(int, float)
    def _on_dragged(self, row: int, logit: float) -> None:
        if self._answer is not None:
            # The logits belong to the biases that were asked for, and a fast mouse may be further on by now.
            bias = self._answered[row] + logit - self._answer.logits[row]
            self._biases = changed(self._biases, row, 0, round(bias, 3))
            self.refresh()

    @Slot(int, int, float)
    def _on_edited(self, row: int, column: int, value: float) -> None:
        if self.sender() is self.inputs:
            self._inputs = changed(self._inputs, row, column, value)
        elif self.sender() is self.weights:
            self._weights = changed(self._weights, row, column, value)
        else:
            self._biases = changed(self._biases, row, column, value)
        self.refresh()


def _temperature_text(value: int) -> str:
    return f"{value / 100:.2f}"
