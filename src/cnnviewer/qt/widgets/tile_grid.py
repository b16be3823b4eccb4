"""A grid of maps or filters: painted, chosen by mouse and by the arrow keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.arrow_keys import ACROSS_DOWN
from cnnviewer.qt.widgets.card_layout import ARROW, GAP
from cnnviewer.qt.widgets.images import to_image
from cnnviewer.qt.widgets.numbers import value_text
from cnnviewer.qt.widgets.styling import literal

if TYPE_CHECKING:
    from cnnviewer.messages import TilesAnswer
    from cnnviewer.qt.widgets.card_layout import BodyLayout

__all__ = ["TileGrid"]


_SHORT = {"not finite": "NaN", "holds infinity": "∞"}
"""What is told of maps with a sign alone, where there is no room; these are warnings."""


class TileGrid(QWidget):
    """Paints the pictures of a `TilesAnswer`; `chosen` tells a map's channel and the unit under the mouse."""

    chosen = Signal(int, object)
    opened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout: BodyLayout | None = None
        self._answer: TilesAnswer | None = None
        self._first = 0
        self._image: QImage | None = None
        self._before: QImage | None = None
        self._channel: int | None = None
        self._what = "map"
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # else the card is painted below each new picture
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_layout(self, layout: BodyLayout, what: str) -> None:
        """Lay the grid out anew; pictures of another size are forgotten."""
        if self._layout is None or (layout.view, layout.tile, layout.is_paired) != (
            self._layout.view,
            self._layout.tile,
            self._layout.is_paired,
        ):
            self._answer = self._image = self._before = None
        self._layout, self._what = layout, what
        self.update()

    def clear(self) -> None:
        """Forget the pictures: they are of another layer."""
        self._answer = self._image = self._before = None
        self.update()

    def show_answer(self, answer: TilesAnswer, first: int) -> None:
        """Show these pictures, the first of them at place `first` of the grid."""
        self._answer, self._first = answer, first
        self._image = _stacked(answer.pixels)
        self._before = None if answer.before is None else _stacked(answer.before)
        self.update()

    def set_channel(self, channel: int | None) -> None:
        """Mark the chosen map."""
        if channel != self._channel:
            self._channel = channel
            self.update()

    @property
    def channels(self) -> tuple[int, ...]:
        """The channels of the maps that are shown."""
        return () if self._answer is None else self._answer.channels

    def tile_rect(self, place: int) -> QRect:
        """Return where the grid's cell of this place lies."""
        layout = self._layout
        if layout is None:
            return QRect()
        row, column = divmod(place, layout.columns)
        extra = GAP if layout.is_paired else 0
        left = column * (layout.cell[0] + GAP + extra)
        return QRect(left, row * (layout.cell[1] + GAP), *layout.cell)

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the cells that have to be painted."""
        if self._layout is None:
            return
        with QPainter(self) as painter:
            self._paint(painter, event.rect(), self._layout)

    def _paint(self, painter: QPainter, area: QRect, layout: BodyLayout) -> None:
        painter.fillRect(area, QColor(current_theme().panel))
        for place in range(layout.shown):
            rect = self.tile_rect(place)
            if rect.intersects(area):
                self._paint_cell(painter, place, rect)

    def _paint_cell(self, painter: QPainter, place: int, rect: QRect) -> None:
        assert self._layout is not None
        index = place - self._first
        wide, high = self._layout.tile
        left, top = rect.left() + rect.width() - wide, rect.top()
        answer = self._answer
        if answer is None or self._image is None or not 0 <= index < len(answer.channels):
            painter.fillRect(left, top, wide, high, QColor(current_theme().raised))
            return
        self._paint_picture(painter, self._image, index, left, top)
        if self._before is not None:
            self._paint_picture(painter, self._before, index, rect.left(), top)
            painter.setPen(QColor(current_theme().muted))
            painter.drawText(rect.left() + wide, top, ARROW, high, Qt.AlignmentFlag.AlignCenter, "→")
        if answer.badges[index]:
            _paint_badge(painter, QRect(left, top, wide, high), answer.badges[index])
        if answer.channels[index] == self._channel:
            self._paint_mark(painter, rect)

    def _paint_picture(self, painter: QPainter, image: QImage, index: int, left: int, top: int) -> None:
        """Paint one of the pictures that lie below each other in an image."""
        assert self._layout is not None
        assert self._answer is not None
        _, height, width = self._answer.pixels.shape
        if (width, height) == self._layout.tile:
            painter.drawImage(left, top, image, 0, index * height, width, height)
        else:  # a screen with more pixels than the window counts
            target = QRectF(left, top, *self._layout.tile)
            painter.drawImage(target, image, QRectF(0, index * height, width, height))

    def _paint_mark(self, painter: QPainter, rect: QRect) -> None:
        color = QColor(current_theme().accent)
        painter.setPen(QPen(color, 2))
        painter.drawRect(rect.adjusted(1, 1, -1, -1))
        if self.hasFocus():
            painter.setPen(QPen(QColor(current_theme().panel), 1))
            painter.drawRect(rect.adjusted(2, 2, -3, -3))

    # ---- choosing

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the map under the mouse, and the unit of it."""
        place = self._place_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self._choose(place, self._unit_share(place, event.position().toPoint()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Ask where the unit under the mouse comes from."""
        place = self._place_at(event.position().toPoint())
        if place is not None:
            self.opened.emit(self._channel_at(place))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move to the neighbouring map with the arrow keys."""
        if event.key() not in ACROSS_DOWN or self._layout is None or self._answer is None:
            super().keyPressEvent(event)
            return
        right, down = ACROSS_DOWN[Qt.Key(event.key())]
        places = [place for place, channel in self._known() if channel == self._channel]
        place = places[0] + right + down * self._layout.columns if places else self._first
        if 0 <= place - self._first < len(self._answer.channels) and place < self._layout.shown:
            self._choose(place, None)
        else:
            event.ignore()

    def event(self, event: QEvent) -> bool:
        """Tell the number and range of the map under the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self._place_at(event.pos())
            if place is None or self._answer is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), literal(self._tip(place - self._first)), self)
            return True
        return super().event(event)

    def _tip(self, index: int) -> str:
        assert self._answer is not None
        low, high = value_text(self._answer.lows[index]), value_text(self._answer.highs[index])
        text = f"{self._what} {self._answer.channels[index]} · colours from {low} to {high}"
        badge = self._answer.badges[index]
        return f"{text} · {badge}" if badge else text

    def _known(self) -> list[tuple[int, int]]:
        return [] if self._answer is None else list(enumerate(self._answer.channels, self._first))

    def _choose(self, place: int, share: tuple[float, float] | None) -> None:
        self.chosen.emit(self._channel_at(place), share)

    def _channel_at(self, place: int) -> int:
        assert self._answer is not None
        return self._answer.channels[place - self._first]

    def _place_at(self, point: QPoint) -> int | None:
        """Return the place of the picture under a point; None between pictures."""
        for place, _ in self._known():
            if self.tile_rect(place).contains(point):
                return place
        return None

    def _unit_share(self, place: int, point: QPoint) -> tuple[float, float] | None:
        """Return where in the picture a point lies: shares of its height and width, 0..1."""
        assert self._layout is not None
        rect = self.tile_rect(place)
        wide, high = self._layout.tile
        left = rect.left() + rect.width() - wide
        if point.x() < left:
            return None
        return (point.y() - rect.top()) / high, (point.x() - left) / wide


def _stacked(pixels: object) -> QImage:
    """Return pictures ``(n, height, width)`` as one image, one below the other."""
    count, height, width = pixels.shape  # type: ignore[attr-defined]
    return to_image(pixels.reshape(count * height, width))  # type: ignore[attr-defined]


def _paint_badge(painter: QPainter, rect: QRect, badge: str) -> None:
    """Write what is the matter with a map over its upper edge; a sign alone where there is no room."""
    theme = current_theme()
    font = painter.font()
    font.setPointSizeF(max(6.5, font.pointSizeF() * 0.72))
    painter.save()
    painter.setFont(font)
    metrics = painter.fontMetrics()
    text = badge if metrics.horizontalAdvance(badge) + 6 <= rect.width() else _SHORT.get(badge, "•")
    width = min(metrics.horizontalAdvance(text) + 6, rect.width())
    box = QRect(rect.left(), rect.top(), width, min(metrics.height() + 1, rect.height()))
    painter.fillRect(box, QColor(theme.warning if badge in _SHORT else theme.raised))
    painter.setPen(QColor(theme.panel if badge in _SHORT else theme.muted))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
