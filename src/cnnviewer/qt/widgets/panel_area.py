"""Where a panel lies in its dock: with margins around it, and scrolled where it needs more room than there is."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

__all__ = ["PanelArea"]

_MARGINS = (6, 0, 6, 6)
_LEAST = QSize(250, 96)
"""What every panel can be squeezed to: with one in each place all fit a window of 960×500."""
_NO_LIMIT = 16777215


class PanelArea(QScrollArea):
    """Shows a panel whole where it can, else a part of it."""

    def __init__(self, panel: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidgetResizable(True)
        self._inner = QWidget()
        around = QVBoxLayout(self._inner)
        around.setContentsMargins(*_MARGINS)
        around.addWidget(panel)
        self.setWidget(self._inner)
        for part in (self.viewport(), self._inner):
            part.setAutoFillBackground(False)
        self.setSizePolicy(panel.sizePolicy())
        if panel.maximumHeight() < _NO_LIMIT:
            self.setMaximumHeight(panel.maximumHeight() + _MARGINS[1] + _MARGINS[3])

    def sizeHint(self) -> QSize:
        """Return room for the panel as it likes to be."""
        return self._inner.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """Return room for all of the panel, where that is not much, or for a part of it."""
        return self._inner.minimumSizeHint().boundedTo(_LEAST)
