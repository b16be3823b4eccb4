"""A picture to zoom and pan: pixels stay square cells, with their values written in them when large enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.arrow_keys import ROW_COLUMN
from cnnviewer.qt.widgets.styling import lightness

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MapView"]

_CELL_FOR_TEXT = 40
_LARGEST_CELL = 96.0
_BEYOND = 0.22
"""How far beyond the image, as a share of it, a field is shown."""


class MapView(QWidget):
    """Shows an image by nearest neighbour; the wheel zooms, dragging pans, a click chooses a cell.

    `hovered` tells the cell (row, column) under the mouse, or None; `clicked` the one that was clicked; `moved` how
    many rows down and columns to the right an arrow key goes.
    """

    hovered = Signal(object)
    clicked = Signal(int, int)
    moved = Signal(int, int)
    activated = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._text_of: Callable[[int, int], str] | None = None
        self._marks: tuple[tuple[QRectF, str], ...] = ()
        self._field: tuple[QRectF, QRectF, str] | None = None
        self._room: QRectF | None = None
        self._overlay: tuple[QImage, QRectF] | None = None
        self._scale = 1.0
        self._center = QPointF()
        self._is_fitted = True
        self._is_smooth = False
        self._pressed: QPoint | None = None
        self._has_moved = False
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # else the panel is painted below each new picture
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 60)

    def show_image(
        self,
        image: QImage | None,
        text_of: Callable[[int, int], str] | None = None,
        *,
        is_photo: bool = False,
    ) -> None:
        """Show an image.

        Parameters
        ----------
        image
            None shows nothing.
        text_of
            What is written in the cell (row, column) when cells are large enough.
        is_photo
            A photo may be smoothed when it is shown smaller than it is; a map never.
        """
        changed = image is None or self._image is None or image.size() != self._image.size()
        self._image, self._text_of, self._is_smooth = image, text_of, is_photo
        if changed or self._is_fitted:
            self.fit()
        self.update()

    def set_marks(self, marks: tuple[tuple[QRectF, str], ...]) -> None:
        """Draw rectangles, in cells of the image, each in a colour (#rrggbb)."""
        self._marks = marks
        self.update()

    def set_field(
        self, field: QRectF | None, inside: QRectF | None = None, color: str = "", *, makes_room: bool = True
    ) -> None:
        """Draw a box that may reach beyond the image, in cells; what of it lies outside of `inside` is hatched.

        Where it `makes_room` and the whole image is shown, what lies beyond it is shown as well, as far as a part of
        its size; a box that follows the mouse had better not.
        """
        found = None if field is None or inside is None else (field, inside, color)
        if makes_room and field != self._room:
            self._room = field
            if self._is_fitted:
                self.fit()
        if found != self._field:
            self._field = found
            self.update()

    def set_overlay(self, image: QImage | None, rect: QRectF | None = None) -> None:
        """Lay a picture with transparent parts over these cells of the image, or nothing."""
        self._overlay = None if image is None or rect is None else (image, rect)
        self.update()

    @property
    def field(self) -> QRectF | None:
        """The box that is drawn by `set_field`."""
        return None if self._field is None else self._field[0]

    @property
    def has_overlay(self) -> bool:
        """Whether a picture lies over the image."""
        return self._overlay is not None

    @property
    def cell_size(self) -> float:
        """The width of a cell on the screen, in logical pixels."""
        return self._scale

    def fit(self) -> None:
        """Show the whole image."""
        self._is_fitted = True
        if self._image is not None and not self._image.isNull():
            shown = self._shown_when_fitted()
            self._scale = min(self.width() / shown.width(), self.height() / shown.height())
            self._center = shown.center()
        self.update()

    def _shown_when_fitted(self) -> QRectF:
        """Return the image, and what of the field lies beyond it, as far as a part of its size."""
        assert self._image is not None
        whole = QRectF(self._image.rect())
        if self._room is None:
            return whole
        down, across = _BEYOND * whole.height(), _BEYOND * whole.width()
        return whole.united(self._room.intersected(whole.adjusted(-across, -down, across, down)))

    def zoom_to(self, row: float, column: float, cell: float = 56.0) -> None:
        """Show this cell in the middle, cells `cell` pixels wide."""
        self._is_fitted = False
        self._scale, self._center = cell, QPointF(column + 0.5, row + 0.5)
        self.update()

    def show_cell(self, row: int, column: int) -> None:
        """Bring a cell into the middle where it is not to be seen as a whole."""
        cell = self._on_screen(self.image_rect(), QRectF(column, row, 1, 1))
        if not self._is_fitted and not QRectF(self.rect()).contains(cell):
            self._center = QPointF(column + 0.5, row + 0.5)
            self.update()

    @property
    def is_fitted(self) -> bool:
        """Whether the whole image is shown."""
        return self._is_fitted

    def image_rect(self) -> QRectF:
        """Return where the image lies on the widget."""
        if self._image is None:
            return QRectF()
        left = self.width() / 2 - self._center.x() * self._scale
        top = self.height() / 2 - self._center.y() * self._scale
        return QRectF(left, top, self._image.width() * self._scale, self._image.height() * self._scale)

    def cell_at(self, point: QPointF) -> tuple[int, int] | None:
        """Return the cell (row, column) under a point of the widget."""
        rect = self.image_rect()
        if self._image is None or not rect.contains(point):
            return None
        row = int((point.y() - rect.top()) / self._scale)
        column = int((point.x() - rect.left()) / self._scale)
        return min(row, self._image.height() - 1), min(column, self._image.width() - 1)

    def sizeHint(self) -> QSize:
        """Return a square."""
        return QSize(240, 240)

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the image, the values and the marks."""
        with QPainter(self) as painter:
            self._paint(painter, event.rect())

    def _paint(self, painter: QPainter, area: QRect) -> None:
        painter.fillRect(area, QColor(current_theme().panel))
        if self._image is None or self._image.isNull():
            return
        rect = self.image_rect()
        # A photo made smaller may be averaged; cells never are.
        painter.setRenderHint(
            QPainter.RenderHint.SmoothPixmapTransform,
            self._is_smooth and self._scale * self.devicePixelRatioF() < 1,
        )
        painter.drawImage(rect, self._image)
        if self._overlay is not None:
            overlay, cells = self._overlay
            painter.drawImage(self._on_screen(rect, cells), overlay)
        if self._scale >= _CELL_FOR_TEXT and self._text_of is not None:
            self._paint_values(painter, rect, area)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._field is not None:
            self._paint_field(painter, rect, *self._field)
        for mark, color in self._marks:
            self._paint_mark(painter, rect, mark, color)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if self.hasFocus():
            painter.setPen(QPen(QColor(current_theme().accent), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_values(self, painter: QPainter, rect: QRectF, wanted: QRect) -> None:
        """Write the values of the cells in the part that is to be painted: thousands fit into a large window."""
        assert self._image is not None
        assert self._text_of is not None
        font = painter.font()
        font.setPointSizeF(max(6.0, min(self._scale / 6.6, 11.0)))
        painter.setFont(font)
        first_row, first_column = (
            max(0, int((wanted.top() - rect.top()) / self._scale)),
            max(0, int((wanted.left() - rect.left()) / self._scale)),
        )
        last_row = min(self._image.height(), int((wanted.bottom() - rect.top()) / self._scale) + 1)
        last_column = min(self._image.width(), int((wanted.right() - rect.left()) / self._scale) + 1)
        for row in range(first_row, last_row):
            for column in range(first_column, last_column):
                color = self._image.pixelColor(column, row)
                painter.setPen(QColor("#000000" if lightness(color) > 0.5 else "#ffffff"))
                left, top = rect.left() + column * self._scale, rect.top() + row * self._scale
                cell = QRectF(left, top, self._scale, self._scale)
                painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, self._text_of(row, column))

    def _on_screen(self, rect: QRectF, cells: QRectF) -> QRectF:
        """Return where cells lie on the widget; `rect` is where the image does."""
        left, top = rect.left() + cells.left() * self._scale, rect.top() + cells.top() * self._scale
        return QRectF(left, top, cells.width() * self._scale, cells.height() * self._scale)

    def _paint_field(self, painter: QPainter, rect: QRectF, field: QRectF, inside: QRectF, color: str) -> None:
        box, seen = self._on_screen(rect, field), self._on_screen(rect, inside)
        outside = QPainterPath()
        outside.addRect(box)
        without = QPainterPath()
        without.addRect(seen)
        outside = outside.subtracted(without)
        hatch = QColor(current_theme().muted)
        hatch.setAlpha(150)
        painter.fillPath(outside, QBrush(hatch, Qt.BrushStyle.BDiagPattern))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for width, line in ((3.5, QColor(0, 0, 0, 170)), (1.7, QColor(color))):
            painter.setPen(QPen(line, width, Qt.PenStyle.DashLine))
            painter.drawRect(box)
            painter.setPen(QPen(line, width))
            painter.drawRect(box.intersected(seen))

    def _paint_mark(self, painter: QPainter, rect: QRectF, mark: QRectF, color: str) -> None:
        box = QRectF(
            rect.left() + mark.left() * self._scale,
            rect.top() + mark.top() * self._scale,
            max(mark.width() * self._scale, 5.0),
            max(mark.height() * self._scale, 5.0),
        )
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(0, 0, 0, 170), 3.5))
        painter.drawRect(box)
        painter.setPen(QPen(QColor(color), 1.7))
        painter.drawRect(box)

    # ---- mouse and keys

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the mouse."""
        if self._image is None:
            return
        self._zoom(1.0015 ** event.angleDelta().y(), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click or a pan."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._has_moved = event.position().toPoint(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, or tell the cell under the mouse."""
        if self._pressed is not None:
            delta = event.position().toPoint() - self._pressed
            if self._has_moved or delta.manhattanLength() > 4:
                self._has_moved, self._is_fitted = True, False
                self._center -= QPointF(delta) / self._scale
                self._pressed = event.position().toPoint()
                self.update()
            return
        self.hovered.emit(self.cell_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose the cell that was clicked."""
        cell = self.cell_at(event.position())
        if self._pressed is not None and not self._has_moved and cell is not None:
            self.clicked.emit(*cell)
        self._pressed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Ask for the large view."""
        self.activated.emit()

    def leaveEvent(self, event: object) -> None:
        """Tell that no cell is under the mouse."""
        self.hovered.emit(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom with + and −, show all with 0; tell where the arrow keys go."""
        middle = QPointF(self.width() / 2, self.height() / 2)
        if event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._zoom(1.25, middle)
        elif event.key() == Qt.Key.Key_Minus:
            self._zoom(0.8, middle)
        elif event.key() == Qt.Key.Key_0:
            self.fit()
        elif event.key() in ROW_COLUMN:
            self.moved.emit(*ROW_COLUMN[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep a fitted image fitted."""
        super().resizeEvent(event)
        if self._is_fitted:
            self.fit()

    def _zoom(self, factor: float, around: QPointF) -> None:
        if self._image is None:
            return
        whole = min(self.width() / self._image.width(), self.height() / self._image.height())
        scale = min(max(self._scale * factor, whole), max(_LARGEST_CELL, whole))
        if scale <= whole:
            self.fit()
            return
        middle = QPointF(self.width() / 2, self.height() / 2)
        place = self._center + (around - middle) / self._scale
        self._center = place - (around - middle) / scale
        self._scale, self._is_fitted = scale, False
        self.update()
