"""A large picture on a small widget: zoom, and panning that paints only what comes into view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviewer.qt.theme import current_theme

if TYPE_CHECKING:
    from PySide6.QtCore import QSize

__all__ = ["GraphCanvas"]

_LEAST_ZOOM, _MOST_ZOOM = 0.004, 4.0
_KEPT = 60.0
"""So many pixels of the picture stay on the screen wherever it is moved to."""


class GraphCanvas(QWidget):
    """Shows a part of a picture, of which a subclass paints regions.

    What is painted is kept: a step of panning moves it, and only the strip that comes into view is painted anew.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._zoom = 1.0
        self._offset = QPoint()
        """Where the widget's corner lies on the zoomed picture, in pixels of the screen."""
        self._pixmap: QPixmap | None = None
        self._stale: list[QRect] = []
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    # ---- for subclasses

    def picture_size(self) -> QSizeF:
        """Return how large the picture is at the zoom of 1."""
        return QSizeF()

    def paint_region(self, painter: QPainter, region: QRectF) -> None:
        """Paint a region of the picture, in its own coordinates."""

    def paint_above(self, painter: QPainter) -> None:
        """Paint what changes often above the picture, in its coordinates."""

    # ---- where one looks

    @property
    def zoom(self) -> float:
        """How many pixels of the screen one of the picture is."""
        return self._zoom

    def to_picture(self, place: QPointF) -> QPointF:
        """Return which point of the picture lies at a point of the widget."""
        return (place + QPointF(self._offset) / self._ratio()) / self._zoom

    def to_widget(self, place: QPointF) -> QPointF:
        """Return where a point of the picture lies on the widget."""
        return place * self._zoom - QPointF(self._offset) / self._ratio()

    def view(self) -> QRectF:
        """Return the part of the picture that is seen."""
        return QRectF(self.to_picture(QPointF()), QSizeF(self.size()) / self._zoom)

    def look_at(self, place: QPointF, at: QPointF, zoom: float | None = None) -> None:
        """Bring a point of the picture to a point of the widget."""
        if zoom is not None and zoom != self._zoom:
            self._zoom = min(max(zoom, _LEAST_ZOOM), _MOST_ZOOM)
            self.repaint_all()
        ratio = self._ratio()
        self._move_to(((place * self._zoom - at) * ratio).toPoint())

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by so many pixels to the right and down."""
        self._move_to(self._offset - (QPointF(dx, dy) * self._ratio()).toPoint())

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom in or out around a point of the widget, or around its middle."""
        fixed = QRectF(self.rect()).center() if at is None else at
        self.look_at(self.to_picture(fixed), fixed, self._zoom * factor)

    def fit(self, most: float = 1.3) -> None:
        """Show the whole picture, not larger than `most`."""
        size = self.picture_size()
        if size.isEmpty() or self.width() < 2 or self.height() < 2:
            return
        zoom = min(self.width() / size.width(), self.height() / size.height(), most)
        self.look_at(QPointF(size.width() / 2, size.height() / 2), QRectF(self.rect()).center(), zoom)

    def repaint_all(self) -> None:
        """Paint everything anew."""
        self._stale = [self._all()]
        self.update()

    def _move_to(self, offset: QPoint) -> None:
        offset = self._kept_in_view(offset)
        moved = self._offset - offset
        self._offset = offset
        if moved.isNull():
            return
        everything = self._all()
        if self._pixmap is not None:
            self._pixmap.scroll(moved.x(), moved.y(), everything)
        moved_rects = [rect.translated(moved) for rect in self._stale]
        self._stale = [rect & everything for rect in (*moved_rects, *_strips(everything, moved))]
        self.update()

    def _kept_in_view(self, offset: QPoint) -> QPoint:
        """Return an offset at which some of the picture is seen."""
        size, everything, kept = self.picture_size() * (self._zoom * self._ratio()), self._all(), round(_KEPT)
        x = min(max(offset.x(), kept - everything.width()), round(size.width()) - kept)
        y = min(max(offset.y(), kept - everything.height()), round(size.height()) - kept)
        return QPoint(x, y)

    def _ratio(self) -> float:
        return self.devicePixelRatioF()

    def _all(self) -> QRect:
        """Return the widget's rectangle in pixels of the screen."""
        ratio = self._ratio()
        return QRect(0, 0, round(self.width() * ratio), round(self.height() * ratio))

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what is not painted yet, and then all of it on the screen."""
        pixmap = self._ready_pixmap()
        if self._stale:
            with QPainter(pixmap) as painter:
                for rect in self._stale:
                    self._paint_stale(painter, rect)
            self._stale = []
        with QPainter(self) as painter:
            self._paint(painter, pixmap)

    def _paint(self, painter: QPainter, pixmap: QPixmap) -> None:
        pixmap.setDevicePixelRatio(self._ratio())
        painter.drawPixmap(0, 0, pixmap)
        pixmap.setDevicePixelRatio(1.0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(-QPointF(self._offset) / self._ratio())
        painter.scale(self._zoom, self._zoom)
        self.paint_above(painter)

    def _paint_stale(self, painter: QPainter, rect: QRect) -> None:
        scale = self._zoom * self._ratio()
        painter.save()
        painter.setClipRect(rect)
        painter.fillRect(rect, QColor(current_theme().panel))
        painter.translate(-QPointF(self._offset))
        painter.scale(scale, scale)
        # A little more: lines are wider than their bounds.
        around = QRectF(rect.adjusted(-6, -6, 6, 6)).translated(QPointF(self._offset))
        self.paint_region(painter, QRectF(around.topLeft() / scale, around.size() / scale))
        painter.restore()

    def _ready_pixmap(self) -> QPixmap:
        size = self._all().size()
        if self._pixmap is None or self._pixmap.size() != size:
            self._pixmap = self._new_pixmap(size)
            self._stale = [self._all()]
        return self._pixmap

    def _new_pixmap(self, size: QSize) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(QColor(current_theme().panel))
        return pixmap

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what is in the middle there."""
        super().resizeEvent(event)
        old = event.oldSize()
        if old.isValid() and not old.isEmpty():
            self.pan((self.width() - old.width()) / 2, (self.height() - old.height()) / 2)


def _strips(everything: QRect, moved: QPoint) -> tuple[QRect, QRect]:
    """Return the upright and the level strip that come into view where a picture is moved."""
    width, height = everything.width(), everything.height()
    x, y = moved.x(), moved.y()
    upright = QRect(0 if x > 0 else width + x, 0, abs(x), height)
    return upright, QRect(0, 0 if y > 0 else height + y, width, abs(y))
