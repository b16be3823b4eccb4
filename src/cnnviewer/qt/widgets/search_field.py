"""A field to search in, which is used from the keyboard alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

__all__ = ["SearchField"]


class SearchField(QLineEdit):
    """Enter goes to what is found, Shift+Enter back, Down into the list; Escape empties the field.

    `stepped` tells 1 or -1, `left` that the keyboard is to go into the list.
    """

    stepped = Signal(int)
    left = Signal()

    def __init__(self, placeholder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(placeholder)
        self.setClearButtonEnabled(True)

    def event(self, event: QEvent) -> bool:
        """Take Escape while there is something to empty: else the window takes it for a step back."""
        if event.type() == QEvent.Type.ShortcutOverride and self._clears_on(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Do what the key is for; letters go into the field."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.stepped.emit(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        elif event.key() == Qt.Key.Key_Down:
            self.left.emit()
        elif self._clears_on(event):
            self.clear()
        else:
            super().keyPressEvent(event)

    def _clears_on(self, event: QEvent) -> bool:
        return getattr(event, "key", int)() == Qt.Key.Key_Escape and bool(self.text())
