"""Choosing a region of the screen with the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from cnnviewer.qt.theme import current_theme

if TYPE_CHECKING:
    from PySide6.QtGui import QScreen

__all__ = ["RegionPicker"]

_LEAST = 16


class RegionPicker(QWidget):
    """Covers a screen; a rectangle drawn with the mouse is `picked`, in logical pixels of that screen."""

    picked = Signal(object, object)

    def __init__(self, screen: QScreen, parent: QWidget) -> None:
        # A parent owns it: an object of Python's own may be deleted a second time when it is collected.
        flags = Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint
        super().__init__(parent, flags)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._screen = screen
        self._begin: QPoint | None = None
        self._end = QPoint()
        self.setGeometry(screen.geometry())

    @property
    def region(self) -> QRect:
        """The rectangle that is drawn so far."""
        return QRect() if self._begin is None else QRect(self._begin, self._end).normalized()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Darken the screen but for the region."""
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), QColor(0, 0, 0, 110))
        painter.setPen(QColor("white"))
        font = painter.font()
        font.setPointSizeF(font.pointSizeF() * 1.6)
        painter.setFont(font)
        if self._begin is None:
            text = "Draw a rectangle around what the network shall see.  Esc: cancel"
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text)
            return
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Clear)
        painter.fillRect(self.region, Qt.GlobalColor.transparent)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        # Something is left over what is clear: else the mouse would fall through on some systems.
        painter.fillRect(self.region, QColor(255, 255, 255, 3))
        painter.setPen(QPen(QColor(current_theme().accent), 2))
        painter.drawRect(self.region)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin the rectangle."""
        self._begin = self._end = event.position().toPoint()
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw the rectangle."""
        self._end = event.position().toPoint()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Take the rectangle; a mere click takes nothing."""
        self._end = event.position().toPoint()
        region = self.region.intersected(self.rect())
        if region.width() < _LEAST or region.height() < _LEAST:
            self._begin = None
            self.update()
            return
        self.close()
        self.picked.emit(self._screen, region)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Cancel on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)
