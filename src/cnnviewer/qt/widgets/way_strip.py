"""The steps of a way through the network: small maps with the unit marked, one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnviewer.names import steady
from cnnviewer.qt.theme import KIND_COLORS, PLACE_COLOR, current_theme, signed_color
from cnnviewer.qt.widgets.images import to_image
from cnnviewer.qt.widgets.numbers import signed_text, unit_text, value_text
from cnnviewer.qt.widgets.styling import literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnnviewer.questions import WayStep

__all__ = ["WayStrip"]

PICTURE = 104
"""The side of a picture, in logical pixels."""
_WIDTH, _ARROW, _TEXT = 136, 64, 54
_BRANCHES, _GAP, _GROUP_GAP = 28, 12, 36
"""Of a way on: the height of the branches above the steps, and what lies between those of one layer, and of two."""


class WayStrip(QWidget):
    """Paints the steps side by side, an arrow with what the next adds between them; `chosen` tells a step's place.

    Steps of a way on are siblings: a branch leads from the first to each of them, with what it gives to that one.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: tuple[WayStep, ...] = ()
        self._lefts: tuple[int, ...] = ()
        self._is_forward = False
        self._current = 0
        self.setAccessibleName("Way through the network")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    @property
    def steps(self) -> tuple[WayStep, ...]:
        """The steps that are shown."""
        return self._steps

    @property
    def current(self) -> int:
        """The place of the step that is marked."""
        return self._current

    def show_steps(self, steps: Sequence[WayStep], *, is_forward: bool, current: int = 0) -> None:
        """Show steps, and mark one."""
        self._steps, self._is_forward = tuple(steps), is_forward
        self._lefts = tuple(_lefts(self._steps, is_forward))
        self.setFixedWidth(self._lefts[-1] + _WIDTH if self._lefts else 1)
        self.updateGeometry()
        self.set_current(current)
        self.update()

    def set_current(self, place: int) -> None:
        """Mark a step."""
        self._current = min(max(place, 0), max(len(self._steps) - 1, 0))
        if self._steps:
            self.setAccessibleDescription(_whole_text(self._steps[self._current]))
        self.update()

    def step_rect(self, place: int) -> QRect:
        """Return where a step lies."""
        above = self._above()
        height = min(self.height() - above, PICTURE + _TEXT + 10)
        return QRect(self._lefts[place], above + max(0, (self.height() - above - height) // 2), _WIDTH, height)

    def _above(self) -> int:
        """Return the height of the branches."""
        return _BRANCHES if self._is_forward and len(self._steps) > 1 else 0

    def sizeHint(self) -> QSize:
        """Return room for all steps."""
        return QSize(self.width(), self.minimumSizeHint().height() + 6)

    def minimumSizeHint(self) -> QSize:
        """Return the height that the steps need."""
        return QSize(1, PICTURE + _TEXT + 4 + self._above())

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the steps that have to be painted."""
        with QPainter(self) as painter:
            self._paint(painter, event.rect())

    def _paint(self, painter: QPainter, area: QRect) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for place, step in enumerate(self._steps):
            rect = self.step_rect(place)
            if rect.adjusted(-_ARROW, 0, 0, 0).intersects(area):
                self._paint_step(painter, place, step, rect)

    def _paint_step(self, painter: QPainter, place: int, step: WayStep, rect: QRect) -> None:
        theme = current_theme()
        if place == self._current:
            painter.setPen(QPen(QColor(theme.accent), 1.6))
            painter.setBrush(QColor(theme.accent_soft))
            painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), 6, 6)
        self._paint_picture(painter, step, rect)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(KIND_COLORS.get(step.kind, theme.muted)))
        top = rect.top() + PICTURE + 10
        painter.drawRoundedRect(QRectF(rect.left() + 8, top + 4, 8, 8), 2, 2)
        self._write(painter, QRect(rect.left() + 20, top, _WIDTH - 24, 16), _name(step), theme.text)
        self._write(
            painter, QRect(rect.left() + 8, top + 16, _WIDTH - 12, 16), unit_text(step.unit, step.category), theme.muted
        )
        self._write(
            painter, QRect(rect.left() + 8, top + 32, _WIDTH - 12, 16), f"= {value_text(step.value)}", theme.text
        )
        if place and self._is_forward:
            self._paint_branch(painter, place, step, rect)
        elif place:
            self._paint_arrow(painter, step, rect)

    def _paint_picture(self, painter: QPainter, step: WayStep, rect: QRect) -> None:
        height, width = step.pixels.shape
        ratio = self.devicePixelRatioF()
        size = QSize(round(width / ratio), round(height / ratio))
        left = rect.left() + (rect.width() - size.width()) // 2
        top = rect.top() + 6 + (PICTURE - size.height()) // 2
        target = QRectF(left, top, size.width(), size.height())
        painter.drawImage(target, to_image(step.pixels, has_alpha=True))
        x0, y0, x1, y1 = step.cell
        mark = QRectF(left + x0 * size.width(), top + y0 * size.height(), 0, 0)
        mark.setWidth(max((x1 - x0) * size.width(), 6))
        mark.setHeight(max((y1 - y0) * size.height(), 6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(0, 0, 0, 190), 3))
        painter.drawRect(mark)
        painter.setPen(QPen(QColor(PLACE_COLOR), 1.5))
        painter.drawRect(mark)

    def _paint_arrow(self, painter: QPainter, step: WayStep, rect: QRect) -> None:
        theme = current_theme()
        middle, right = rect.top() + 6 + PICTURE / 2, rect.left() - 8
        left = rect.left() - _ARROW + 8
        painter.setPen(QPen(QColor(theme.muted), 1.4))
        painter.drawLine(QPointF(left, middle), QPointF(right, middle))
        painter.drawLine(QPointF(left, middle), QPointF(left + 5, middle - 4))
        painter.drawLine(QPointF(left, middle), QPointF(left + 5, middle + 4))
        if step.contribution is not None:
            box = QRect(rect.left() - _ARROW, round(middle) - 20, _ARROW, 16)
            self._write(painter, box, signed_text(step.contribution), signed_color(step.contribution), centred=True)

    def _paint_branch(self, painter: QPainter, place: int, step: WayStep, rect: QRect) -> None:
        """Paint the line from the first step up, along above its siblings, and down to this one."""
        source = self.step_rect(0)
        middle, height = source.top() + 6 + PICTURE / 2, rect.top() - _BRANCHES + 6
        stem, end = QPointF(source.right() + _ARROW / 2, middle), QPointF(rect.center().x(), rect.top() + 3)
        painter.setPen(QPen(QColor(current_theme().muted), 1.4))
        corner, bend = QPointF(stem.x(), height), QPointF(end.x(), height)
        if place == 1:
            painter.drawPolyline([QPointF(source.right() - 8, middle), stem, corner])
        before = corner.x() if place == 1 else self.step_rect(place - 1).center().x()
        painter.drawPolyline([QPointF(before, height), bend, end])
        painter.drawPolyline([end + QPointF(-4, -5), end, end + QPointF(4, -5)])
        if step.contribution is not None:
            box = QRect(rect.center().x() + 7, round(height) + 3, _WIDTH // 2 - 8, 16)
            self._write(painter, box, signed_text(step.contribution), signed_color(step.contribution))

    def _write(self, painter: QPainter, rect: QRect, text: str, color: str, *, centred: bool = False) -> None:
        painter.setPen(QColor(color))
        shown = painter.fontMetrics().elidedText(steady(text), Qt.TextElideMode.ElideMiddle, rect.width())
        across = Qt.AlignmentFlag.AlignHCenter if centred else Qt.AlignmentFlag.AlignLeft
        painter.drawText(rect, across | Qt.AlignmentFlag.AlignVCenter, shown)

    # ---- choosing

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the step under the mouse."""
        place = self._place_at(event.position().toPoint().x())
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self._choose(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to the neighbouring step with the arrow keys."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or not 0 <= self._current + step < len(self._steps):
            super().keyPressEvent(event)
            return
        self._choose(self._current + step)

    def event(self, event: QEvent) -> bool:
        """Tell the whole name of the step under the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self._place_at(event.pos().x())
            if place is None:
                QToolTip.hideText()
            else:
                step = self._steps[place]
                QToolTip.showText(event.globalPos(), literal(_whole_text(step)), self)
            return True
        return super().event(event)

    def _choose(self, place: int) -> None:
        self.set_current(place)
        self.chosen.emit(place)

    def _place_at(self, x: int) -> int | None:
        return next((place for place, left in enumerate(self._lefts) if left <= x < left + _WIDTH), None)


def _lefts(steps: Sequence[WayStep], is_forward: bool) -> Iterator[int]:
    """Return where each step begins."""
    left = 0
    for place, step in enumerate(steps):
        if place and (not is_forward or place == 1):
            left += _WIDTH + _ARROW
        elif place:
            left += _WIDTH + (_GAP if step.layer == steps[place - 1].layer else _GROUP_GAP)
        yield left


def _name(step: WayStep) -> str:
    return "the image" if step.layer == "input" else step.layer


def _whole_text(step: WayStep) -> str:
    return f"{_name(step)} {unit_text(step.unit, step.category)} = {value_text(step.value)}"
