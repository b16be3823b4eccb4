"""What colours mean, in a line: a strip of them between the numbers at its ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QTransform
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.images import to_image

if TYPE_CHECKING:
    from cnnviewer.messages import Pixels

__all__ = ["ColorLegend"]

_GAP, _LEAST_STRIP, _MOST_STRIP = 5, 30, 110


class ColorLegend(QWidget):
    """Paints a strip of colours that lies on its side, the text of its low end before it, of its high end behind."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strip: QImage | None = None
        self._texts = ("", "")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def texts(self) -> tuple[str, str]:
        """What stands at the low and at the high end."""
        return self._texts

    def show_strip(self, strip: QImage, low: str, high: str) -> None:
        """Show the colours of an image one pixel wide, its high end on top, with the texts of its ends."""
        self.show_colors(strip.transformed(QTransform().rotate(90)), low, high)

    def show_pixels(self, pixels: Pixels, low: str, high: str) -> None:
        """Show colours ``(1, count)``, 0xAARRGGBB, the low end first; where they are clear, the panel is seen."""
        self.show_colors(to_image(pixels, has_alpha=True).copy(), low, high)

    def show_colors(self, strip: QImage, low: str, high: str) -> None:
        """Show the colours of an image one pixel high, its low end first, with the texts of its ends."""
        self._strip, self._texts = strip, (low, high)
        self.setAccessibleName(f"Colours from {low} to {high}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for the texts, and a strip between them."""
        metrics = self.fontMetrics()
        words = sum(metrics.horizontalAdvance(text) for text in self._texts)
        return QSize(words + 2 * _GAP + _MOST_STRIP, metrics.height() + 2)

    def minimumSizeHint(self) -> QSize:
        """Return room for the texts, and a short strip."""
        hint = self.sizeHint()
        return QSize(hint.width() - _MOST_STRIP + _LEAST_STRIP, hint.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the strip between its ends."""
        if self._strip is None:
            return
        with QPainter(self) as painter:
            self._paint(painter, self._strip)

    def _paint(self, painter: QPainter, image: QImage) -> None:
        metrics, theme = self.fontMetrics(), current_theme()
        low, high = (metrics.horizontalAdvance(text) for text in self._texts)
        width = min(_MOST_STRIP, max(self.width() - low - high - 2 * _GAP, 8))
        strip = QRectF(low + _GAP, 3, width, self.height() - 6)
        painter.drawImage(strip, image)
        painter.setPen(QColor(theme.border))
        painter.drawRect(strip)
        painter.setPen(QColor(theme.muted))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, 0, low + 1, self.height()), middle, self._texts[0])
        painter.drawText(QRectF(strip.right() + _GAP, 0, high + 1, self.height()), middle, self._texts[1])
