"""Where a panel lies in its dock: with margins around it, and scrolled where it needs more room than there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMargins, QSize, Signal
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

__all__ = ["PanelArea"]

_MARGINS = QMargins(6, 0, 6, 6)
_LEAST = QSize(440, 96)
"""What every panel can be squeezed to: with one in each place all fit a window of 960×500."""
_NO_LIMIT = 16777215


class PanelArea(QScrollArea):
    """Shows a panel whole where it can, else a part of it; `needChanged` tells that it needs more, or less."""

    needChanged = Signal()

    def __init__(self, panel: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidgetResizable(True)
        self._inner = _Margins(panel)
        self._told = QSize()
        self.setWidget(self._inner)
        for part in (self.viewport(), self._inner):
            part.setAutoFillBackground(False)
        # Not the panel's height for a width: the area would scroll what can be squeezed.
        policy = panel.sizePolicy()
        self.setSizePolicy(QSizePolicy(policy.horizontalPolicy(), policy.verticalPolicy()))
        if panel.maximumHeight() < _NO_LIMIT:
            self.setMaximumHeight(panel.maximumHeight() + _MARGINS.top() + _MARGINS.bottom())

    @property
    def need(self) -> int:
        """The least height at which all of the panel is seen."""
        return self._inner.minimumSizeHint().height()

    def sizeHint(self) -> QSize:
        """Return room for the panel as it likes to be."""
        return self._inner.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """Return room for all of the panel, where that is not much, or for a part of it."""
        whole = self._inner.minimumSizeHint()
        bar = self.verticalScrollBar().sizeHint().width() if whole.height() > _LEAST.height() else 0
        return QSize(whole.width() + bar, whole.height()).boundedTo(_LEAST)

    def event(self, event: QEvent) -> bool:
        """Tell where the panel needs another size than before."""
        if event.type() == QEvent.Type.LayoutRequest and self._inner.minimumSizeHint() != self._told:
            self._told = self._inner.minimumSizeHint()
            self.updateGeometry()
            self.needChanged.emit()
        return super().event(event)


class _Margins(QWidget):
    """Puts margins around a panel; a layout would have it scrolled below the height that it likes."""

    def __init__(self, panel: QWidget) -> None:
        super().__init__()
        self._panel = panel
        panel.setParent(self)

    def sizeHint(self) -> QSize:
        return self._panel.sizeHint().grownBy(_MARGINS)

    def minimumSizeHint(self) -> QSize:
        return self._panel.minimumSizeHint().expandedTo(self._panel.minimumSize()).grownBy(_MARGINS)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._panel.setGeometry(self.rect().marginsRemoved(_MARGINS))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().event(event)
