"""The help: all keys, by group."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from cnnviewer.qt.actions import ACTIONS, OTHER_KEYS

__all__ = ["HelpDialog"]


class HelpDialog(QDialog):
    """Lists the keys."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        grid = QGridLayout()
        grid.setHorizontalSpacing(28)
        grid.setVerticalSpacing(4)
        rows = [(info.group, info.text, " or ".join(info.keys)) for info in ACTIONS]
        groups = dict.fromkeys(group for group, _, _ in rows)
        line = 0
        for group in groups:
            title = QLabel(group)
            title.setProperty("role", "name")
            grid.addWidget(title, line, 0, 1, 2)
            line += 1
            for _, text, keys in [row for row in (*rows, *OTHER_KEYS) if row[0] == group]:
                grid.addWidget(QLabel(text.removesuffix("…")), line, 0)
                shown = QLabel(keys)
                shown.setProperty("role", "muted")
                grid.addWidget(shown, line, 1)
                line += 1
        about = QLabel("Drop a photo, several, or a folder on the window. Click a map to inspect it.")
        about.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 14)
        layout.setSpacing(12)
        layout.addLayout(grid)
        layout.addWidget(about)
        layout.addWidget(buttons)
