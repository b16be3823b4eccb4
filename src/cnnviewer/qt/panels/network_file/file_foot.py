"""What can be done with a network's file that is looked into: open it, remember its card, take one, write one."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QWidget

from cnnviewer.qt.widgets.elided_label import ElidedLabel

__all__ = ["FileFoot"]


class FileFoot(QWidget):
    """The buttons below a file's report; `obstacle` tells why it can't be opened."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.remember = QCheckBox("Remember this for the file", self)
        self.remember.setToolTip("Next time the file opens at once, with these values")
        self.remember.setChecked(True)
        self.obstacle = ElidedLabel(self, role="warning")
        self.importer, self.exporter, self.cancel = (
            QPushButton(text, self) for text in ("Import card…", "Export card…", "Cancel")
        )
        self.importer.setToolTip("Take the values of a card in a JSON file")
        self.exporter.setToolTip("Write these values into a JSON file; beside the network's file it is found by itself")
        self.open_button = QPushButton("Open", self)
        self.open_button.setObjectName("primary")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.remember)
        row.addWidget(self.obstacle, stretch=1)
        row.addStretch(1)
        for button in (self.importer, self.exporter, self.cancel, self.open_button):
            button.setAutoDefault(False)
            row.addWidget(button)
