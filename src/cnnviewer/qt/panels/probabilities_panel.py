"""The class probabilities: the most probable classes, or those that are searched for."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QMenu, QSizePolicy, QVBoxLayout, QWidget

from cnnviewer.categories import category_name
from cnnviewer.outputs import NO_NUMBERS, returned_text
from cnnviewer.qt.widgets.bar_list import Bar, BarList
from cnnviewer.qt.widgets.card_layout import BAR_HEIGHT
from cnnviewer.qt.widgets.numbers import probability_text
from cnnviewer.qt.widgets.search_field import SearchField
from cnnviewer.qt.widgets.wrapped_label import WrappedLabel

if TYPE_CHECKING:
    from cnnviewer.messages import RecordingSummary

__all__ = ["ProbabilitiesPanel"]

_COUNT = 5
_CAUTION_LINES = 4


class ProbabilitiesPanel(QWidget):
    """Shows the top classes with bars, the entropy, and a search over all classes.

    `classOpened` tells the number of a class whose score is to be explained: its row was clicked, or Enter pressed.
    """

    classOpened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recording: RecordingSummary | None = None
        self._categories: tuple[str, ...] = ()
        self._of_weights = self._of_image = ""
        self._search = SearchField("Find a class", self)
        self._search.setToolTip("Enter explains the class that is found; ↓ goes into the list")
        self._search.left.connect(self._on_search_left)
        self._search.textChanged.connect(self._on_text_changed)
        self._bars = BarList(self)
        self._bars.setAccessibleName("Class probabilities")
        self._bars.setToolTip("A click or Enter shows where the score of the class comes from")
        self._bars.setCursor(Qt.CursorShape.PointingHandCursor)
        self._bars.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._bars.customContextMenuRequested.connect(self._on_menu_requested)
        self._bars.chosen.connect(self.classOpened)
        self._search.stepped.connect(self._on_return_pressed)
        self._text = QLabel(self)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setProperty("role", "muted")
        self._text.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(9, 8, 9, 8)
        layout.setSpacing(6)
        self._caution = WrappedLabel("warning", self)
        self._caution.hide()
        for widget in (self._search, self._caution, self._bars, self._text):
            layout.addWidget(widget)
        layout.setAlignment(Qt.AlignmentFlag.AlignTop)
        # As high as its rows: what is left belongs to the panel below.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._bars.setMinimumHeight(_COUNT * BAR_HEIGHT)
        self.setMaximumHeight(_COUNT * BAR_HEIGHT + 84 + _CAUTION_LINES * self.fontMetrics().lineSpacing())

    def show_recording(self, recording: RecordingSummary, categories: tuple[str, ...]) -> None:
        """Show the probabilities of a recording."""
        self._recording, self._categories = recording, categories
        self._refresh()

    @property
    def bars(self) -> tuple[Bar, ...]:
        """The rows that are shown."""
        return self._bars.bars

    def show_caution(self, caution: str) -> None:
        """Tell what the probabilities are not to be taken for; '' for nothing."""
        self._of_weights = caution
        self._show_caution()

    def show_note(self, note: str) -> None:
        """Tell why the probabilities mean nothing for this image; '' for nothing."""
        self._of_image = note
        self._show_caution()

    def _show_caution(self) -> None:
        self._caution.set_text(self._of_weights or self._of_image)

    @property
    def caution(self) -> str:
        """What the probabilities are not to be taken for."""
        return self._caution.text()

    @property
    def text(self) -> str:
        """What is said below the rows."""
        return self._text.text()

    @property
    def search(self) -> SearchField:
        """The search field."""
        return self._search

    def _refresh(self) -> None:
        recording = self._recording
        if recording is None:
            return
        if not recording.probabilities:
            self._bars.show_bars(())
            returned = returned_text(recording.outputs)
            self._text.setText(f"This network gives no class probabilities: it returns {returned}.")
            self._text.setToolTip("")
            return
        wanted = self._search.text().strip().lower()
        ranked = list(enumerate(recording.ranking))
        if wanted:
            ranked = [(rank, index) for rank, index in ranked if wanted in self._name(index).lower()]
        self._bars.show_bars([self._bar(rank, index, bool(wanted)) for rank, index in ranked[:_COUNT]])
        count = len(recording.probabilities)
        if wanted:
            self._text.setText(f"{len(ranked)} of {count} classes" if ranked else f"No class of {count} has this name.")
        elif isnan(recording.entropy):
            self._text.setText(NO_NUMBERS)
        else:
            self._text.setText(f"{count} classes · entropy {abs(recording.entropy):.2f} bit")
        bits = "0 bit: sure of one class; log₂ of the number of classes: no idea at all"
        self._text.setToolTip("" if isnan(recording.entropy) else bits)

    def _bar(self, rank: int, index: int, with_rank: bool) -> Bar:
        assert self._recording is not None
        value = self._recording.probabilities[index]
        name = f"{rank + 1}. {self._name(index)}" if with_rank else self._name(index)
        share = value if value == value else 0.0
        return Bar(name, probability_text(value), 0.0, share, index)

    def _name(self, index: int) -> str:
        return category_name(self._categories, index)

    @Slot()
    def _on_search_left(self) -> None:
        """Give the keyboard to the rows."""
        self._bars.setFocus(Qt.FocusReason.TabFocusReason)
        if self._bars.bars and self._bars.current < 0:
            self._bars.set_current(0)

    @Slot()
    def _on_return_pressed(self) -> None:
        """Explain the first class that was found."""
        if self._bars.bars:
            self._bars.set_current(0)
            self.classOpened.emit(self._bars.bars[0].index)

    @Slot(QPoint)
    def _on_menu_requested(self, place: QPoint) -> None:
        row = self._bars.row_at(place.y())
        row = self._bars.current if row is None else row
        if not 0 <= row < len(self._bars.bars):
            return
        bar = self._bars.bars[row]
        self._bars.set_current(row)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        explain = menu.addAction(f"Where the score of {self._name(bar.index)} comes from".replace("&", "&&"))
        explain.setData(bar.index)
        menu.triggered.connect(self._on_menu_triggered)
        menu.popup(self._bars.mapToGlobal(place))

    @Slot(QAction)
    def _on_menu_triggered(self, action: QAction) -> None:
        self.classOpened.emit(action.data())

    @Slot(str)
    def _on_text_changed(self, text: str) -> None:
        del text
        self._refresh()
