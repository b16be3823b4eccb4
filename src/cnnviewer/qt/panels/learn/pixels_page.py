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
from cnnviewer.qt.widgets.segmented import Segmented
from cnnviewer.qt.widgets.styling import label

if TYPE_CHECKING:
    from cnnviewer.messages import LessonAnswer, LessonRequest

__all__ = ["PixelsPage"]

_SIDE = 6
_LONGEST = 48
_COLORS = ("Red", "Green", "Blue")


class PixelsPage(Page):
    """A photo in few pixels; of some of them the numbers of red, green and blue, or of grey, which can be changed."""

    title = "An image is numbers"
    text = """
    <p>A screen mixes each pixel from three lights: <b>red, green and blue</b>. How bright each one is, is a whole
    number from 0 (off) to 255 (full). So a colour image is three grids of numbers, one a colour. A <b>grey</b> image
    needs only one: 0 is black, 255 white. Choose <i>Grey</i> to see it.</p>
    <p>At the left is the photo of the window, made so small that its pixels can be counted. Click into it: the yellow
    frame moves there, and the grids show the 36 pixels below it.</p>
    <p><b>Try it.</b> Choose a number and type another one, or move the three sliders: the picture changes with it.
    Equal numbers make grey; 255 three times is white.</p>
    <p>A network gets nothing but such numbers, made to fit. The photo is <b>cropped</b> and <b>resized</b>
    to the pixels that it takes, then the numbers are <b>shifted and divided</b>, so that they lie around 0; some put a
    border around, its <b>padding</b>. LeNet-5 takes one grid of 28×28 with two more rows and columns on each side:
    1×32×32; efficientnet-lite0 takes three of 224×224. The panel Input shows both.</p>
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
        self.mode = Segmented(
            ("Colour", "Grey"), self, ("Three numbers a pixel", "One number a pixel: 0 black, 255 white")
        )
        self.mode.chosen.connect(self._on_mode_chosen)
        self.planes = [NumberGrid(f"{name} of the pixels in the frame", self) for name in (*_COLORS, "Grey")]
        self.sliders = [NumberSlider(name, 0, 255, 0, self) for name in (*_COLORS, "Grey")]
        for color, (plane, slider) in enumerate(zip(self.planes, self.sliders, strict=True)):
            plane.set_editable(0, 255)
            plane.set_text_of(number_text)
            plane.setProperty("color", color % len(_COLORS))
            slider.setProperty("color", color % len(_COLORS))
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
        edits = tuple(self._edits.items())
        self.requested.emit(PixelsRequest(self.longest.value, *self._corner, _SIDE, edits, self.is_grey))

    @property
    def is_grey(self) -> bool:
        """Whether the photo is shown in grey."""
        return self.mode.current == "Grey"

    def show_answer(self, request: LessonRequest, answer: LessonAnswer) -> None:
        """Show the picture and its numbers."""
        if not isinstance(answer, PixelsAnswer) or not isinstance(request, PixelsRequest):
            return
        if request.is_grey is not self.is_grey:
            return  # the other has been chosen since
        self._answer, self._corner = answer, (answer.top, answer.left)
        self.picture.show_picture(to_image(answer.picture))
        rows, columns = answer.window.shape
        middle = answer.top + _SIDE // 2, answer.left + _SIDE // 2
        self.picture.choose(middle, QRectF(answer.left, answer.top, columns, rows))
        self.window_grid.show_numbers(answer.planes[0], answer.window)
        shown = zip(
            self.planes, (*answer.planes, answer.planes[0]), (*answer.plane_pixels, answer.plane_pixels[0]), strict=True
        )
        for plane, numbers, pixels in shown:
            plane.show_numbers(numbers, pixels)
        row, column = self._chosen
        self._choose(min(row, rows - 1), min(column, columns - 1))

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.addWidget(self.mode, alignment=Qt.AlignmentFlag.AlignLeft)
        left.addWidget(self.picture, stretch=1)
        left.addWidget(self.longest)
        grids = self._grids = QGridLayout()
        grids.setSpacing(6)
        self._names = [label(name, self, "name") for name in ("Colours", *_COLORS, "Grey")]
        for column, (name, grid) in enumerate(zip(self._names, (self.window_grid, *self.planes), strict=True)):
            grids.addWidget(name, 0, column, Qt.AlignmentFlag.AlignHCenter)
            grids.addWidget(grid, 1, column)
        grids.setColumnStretch(0, 1)
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
        self._show_mode()

    def _show_mode(self) -> None:
        """Show three planes, or one."""
        for widgets in (self._names[1:], self.planes, self.sliders):
            for place, widget in enumerate(widgets):
                widget.setVisible((place == len(_COLORS)) is self.is_grey)
        for place in range(len(self.planes)):
            self._grids.setColumnStretch(place + 1, int((place == len(_COLORS)) is self.is_grey))
        self._names[0].setText("Pixels" if self.is_grey else "Colours")

    @Slot()
    def _on_mode_chosen(self) -> None:
        self._edits.clear()  # they are of other numbers
        self._show_mode()
        self.refresh()

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
