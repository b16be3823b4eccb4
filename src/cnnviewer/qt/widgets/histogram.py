"""A histogram whose axis is the colour bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.images import to_image
from cnnviewer.qt.widgets.numbers import value_text

if TYPE_CHECKING:
    from cnnviewer.messages import MapAnswer

__all__ = ["Histogram"]

_BAR = 10


class Histogram(QWidget):
    """Counts of a map's values over the colour bar, with the value under the mouse marked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._answer: MapAnswer | None = None
        self._image: QImage | None = None
        self._value: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_answer(self, answer: MapAnswer | None) -> None:
        """Show the histogram and the colours of this map."""
        self._answer = answer
        self._image = None if answer is None else to_image(answer.colors.reshape(1, -1))
        self._value = None
        self.update()

    def mark(self, value: float | None) -> None:
        """Mark where a value lies."""
        if value != self._value:
            self._value = value
            self.update()

    def sizeHint(self) -> QSize:
        """Return a low strip."""
        return QSize(200, 40 + _BAR + self.fontMetrics().height() + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint counts, colour bar and ends."""
        if self._answer is None or self._image is None:
            return
        with QPainter(self) as painter:
            self._paint(painter, self._answer, self._image)

    def _paint(self, painter: QPainter, answer: MapAnswer, image: QImage) -> None:
        theme = current_theme()
        line = painter.fontMetrics().height()
        floor = self.height() - line - _BAR - 3
        self._paint_counts(painter, floor)
        painter.drawImage(QRect(0, floor + 1, self.width(), _BAR), image)
        painter.setPen(QColor(theme.muted))
        text = QRect(0, self.height() - line, self.width(), line)
        painter.drawText(text, Qt.AlignmentFlag.AlignLeft, value_text(answer.low))
        painter.drawText(text, Qt.AlignmentFlag.AlignRight, value_text(answer.high))
        scopes = {"map": "scale of this map", "layer": "scale of the layer"}
        scope = scopes.get(answer.scope.value, "scale of the network")
        painter.drawText(text, Qt.AlignmentFlag.AlignCenter, scope)
        self._paint_mark(painter, floor)

    def _paint_counts(self, painter: QPainter, floor: int) -> None:
        assert self._answer is not None
        counts = self._answer.counts
        # The square root: one bin of zeros would press all others flat.
        most = max(counts, default=0) ** 0.5 or 1.0
        step = self.width() / max(len(counts), 1)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(current_theme().bar))
        for place, count in enumerate(counts):
            if count:
                height = max((floor - 2) * count**0.5 / most, 1.0)
                painter.drawRect(QRectF(place * step, floor - height, max(step - 1, 1), height))

    def _paint_mark(self, painter: QPainter, floor: int) -> None:
        assert self._answer is not None
        low, high = self._answer.low, self._answer.high
        if self._value is None or high <= low or not low <= self._value <= high:
            return
        place = round((self._value - low) / (high - low) * (self.width() - 1))
        painter.setPen(QPen(QColor(current_theme().accent), 2))
        painter.drawLine(place, 0, place, floor + _BAR)
