"""The names of a network's classes: a known list, lines that one edits, or those of a text file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from cnnviewer.card import read_categories
from cnnviewer.categories import CATEGORY_LISTS
from cnnviewer.errors import NetworkError
from cnnviewer.qt.widgets.file_dialog import file_dialog
from cnnviewer.qt.widgets.wheel import Choice

__all__ = ["CategoriesEditor"]

_NONE, _OWN = "No names: classes are numbered", "Names of your own"


class CategoriesEditor(QWidget):
    """Edits ``categories`` of a card's JSON: a list of names, or the name of a list."""

    changed = Signal()
    failed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._given: tuple[str, ...] = ()
        self._given_text = ""
        self.lists = Choice(self)
        self.lists.setAccessibleName("Categories")
        self.lists.setToolTip("Whose names the classes have")
        self.lists.addItem(_NONE, [])
        for name, count in CATEGORY_LISTS.items():
            self.lists.addItem(f"{name}: {count:,} names", name)
        self.lists.addItem(_OWN, None)
        self._known = self.lists.count()
        self.opener = QPushButton("Text file…", self)
        self.opener.setAutoDefault(False)
        self.opener.setToolTip("Read the names from a text file, one a line")
        self.editor = QPlainTextEdit(self)
        self.editor.setAccessibleName("Names of the classes, one a line")
        self.editor.setPlaceholderText("A name a line, in the order of the network's class scores")
        self.editor.setTabChangesFocus(True)
        self.editor.setFixedHeight(self.editor.fontMetrics().lineSpacing() * 4 + 18)
        self.lists.currentIndexChanged.connect(self._on_changed)
        self.editor.textChanged.connect(self._on_changed)
        self.opener.clicked.connect(self._on_open)
        row = QHBoxLayout()
        row.setSpacing(7)
        row.addWidget(self.lists, stretch=1)
        row.addWidget(self.opener)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(row)
        layout.addWidget(self.editor)

    def value(self) -> list[str] | str:
        """Return the names, or the name of a list."""
        chosen = self.lists.currentData()
        if chosen is not None:
            return list(chosen) if isinstance(chosen, list) else str(chosen)
        text = self.editor.toPlainText()
        if text == self._given_text:
            return list(self._given)  # with what lines can't hold
        return [line.strip() for line in text.splitlines() if line.strip()]

    def set_value(self, value: list[str] | str) -> None:
        """Edit other names, or the list of another name."""
        with QSignalBlocker(self.lists), QSignalBlocker(self.editor):
            while self.lists.count() > self._known:
                self.lists.removeItem(self._known)
            if isinstance(value, str) and self.lists.findData(value) < 0:
                self.lists.addItem(value, value)
            if isinstance(value, list):
                self._given = tuple(value)
                self.editor.setPlainText("\n".join(value))
                self._given_text = self.editor.toPlainText()
                own = self.lists.findText(_OWN, Qt.MatchFlag.MatchExactly)
                self.lists.setCurrentIndex(own if value else 0)
            else:
                self.lists.setCurrentIndex(self.lists.findData(value))
        self._on_changed()

    def count(self) -> int | None:
        """Return how many names there are; None for those of a list that is not known."""
        value = self.value()
        return CATEGORY_LISTS.get(value) if isinstance(value, str) else len(value)

    def read_file(self, path: Path) -> None:
        """Edit the names in a text file; `failed` tells why it can't be."""
        try:
            self.set_value(list(read_categories(path)))
        except NetworkError as error:
            self.failed.emit(str(error))

    @Slot()
    def _on_changed(self) -> None:
        self.editor.setVisible(self.lists.currentData() is None)
        self.changed.emit()

    @Slot()
    def _on_open(self) -> None:
        filters = "Text files (*.txt *.csv *.names);;All files (*)"
        dialog = file_dialog(self, "Names of the classes", filters=filters)
        dialog.fileSelected.connect(self._on_file_selected)
        dialog.open()

    @Slot(str)
    def _on_file_selected(self, name: str) -> None:
        self.read_file(Path(name))
