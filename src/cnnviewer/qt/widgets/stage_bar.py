"""Where a frame's time goes: its stages, side by side."""

from __future__ import annotations

from dataclasses import astuple, fields

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviewer.frames import StageTimes
from cnnviewer.qt.theme import current_theme, line_colors

__all__ = ["StageBar"]

_NAMES = tuple(field.name for field in fields(StageTimes))
_BAR = 14
_TIPS = {
    "grab": "making pixels of what the source gives",
    "preprocess": "resizing, cropping, normalising",
    "network": "the forward pass, with the layers on the screen kept",
    "render": "making pictures of what is on the screen",
    "paint": "painting the window",
}


class StageBar(QWidget):
    """Paints the stages as one bar, with their names and milliseconds below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._times = StageTimes()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("\n".join(f"{name}: {text}" for name, text in _TIPS.items()))
        self.setAccessibleName("Time of each stage")

    @property
    def times(self) -> StageTimes:
        """What is shown."""
        return self._times

    def show_times(self, times: StageTimes) -> None:
        """Show how long the stages take, in seconds."""
        self._times = times
        self.setAccessibleDescription(", ".join(f"{name} {text}" for name, text in self._rows()))
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for the bar and the rows below it."""
        return QSize(190, _BAR + 6 + len(_NAMES) * self._row_height())

    def minimumSizeHint(self) -> QSize:
        """Return room for the bar and the rows below it."""
        return QSize(150, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the bar and the rows."""
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        seconds, colors, theme = astuple(self._times), line_colors(), current_theme()
        total = sum(seconds)
        painter.fillRect(0, 0, self.width(), _BAR, QColor(theme.raised))
        left = 0.0
        for color, part in zip(colors, seconds, strict=False):
            width = self.width() * part / total if total else 0.0
            painter.fillRect(QRectF(left, 0, width, _BAR), QColor(color))
            left += width
        font = painter.font()
        font.setPointSizeF(max(6.5, font.pointSizeF() * 0.85))
        painter.setFont(font)
        for row, (name, text) in enumerate(self._rows()):
            box = QRect(0, _BAR + 6 + row * self._row_height(), self.width(), self._row_height())
            painter.fillRect(0, box.center().y() - 3, 8, 8, QColor(colors[row]))
            painter.setPen(QColor(theme.text))
            painter.drawText(box.adjusted(14, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, name)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)

    def _row_height(self) -> int:
        return self.fontMetrics().height() - 1

    def _rows(self) -> list[tuple[str, str]]:
        return [(name, f"{part * 1000:.1f} ms") for name, part in zip(_NAMES, astuple(self._times), strict=True)]
