"""A colour bar with its ends and what they hold for."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from cnnviewer.qt.theme import current_theme

__all__ = ["ColorBar"]


class ColorBar(QWidget):
    """An upright colour bar: the high end's text above, the low end's below, the scope at the bottom."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._high = self._low = self._scope = ""
        self._image: QImage | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_scale(self, image: QImage | None, low: str, high: str, scope: str) -> None:
        """Show these colours (an image one pixel wide, high end on top) and texts; None shows no bar."""
        if (image, low, high, scope) == (self._image, self._low, self._high, self._scope):
            return  # as with most frames of a stream
        self._image, self._low, self._high, self._scope = image, low, high, scope
        self.setAccessibleName(f"scale from {low} to {high}, {scope}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the bar and its texts."""
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        theme = current_theme()
        font = painter.font()
        font.setPointSizeF(max(7.0, font.pointSizeF() * 0.85))
        painter.setFont(font)
        painter.setPen(QColor(theme.muted))
        line = painter.fontMetrics().height()
        width, bottom = self.width(), self.height()
        center = Qt.AlignmentFlag.AlignCenter
        if self._image is None:
            painter.drawText(QRect(0, bottom - line, width, line), center, self._scope)
            return
        painter.drawText(QRect(0, bottom - line, width, line), center, self._scope)
        if bottom >= 4 * line:
            painter.drawText(QRect(0, 0, width, line), center, self._high)
            painter.drawText(QRect(0, bottom - 2 * line, width, line), center, self._low)
            bar = QRect(width // 2 - 5, line + 1, 10, bottom - 3 * line - 2)
        else:  # a low card: the ends stand beside the bar
            bar = QRect(4, 1, 10, bottom - line - 3)
            beside = QRect(18, 0, width - 18, line)
            painter.drawText(beside, Qt.AlignmentFlag.AlignLeft, self._high)
            beside.moveTop(max(line - 2, bottom - 2 * line - 1))
            painter.drawText(beside, Qt.AlignmentFlag.AlignLeft, self._low)
        painter.drawImage(bar, self._image)
        painter.setPen(QColor(theme.border))
        painter.drawRect(bar)
