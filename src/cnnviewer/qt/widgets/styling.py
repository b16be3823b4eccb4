"""What widgets have in common in their looks: the roles and states that the style sheet tells apart, scroll areas."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QScrollArea, QWidget

from cnnviewer.names import steady

if TYPE_CHECKING:
    from PySide6.QtGui import QColor

__all__ = ["LINKS", "breakable", "label", "lightness", "literal", "scrolled", "set_state"]

LINKS = Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
"""For labels with links."""


def label(text: str, parent: QWidget, role: str = "muted") -> QLabel:
    """Return a label of a role: "muted", "name" or "warning".

    It shows its text as it is: names from files may look like tags. Who writes rich text for it sets its format.
    """
    made = QLabel(parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setText(text)
    made.setProperty("role", role)
    return made


def breakable(text: str) -> str:
    """Return a text that may be broken within the paths in it, too; it runs from left to right."""
    return steady(text).replace("/", "/\u200b").replace("\\", "\\\u200b")


def literal(text: str) -> str:
    """Return the text of a tooltip that shows `text` as it is, from left to right.

    Qt takes what looks like tags for rich text.
    """
    text = "\n".join(map(steady, text.split("\n")))
    return f"<span style='white-space: pre-wrap'>{escape(text)}</span>" if "<" in text else text


def scrolled(widget: QWidget, parent: QWidget) -> QScrollArea:
    """Return a frameless area in which a widget is scrolled; where it paints nothing, what lies behind is seen."""
    area = QScrollArea(parent)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setWidget(widget)
    for part in (area.viewport(), widget):
        part.setAutoFillBackground(False)
    return area


def lightness(color: QColor) -> float:
    """Return how light a colour is to the eye, 0..1."""
    return 0.299 * color.redF() + 0.587 * color.greenF() + 0.114 * color.blueF()


def set_state(widget: QWidget, name: str, value: bool) -> None:
    """Set a property that the style sheet asks for, and paint the widget accordingly."""
    if bool(widget.property(name)) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
