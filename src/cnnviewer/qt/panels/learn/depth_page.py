"""The page "Filters and depth"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cnnviewer.lessons.kernels import VERTICAL_EDGES
from cnnviewer.lessons.messages import DepthAnswer, DepthRequest, Numbers
from cnnviewer.qt.panels.learn.page import Page, Place
from cnnviewer.qt.panels.learn.parts import changed, sign, titled
from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.number_grid import NumberGrid
from cnnviewer.qt.widgets.number_slider import NumberSlider
from cnnviewer.qt.widgets.numbers import count_text
from cnnviewer.qt.widgets.picture_grid import PictureGrid
from cnnviewer.qt.widgets.styling import label

if TYPE_CHECKING:
    from cnnviewer.messages import LessonAnswer, LessonRequest

__all__ = ["DepthPage"]

_COLORS = ("red", "green", "blue")
_PLUS: Numbers = ((0.0, 0.1, 0.0), (0.1, 0.1, 0.1), (0.0, 0.1, 0.0))
_MINUS: Numbers = tuple(tuple(-weight for weight in row) for row in _PLUS)
_NONE: Numbers = ((0.0,) * 3,) * 3
_FILTERS = ((VERTICAL_EDGES,) * 3, (_PLUS, _NONE, _MINUS))
"""The first filter finds upright edges, the second what is more red than blue."""


class DepthPage(Page):
    """Two filters and their maps, then as many as one likes, and what they cost."""

    title = "Filters and depth"
    text = """
    <p>One filter makes one map. A layer has many: <b>N filters make N maps</b>, one behind the other. Their number is
    the <b>depth</b> of the layer's output.</p>
    <p>A filter is as deep as what it looks at. A colour photo has three planes, so each filter here has three
    kernels; the sums of all three are added. The first filter finds upright edges, the second what is more red than
    blue. Change their weights: each filter changes its own map only. The filters behind them have random weights, as
    before a training.</p>
    <p>A filter does not know how large the image is: its weights are used again at each place. So the number of
    <b>parameters</b> stays when the image grows. A fully connected layer has a weight for each pair of an input and
    an output. The
    table counts both for as many outputs, and for images of three sizes.</p>
    """
    place = Place("convolution", view="Filters", what="convolution")
    follows_photo = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kernels: tuple[tuple[Numbers, ...], ...] = _FILTERS
        self.photo = PictureGrid("The photo", self)
        self.kernels = [[self._kernel(number, color) for color in range(3)] for number in range(2)]
        self.maps = [PictureGrid(f"The map of filter {number}", self) for number in (1, 2)]
        self.all_maps = PictureGrid("All maps", self)
        self.filters = NumberSlider("Filters N", 2, 64, 12, self, tip="How many filters there are", name_width=70)
        self.side = NumberSlider(
            "Image size", 8, 224, 32, self, tip="How many pixels the image is wide and high", name_width=70
        )
        for slider in (self.filters, self.side):
            slider.changed.connect(self.refresh)
        self._title = label("", self, "name")
        self._table = QLabel(self)
        self._table.setTextFormat(Qt.TextFormat.RichText)
        self._lay_out()

    @Slot()
    def refresh(self) -> None:
        """Ask for the maps and the counts."""
        self.requested.emit(DepthRequest(self._kernels, self.filters.value, self.side.value, current_theme().is_dark))

    def show_answer(self, request: LessonRequest, answer: LessonAnswer) -> None:
        """Show maps and counts."""
        if not isinstance(answer, DepthAnswer):
            return
        self.photo.show_pictures(answer.photo)
        for grids, kernels in zip(self.kernels, answer.kernels, strict=True):
            for grid, kernel in zip(grids, kernels, strict=True):
                grid.show_numbers(kernel.numbers, kernel.pixels)
        for picture, pixels in zip(self.maps, answer.maps, strict=False):
            picture.show_pictures(pixels)
        self.all_maps.show_pictures(*answer.maps)
        self._title.setText(f"{len(answer.maps)} filters, {len(answer.maps)} maps")
        self._table.setText(_table(answer))

    @property
    def table(self) -> str:
        """The counts as they are written."""
        return self._table.text()

    def _kernel(self, number: int, color: int) -> NumberGrid:
        grid = NumberGrid(f"Filter {number + 1} over {_COLORS[color]}", self)
        grid.set_editable(-9, 9, 0.1)
        grid.setProperty("place", (number, color))
        grid.edited.connect(self._on_edited)
        return grid

    def _lay_out(self) -> None:
        filters = QGridLayout()
        filters.setSpacing(6)
        for column, name in enumerate(_COLORS):
            filters.addWidget(label(f"over {name}", self), 0, column, Qt.AlignmentFlag.AlignHCenter)
            filters.setColumnStretch(column, 2)
        for number, grids in enumerate(self.kernels, 1):
            for column, grid in enumerate(grids):
                filters.addWidget(grid, number, column)
            filters.addWidget(sign("→", self), number, 3)
            filters.addWidget(self.maps[number - 1], number, 4)
            filters.setRowStretch(number, 1)
        filters.setColumnStretch(4, 3)
        middle = titled("Two filters and their maps", parent=self)
        middle.addLayout(filters, stretch=1)
        right = QVBoxLayout()
        right.setSpacing(4)
        right.addWidget(self._title, alignment=Qt.AlignmentFlag.AlignHCenter)
        right.addWidget(self.all_maps, stretch=1)
        right.addWidget(self.filters)
        right.addWidget(self.side)
        right.addWidget(self._table)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(14)
        row.addLayout(titled("Photo, depth 3", self.photo, parent=self), stretch=2)
        row.addLayout(middle, stretch=5)
        row.addLayout(right, stretch=4)

    @Slot(int, int, float)
    def _on_edited(self, row: int, column: int, value: float) -> None:
        number, color = self.sender().property("place")
        kernels = [list(kernels) for kernels in self._kernels]
        kernels[number][color] = changed(kernels[number][color], row, column, value)
        self._kernels = tuple(map(tuple, kernels))
        self.refresh()


def _table(answer: DepthAnswer) -> str:
    head = (
        "<tr><td>Parameters</td><td align='right'>&nbsp; convolution 3×3</td>"
        "<td align='right'>&nbsp; fully connected</td></tr>"
    )
    rows = (
        f"<tr><td>{row.side}×{row.side}×3 → {row.side}×{row.side}×{row.filters}</td>"
        f"<td align='right'><b>{count_text(row.convolution)}</b></td>"
        f"<td align='right'>{count_text(row.fully_connected)}</td></tr>"
        for row in answer.rows
    )
    return f"<table width='100%'>{head}{''.join(rows)}</table>"
