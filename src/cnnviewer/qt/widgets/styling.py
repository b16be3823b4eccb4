"""What the style sheet tells apart: the roles of labels, the states of widgets."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

__all__ = ["LINKS", "label", "set_state"]

LINKS = Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
"""For labels with links."""


def label(text: str, parent: QWidget, role: str = "muted") -> QLabel:
    """Return a label of a role: "muted", "name" or "warning"."""
    made = QLabel(text, parent)
    made.setProperty("role", role)
    return made


def set_state(widget: QWidget, name: str, value: bool) -> None:
    """Set a property that the style sheet asks for, and paint the widget accordingly."""
    if bool(widget.property(name)) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
