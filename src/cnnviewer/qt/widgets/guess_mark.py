"""A small mark beside what was guessed: its tooltip tells what and why, and a press leads to where it is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from cnnviewer.qt.widgets.styling import literal

if TYPE_CHECKING:
    from cnnviewer.card import Reason

__all__ = ["GuessMark"]

_WORDS = {
    "size": "Size",
    "mean": "Pixels",
    "categories": "Names",
    "returns": "Returns",
    "architecture": "Architecture",
    "channels": "Channels",
}


class GuessMark(QToolButton):
    """Says "guessed" as long as there are reasons; `clicked` tells that the user wants to say how it is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText("guessed")
        self.setProperty("role", "guess")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("What was guessed of this network")
        self.hide()

    def show_reasons(self, reasons: tuple[Reason, ...]) -> None:
        """Show the mark where there are reasons, and tell them in its tooltip."""
        lines = [f"{_WORDS.get(reason.what, reason.what.capitalize())}: {reason.text}" for reason in reasons]
        text = "\n".join((*lines, "A click opens the network's card: what it says there is no guess any more."))
        self.setToolTip(literal(text) if reasons else "")
        self.setAccessibleDescription("\n".join(lines))
        self.setVisible(bool(reasons))
