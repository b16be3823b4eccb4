"""Bars before and after: the class probabilities of one image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.numbers import probability_text
from cnnviewer.qt.widgets.styling import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PairedBars"]


class PairedBars(QWidget):
    """Paints for each class a pale bar for before and a full one for now; the right class is marked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._before: tuple[float, ...] = ()
        self._now: tuple[float, ...] = ()
        self._right = -1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(150, 50)
        self.setAccessibleName("Class probabilities, before and now")

    def show_values(self, names: Sequence[str], before: Sequence[float], now: Sequence[float], right: int) -> None:
        """Show probabilities 0..1; `before` and `now` may be empty. `right` is the class of the image."""
        self._names, self._before, self._now, self._right = tuple(names), tuple(before), tuple(now), right
        self.setAccessibleDescription("; ".join(self._text(index) for index in range(len(self._names))))
        self.update()

    @property
    def values(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """What is shown: before, and now."""
        return self._before, self._now

    def sizeHint(self) -> QSize:
        """Return room for ten classes."""
        return QSize(260, 120)

    def slot_rect(self, index: int) -> QRectF:
        """Return where a class lies."""
        width = self.width() / max(1, len(self._names))
        return QRectF(index * width, 0, width, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the bars and the names below them."""
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        theme = current_theme()
        line = painter.fontMetrics().height()
        for index, name in enumerate(self._names):
            slot = self.slot_rect(index)
            if index == self._right:
                painter.fillRect(slot.adjusted(1, 0, -1, 0), QColor(theme.raised))
            ground = slot.bottom() - line - 1
            bar = max(2.0, slot.width() / 2 - 3)
            pairs = ((self._before, theme.bar, slot.center().x() - bar), (self._now, theme.accent, slot.center().x()))
            for values, color, left in pairs:
                if index < len(values):
                    height = max(1.0, (ground - 3) * min(max(values[index], 0.0), 1.0))
                    painter.fillRect(QRectF(left, ground - height, bar - 1, height), QColor(color))
            painter.setPen(QColor(theme.text if index == self._right else theme.muted))
            text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(slot.width()))
            painter.drawText(QRectF(slot.left(), ground, slot.width(), line), Qt.AlignmentFlag.AlignHCenter, text)
        painter.setPen(QColor(theme.border))
        painter.drawLine(0, self.height() - line - 1, self.width(), self.height() - line - 1)

    def event(self, event: QEvent) -> bool:
        """Tell the numbers of the class under the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = [index for index in range(len(self._names)) if self.slot_rect(index).contains(event.pos())]
            if found:
                QToolTip.showText(event.globalPos(), literal(self._text(found[0])), self)
            return True
        return super().event(event)

    def _text(self, index: int) -> str:
        shown = [
            f"{title} {probability_text(values[index])}"
            for title, values in (("before", self._before), ("now", self._now))
            if index < len(values)
        ]
        return ", ".join([self._names[index], *shown])
