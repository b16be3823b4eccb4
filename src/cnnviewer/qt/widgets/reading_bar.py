"""How an image is read, where that is in question: the range of its numbers, and its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from cnnviewer.qt.widgets.number_field import NumberField
from cnnviewer.readings import ALL_PAGES, Origin, Read, Reading

if TYPE_CHECKING:
    from cnnviewer.readings import ValueRange

__all__ = ["ReadingBar"]

_LARGEST = 1e12
_MOST_STACKED = 64
"""Of more pages it is not offered that each is a channel."""
_OTHER = "Other range…"
_BITS = {255.0: 8, 1023.0: 10, 4095.0: 12, 16383.0: 14, 65535.0: 16}
_TIPS = {
    Origin.GUESS: "These numbers are shown black and white: a guess, for the file does not tell them. "
    "Choose others if the picture is too dark or too bright; the network sees what you see.",
    Origin.FILE: "These numbers are shown black and white, as the file tells. The network sees what you see.",
    Origin.USER: "These numbers are shown black and white, as you chose. The network sees what you see.",
}


class ReadingBar(QWidget):
    """Shows what was assumed of an image, and lets it be changed; `readingChosen` tells how to read it."""

    readingChosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._read = Read()
        self._ranges: list[tuple[float, float] | None] = []
        self.values = self._combo("Range of the values")
        self.values.activated.connect(self._on_range)
        self.pages = self._combo("Page")
        self.pages.setToolTip("Which page or frame of the file is shown")
        self.pages.activated.connect(self._on_page)
        self.low = self._field("Black")
        self.high = self._field("White")
        self._note = QLabel(self)
        self._note.setProperty("role", "warning")
        self._note.setWordWrap(True)
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.values, stretch=1)
        row.addWidget(self.pages)
        self._ends = QWidget(self)
        ends = QHBoxLayout(self._ends)
        ends.setContentsMargins(0, 0, 0, 0)
        for text, field in (("Black", self.low), ("White", self.high)):
            ends.addWidget(QLabel(text, self._ends))
            ends.addWidget(field, stretch=1)
        self._ends.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self._ends)
        column.addWidget(self._note)

    def show_read(self, read: Read) -> None:
        """Show how an image was read."""
        self._read = read
        found = read.value_range
        self.values.setVisible(found is not None)
        if found is not None:
            self._show_range(found)
        is_other = found is not None and found.origin is Origin.USER and (found.low, found.high) not in read.choices
        self._ends.setVisible(is_other)
        self._note.setText(f"{read.nonfinite:,} of the numbers are NaN or infinite; NaN is shown black.")
        self._note.setVisible(bool(read.nonfinite))
        self._show_pages()

    def _show_range(self, found: ValueRange) -> None:
        is_chosen = found.origin is Origin.USER
        first = (
            "As the file tells, or a guess" if is_chosen else f"{_range_text(found.low, found.high)}, {found.origin}"
        )
        choices = [pair for pair in self._read.choices if is_chosen or pair != (found.low, found.high)]
        current = (found.low, found.high)
        if is_chosen and current not in choices:
            choices.append(current)
        self._ranges = [None, *choices]
        with QSignalBlocker(self.values):
            self.values.clear()
            self.values.addItems([first, *(_range_text(*pair) for pair in choices), _OTHER])
            self.values.setCurrentIndex(self._ranges.index(current) if is_chosen else 0)
        self.values.setToolTip(_TIPS[found.origin])
        for field, value in ((self.low, found.low), (self.high, found.high)):
            with QSignalBlocker(field):
                field.setValue(value)

    def _show_pages(self) -> None:
        page, pages = self._read.page, self._read.pages
        self.pages.setVisible(pages > 1)
        with QSignalBlocker(self.pages):
            self.pages.clear()
            self.pages.addItems([f"page {number} of {pages}" for number in range(1, pages + 1)])
            if pages <= _MOST_STACKED:
                self.pages.addItem(f"all {pages} as channels")
            self.pages.setCurrentIndex(pages if page == ALL_PAGES else page - 1)

    @property
    def _chosen(self) -> tuple[float, float] | None:
        """The range that the user chose; None where it is the file's, or a guess."""
        found = self._read.value_range
        return (found.low, found.high) if found is not None and found.origin is Origin.USER else None

    def _combo(self, name: str) -> QComboBox:
        combo = QComboBox(self)
        combo.setAccessibleName(name)
        combo.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.setMinimumContentsLength(9)
        combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return combo

    def _field(self, name: str) -> NumberField:
        field = NumberField(self, -_LARGEST, _LARGEST, 0.0, name=name, tip=f"The number that is shown {name.lower()}")
        field.setKeyboardTracking(False)
        field.valueChanged.connect(self._on_typed)
        return field

    @Slot(int)
    def _on_range(self, index: int) -> None:
        if index == len(self._ranges):
            self._ends.show()
            self.low.setFocus()
            return
        self._ends.hide()
        self.readingChosen.emit(Reading(self._ranges[index], self._read.page))

    @Slot()
    def _on_typed(self) -> None:
        low, high = self.low.value(), self.high.value()
        if low < high:
            self._note.setVisible(bool(self._read.nonfinite))
            self.readingChosen.emit(Reading((low, high), self._read.page))
        else:
            self._note.setText("Black must be the smaller number.")
            self._note.show()

    @Slot(int)
    def _on_page(self, index: int) -> None:
        page = ALL_PAGES if index == self._read.pages else index + 1
        self.readingChosen.emit(Reading(self._chosen, page))


def _range_text(low: float, high: float) -> str:
    """Return a range for people: "Values 0 to 4,095 (12 bits)"."""
    bits = f" ({_BITS[high]} bits)" if low == 0 and high in _BITS else ""
    return f"Values {_number(low)} to {_number(high)}{bits}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) and abs(value) < 1e9 else f"{value:,.4g}"
