"""Paints a graph's boxes, frames and lines; the further away, the less is written on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from cnnviewer.names import steady
from cnnviewer.qt.theme import KIND_COLORS, current_theme
from cnnviewer.qt.widgets.graph_items import button_rect
from cnnviewer.qt.widgets.numbers import shape_text

if TYPE_CHECKING:
    from cnnviewer.graphs import GraphBox, GraphFrame
    from cnnviewer.qt.widgets.graph_items import GraphItems

__all__ = ["GraphPainter"]

_ALL_TEXT = 0.62
"""From this zoom on everything is written; nearer to 0 only names, where there is room for them."""
_SMALLEST_TEXT = 8.5
"""The size of letters on the screen, in pixels, below which nothing is written."""
_NAME, _DETAIL = 11.5, 10.0
_LINE = 13.0
_FINE = 0.22
"""Below this zoom lines are as thin as can be, and have no arrows."""
_CENTER = Qt.AlignmentFlag.AlignCenter
_MIDDLE = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


class GraphPainter:
    """Paints in the coordinates of the picture; the painter that is given must be scaled to `zoom`."""

    def __init__(self, font: QFont) -> None:
        self._name, self._detail = QFont(font), QFont(font)
        self._name.setPixelSize(round(_NAME))
        self._name.setBold(True)
        self._detail.setPixelSize(round(_DETAIL))
        self._metrics = {False: QFontMetricsF(self._detail), True: QFontMetricsF(self._name)}
        self._elided: dict[tuple[str, bool, float], str] = {}
        self._rows: dict[tuple[str, int], list[str]] = {}

    def paint(self, painter: QPainter, items: GraphItems, region: QRectF, zoom: float) -> None:
        """Paint what lies in a region."""
        picture = items.picture
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number in items.frames_in(region):
            self._paint_frame(painter, picture.frames[number], zoom)
        self._paint_wires(painter, items, region, zoom)
        for number in items.boxes_in(region):
            self._paint_box(painter, picture.boxes[number], items.rects[number], zoom)

    # ---- lines

    def _paint_wires(self, painter: QPainter, items: GraphItems, region: QRectF, zoom: float) -> None:
        theme = current_theme()
        wires, found = items.picture.wires, items.wires_in(region)
        is_fine = zoom < _FINE
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, not is_fine)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for is_skip, color in ((True, QColor(theme.accent)), (False, QColor(theme.muted))):
            color.setAlphaF(0.62 if is_skip else 0.85)
            painter.setPen(QPen(color, 0 if is_fine else 1.15))
            for number in found:
                if wires[number].is_skip is is_skip:
                    painter.drawPath(items.path(number))
            if not is_fine:
                self._paint_arrows(painter, items, [n for n in found if wires[n].is_skip is is_skip], color)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _paint_arrows(self, painter: QPainter, items: GraphItems, found: list[int], color: QColor) -> None:
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        for number in found:
            if items.picture.wires[number].has_arrow:
                painter.drawPolygon(items.arrow(number))
        painter.restore()

    def paint_notice(self, painter: QPainter, area: QRectF, text: str) -> None:
        """Tell something in the middle of the widget, whose pixels the painter counts."""
        theme = current_theme()
        rect = QRectF(0, 0, self._metrics[True].horizontalAdvance(text) + 28, 28)
        rect.moveCenter(area.center())
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.setBrush(QColor(theme.panel))
        painter.drawRoundedRect(rect, 6, 6)
        painter.setFont(self._name)
        painter.setPen(QColor(theme.text))
        painter.drawText(rect, _CENTER, text)

    # ---- frames

    def _paint_frame(self, painter: QPainter, frame: GraphFrame, zoom: float) -> None:
        theme = current_theme()
        fill = QColor(theme.raised if frame.depth % 2 else theme.panel)
        painter.setPen(QPen(QColor(theme.border), 1 if zoom > _FINE else 0))
        painter.setBrush(fill)
        painter.drawRoundedRect(QRectF(frame.x, frame.y, frame.width, frame.height), 8, 8)
        if zoom < 0.35:
            return
        self._paint_button(painter, button_rect(frame), is_folded=False)
        painter.setFont(self._detail)
        painter.setPen(QColor(theme.muted))
        title = QRectF(frame.x + 23, frame.y + 5, frame.width - 28, 15)
        painter.drawText(title, _MIDDLE, self._elide(frame.name, False, title.width()))

    def _paint_button(self, painter: QPainter, rect: QRectF, *, is_folded: bool) -> None:
        theme = current_theme()
        painter.setPen(QPen(QColor(theme.muted), 1))
        painter.setBrush(QColor(theme.panel))
        painter.drawRoundedRect(rect, 3, 3)
        middle, arm = rect.center(), 3.2
        painter.setPen(QPen(QColor(theme.text), 1.3))
        painter.drawLine(QPointF(middle.x() - arm, middle.y()), QPointF(middle.x() + arm, middle.y()))
        if is_folded:
            painter.drawLine(QPointF(middle.x(), middle.y() - arm), QPointF(middle.x(), middle.y() + arm))

    # ---- boxes

    def _paint_box(self, painter: QPainter, box: GraphBox, rect: QRectF, zoom: float) -> None:
        if box.is_folded:
            self._paint_module(painter, box, rect, zoom)
            return
        theme = current_theme()
        if box.kind == "input":
            fill, ink = QColor(theme.panel), QColor(theme.text)
            painter.setPen(QPen(QColor(theme.muted), 1.4))
        else:
            fill, ink = QColor(KIND_COLORS.get(box.kind, KIND_COLORS["other"])), QColor("#ffffff")
            painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        if zoom < _FINE:
            painter.fillRect(rect, fill)
            return
        painter.drawRoundedRect(rect, 5, 5)
        self._write(painter, box, rect, ink, zoom)

    def _paint_module(self, painter: QPainter, box: GraphBox, rect: QRectF, zoom: float) -> None:
        theme = current_theme()
        painter.setPen(QPen(QColor(theme.muted), 1.2))
        painter.setBrush(QColor(theme.raised))
        if zoom >= _FINE:
            painter.drawRoundedRect(rect.adjusted(3, 3, 3, 3), 5, 5)  # the edge of what lies below
        painter.setBrush(QColor(theme.panel))
        painter.drawRoundedRect(rect, 5, 5)
        self._paint_kinds(painter, box, rect)
        if zoom < 0.35:
            room = rect.adjusted(0, 0, 0, -8)
        else:
            self._paint_button(painter, button_rect(box), is_folded=True)
            is_low = rect.height() < 6 * _LINE  # then the name stands beside the button, not below it
            room = rect.adjusted(17 if is_low else 0, 0 if is_low else 6, 0, -8)
        self._write(painter, box, room, QColor(theme.text), zoom)

    def _paint_kinds(self, painter: QPainter, box: GraphBox, rect: QRectF) -> None:
        """Paint a strip at the lower side: the share of each kind among the module's layers."""
        total = sum(count for _, count in box.kinds)
        strip = rect.adjusted(5, 0, -5, 0)
        left = strip.left()
        for kind, count in box.kinds:
            width = strip.width() * count / total
            painter.fillRect(QRectF(left, rect.bottom() - 9, width, 5), QColor(KIND_COLORS[kind]))
            left += width

    # ---- words

    def _write(self, painter: QPainter, box: GraphBox, rect: QRectF, ink: QColor, zoom: float) -> None:
        """Write as much on a box as can be read."""
        inside = rect.adjusted(4, 1, -4, -1)
        if zoom >= _ALL_TEXT:
            self._write_lines(painter, box, inside, ink)
            return
        size = max(_NAME, _SMALLEST_TEXT / zoom)
        if size * 1.2 > inside.height() + 3 or size * 2.5 > inside.width():
            return
        painter.save()
        font = QFont(self._name)
        font.setPixelSize(round(size))
        painter.setFont(font)
        painter.setPen(ink)
        text = self._elide(box.name, True, inside.width() * _NAME / size)
        painter.drawText(inside, _CENTER, text)
        painter.restore()

    def _write_lines(self, painter: QPainter, box: GraphBox, inside: QRectF, ink: QColor) -> None:
        details = [shape_text(box.shape)]
        if inside.height() >= 3 * _LINE - 1 and box.settings not in ("", box.name):
            rows = 2 if inside.height() >= 4 * _LINE - 1 else 1
            details = [*self._wrapped(box.settings, inside.width(), rows), *details]
        top = inside.center().y() - (len(details) + 1) * _LINE / 2
        painter.setPen(ink)
        painter.setFont(self._name)
        line = QRectF(inside.left(), top, inside.width(), _LINE)
        painter.drawText(line, _CENTER, self._elide(box.name, True, inside.width()))
        soft = QColor(ink)
        soft.setAlphaF(0.86)
        painter.setPen(soft)
        painter.setFont(self._detail)
        for text in details:
            line.translate(0, _LINE)
            painter.drawText(line, _CENTER, self._elide(text, False, inside.width()))

    def _wrapped(self, text: str, width: float, rows: int) -> list[str]:
        """Return a text that is too wide in two rows, broken behind a comma, where there is room for two."""
        if rows == 1 or "," not in text:
            return [text]
        key = text, round(width)
        found = self._rows.get(key)
        if found is None:
            found = self._rows[key] = self._broken(text, width)
        return found

    def _broken(self, text: str, width: float) -> list[str]:
        if self._metrics[False].horizontalAdvance(text) <= width:
            return [text]
        ends = [place + 1 for place, letter in enumerate(text[:-1]) if letter == ","]
        if not ends:
            return [text]
        end = min(ends, key=lambda end: max(end, len(text) - end))
        return [text[:end], text[end:].strip()]

    def _elide(self, text: str, is_name: bool, width: float) -> str:
        """Return a text with its middle left out where it does not fit."""
        key = text, is_name, round(width)
        found = self._elided.get(key)
        if found is None:
            found = self._elided[key] = self._metrics[is_name].elidedText(
                steady(text), Qt.TextElideMode.ElideMiddle, width
            )
        return found
