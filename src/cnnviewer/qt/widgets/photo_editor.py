"""A photo to move, turn, scale and cover by hand."""

from __future__ import annotations

from dataclasses import replace
from math import atan2, cos, degrees, hypot, radians, sin
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviewer.messages import ImageEdit
from cnnviewer.qt.theme import PLACE_COLOR, current_theme
from cnnviewer.qt.widgets.images import to_image

if TYPE_CHECKING:
    from cnnviewer.messages import Pixels
    from cnnviewer.places import Box

__all__ = ["LEAST_SCALE", "MOST_SCALE", "PhotoEditor"]

LEAST_SCALE, MOST_SCALE = 0.25, 4.0
_HANDLE = 7
_COVER = "#808080"
_BRUSH = 0.14
"""How wide the brush is, as a share of the photo's shorter side."""
_ARROWS = {
    Qt.Key.Key_Left: (-0.02, 0.0),
    Qt.Key.Key_Right: (0.02, 0.0),
    Qt.Key.Key_Up: (0.0, -0.02),
    Qt.Key.Key_Down: (0.0, 0.02),
}


class PhotoEditor(QWidget):
    """Shows a photo with an `ImageEdit`; `edited` tells each new one, as the user makes it.

    Dragging moves the photo, its handle turns it, the wheel scales it; where it `is_covering`, dragging covers parts.
    """

    edited = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._edit = ImageEdit()
        self._fill = QColor(_COVER)
        self._crop: Box = (0.0, 0.0, 1.0, 1.0)
        self._mark: Box | None = None
        self._grip: QPointF | None = None
        self._turns = False
        self.is_covering = False
        """Whether dragging covers; else it moves."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 100)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setAccessibleName("The photo, to be moved and covered")
        self.setToolTip(
            "Drag to move, the wheel to scale, the handle to turn. Keys: arrows move, + and − scale, < and > turn, "
            "Backspace uncovers, Home resets"
        )

    # ---- what is shown

    def show_photo(self, pixels: Pixels) -> None:
        """Show another photo, as it is."""
        self._image = to_image(pixels)
        self.set_edit(ImageEdit())

    def set_edit(self, edit: ImageEdit) -> None:
        """Show the photo with an edit, without telling."""
        self._edit = edit
        self.update()

    def set_surroundings(self, crop: Box, fill: int) -> None:
        """Show what the network sees (shares of the photo's width and height), and the colour around the photo."""
        self._crop, self._fill = crop, QColor.fromRgb(fill)
        self.update()

    def mark(self, box: Box | None) -> None:
        """Mark a place, in shares of what the network sees of the photo; None marks none."""
        self._mark = box
        self.update()

    @property
    def edit(self) -> ImageEdit:
        """How the photo is changed."""
        return self._edit

    @property
    def has_photo(self) -> bool:
        """Whether there is something to change."""
        return self._image is not None

    def set_covering(self, is_covering: bool) -> None:
        """Let dragging cover parts, or move the photo."""
        self.is_covering = is_covering
        self.setCursor(Qt.CursorShape.CrossCursor if is_covering else Qt.CursorShape.OpenHandCursor)
        self.update()

    def change(self, **fields: object) -> None:
        """Change some fields of the edit, and tell it."""
        edit = replace(self._edit, **fields)  # type: ignore[arg-type]
        if edit != self._edit and self._image is not None:
            self.set_edit(edit)
            self.edited.emit(edit)

    def paper(self) -> QRectF:
        """Return where the photo's frame lies on the widget."""
        room = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        size = QSize(4, 3) if self._image is None else self._image.size()
        share = min(room.width() / size.width(), room.height() / size.height())
        width, height = size.width() * share, size.height() * share
        return QRectF(room.center().x() - width / 2, room.center().y() - height / 2, width, height)

    def handle(self) -> QPointF:
        """Return the middle of the handle that turns the photo."""
        paper, edit = self.paper(), self._edit
        reach = 0.32 * min(paper.width(), paper.height())
        middle = self._middle()
        angle = radians(edit.angle - 90)
        place = middle + QPointF(reach * cos(angle), reach * sin(angle))
        inside = paper.adjusted(_HANDLE, _HANDLE, -_HANDLE, -_HANDLE)
        return QPointF(
            min(max(place.x(), inside.left()), inside.right()), min(max(place.y(), inside.top()), inside.bottom())
        )

    def sizeHint(self) -> QSize:
        """Return room for a small photo."""
        return QSize(300, 220)

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the photo as the edit changes it, what the network does not see of it darker."""
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        paper = self.paper()
        painter.setClipRect(paper)
        if self._image is None:
            painter.fillRect(paper, QColor(current_theme().raised))
            return
        painter.fillRect(paper, self._fill)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        middle = self._middle()
        painter.translate(middle)
        painter.rotate(self._edit.angle)
        painter.scale(self._edit.scale, self._edit.scale)
        size = paper.size()
        painter.drawImage(QRectF(-size.width() / 2, -size.height() / 2, size.width(), size.height()), self._image)
        painter.restore()
        for cover in self._edit.covers:
            painter.fillRect(_within(paper, cover), QColor(_COVER))
        self._paint_crop(painter, paper)
        if self._mark is not None:
            painter.setPen(QPen(QColor(PLACE_COLOR), 2))
            painter.drawRect(_within(_within(paper, self._crop), self._mark))
        if not self.is_covering:
            self._paint_handle(painter, middle)
        painter.setPen(QPen(QColor(current_theme().accent if self.hasFocus() else current_theme().border), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(paper.adjusted(0, 0, -1, -1))

    def _paint_crop(self, painter: QPainter, paper: QRectF) -> None:
        crop, shade = _within(paper, self._crop), QColor(0, 0, 0, 110)
        painter.fillRect(QRectF(paper.left(), paper.top(), crop.left() - paper.left(), paper.height()), shade)
        painter.fillRect(QRectF(crop.right(), paper.top(), paper.right() - crop.right(), paper.height()), shade)
        painter.fillRect(QRectF(crop.left(), paper.top(), crop.width(), crop.top() - paper.top()), shade)
        painter.fillRect(QRectF(crop.left(), crop.bottom(), crop.width(), paper.bottom() - crop.bottom()), shade)

    def _paint_handle(self, painter: QPainter, middle: QPointF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for color, width in (("black", 3), ("white", 1)):
            painter.setPen(QPen(QColor(color), width))
            painter.drawLine(middle, self.handle())
        painter.setPen(QPen(QColor("white"), 2))
        painter.setBrush(QColor(current_theme().accent))
        painter.drawEllipse(self.handle(), _HANDLE - 1, _HANDLE - 1)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    # ---- mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to move, to turn, or to cover."""
        if event.button() != Qt.MouseButton.LeftButton or self._image is None:
            return
        place = self._grip = event.position()
        to_handle = place - self.handle()
        self._turns = not self.is_covering and hypot(to_handle.x(), to_handle.y()) <= _HANDLE + 4
        if self.is_covering:
            self._cover(place)
        else:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move, turn, or cover."""
        if self._grip is None:
            return
        place, paper = event.position(), self.paper()
        if self.is_covering:
            moved, brush = place - self._grip, self._brush()
            if hypot(moved.x() / paper.width() / brush[0], moved.y() / paper.height() / brush[1]) >= 0.4:
                self._grip = place
                self._cover(place)
        elif self._turns:
            away = place - self._middle()
            self.change(angle=_within_a_turn(degrees(atan2(away.y(), away.x())) + 90))
        else:
            moved, self._grip = place - self._grip, place
            self.move_by(moved.x() / paper.width(), moved.y() / paper.height())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self.let_go()

    def let_go(self) -> None:
        """End what the mouse has begun."""
        self._grip = None
        self.set_covering(self.is_covering)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scale."""
        self.scale_by(1.1 ** (event.angleDelta().y() / 120))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move, scale, turn, uncover, reset."""
        key = Qt.Key(event.key())
        if key in _ARROWS:
            self.move_by(*_ARROWS[key])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.scale_by(1 / 1.1 if key == Qt.Key.Key_Minus else 1.1)
        elif event.text() in ("<", ">"):
            self.change(angle=_within_a_turn(self._edit.angle + (5 if event.text() == ">" else -5)))
        elif key == Qt.Key.Key_Backspace:
            self.change(covers=self._edit.covers[:-1])
        elif key == Qt.Key.Key_Home:
            self.reset()
        else:
            super().keyPressEvent(event)

    def move_by(self, right: float, down: float) -> None:
        """Move the photo by shares of its size; its middle stays in the frame."""
        x, y = self._edit.shift
        self.change(shift=(min(max(x + right, -0.5), 0.5), min(max(y + down, -0.5), 0.5)))

    def scale_by(self, factor: float) -> None:
        """Enlarge the photo."""
        self.change(scale=min(max(self._edit.scale * factor, LEAST_SCALE), MOST_SCALE))

    def reset(self) -> None:
        """Show the photo as it is."""
        empty = ImageEdit()
        self.change(shift=empty.shift, angle=empty.angle, scale=empty.scale, covers=empty.covers)

    def _middle(self) -> QPointF:
        paper, (x, y) = self.paper(), self._edit.shift
        return paper.center() + QPointF(x * paper.width(), y * paper.height())

    def _brush(self) -> tuple[float, float]:
        """Return how wide and high the brush is, in shares of the photo's width and height."""
        paper = self.paper()
        side = _BRUSH * min(paper.width(), paper.height())
        return side / paper.width(), side / paper.height()

    def _cover(self, place: QPointF) -> None:
        paper, (wide, high) = self.paper(), self._brush()
        x, y = (place.x() - paper.left()) / paper.width(), (place.y() - paper.top()) / paper.height()
        if 0 <= x <= 1 and 0 <= y <= 1:
            box = max(0.0, x - wide / 2), max(0.0, y - high / 2), min(1.0, x + wide / 2), min(1.0, y + high / 2)
            self.change(covers=(*self._edit.covers, box))


def _within(paper: QRectF, box: Box) -> QRectF:
    left, top, right, bottom = box
    return QRectF(
        paper.left() + left * paper.width(),
        paper.top() + top * paper.height(),
        (right - left) * paper.width(),
        (bottom - top) * paper.height(),
    )


def _within_a_turn(angle: float) -> float:
    """Return the same angle, from -180 up to 180 degrees."""
    return (angle + 180) % 360 - 180
