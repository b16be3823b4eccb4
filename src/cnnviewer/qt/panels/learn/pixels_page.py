"""The page "An image is numbers"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from cnnviewer.lessons.messages import PixelsAnswer, PixelsRequest
from cnnviewer.qt.panels.learn.page import Page, Place
from cnnviewer.qt.panels.learn.parts import number_text
from cnnviewer.qt.widgets.cell_picker import CellPicker
from cnnviewer.qt.widgets.images import to_image
from cnnviewer.qt.widgets.number_grid import NumberGrid
from cnnviewer.qt.widgets.number_slider import NumberSlider
from cnnviewer.qt.widgets.styling import label

if TYPE_CHECKING:
    from cnnviewer.messages import LessonAnswer, LessonRequest

__all__ = ["PixelsPage"]

_SIDE = 6
_LONGEST = 48
_COLORS = ("Red", "Green", "Blue")


class PixelsPage(Page):
    """A photo in few pixels; of some of them the numbers of red, green and blue, which can be changed."""

    title = "An image is numbers"
    text = """
    <p>A screen mixes each pixel from three lights: <b>red, green and blue</b>. How bright each one is, is a whole
    number from 0 (off) to 255 (full). So an image is three grids of numbers, one a colour. Nothing else goes into a
    network.</p>
    <p>At the left is the photo of the window, made so small that its pixels can be counted. Click into it: the yellow
    frame moves there, and the grids show the 36 pixels below it.</p>
    <p><b>Try it.</b> Choose a number and type another one, or move the three sliders: the picture changes with it.
    Equal numbers make grey; 255 three times is white.</p>
    <p>A network gets the same grids. Most only shift and divide the numbers first, so that they lie around 0.</p>
    """
    place = Place("input", view="R")
    follows_photo = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._corner = (18, 18)
        self._edits: dict[tuple[int, int, int], int] = {}
        self._chosen = (0, 0)
        self._answer: PixelsAnswer | None = None
        self.picture = CellPicker("The photo in few pixels", self)
        self.picture.setToolTip("Click to look at the pixels there, or move the frame with the arrow keys")
        self.picture.clicked.connect(self._on_picture_clicked)
        self.longest = NumberSlider("Pixels across", 8, 96, _LONGEST, self, tip="The longer side of the small photo")
        self.longest.changed.connect(self._on_longest_changed)
        self.window_grid = NumberGrid("The pixels in the frame", self)
        self.window_grid.set_text_of(lambda _: "")
        self.window_grid.chosen.connect(self._on_chosen)
        self.planes = [NumberGrid(f"{name} of the pixels in the frame", self) for name in _COLORS]
        self.sliders = [NumberSlider(name, 0, 255, 0, self) for name in _COLORS]
        for color, (plane, slider) in enumerate(zip(self.planes, self.sliders, strict=True)):
            plane.set_editable(0, 255)
            plane.set_text_of(number_text)
            plane.setProperty("color", color)
            slider.setProperty("color", color)
            plane.chosen.connect(self._on_chosen)
            plane.edited.connect(self._on_edited)
            slider.changed.connect(self._on_slid)
        self.undo = QPushButton("Undo", self)
        self.undo.setToolTip("Undo all changes: show the photo's own numbers again")
        self.undo.clicked.connect(self._on_undo)
        self._where = label("", self)
        self._lay_out()

    def refresh(self) -> None:
        """Ask for the pixels."""
        self.requested.emit(PixelsRequest(self.longest.value, *self._corner, _SIDE, tuple(self._edits.items())))

    def show_answer(self, request: LessonRequest, answer: LessonAnswer) -> None:
        """Show the picture and its numbers."""
        if not isinstance(answer, PixelsAnswer):
            return
        self._answer, self._corner = answer, (answer.top, answer.left)
        self.picture.show_picture(to_image(answer.picture))
        rows, columns = answer.window.shape
        middle = answer.top + _SIDE // 2, answer.left + _SIDE // 2
        self.picture.choose(middle, QRectF(answer.left, answer.top, columns, rows))
        self.window_grid.show_numbers(answer.planes[0], answer.window)
        for plane, numbers, pixels in zip(self.planes, answer.planes, answer.plane_pixels, strict=True):
            plane.show_numbers(numbers, pixels)
        row, column = self._chosen
        self._choose(min(row, rows - 1), min(column, columns - 1))

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.addWidget(self.picture, stretch=1)
        left.addWidget(self.longest)
        grids = QGridLayout()
        grids.setSpacing(6)
        for column, (name, grid) in enumerate(
            zip(("Colours", *_COLORS), (self.window_grid, *self.planes), strict=True)
        ):
            grids.addWidget(label(name, self, "name"), 0, column, Qt.AlignmentFlag.AlignHCenter)
            grids.addWidget(grid, 1, column)
            grids.setColumnStretch(column, 1)
        grids.setRowStretch(1, 1)
        below = QHBoxLayout()
        below.setSpacing(12)
        below.addWidget(self._where)
        for slider in self.sliders:
            below.addWidget(slider, stretch=1)
        below.addWidget(self.undo)
        right = QVBoxLayout()
        right.addLayout(grids, stretch=1)
        right.addLayout(below)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(14)
        row.addLayout(left, stretch=2)
        row.addLayout(right, stretch=5)

    def _choose(self, row: int, column: int) -> None:
        """Show one pixel's numbers in all grids and sliders."""
        self._chosen = row, column
        for grid in (self.window_grid, *self.planes):
            grid.set_cell((row, column))
        for slider, plane in zip(self.sliders, self.planes, strict=True):
            slider.set_value(int(plane.values[row][column]))
        self._where.setText(f"Row {self._corner[0] + row}, column {self._corner[1] + column}")
        self.undo.setEnabled(bool(self._edits))

    def _edit(self, row: int, column: int, color: int, value: int) -> None:
        self._edits[self._corner[0] + row, self._corner[1] + column, color] = value
        self.refresh()

    @Slot(int, int)
    def _on_picture_clicked(self, row: int, column: int) -> None:
        self._corner = max(0, row - _SIDE // 2), max(0, column - _SIDE // 2)
        self.refresh()

    @Slot(int)
    def _on_longest_changed(self, longest: int) -> None:
        self._edits.clear()  # they are of other pixels
        self.refresh()

    @Slot(int, int)
    def _on_chosen(self, row: int, column: int) -> None:
        self._choose(row, column)

    @Slot(int, int, float)
    def _on_edited(self, row: int, column: int, value: float) -> None:
        self._edit(row, column, self.sender().property("color"), int(value))

    @Slot(int)
    def _on_slid(self, value: int) -> None:
        self._edit(*self._chosen, self.sender().property("color"), value)

    @Slot()
    def _on_undo(self) -> None:
        self._edits.clear()
        self.refresh()
