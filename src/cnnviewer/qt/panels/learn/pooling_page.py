"""The page "Pooling"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cnnviewer.lessons.messages import Numbers, PoolingAnswer, PoolingRequest
from cnnviewer.qt.panels.learn.page import Page, Place
from cnnviewer.qt.panels.learn.parts import Sentence, changed, sign, titled
from cnnviewer.qt.theme import current_theme, line_colors
from cnnviewer.qt.widgets.number_grid import CellMark, NumberGrid
from cnnviewer.qt.widgets.number_slider import NumberSlider
from cnnviewer.qt.widgets.numbers import percent_text, shape_text
from cnnviewer.qt.widgets.picture_grid import PictureGrid
from cnnviewer.qt.widgets.segmented import Segmented
from cnnviewer.qt.widgets.styling import label

if TYPE_CHECKING:
    from cnnviewer.messages import LessonAnswer, LessonRequest

__all__ = ["PoolingPage"]

_NUMBERS: Numbers = (
    (7.0, 1.0, 0.0, 0.0, 0.0, 0.0),
    (0.0, 2.0, 0.0, 0.0, 5.0, 1.0),
    (0.0, 0.0, 0.0, 0.0, 3.0, 0.0),
    (0.0, 0.0, 8.0, 2.0, 0.0, 0.0),
    (4.0, 0.0, 1.0, 0.0, 0.0, 0.0),
    (0.0, 0.0, 0.0, 0.0, 6.0, 0.0),
)
_TIPS = ("The largest number of each window", "The mean of each window", "The sum of each window")


class PoolingPage(Page):
    """Numbers and maps of the photo, pooled, and what a shift leaves of them."""

    title = "Pooling"
    text = """
    <p>Pooling makes maps smaller: a window moves over each map, and leaves one number of what it sees, the
    <b>largest</b>, the <b>mean</b> or the <b>sum</b>. There is nothing to learn in it. Each map is pooled on its own,
    so the <b>depth stays</b>: three maps remain three.</p>
    <p>Choose a cell of the result: its window has a blue frame. Where the largest counts, the winner has an orange
    one. The numbers can be changed.</p>
    <p><b>Shift</b> moves everything to the right. What is the same as before the shift has a green frame. Of the large
    numbers, many pooled ones stay: it is enough that a pattern is somewhere in the window. That is why a network
    minds little where exactly something is. Zeros stay zeros, of course; look at the others.</p>
    """
    place = Place(
        "pooling",
        view="Pooled",
        settings="max ",
        what="max pooling",
        otherwise=Place("pooling", view="Pooled", words=("stride",), otherwise=Place("pooling", view="Pooled")),
    )
    follows_photo = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._numbers = _NUMBERS
        self._unit = (0, 0)
        self._answer: PoolingAnswer | None = None
        self.how = Segmented(("max", "average", "sum"), self, _TIPS)
        self.how.chosen.connect(self.refresh)
        self.window_side = NumberSlider("Window", 1, 4, 2, self, tip="How many cells the window is wide and high")
        self.stride = NumberSlider("Stride", 1, 4, 2, self, tip="By how many cells the window moves on")
        self.shift = NumberSlider("Shift", 0, 3, 0, self, tip="By how many pixels all is moved to the right")
        for slider in (self.window_side, self.stride, self.shift):
            slider.changed.connect(self.refresh)
        self.before, self.after = NumberGrid("Numbers", self), NumberGrid("Pooled", self)
        self.before.set_editable(0, 9)
        self.before.edited.connect(self._on_edited)
        self.after.chosen.connect(self._on_chosen)
        self.after.hovered.connect(self._on_hovered)
        self.maps_before, self.maps_after = PictureGrid("Three maps", self), PictureGrid("Three pooled maps", self)
        self._shape_before, self._shape_after = label("", self, "name"), label("", self, "name")
        self._stays, self._changes = Sentence(self), Sentence(self)
        self._lay_out()

    @Slot()
    def refresh(self) -> None:
        """Ask for the pooled numbers."""
        self.requested.emit(
            PoolingRequest(
                self._numbers,
                self.how.current,
                self.window_side.value,
                self.stride.value,
                self.shift.value,
                current_theme().is_dark,
            )
        )

    def show_answer(self, request: LessonRequest, answer: LessonAnswer) -> None:
        """Show numbers and maps."""
        if not isinstance(answer, PoolingAnswer) or not isinstance(request, PoolingRequest):
            return
        self._answer = answer
        self.before.show_numbers(answer.before.numbers, answer.before.pixels)
        if answer.after is not None:
            self.after.show_numbers(answer.after.numbers, answer.after.pixels)
            self.after.set_least_rows(len(answer.before.numbers))
        self.maps_before.show_pictures(*answer.maps_before)
        self.maps_after.show_pictures(*answer.maps_after)
        self._shape_before.setText(f"Three maps of the photo, {shape_text(answer.shape_before)}")
        self._shape_after.setText(f"Pooled, {shape_text(answer.shape_after)}")
        self._stays.setText(_stays(answer) if request.shift else "Shift the numbers to see what stays.")
        self._changes.setText(_changes(answer) if request.shift else "")
        self._show_unit()

    @property
    def told(self) -> str:
        """What is said of the shift."""
        return self._stays.text()

    def _lay_out(self) -> None:
        controls = QHBoxLayout()
        controls.setSpacing(12)
        controls.addWidget(self.how)
        for slider in (self.window_side, self.stride, self.shift):
            controls.addWidget(slider, stretch=1)
        grids = QHBoxLayout()
        grids.setSpacing(8)
        grids.addLayout(titled("Numbers", self.before, parent=self), stretch=3)
        grids.addWidget(sign("→", self))
        grids.addLayout(titled("Pooled", self.after, parent=self), stretch=3)
        numbers = QVBoxLayout()
        numbers.addLayout(grids, stretch=1)
        numbers.addWidget(self._stays)
        maps = QVBoxLayout()
        maps.setSpacing(3)
        for title, pictures in ((self._shape_before, self.maps_before), (self._shape_after, self.maps_after)):
            maps.addWidget(title)
            maps.addWidget(pictures, stretch=1)
        maps.addWidget(self._changes)
        playgrounds = QHBoxLayout()
        playgrounds.setSpacing(16)
        playgrounds.addLayout(numbers, stretch=1)
        playgrounds.addLayout(maps, stretch=1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(controls)
        column.addLayout(playgrounds, stretch=1)

    def _show_unit(self) -> None:
        answer = self._answer
        if answer is None or answer.after is None:
            return
        theme, side, stride = current_theme(), self.window_side.value, self.stride.value
        rows, columns = self.after.shape
        row, column = min(self._unit[0], rows - 1), min(self._unit[1], columns - 1)
        marks = [CellMark(row * stride, column * stride, side, side, theme.accent)]
        if answer.winners:
            marks.append(CellMark(*answer.winners[row * columns + column], 1, 1, theme.warning))
        equal = self.shift.value > 0
        self.before.set_marks((*(_frames(answer.equal_before) if equal else ()), *marks))
        chosen = CellMark(row, column, 1, 1, theme.accent)
        self.after.set_cell((row, column))
        self.after.set_marks((*(_frames(answer.equal_after) if equal else ()), chosen))

    @Slot(int, int)
    def _on_chosen(self, row: int, column: int) -> None:
        self._unit = row, column
        self._show_unit()

    @Slot(object)
    def _on_hovered(self, cell: tuple[int, int] | None) -> None:
        if cell is not None:
            self._on_chosen(*cell)

    @Slot(int, int, float)
    def _on_edited(self, row: int, column: int, value: float) -> None:
        column -= self.shift.value  # numbers are edited as they are without the shift
        if column >= 0:
            self._numbers = changed(self._numbers, row, column, value)
        self.refresh()


def _frames(equal: tuple[tuple[bool, ...], ...]) -> tuple[CellMark, ...]:
    color = line_colors()[2]
    return tuple(
        CellMark(row, column, 1, 1, color)
        for row, flags in enumerate(equal)
        for column, is_equal in enumerate(flags)
        if is_equal
    )


def _stays(answer: PoolingAnswer) -> str:
    before, after = (sum(equal, ()) for equal in (answer.equal_before, answer.equal_after))
    return (
        f"After the shift {percent_text(sum(before) / len(before), digits=0)} of the numbers are the same, "
        f"and {percent_text(sum(after) / max(len(after), 1), digits=0)} of the pooled ones."
    )


def _changes(answer: PoolingAnswer) -> str:
    return (
        f"In the photo's maps a unit changes by {percent_text(answer.change_before, digits=0)} of the mean, "
        f"a pooled one by {percent_text(answer.change_after, digits=0)}."
    )
