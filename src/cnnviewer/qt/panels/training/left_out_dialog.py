"""What of a folder is no part of a dataset, and why: all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from cnnviewer.names import steady
from cnnviewer.qt.widgets.dialog_keys import add_close_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cnnviewer.datasets.labelled import LeftOut

__all__ = ["LeftOutDialog"]


class LeftOutDialog(QDialog):
    """Lists what was left out, a line each."""

    def __init__(self, left_out: Iterable[LeftOut], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Left out of the dataset")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        add_close_key(self)
        self.lines = QPlainTextEdit(self)
        self.lines.setReadOnly(True)
        self.lines.setAccessibleName("What was left out, and why")
        self.lines.setPlainText("\n".join(steady(item.told) for item in left_out))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.lines)
        layout.addWidget(buttons)
        self.resize(640, 360)
