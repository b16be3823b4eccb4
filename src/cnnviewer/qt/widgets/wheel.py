"""Fields that leave the wheel to what they lie in, until they have the keyboard.

All boxes to choose from and all sliders of the window are made of these, and all boxes for numbers of
`cnnviewer.qt.widgets.number_field`: the wheel over a form scrolls it, and changes nothing that it passes over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QSlider

if TYPE_CHECKING:
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QWidget

__all__ = ["Choice", "Slider", "is_for"]


def is_for(widget: QWidget, event: QWheelEvent) -> bool:
    """Whether the wheel turns for a field, which has the keyboard; else the event goes on to what it lies in."""
    if not widget.hasFocus():
        event.ignore()
    return widget.hasFocus()


class Choice(QComboBox):
    """A box to choose one of several texts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # Qt's own gives the keyboard to what the wheel passes over

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Choose the next text where the box has the keyboard."""
        if is_for(self, event):
            super().wheelEvent(event)


class Slider(QSlider):
    """A slider from left to right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Move where the slider has the keyboard."""
        if is_for(self, event):
            super().wheelEvent(event)
