"""A label that shortens its text where there is no room, and then tells all of it in its tooltip."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from cnnviewer.names import steady
from cnnviewer.qt.widgets.styling import literal

__all__ = ["ElidedLabel"]


class ElidedLabel(QLabel):
    """A one-line label whose text is cut short by … where it does not fit: at its end, or in its middle.

    It runs from left to right, whatever the script of the names in it is.
    """

    def __init__(self, parent: QWidget | None = None, *, role: str = "", in_middle: bool = False) -> None:
        super().__init__(parent)
        self._mode = Qt.TextElideMode.ElideMiddle if in_middle else Qt.TextElideMode.ElideRight
        self.setTextFormat(Qt.TextFormat.PlainText)
        if role:
            self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def set_text(self, text: str) -> None:
        """Show this text."""
        if text == self.text():
            return
        self.setText(text)
        self.setToolTip(text)

    def setToolTip(self, text: str) -> None:
        """Tell this text as it is, also where a name in it looks like a tag."""
        super().setToolTip(literal(text))

    def sizeHint(self) -> QSize:
        """Return room for the whole text."""
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(steady(self.text())) + 3, metrics.height() + 2)

    def minimumSizeHint(self) -> QSize:
        """Return room for a few letters."""
        shortest = min(self.sizeHint().width(), self.fontMetrics().averageCharWidth() * 7)
        return QSize(shortest if self.text() else 0, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint as much of the text as fits."""
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        text = self.fontMetrics().elidedText(steady(self.text()), self._mode, self.width())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
