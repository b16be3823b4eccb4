"""All networks that can be opened by their names, to search and to sort."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cnnviewer.network_reports import WeightsPlace
from cnnviewer.qt.panels.catalogue.model import CatalogueModel
from cnnviewer.qt.panels.catalogue.search import Search, best_match
from cnnviewer.qt.panels.catalogue.sentences import button_text, facts_text, weights_sentence
from cnnviewer.qt.panels.catalogue.table import CatalogueTable
from cnnviewer.qt.widgets.dialog_keys import add_close_key
from cnnviewer.qt.widgets.elided_label import ElidedLabel
from cnnviewer.qt.widgets.styling import label
from cnnviewer.qt.widgets.wheel import Choice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.network_reports import CatalogueEntry

__all__ = ["CatalogueDialog"]

_TASKS = ("classification", "segmentation", "detection")
_SIZES = (5, 10, 25, 50, 100, 300)  # millions of parameters
_READING = "Reading the catalogue…"
_NOTHING = "No network has all of these words and passes the filters."
_EMPTY = "The catalogue holds no network."
_TO_TABLE = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class CatalogueDialog(QDialog):
    """Lets one choose a network; `networkChosen` tells its name, and "DEFAULT" or None for its weights.

    The keyboard stays in the search field: arrows move through the table all the same, and what is typed in the table
    goes to the field.
    """

    networkChosen = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        add_close_key(self)
        self.setWindowTitle("All networks")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(1060, 660)
        self._name = ""
        self._is_told = False
        self._model = CatalogueModel(self)
        self._build_filters()
        self._build_table()
        self._build_details()
        self._build_foot()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(8)
        layout.addLayout(self._filters)
        layout.addWidget(self._pages, stretch=1)
        for widget in (self._title, self._facts, self._weights):
            layout.addWidget(widget)
        layout.addSpacing(2)
        layout.addLayout(self._foot)
        self._refresh()
        self.search.setFocus()

    # ---- what is shown

    def show_entries(self, entries: Sequence[CatalogueEntry]) -> None:
        """Show these networks; what was typed and chosen stays."""
        self._is_told = True
        sources = list(dict.fromkeys(entry.source for entry in entries))
        with QSignalBlocker(self.sources):
            chosen = self.sources.currentData()
            self.sources.clear()
            self.sources.addItem("All sources", "")
            for source in sources:
                self.sources.addItem(source, source)
            self.sources.setCurrentIndex(max(self.sources.findData(chosen), 0))
        self._model.set_entries(entries)
        self.table.fit_columns(entries)
        self._search()

    def show_failure(self, sentence: str) -> None:
        """Tell why there is no catalogue."""
        self._note.setText(sentence)
        self._pages.setCurrentWidget(self._note)

    def set_open(self, name: str) -> None:
        """Mark the network that is open, and choose it."""
        self._name = name
        self.mark_open(name)
        self._choose_best()

    def mark_open(self, name: str) -> None:
        """Mark the network that is open; what is chosen stays."""
        self._model.set_open(name)

    @property
    def chosen(self) -> CatalogueEntry | None:
        """The network that is chosen; None where none is shown."""
        row = self.table.currentIndex().row()
        return self._model.shown[row] if 0 <= row < len(self._model.shown) else None

    @property
    def names(self) -> list[str]:
        """The names of the networks shown, top to bottom."""
        return [entry.name for entry in self._model.shown]

    @property
    def count(self) -> str:
        """How many of all are shown."""
        return self._count.text()

    @property
    def note(self) -> str:
        """What is said in place of the table; '' while there is one."""
        return self._note.text() if self._pages.currentWidget() is self._note else ""

    @property
    def details(self) -> str:
        """What is said of the chosen network."""
        return f"{self._facts.text()}\n{self._weights.text()}"

    # ---- building

    def _build_filters(self) -> None:
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Search: name, family, source, task")
        self.search.setAccessibleName("Search networks")
        self.search.setClearButtonEnabled(True)
        self.search.installEventFilter(self)
        self.search.textChanged.connect(self._search)
        self.sources = Choice(self)
        self.sources.addItem("All sources", "")
        self.sources.setAccessibleName("Source")
        self.sources.setToolTip("Show networks of one source")
        self.sources.setMinimumContentsLength(11)
        self.tasks = Choice(self)
        self.tasks.addItem("All tasks", "")
        for task in _TASKS:
            self.tasks.addItem(task, task)
        self.tasks.setAccessibleName("Task")
        self.tasks.setToolTip("Show networks for one task")
        self.sizes = Choice(self)
        self.sizes.addItem("Any size", None)
        for millions in _SIZES:
            self.sizes.addItem(f"At most {millions} M parameters", millions * 1_000_000)
        self.sizes.setAccessibleName("Largest number of parameters")
        self.sizes.setToolTip("Show networks with at most so many learnt numbers")
        self.here = QCheckBox("Weights on this machine", self)
        self.here.setToolTip("Show networks whose trained weights need no download")
        for box in (self.sources, self.tasks, self.sizes):
            box.currentIndexChanged.connect(self._search)
        self.here.toggled.connect(self._search)
        self._count = label("", self)
        # Or the search field would change its width with each letter.
        self._count.setMinimumWidth(self._count.fontMetrics().horizontalAdvance("9,999 of 9,999"))
        self._filters = QHBoxLayout()
        self._filters.setSpacing(8)
        self._filters.addWidget(self.search, stretch=1)
        for widget in (self.sources, self.tasks, self.sizes, self.here, self._count):
            self._filters.addWidget(widget)

    def _build_table(self) -> None:
        self.table = CatalogueTable(self._model, self)
        self.table.installEventFilter(self)
        self.table.activated.connect(self._on_activated)
        self.table.selectionModel().currentRowChanged.connect(self._on_row_changed)
        self.table.header().sortIndicatorChanged.connect(self._on_sorted)
        self._note = QLabel(_READING, self)
        self._note.setProperty("role", "muted")
        self._note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._note.setWordWrap(True)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self._note)
        self._pages.addWidget(self.table)

    def _build_details(self) -> None:
        self._title = ElidedLabel(self, role="name")
        self._facts = ElidedLabel(self)
        self._weights = ElidedLabel(self, role="muted")

    def _build_foot(self) -> None:
        self.random = QCheckBox("Random weights", self)
        self.random.setToolTip("Open it untrained; nothing is downloaded")
        self.random.toggled.connect(self._refresh)
        cancel = QPushButton("Cancel", self)
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        self.open_button = QPushButton("Open", self)
        self.open_button.setObjectName("primary")
        self.open_button.setDefault(True)
        self.open_button.clicked.connect(self._on_open)
        self._foot = QHBoxLayout()
        self._foot.setSpacing(8)
        self._foot.addWidget(self.random)
        self._foot.addStretch(1)
        self._foot.addWidget(cancel)
        self._foot.addWidget(self.open_button)

    # ---- searching

    @Slot()
    def _search(self) -> None:
        words = tuple(self.search.text().lower().split())
        self._model.set_search(
            Search(
                words,
                self.sources.currentData(),
                self.here.isChecked(),
                self.sizes.currentData(),
                self.tasks.currentData(),
            )
        )
        self._choose_best()

    @Slot()
    def _on_sorted(self) -> None:
        """Choose the first: who sorts asks for the largest, or the smallest."""
        self._name = ""
        self._choose_best()

    def _choose_best(self) -> None:
        """Choose a network of those shown, and bring it into view."""
        shown = self._model.shown
        if shown:
            row = best_match(shown, self._model.search.words, self._name)
            self.table.setCurrentIndex(self._model.index(row, 0))
            self.table.scrollTo(self.table.currentIndex(), QAbstractItemView.ScrollHint.PositionAtCenter)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        """Show what is known of the chosen network, and what opening it would do."""
        shown, total = len(self._model.shown), self._model.total
        self._count.setText(f"{shown:,} of {total:,}" if self._is_told else "")
        if self._is_told:
            self._note.setText(_NOTHING if total else _EMPTY)
        self._pages.setCurrentWidget(self.table if shown else self._note)
        entry = self.chosen
        has_none = entry is not None and entry.weights is WeightsPlace.NONE
        self.random.setEnabled(not has_none)
        is_random = self.random.isChecked()
        self._title.set_text("" if entry is None else entry.name)
        self._facts.set_text("" if entry is None else facts_text(entry))
        self._weights.set_text("" if entry is None else weights_sentence(entry, is_random))
        self.open_button.setText(button_text(entry, is_random))
        self.open_button.setEnabled(entry is not None)

    # ---- user

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let arrows in the search field move through the table, and letters in the table be searched."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if watched is self.search and event.key() in _TO_TABLE:
                self.table.keyPressEvent(event)
                return True
            if watched is self.table and event.text().strip() and event.text().isprintable():
                self.search.setFocus()
                self.search.insert(event.text())
                return True
        return super().eventFilter(watched, event)

    @Slot(QModelIndex, QModelIndex)
    def _on_row_changed(self, index: QModelIndex, before: QModelIndex) -> None:
        del before
        if index.isValid():
            self._name = self._model.shown[index.row()].name
        self._refresh()

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        del index
        self._on_open()

    @Slot()
    def _on_open(self) -> None:
        entry = self.chosen
        if entry is None:
            return
        is_random = self.random.isChecked() or entry.weights is WeightsPlace.NONE
        self.networkChosen.emit(entry.name, None if is_random else "DEFAULT")
        self.accept()
