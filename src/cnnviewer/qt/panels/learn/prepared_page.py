"""The page "Normalise and reshape"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from cnnviewer.lessons.preparing_messages import NormaliseAnswer, NormaliseRequest, ReshapeAnswer, ReshapeRequest
from cnnviewer.qt.panels.learn.page import Page, Place
from cnnviewer.qt.panels.learn.parts import Sentence, changed, factor_text, number_text, sign, titled
from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.number_grid import CellMark, NumberGrid
from cnnviewer.qt.widgets.number_slider import NumberSlider
from cnnviewer.qt.widgets.numbers import value_text
from cnnviewer.qt.widgets.segmented import Segmented

if TYPE_CHECKING:
    from cnnviewer.lessons.messages import Numbers
    from cnnviewer.messages import LessonAnswer, LessonRequest

__all__ = ["PreparedPage"]

_SIDE = 5
_NORMALISE, _RESHAPE = "Normalise", "Reshape"
_MAPS: tuple[Numbers, ...] = (
    ((1.0, 2.0, 3.0), (4.0, 5.0, 6.0), (7.0, 8.0, 9.0)),
    ((0.0, 1.0, 0.0), (2.0, 0.0, 2.0), (0.0, 1.0, 0.0)),
)
_SLIDERS = (
    ("mean", "Mean", 0, 100, 49, "What is subtracted of each number"),
    ("deviation", "Deviation", 5, 100, 23, "What is divided by then"),
    ("scale", "Scale", -200, 200, 100, "What a normalisation within a network multiplies by: learnt"),
    ("shift", "Shift", -200, 200, 0, "What a normalisation within a network adds: learnt"),
)


class PreparedPage(Page):
    """Pixels of the photo, shifted and divided; and maps that are laid out as one row."""

    title = "Normalise and reshape"
    text = """
    <p>Two kinds of steps look for no pattern. They make the numbers fit for the next one.</p>
    <p><b>Normalise.</b> A network learns best from numbers around 0, spread by about 1. So a pixel is divided by 255,
    a <b>mean</b> is subtracted, and the rest divided by a <b>deviation</b>. For the input, both come from the photos
    that the network learnt from. <b>Its own</b> takes those of the numbers shown: what comes out has mean 0 and
    deviation 1.</p>
    <p><b>Batch norm</b> does the same within a network, a channel at a time, with a mean and a deviation gathered
    while it learnt; then comes a <b>scale</b> and a <b>shift</b>, which are learnt. <b>Layer norm</b> takes the mean
    and the deviation of the numbers themselves, anew for each image.</p>
    <p><b>Reshape.</b> Nothing is worked out: the same numbers are laid out in another way. <b>Flatten</b> puts map
    after map, row after row into one long row, which a fully connected layer can take. Choose a number: the other
    side shows where it is.</p>
    """
    place = Place("normalisation", view="Maps", what="normalisation", network="efficientnet-lite0", sample="chelsea")
    follows_photo = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edits: dict[tuple[int, int], int] = {}
        self._maps, self._index = _MAPS, 0
        self._unit = (0, 0)
        self._normalised: NormaliseAnswer | None = None
        self._laid_out: ReshapeAnswer | None = None
        tips = ("Pixels of the photo, shifted and divided", "Two maps, laid out as one row")
        self.mode = Segmented((_NORMALISE, _RESHAPE), self, tips)
        self.mode.chosen.connect(self._on_mode_chosen)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._build_normalise())
        self._stack.addWidget(self._build_reshape())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.mode, alignment=Qt.AlignmentFlag.AlignLeft)
        column.addLayout(self._stack, stretch=1)

    # ---- building

    def _build_normalise(self) -> QWidget:
        part = QWidget(self)
        self.before, self.after = NumberGrid("Pixels", part), NumberGrid("Normalised", part)
        self.before.set_editable(0, 255)
        self.before.set_text_of(number_text)
        self.before.edited.connect(self._on_pixel_edited)
        for shown in (self.before, self.after):
            shown.chosen.connect(self._on_unit_chosen)
        self.sliders: dict[str, NumberSlider] = {}
        controls = QGridLayout()
        controls.setHorizontalSpacing(12)
        controls.setVerticalSpacing(2)
        for place, (key, name, low, high, value, tip) in enumerate(_SLIDERS):
            slider = NumberSlider(name, low, high, value, part, tip=tip, text_of=_hundredths, name_width=60)
            slider.changed.connect(self.refresh)
            self.sliders[key] = slider
            controls.addWidget(slider, place // 2, place % 2)
        self.own = QPushButton("Its own", part)
        self.own.setToolTip("Take the mean and the deviation of the numbers that are shown")
        self.own.clicked.connect(self._on_own)
        controls.addWidget(self.own, 0, 2)
        self._sentence, self._spread = Sentence(part, lines=2), Sentence(part, lines=4)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addLayout(titled("Pixels of the photo", self.before, parent=part), stretch=1)
        between = QVBoxLayout()
        between.addWidget(sign("→", part), alignment=Qt.AlignmentFlag.AlignHCenter)
        between.addWidget(self._sentence)
        between.addWidget(self._spread)
        between.addStretch(1)
        row.addLayout(between, stretch=1)
        row.addLayout(titled("Normalised: red above 0, blue below", self.after, parent=part), stretch=1)
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(controls)
        column.addLayout(row, stretch=1)
        return part

    def _build_reshape(self) -> QWidget:
        part = QWidget(self)
        self.maps = [NumberGrid(f"Map {number}", part, largest_cell=36) for number in range(len(_MAPS))]
        self.row = NumberGrid("The row", part, largest_cell=40)
        maps = QHBoxLayout()
        maps.setSpacing(14)
        for number, shown in enumerate(self.maps):
            shown.set_editable(0, 9)
            shown.setProperty("number", number)
            shown.edited.connect(self._on_map_edited)
            shown.chosen.connect(self._on_cell_chosen)
            maps.addLayout(titled(f"Map {number}", shown, parent=part))
        self.row.chosen.connect(self._on_index_chosen)
        self._where = Sentence(part)
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(maps, stretch=3)
        column.addLayout(titled("Flattened: one row", self.row, parent=part), stretch=2)
        column.addWidget(self._where)
        return part

    # ---- what is shown

    @property
    def told(self) -> tuple[str, str]:
        """What is told of the chosen number, of pixels and of maps."""
        return self._sentence.text(), self._where.text()

    @property
    def spread(self) -> str:
        """What is told of means and deviations."""
        return self._spread.text()

    @Slot()
    def refresh(self) -> None:
        """Ask for what is shown."""
        if self.mode.current == _RESHAPE:
            self.requested.emit(ReshapeRequest(self._maps, current_theme().is_dark))
            return
        numbers = {key: slider.value / 100 for key, slider in self.sliders.items()}
        edits = tuple(self._edits.items())
        self.requested.emit(NormaliseRequest(_SIDE, **numbers, edits=edits, dark=current_theme().is_dark))

    def show_answer(self, request: LessonRequest, answer: LessonAnswer) -> None:
        """Show what came."""
        if isinstance(answer, NormaliseAnswer):
            self._normalised = answer
            self.before.show_numbers(answer.before.numbers, answer.before.pixels)
            self.after.show_numbers(answer.after.numbers, answer.after.pixels)
            (mean, deviation), (mean_after, deviation_after) = answer.spread, answer.spread_after
            self._spread.setText(
                f"Pixels / 255: mean {value_text(mean)}, deviation {value_text(deviation)}. "
                f"After: mean {_rounded(mean_after)}, deviation {_rounded(deviation_after)}."
            )
            self._show_unit()
        elif isinstance(answer, ReshapeAnswer):
            self._laid_out = answer
            for shown, numbers in zip(self.maps, answer.maps, strict=True):
                shown.show_numbers(numbers.numbers, numbers.pixels)
            self.row.show_numbers(answer.row.numbers, answer.row.pixels)
            self._show_index()

    def _show_unit(self) -> None:
        answer = self._normalised
        if answer is None:
            return
        rows, columns = self.before.shape
        row, column = self._unit = min(self._unit[0], rows - 1), min(self._unit[1], columns - 1)
        for shown in (self.before, self.after):
            shown.set_cell(self._unit)
        pixel, after = number_text(answer.before.numbers[row][column]), answer.after.numbers[row][column]
        mean, deviation, scale, shift = (factor_text(slider.value / 100) for slider in self.sliders.values())
        learnt = "" if (scale, shift) == ("1", "0") else f" · {scale} + {shift}"
        self._sentence.setText(f"({pixel} / 255 − {mean}) / {deviation}{learnt} = <b>{value_text(after)}</b>")

    def _show_index(self) -> None:
        answer = self._laid_out
        if answer is None:
            return
        number, row, column = answer.places[self._index]
        accent = current_theme().accent
        for place, shown in enumerate(self.maps):
            shown.set_marks((CellMark(row, column, 1, 1, accent),) if place == number else ())
        self.row.set_cell((0, self._index))
        self.row.set_marks((CellMark(0, self._index, 1, 1, accent),))
        height, width = self.maps[0].shape
        self._where.setText(
            f"Map {number}, row {row}, column {column} is number {self._index} of the row: "
            f"{number}·{height * width} + {row}·{width} + {column} = <b>{self._index}</b>. "
            f"{len(self.maps)}×{height}×{width} numbers are {len(answer.places)}."
        )

    # ---- user

    @Slot(str)
    def _on_mode_chosen(self, mode: str) -> None:
        self._stack.setCurrentIndex(int(mode == _RESHAPE))
        self.refresh()

    @Slot()
    def _on_own(self) -> None:
        if self._normalised is not None:
            mean, deviation = self._normalised.spread
            self.sliders["mean"].set_value(round(100 * mean))
            self.sliders["deviation"].set_value(max(round(100 * deviation), 5))
            self.refresh()

    @Slot(int, int)
    def _on_unit_chosen(self, row: int, column: int) -> None:
        self._unit = row, column
        self._show_unit()

    @Slot(int, int, float)
    def _on_pixel_edited(self, row: int, column: int, value: float) -> None:
        self._edits[row, column] = int(value)
        self.refresh()

    @Slot(int, int)
    def _on_cell_chosen(self, row: int, column: int) -> None:
        place = self.sender().property("number"), row, column
        if self._laid_out is not None:
            self._index = self._laid_out.places.index(place)
            self._show_index()

    @Slot(int, int)
    def _on_index_chosen(self, row: int, column: int) -> None:
        self._index = column
        self._show_index()

    @Slot(int, int, float)
    def _on_map_edited(self, row: int, column: int, value: float) -> None:
        number = self.sender().property("number")
        maps = list(self._maps)
        maps[number] = changed(maps[number], row, column, value)
        self._maps = tuple(maps)
        self.refresh()


def _hundredths(value: int) -> str:
    return f"{value / 100:.2f}".replace("-", "−")


def _rounded(value: float) -> str:
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")
