"""A hint: a sentence with what can be done about it, which can be put away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from cnnviewer.qt.icons import icon
from cnnviewer.qt.widgets.wrapped_label import WrappedLabel

if TYPE_CHECKING:
    from cnnviewer.messages import Mismatch

__all__ = ["Hint"]


class Hint(QFrame):
    """Tells that the image does not suit the network, and offers one that does.

    `sampleRequested` tells a sample's name, `padRequested` that something is to be drawn, `putAway` that the hint is
    not wanted.
    """

    sampleRequested = Signal(str)
    padRequested = Signal()
    putAway = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("hint")
        self._sample = ""
        self._text = WrappedLabel("warning", self)
        self.show_sample = QPushButton(self)
        self.show_sample.clicked.connect(self._on_sample)
        self.draw = QPushButton("Draw one", self)
        self.draw.setToolTip("Open the drawing pad (Ctrl+Shift+D)")
        self.draw.clicked.connect(self.padRequested)
        self.close_button = QToolButton(self)
        self.close_button.setProperty("flat", True)
        self.close_button.setToolTip("Put this hint away while the network is open")
        self.close_button.clicked.connect(self.putAway)
        row = QHBoxLayout()
        row.setSpacing(5)
        row.addWidget(self.show_sample)
        row.addWidget(self.draw)
        row.addStretch(1)
        row.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self._text)
        column.addLayout(row)
        self.hide()

    def show_mismatch(self, mismatch: Mismatch | None) -> None:
        """Show what does not suit, and what would; None for nothing."""
        self.setVisible(mismatch is not None)
        if mismatch is None:
            return
        self._sample = mismatch.sample
        self._text.set_text(mismatch.sentence)
        self.show_sample.setText(mismatch.offer)
        self.draw.setVisible(mismatch.can_draw)
        self.refresh_icons()

    def refresh_icons(self) -> None:
        """Paint the icon in the theme's colour."""
        self.close_button.setIcon(icon("x"))

    @property
    def text(self) -> str:
        """What is told; '' where nothing is."""
        return "" if self.isHidden() else self._text.text()

    @Slot()
    def _on_sample(self) -> None:
        self.sampleRequested.emit(self._sample)
