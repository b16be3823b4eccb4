"""A row of parts of a photo: what excites some channels of a layer most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnviewer.qt.theme import PLACE_COLOR, current_theme
from cnnviewer.qt.widgets.images import to_image
from cnnviewer.qt.widgets.numbers import value_text

if TYPE_CHECKING:
    from cnnviewer.lessons.network_messages import Patch

__all__ = ["PatchRow"]

_GAP = 4
_MOST = 96


class PatchRow(QWidget):
    """Paints patches side by side.

    `hovered` tells the one that is pointed at, or None, `chosen` one that was clicked.
    """

    hovered = Signal(object)
    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._patches: tuple[Patch, ...] = ()
        self._images: tuple[QImage, ...] = ()
        self._current: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 40)

    def show_patches(self, patches: tuple[Patch, ...], name: str) -> None:
        """Show these patches of a layer."""
        self._patches = patches
        self._images = tuple(to_image(patch.pixels) for patch in patches)
        self.setAccessibleName(name)
        self.setAccessibleDescription("; ".join(_text(patch) for patch in patches))
        self.update()

    @property
    def patches(self) -> tuple[Patch, ...]:
        """What is shown."""
        return self._patches

    def patch_rect(self, index: int) -> QRectF:
        """Return where a patch lies."""
        count = max(1, len(self._patches))
        side = max(8.0, min((self.width() + _GAP) / count - _GAP, self.height() - 2.0, _MOST))
        return QRectF(index * (side + _GAP) + 1, 1, side, side)

    def sizeHint(self) -> QSize:
        """Return room for six patches."""
        return QSize(6 * (60 + _GAP), 62)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the patches, and the mark of the one that is pointed at."""
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        theme = current_theme()
        for index, image in enumerate(self._images):
            rect = self.patch_rect(index)
            painter.drawImage(rect, image)
            self._paint_frame(painter, rect, self._patches[index])
            is_current = index == self._current
            painter.setPen(QPen(QColor(theme.accent if is_current else theme.border), 2 if is_current else 1))
            painter.drawRect(rect)

    def _paint_frame(self, painter: QPainter, rect: QRectF, patch: Patch) -> None:
        """Paint the receptive field, where more than that is shown."""
        left, top, right, bottom = patch.frame
        if min(left, top) > 0 and max(right, bottom) < 1:
            painter.setPen(QPen(QColor(PLACE_COLOR), 1))
            wide, high = rect.width(), rect.height()
            field = QRectF(
                rect.left() + left * wide, rect.top() + top * high, (right - left) * wide, (bottom - top) * high
            )
            painter.drawRect(field)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point at the patch under the mouse."""
        self._point_at(self._at(event.position().x(), event.position().y()))

    def leaveEvent(self, event: QEvent) -> None:
        """Point at nothing."""
        super().leaveEvent(event)
        self._point_at(None)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Point at nothing."""
        super().focusOutEvent(event)
        self._point_at(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the patch under the mouse."""
        index = self._at(event.position().x(), event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and index is not None:
            self.chosen.emit(self._patches[index])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Point with the arrow keys, choose with Enter."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None and self._patches:
            before = -1 if self._current is None else self._current
            self._point_at(min(max(before + step, 0), len(self._patches) - 1))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._current is not None:
            self.chosen.emit(self._patches[self._current])
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Tell which channel a patch excites, and how much."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self._at(event.pos().x(), event.pos().y())
            if index is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), f"{_text(self._patches[index])}\nClick to see its map", self)
            return True
        return super().event(event)

    def _at(self, x: float, y: float) -> int | None:
        return next((index for index in range(len(self._patches)) if self.patch_rect(index).contains(x, y)), None)

    def _point_at(self, index: int | None) -> None:
        if index != self._current:
            self._current = index
            self.hovered.emit(None if index is None else self._patches[index])
            self.update()


def _text(patch: Patch) -> str:
    row, column = patch.unit
    return f"channel {patch.channel}: {value_text(patch.value)} at row {row}, column {column}"
