"""The drawing pad: strokes with the mouse or a pen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QTabletEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviewer.inputs.drawing import Drawing
from cnnviewer.qt.theme import current_theme

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from cnnviewer.inputs.drawing import Point

__all__ = ["DrawingPad"]

_USUAL_WIDTH = 0.085
_LEAST_STEP = 0.004


class DrawingPad(QWidget):
    """A square of black paper for white lines, as the digits of MNIST are; `drawn` tells each change."""

    drawn = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drawing = Drawing()
        self._is_down = False
        self.line_width = _USUAL_WIDTH
        """Of the next stroke, as a share of the pad's side."""
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 60)
        self.setAccessibleName("Drawing pad")
        self.setAttribute(Qt.WidgetAttribute.WA_TabletTracking)

    @property
    def drawing(self) -> Drawing:
        """What is drawn."""
        return self._drawing

    def clear(self) -> None:
        """Take a new sheet."""
        self._show(Drawing())

    def undo(self) -> None:
        """Take the last stroke away."""
        self._show(self._drawing.undone())

    def paper(self) -> QRect:
        """Return where the paper lies on the widget."""
        side = max(1, min(self.width(), self.height()) - 2)
        return QRect((self.width() - side) // 2, (self.height() - side) // 2, side, side)

    def sizeHint(self) -> QSize:
        """Return a square."""
        return QSize(240, 240)

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the paper and the strokes."""
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        paper = self.paper()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(paper, QColor("black"))
        painter.setPen(QPen(QColor(current_theme().accent if self.hasFocus() else current_theme().border), 1))
        painter.drawRect(paper)
        painter.setClipRect(paper)
        if not self._drawing.strokes:
            painter.setPen(QColor("#9aa3b2"))
            painter.drawText(QRectF(paper), Qt.AlignmentFlag.AlignCenter, "Draw a digit")
        for stroke in self._drawing.strokes:
            pen = QPen(QColor("white"), stroke.width * paper.width())
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            points = [self._on_paper(point) for point in stroke.points]
            if len(points) == 1:
                painter.drawPoint(points[0])
            else:
                painter.drawPolyline(QPolygonF(points))

    # ---- mouse, pen and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Put the pen down; the right button undoes."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._press(event.position(), self.line_width)
        elif event.button() == Qt.MouseButton.RightButton:
            self.undo()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw."""
        if self._is_down:
            self._move(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Lift the pen."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._is_down = False

    def tabletEvent(self, event: QTabletEvent) -> None:
        """Draw with a pen; it draws as wide as it is pressed when it is put down."""
        if event.type() == QEvent.Type.TabletPress:
            self._press(event.position(), self.line_width * (0.5 + (event.pressure() or 0.5)))
        elif event.type() == QEvent.Type.TabletMove and self._is_down:
            self._move(event.position())
        elif event.type() == QEvent.Type.TabletRelease:
            self._is_down = False
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Undo, or take a new sheet."""
        if event.matches(QKeySequence.StandardKey.Undo) or event.key() == Qt.Key.Key_Backspace:
            self.undo()
        elif event.key() == Qt.Key.Key_Delete:
            self.clear()
        else:
            super().keyPressEvent(event)

    def _press(self, place: QPointF, width: float) -> None:
        self._is_down = True
        self._show(self._drawing.begun(self._share(place), width))

    def _move(self, place: QPointF) -> None:
        (x, y), (last_x, last_y) = self._share(place), self._drawing.strokes[-1].points[-1]
        if abs(x - last_x) + abs(y - last_y) >= _LEAST_STEP:
            self._show(self._drawing.drawn((x, y)))

    def _show(self, drawing: Drawing) -> None:
        self._drawing = drawing
        self._is_down = self._is_down and bool(drawing.strokes)
        self.update()
        self.drawn.emit(drawing)

    def _share(self, place: QPointF) -> Point:
        paper = self.paper()
        x, y = (place.x() - paper.left()) / paper.width(), (place.y() - paper.top()) / paper.height()
        return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)

    def _on_paper(self, point: Point) -> QPointF:
        paper = self.paper()
        return QPointF(paper.left() + point[0] * paper.width(), paper.top() + point[1] * paper.height())
