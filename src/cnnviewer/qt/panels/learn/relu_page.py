"""The page "ReLU"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cnnviewer.lessons.kernels import HORIZONTAL_EDGES, VERTICAL_EDGES
from cnnviewer.lessons.messages import Numbers, ReluAnswer, ReluRequest
from cnnviewer.qt.panels.learn.page import Page, Place
from cnnviewer.qt.panels.learn.parts import changed, sign, titled
from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.function_curve import FunctionCurve
from cnnviewer.qt.widgets.number_grid import NumberGrid
from cnnviewer.qt.widgets.numbers import percent_text
from cnnviewer.qt.widgets.picture_grid import PictureGrid
from cnnviewer.qt.widgets.segmented import Segmented
from cnnviewer.qt.widgets.styling import label

if TYPE_CHECKING:
    from cnnviewer.messages import LessonAnswer, LessonRequest

__all__ = ["ReluPage"]

_NUMBERS: Numbers = ((-3.0, 1.5, 0.0, 4.0), (2.0, -0.5, -6.0, 1.0), (7.0, -2.0, 3.0, -8.0), (-1.0, 5.0, -4.0, 0.5))
_EDGES = {"upright edges": VERTICAL_EDGES, "level edges": HORIZONTAL_EDGES}


class ReluPage(Page):
    """Numbers and a feature map of the photo, before and after ReLU."""

    title = "ReLU"
    text = """
    <p><b>ReLU</b> is the simplest step of all: a negative number becomes 0, any other stays as it is. It looks at
    each unit on its own; the size of the map stays.</p>
    <p>Choose a number at the left and type another one: the orange point on the curve shows what becomes of it.</p>
    <p>At the right is the map of a filter that finds edges in the photo. It is positive (red) where the photo gets
    lighter from left to right, or downwards, and negative (blue) where it gets darker. ReLU keeps the first kind: the
    map says now <i>how much</i> of the pattern is here, and nothing where there is none.</p>
    <p>Why bother? Convolutions alone only weigh and add: many of them in a row could be replaced by a single one. The
    bend at 0 is what lets a network say <i>this, but not if that</i>, and so gain from more layers.</p>
    <p>Networks made for phones often use <b>ReLU6</b>: what is above 6 becomes 6, too.</p>
    """
    place = Place("activation", view="Maps", settings="ReLU", what="ReLU", otherwise=Place("activation", view="Maps"))
    follows_photo = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._numbers = _NUMBERS
        self._chosen = (0, 0)
        self._curve: tuple[tuple[float, float], ...] = ()
        self.before, self.after = NumberGrid("Before", self), NumberGrid("After", self)
        self.before.set_editable(-10, 10, 0.5)
        self.before.edited.connect(self._on_edited)
        for grid in (self.before, self.after):
            grid.chosen.connect(self._on_chosen)
        self.plot = FunctionCurve(self)
        self.map_before, self.map_after = PictureGrid("The map before", self), PictureGrid("The map after", self)
        self.edges = Segmented(tuple(_EDGES), self, ("A filter that finds upright edges", "One that finds level edges"))
        self.edges.chosen.connect(self.refresh)
        self._share_before, self._share_after = label("", self), label("", self)
        self._lay_out()

    @Slot()
    def refresh(self) -> None:
        """Ask for what comes after."""
        self.requested.emit(ReluRequest(self._numbers, _EDGES[self.edges.current], current_theme().is_dark))

    def show_answer(self, request: LessonRequest, answer: LessonAnswer) -> None:
        """Show numbers, curve and maps."""
        if not isinstance(answer, ReluAnswer):
            return
        self.before.show_numbers(answer.before.numbers, answer.before.pixels)
        self.after.show_numbers(answer.after.numbers, answer.after.pixels)
        self._curve = answer.curve
        self.map_before.show_pictures(answer.map_before)
        self.map_after.show_pictures(answer.map_after)
        self._share_before.setText(f"{percent_text(answer.negative_share)} are negative")
        self._share_after.setText(f"{percent_text(answer.zero_share)} are zero")
        self._on_chosen(*self._chosen)

    def _lay_out(self) -> None:
        maps = QHBoxLayout()
        maps.setSpacing(8)
        for title, picture, share in (
            ("A map of the photo", self.map_before, self._share_before),
            ("After ReLU", self.map_after, self._share_after),
        ):
            column = titled(title, picture, parent=self)
            column.addWidget(share)
            maps.addLayout(column, stretch=1)
        right = QVBoxLayout()
        right.addLayout(maps, stretch=1)
        right.addWidget(self.edges, alignment=Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addLayout(titled("Before", self.before, parent=self), stretch=3)
        row.addWidget(sign("→", self))
        row.addLayout(titled("max(x, 0)", self.plot, parent=self), stretch=3)
        row.addWidget(sign("→", self))
        row.addLayout(titled("After", self.after, parent=self), stretch=3)
        row.addSpacing(8)
        row.addLayout(right, stretch=6)

    @Slot(int, int)
    def _on_chosen(self, row: int, column: int) -> None:
        self._chosen = row, column
        for grid in (self.before, self.after):
            grid.set_cell(self._chosen)
        if self._curve:
            xs, ys = zip(*self._curve, strict=True)
            self.plot.show_curve(xs, ys, (self.before.values[row][column], self.after.values[row][column]))

    @Slot(int, int, float)
    def _on_edited(self, row: int, column: int, value: float) -> None:
        self._numbers = changed(self._numbers, row, column, value)
        self.refresh()
