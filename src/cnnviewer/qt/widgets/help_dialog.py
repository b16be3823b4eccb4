"""The help: all keys, by group."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cnnviewer.qt.actions import ACTIONS, OTHER_KEYS
from cnnviewer.qt.widgets.dialog_keys import add_close_key
from cnnviewer.qt.widgets.styling import label

__all__ = ["HelpDialog"]


class HelpDialog(QDialog):
    """Lists the keys."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        add_close_key(self)
        self.setWindowTitle("Keys")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        columns = QHBoxLayout()
        columns.setSpacing(36)
        for groups in _halves():
            columns.addLayout(self._grid(groups))
        about = QLabel("Drop a photo, several, or a folder on the window. Click a map to inspect it.")
        about.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 14)
        layout.setSpacing(12)
        layout.addLayout(columns)
        layout.addWidget(about)
        layout.addWidget(buttons)

    def _grid(self, groups: dict[str, list[tuple[str, str]]]) -> QGridLayout:
        """Return groups of keys below each other."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(28)
        grid.setVerticalSpacing(4)
        for group, rows in groups.items():
            grid.addWidget(label(group, self, "name"), grid.rowCount(), 0, 1, 2)
            for text, keys in rows:
                line = grid.rowCount()
                grid.addWidget(QLabel(text.removesuffix("…")), line, 0)
                grid.addWidget(label(keys, self), line, 1)
        grid.setRowStretch(grid.rowCount(), 1)
        return grid


def _halves() -> tuple[dict[str, list[tuple[str, str]]], dict[str, list[tuple[str, str]]]]:
    """Return the texts and keys of each group, in two halves that are about as long: one would not fit a screen."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for info in ACTIONS:
        groups.setdefault(info.group, []).append((info.text, " or ".join(info.keys)))
    for group, text, keys in OTHER_KEYS:
        groups.setdefault(group, []).append((text, keys))
    first: dict[str, list[tuple[str, str]]] = {}
    lines = sum(len(rows) + 1 for rows in groups.values())
    while sum(len(rows) + 1 for rows in first.values()) < lines // 2:
        group = next(iter(groups))
        first[group] = groups.pop(group)
    return first, groups
