"""A network's answer: the most probable classes or labels, values, or those of them that are searched for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QVBoxLayout, QWidget

from cnnviewer.categories import category_name
from cnnviewer.qt.panels.answer_rows import noun_of, rows_of, title_of
from cnnviewer.qt.widgets.bar_list import Bar, BarList
from cnnviewer.qt.widgets.card_layout import BAR_HEIGHT
from cnnviewer.qt.widgets.guess_mark import GuessMark
from cnnviewer.qt.widgets.search_field import SearchField
from cnnviewer.qt.widgets.styling import literal
from cnnviewer.qt.widgets.wrapped_label import WrappedLabel

if TYPE_CHECKING:
    from cnnviewer.card import Reason
    from cnnviewer.messages import RecordingSummary

__all__ = ["ProbabilitiesPanel"]

_COUNT = 5
_CAUTION_LINES = 4


class ProbabilitiesPanel(QWidget):
    """Shows the top classes with bars, the entropy, and a search over all classes; or labels, values, what is returned.

    `classOpened` tells the number of a class whose score is to be explained: its row was clicked, or Enter pressed;
    `titleChanged` what the panel is to be called, and `cardRequested` that the user wants to say what was guessed.
    """

    classOpened = Signal(int)
    titleChanged = Signal(str)
    cardRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recording: RecordingSummary | None = None
        self._title = ""
        self._of_weights = self._of_image = ""
        self._search = SearchField("Find a class", self)
        self._search.setToolTip("Enter explains what is found; ↓ goes into the list")
        self._search.left.connect(self._on_search_left)
        self._search.textChanged.connect(self._on_text_changed)
        self._bars = BarList(self)
        self._bars.setAccessibleName("Class probabilities")
        self._bars.setToolTip("A click or Enter shows where the number comes from")
        self._bars.setCursor(Qt.CursorShape.PointingHandCursor)
        self._bars.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._bars.customContextMenuRequested.connect(self._on_menu_requested)
        self._bars.chosen.connect(self.classOpened)
        self._search.stepped.connect(self._on_return_pressed)
        self._text, self._reason = (WrappedLabel("muted", self) for _ in range(2))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(9, 8, 9, 8)
        layout.setSpacing(6)
        self._caution = WrappedLabel("warning", self)
        self._caution.hide()
        self.guessed = GuessMark(self)
        self.guessed.clicked.connect(self.cardRequested)
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(self._search, stretch=1)
        top.addStretch(0)
        top.addWidget(self.guessed)
        layout.addLayout(top)
        for widget in (self._caution, self._bars, self._text, self._reason):
            layout.addWidget(widget)
        layout.setAlignment(Qt.AlignmentFlag.AlignTop)
        # As high as its rows: what is left belongs to the panel below.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._bars.setMinimumHeight(_COUNT * BAR_HEIGHT)
        self.setMaximumHeight(_COUNT * BAR_HEIGHT + 84 + _CAUTION_LINES * self.fontMetrics().lineSpacing())

    def show_recording(self, recording: RecordingSummary) -> None:
        """Show the answer of a recording."""
        self._recording = recording
        self._show_title(recording)
        self._refresh()

    def show_guessed(self, reasons: tuple[Reason, ...]) -> None:
        """Mark that something of the network was guessed, for these reasons; none takes the mark away."""
        self.guessed.show_reasons(reasons)

    def _show_title(self, recording: RecordingSummary) -> None:
        title = title_of(recording.answer.returns)
        if title != self._title:
            self._title = title
            noun = noun_of(recording.answer.returns)
            self._search.setPlaceholderText(f"Find a {noun}")
            self._search.setAccessibleName(f"Find a {noun}")
            self._bars.setAccessibleName(title)
            self.titleChanged.emit(title)

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
    def reason(self) -> str:
        """Why there are no rows; '' where there are some."""
        return self._reason.text()

    @property
    def search(self) -> SearchField:
        """The search field."""
        return self._search

    def _refresh(self) -> None:
        if self._recording is None:
            return
        rows = rows_of(self._recording, self._search.text().strip().lower(), _COUNT)
        self._search.setVisible(bool(rows.bars) or bool(self._search.text()))
        self._bars.show_bars(rows.bars)
        self._bars.setVisible(bool(rows.bars))
        self._text.set_text(rows.text)
        self._reason.set_text(rows.reason)
        self._text.setToolTip(literal(rows.tooltip))

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
        explain = menu.addAction(self._question(bar.index).replace("&", "&&"))
        explain.setData(bar.index)
        menu.triggered.connect(self._on_menu_triggered)
        menu.popup(self._bars.mapToGlobal(place))

    def _question(self, index: int) -> str:
        """Return what is asked of a row."""
        assert self._recording is not None
        what = "value" if self._recording.answer.values else "score"
        return f"Where the {what} of {category_name(self._recording.categories, index)} comes from"

    @Slot(QAction)
    def _on_menu_triggered(self, action: QAction) -> None:
        self.classOpened.emit(action.data())

    @Slot(str)
    def _on_text_changed(self, text: str) -> None:
        del text
        self._refresh()
