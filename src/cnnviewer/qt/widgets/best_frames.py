"""The frames that excited a map most, cut down to the place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnviewer.qt.theme import PLACE_COLOR, current_theme
from cnnviewer.qt.widgets.images import to_image
from cnnviewer.qt.widgets.numbers import value_text
from cnnviewer.qt.widgets.styling import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.frames import Best

__all__ = ["BestFrames"]

_COUNT, _GAP, _LARGEST = 9, 4, 84


class BestFrames(QWidget):
    """Shows nine small pictures with the unit's place marked and its value below, the highest first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._best: tuple[Best, ...] = ()
        self._images: tuple[QImage, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 46)
        self.setAccessibleName("The frames that excited the map most")

    @property
    def best(self) -> tuple[Best, ...]:
        """What is shown."""
        return self._best

    def show_best(self, best: Sequence[Best]) -> None:
        """Show these frames."""
        self._best = tuple(best)
        self._images = tuple(to_image(frame.pixels) for frame in best)
        self.update()

    def sizeHint(self) -> QSize:
        """Return a row of nine."""
        return QSize(360, 60)

    def place_rect(self, place: int) -> QRect:
        """Return where a picture lies: all in one row, or in as many as make them largest."""
        rows, side = max(((rows, self._side(rows)) for rows in (1, 2, 3)), key=lambda found: found[1])
        columns = -(-_COUNT // rows)
        row, column = divmod(place, columns)
        return QRect(column * (side + _GAP), row * (side + self._text_height() + _GAP), side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the pictures."""
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        theme = current_theme()
        font = painter.font()
        font.setPointSizeF(max(6.0, font.pointSizeF() * 0.75))
        painter.setFont(font)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for place in range(_COUNT):
            rect = self.place_rect(place)
            if place >= len(self._best):
                painter.fillRect(rect, QColor(theme.raised))
                continue
            best, image = self._best[place], self._images[place]
            painter.drawImage(QRectF(rect), image, QRectF(image.rect()))
            painter.setPen(QPen(QColor(PLACE_COLOR), 1.5))
            painter.drawRect(_scaled(best.box, rect, image))
            painter.setPen(QColor(theme.muted))
            text = QRect(rect.left(), rect.bottom() + 1, rect.width(), self._text_height())
            painter.drawText(text, Qt.AlignmentFlag.AlignHCenter, value_text(best.value))

    def event(self, event: QEvent) -> bool:
        """Tell which frame is under the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            best = self._best_at(event.pos())
            if best is None:
                QToolTip.hideText()
            else:
                row, column = best.unit
                text = f"{best.title}, frame {best.frame:,}: unit ({row}, {column}) = {value_text(best.value)}"
                QToolTip.showText(event.globalPos(), literal(text), self)
            return True
        return super().event(event)

    def _best_at(self, point: QPoint) -> Best | None:
        return next((best for place, best in enumerate(self._best) if self.place_rect(place).contains(point)), None)

    def _side(self, rows: int) -> int:
        columns = -(-_COUNT // rows)
        across = (self.width() + _GAP) // columns - _GAP
        down = (self.height() + _GAP) // rows - _GAP - self._text_height()
        return max(8, min(across, down, _LARGEST))

    def _text_height(self) -> int:
        return round(self.fontMetrics().height() * 0.8)


def _scaled(box: tuple[float, float, float, float], rect: QRect, image: QImage) -> QRectF:
    across, down = rect.width() / image.width(), rect.height() / image.height()
    left, top, right, bottom = box
    return QRectF(
        rect.left() + left * across, rect.top() + top * down, (right - left) * across, (bottom - top) * down
    ).intersected(QRectF(rect.adjusted(1, 1, -1, -1)))
