"""A network in one picture: all maps of all layers, and on hovering one what it is made of and what it feeds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetrics,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QPushButton, QSizePolicy, QToolTip, QWidget

from cnnviewer.qt.theme import current_theme, signed_color
from cnnviewer.qt.widgets.arrow_keys import ACROSS_DOWN
from cnnviewer.qt.widgets.images import to_image
from cnnviewer.qt.widgets.network_layout import ColumnLayout, has_names, lay_out_columns
from cnnviewer.qt.widgets.network_links import Line, lines_of
from cnnviewer.qt.widgets.network_steps import StepLabels
from cnnviewer.qt.widgets.numbers import probability_text, shape_text, value_text
from cnnviewer.qt.widgets.styling import literal

if TYPE_CHECKING:
    from collections.abc import Container

    from cnnviewer.lessons.network_messages import NetworkColumn, NetworkPicture

__all__ = ["NetworkView", "title_within"]

_TITLE = 31
_LOW = 330
"""Below this height the labels of a column's steps stand side by side."""
_NAMED_WIDTHS = (106.0, 140.0)
_USUAL_COLUMN, _BESIDE_NAME = 78.0, 84.0
_LEAST_WIDTH, _LEAST_COLUMN = 420, 78
"""How wide the picture is at least, and a column of many, for its title and its shape; a small window scrolls it."""


class NetworkView(QWidget):
    """Paints a `NetworkPicture`.

    A click on a map or a unit holds its links until the next click, or Esc. `stepClicked` tells the kind of a step
    whose label was clicked, `described` what is pointed at with the mouse or the arrow keys, '' for nothing; `stepped`
    where the tile lies that the keys have gone to. `explained` are the kinds of steps that the tour has a page on;
    None: all.
    """

    stepClicked = Signal(str)
    described = Signal(str)
    stepped = Signal(QRectF)

    def __init__(self, parent: QWidget | None = None, explained: Container[str] | None = None) -> None:
        super().__init__(parent)
        self._picture: NetworkPicture | None = None
        self._images: tuple[QImage, ...] = ()
        self._layouts: tuple[ColumnLayout, ...] = ()
        self._current: tuple[int, int] | None = None
        self._unit = (0, 0)
        self._is_held = False
        self._lines: tuple[Line, ...] = ()
        self._steps = StepLabels(self, explained)
        self._steps.clicked.connect(self.stepClicked)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(_LEAST_WIDTH, 190)
        self.setAccessibleName("The network, all of its maps")

    # ---- what is shown

    def show_picture(self, picture: NetworkPicture) -> None:
        """Show a network; what is pointed at stays where the new picture has it too."""
        is_same = self._picture is not None and _structure(self._picture) == _structure(picture)
        self._picture = picture
        self._images = tuple(_stacked(column) for column in picture.columns)
        if not is_same:
            self._current, self._is_held = None, False
            self._steps.show_columns(picture.columns)
            widths = (_NAMED_WIDTHS[0] if has_names(column) else _LEAST_COLUMN for column in picture.columns)
            self.setMinimumWidth(max(_LEAST_WIDTH, round(sum(widths))))
            self._lay_out()
        self._point_at(self._current, self._unit)
        self.update()

    @property
    def picture(self) -> NetworkPicture | None:
        """What is shown."""
        return self._picture

    @property
    def steps(self) -> tuple[QPushButton, ...]:
        """The labels of the steps, from left to right."""
        return self._steps.buttons

    @property
    def links(self) -> tuple[tuple[tuple[int, int], tuple[int, int], float], ...]:
        """The links that are drawn: (column, tile) at the left, (column, tile) at the right, strength 0..1."""
        return tuple((line.source, line.target, line.share) for line in self._lines)

    @property
    def current(self) -> tuple[int, int] | None:
        """The column and tile that is pointed at."""
        return self._current

    @property
    def is_held(self) -> bool:
        """Whether the links of what was clicked are held."""
        return self._is_held

    def tile_rect(self, column: int, tile: int) -> QRectF:
        """Return where a tile lies."""
        return self._layouts[column].tiles[tile]

    def sizeHint(self) -> QSize:
        """Return room for a small network."""
        return QSize(900, 320)

    # ---- layout

    def _lay_out(self) -> None:
        if self._picture is None:
            return
        is_low = self.height() < _LOW
        top = _TITLE + self._steps.height(is_low=is_low) + 4
        area = QRectF(0, top, self.width(), max(40, self.height() - top - 2))
        self._layouts = lay_out_columns(self._picture.columns, area, self._named_width(self._picture))
        self._steps.lay_out(self._layouts, _TITLE, is_low=is_low)
        self.update()

    def _named_width(self, picture: NetworkPicture) -> float:
        """Return how wide columns with names are: as the names need it, where the others keep enough."""
        named = [column for column in picture.columns if has_names(column)]
        usual = min(max(self.width() * 0.13, _NAMED_WIDTHS[0]), _NAMED_WIDTHS[1])
        if not named:
            return usual
        longest = max(self.fontMetrics().horizontalAdvance(name) for column in named for name in column.names)
        left = self.width() - _USUAL_COLUMN * (len(picture.columns) - len(named))
        return max(usual, min(longest + _BESIDE_NAME, _NAMED_WIDTHS[1] + 50, left / len(named)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the columns their places anew."""
        super().resizeEvent(event)
        self._lay_out()

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the columns, and the links of what is pointed at."""
        if self._picture is None:
            return
        with QPainter(self) as painter:
            self._paint(painter, self._picture)

    def _paint(self, painter: QPainter, picture: NetworkPicture) -> None:
        if picture.note:
            painter.setPen(QColor(current_theme().muted))
            words = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(30, 10, -30, -10), words, picture.note)
        for place, column in enumerate(picture.columns):
            self._paint_head(painter, column, self._layouts[place])
            self._paint_column(painter, place, column)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for line in sorted(self._lines, key=lambda line: line.share):
            self._paint_line(painter, line)
        if self._current is not None:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(current_theme().accent), 2))
            painter.drawRect(self.tile_rect(*self._current).adjusted(-1, -1, 1, 1))

    def _paint_head(self, painter: QPainter, column: NetworkColumn, layout: ColumnLayout) -> None:
        theme, center = current_theme(), Qt.AlignmentFlag.AlignCenter
        font = painter.font()
        painter.save()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor(theme.text))
        title = title_within(column.title, painter.fontMetrics(), round(layout.width) - 8)
        painter.drawText(QRectF(layout.left, 0, layout.width, _TITLE / 2), center, title)
        font.setBold(False)
        font.setPointSizeF(max(6.5, font.pointSizeF() * 0.85))
        painter.setFont(font)
        text = shape_text(column.shape)
        # Many columns are narrow: what would run into the next one is written smaller.
        share = (layout.width - 3) / painter.fontMetrics().horizontalAdvance(text)
        font.setPointSizeF(font.pointSizeF() * min(1.0, share))
        painter.setFont(font)
        painter.setPen(QColor(theme.muted))
        painter.drawText(QRectF(layout.left, _TITLE / 2 - 1, layout.width, _TITLE / 2), center, text)
        painter.restore()

    def _paint_column(self, painter: QPainter, place: int, column: NetworkColumn) -> None:
        layout, image = self._layouts[place], self._images[place]
        height, width = column.values.shape[1:]
        for index, rect in enumerate(layout.tiles):
            if layout.has_names:
                self._paint_named(painter, column, index, rect)
                continue
            painter.drawImage(rect, image, QRectF(0, index * height, width, height))
        if column.is_units or layout.has_names:
            return
        painter.setPen(QPen(QColor(current_theme().border), 1))
        for rect in layout.tiles:
            painter.drawRect(rect)

    def _paint_named(self, painter: QPainter, column: NetworkColumn, index: int, rect: QRectF) -> None:
        theme = current_theme()
        value = float(column.values[index, 0, 0])
        is_share = column.kinds[-1:] == ("softmax",)
        cell = QRectF(rect.left(), rect.top(), min(rect.height(), 18), rect.height())
        painter.fillRect(cell, QColor.fromRgb(int(column.pixels[index, 0, 0])))
        name = QRectF(cell.right() + 5, rect.top(), rect.width() - cell.width() - 5, rect.height())
        is_first = index == int(np.argmax(column.values))
        if is_share:
            bar = QRectF(cell.right(), rect.top() + 2, (rect.right() - cell.right()) * value, rect.height() - 4)
            painter.fillRect(bar, QColor(theme.accent_soft))
        font = painter.font()
        painter.save()
        font.setBold(is_first)
        painter.setFont(font)
        painter.setPen(QColor(theme.text if is_first else theme.muted))
        middle = Qt.AlignmentFlag.AlignVCenter
        text = probability_text(value) if is_share else value_text(value)
        room = int(name.width()) - painter.fontMetrics().horizontalAdvance(text) - 10
        painter.drawText(name, middle, painter.fontMetrics().elidedText(column.names[index], _ELIDE, room))
        painter.drawText(name.adjusted(0, 0, -4, 0), middle | Qt.AlignmentFlag.AlignRight, text)
        painter.restore()

    def _paint_line(self, painter: QPainter, line: Line) -> None:
        color = QColor(signed_color(1 if line.is_positive else -1))
        color.setAlphaF(0.25 + 0.7 * line.share)
        painter.setPen(QPen(color, 0.6 + 3.0 * line.share))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        left, right = self.tile_rect(*line.source), self.tile_rect(*line.target)
        begin, end = QPointF(left.right(), left.center().y()), QPointF(right.left(), right.center().y())
        bend = max(12.0, (end.x() - begin.x()) / 2)
        path = QPainterPath(begin)
        path.cubicTo(begin.x() + bend, begin.y(), end.x() - bend, end.y(), end.x(), end.y())
        painter.drawPath(path)
        far = left if line.target == self._current else right
        painter.drawRect(far)

    # ---- pointing

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point at the tile under the mouse; what is held stays."""
        if not self._is_held:
            self._point_at(*self._under(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Hold the links of the tile that is clicked, or let go of them."""
        if event.button() is not Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        current, unit = self._under(event.position())
        self._is_held = current is not None and not (self._is_held and current == self._current)
        self._point_at(current, unit)

    def leaveEvent(self, event: QEvent) -> None:
        """Point at nothing, unless something is held."""
        super().leaveEvent(event)
        self._let_go()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Point at nothing, unless something is held."""
        super().focusOutEvent(event)
        self._let_go()

    def _let_go(self) -> None:
        if not self._is_held:
            self._point_at(None)

    def event(self, event: QEvent) -> bool:
        """Tell the name and the value of what is under the mouse, and take Esc where something is held."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._releases_on(event):
            event.accept()  # else the window takes it for a step back
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            if self._current is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), literal(self._description()), self)
            return True
        return super().event(event)

    def _releases_on(self, event: QKeyEvent) -> bool:
        return event.key() == Qt.Key.Key_Escape and self._is_held

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Point at the next column or tile with the arrow keys, and let go of what is held on Esc."""
        if self._releases_on(event):
            self._is_held = False
            self._point_at(None)
            return
        step = ACROSS_DOWN.get(Qt.Key(event.key()))
        if step is None or self._picture is None or not self._picture.columns:
            super().keyPressEvent(event)
            return
        column, tile = self._current or (0, 0)
        if self._current is not None:
            count = len(self._picture.columns)
            moved = min(max(column + step[0], 0), count - 1)
            tile = _beside(self._layouts, column, tile, moved) if moved != column else tile + step[1]
            column = moved
        tile = min(max(tile, 0), len(self._layouts[column].tiles) - 1)
        height, width = self._picture.columns[column].values.shape[1:]
        self._point_at((column, tile), (height // 2, width // 2))
        self.stepped.emit(self.tile_rect(column, tile))

    def _under(self, place: QPointF) -> tuple[tuple[int, int] | None, tuple[int, int]]:
        """Return the column and tile at a place, and which unit of it lies there."""
        for index, layout in enumerate(self._layouts):
            tile = layout.tile_at(place.x(), place.y())
            if tile is not None:
                return (index, tile), self._unit_at(index, layout.tiles[tile], place)
        return None, (0, 0)

    def _unit_at(self, column: int, rect: QRectF, place: QPointF) -> tuple[int, int]:
        assert self._picture is not None
        height, width = self._picture.columns[column].values.shape[1:]
        row = int((place.y() - rect.top()) / rect.height() * height)
        across = int((place.x() - rect.left()) / rect.width() * width)
        return min(max(row, 0), height - 1), min(max(across, 0), width - 1)

    def _point_at(self, current: tuple[int, int] | None, unit: tuple[int, int] = (0, 0)) -> None:
        self._current, self._unit = current, unit
        self._lines = () if current is None or self._picture is None else lines_of(self._picture, *current)
        self.described.emit("" if current is None else self._description())
        self.update()

    def _description(self) -> str:
        assert self._picture is not None
        assert self._current is not None
        place, tile = self._current
        column = self._picture.columns[place]
        number = float(column.values[tile][self._unit])
        value = probability_text(number) if column.kinds[-1:] == ("softmax",) else value_text(number)
        if column.names:
            return f"{column.title} · class {column.names[tile]} = {value}"
        if column.is_units:
            return f"{column.title} · unit {tile} = {value}"
        what = "channel" if column.title == "image" else "map"
        row, across = self._unit
        return f"{column.title} · {what} {tile} · row {row}, column {across} = {value}"


_ELIDE = Qt.TextElideMode.ElideRight


def _structure(picture: NetworkPicture) -> tuple[object, ...]:
    return tuple((column.title, column.kinds, column.settings, column.values.shape) for column in picture.columns)


def title_within(name: str, metrics: QFontMetrics, room: int) -> str:
    """Return a layer's name, or as much of it as tells it from others: "layer1.0.conv1", "1.0 conv1", "conv1"."""
    *above, own = name.split(".")
    numbers = [re.sub(r"^\D+", "", part) for part in above]
    block = ".".join(number for number in numbers if number)
    for text in (name, f"{block} {own}" if block else own, own):
        if metrics.horizontalAdvance(text) <= room:
            return text
    return metrics.elidedText(own, Qt.TextElideMode.ElideLeft, room)  # names differ at their ends


def _stacked(column: NetworkColumn) -> QImage:
    count, height, width = column.pixels.shape
    return to_image(column.pixels.reshape(count * height, width))


def _beside(layouts: tuple[ColumnLayout, ...], column: int, tile: int, other: int) -> int:
    """Return the tile of another column that lies nearest in height."""
    height = layouts[column].tiles[tile].center().y()
    tiles = layouts[other].tiles
    return min(range(len(tiles)), key=lambda index: abs(tiles[index].center().y() - height))
