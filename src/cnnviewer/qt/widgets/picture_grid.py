"""Several maps side by side, as large as there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.images import to_image

if TYPE_CHECKING:
    from cnnviewer.messages import Pixels

__all__ = ["PictureGrid"]

_GAP = 3.0


class PictureGrid(QWidget):
    """Paints pictures of one size, in as many columns as make them largest; never smoothed."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images: tuple[QImage, ...] = ()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_pictures(self, *pixels: Pixels) -> None:
        """Show pictures, each ``(H, W)``."""
        self._images = tuple(to_image(picture) for picture in pixels)
        self.setAccessibleDescription(f"{len(self._images)} pictures")
        self.update()

    @property
    def count(self) -> int:
        """How many pictures are shown."""
        return len(self._images)

    def sizeHint(self) -> QSize:
        """Return room for a small picture."""
        return QSize(120, 80)

    def minimumSizeHint(self) -> QSize:
        """Return room for a tiny picture."""
        return QSize(48, 32)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the pictures, in the middle."""
        if not self._images:
            return
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        columns, scale = self._fit()
        rows = -(-len(self._images) // columns)
        width, height = (side * scale for side in self._images[0].size().toTuple())
        left = (self.width() - columns * width - (columns - 1) * _GAP) / 2
        top = (self.height() - rows * height - (rows - 1) * _GAP) / 2
        painter.setPen(QPen(QColor(current_theme().border), 1))
        for index, image in enumerate(self._images):
            row, column = divmod(index, columns)
            box = QRectF(left + column * (width + _GAP), top + row * (height + _GAP), width, height)
            painter.drawImage(box, image)
            painter.drawRect(box)

    def _fit(self) -> tuple[int, float]:
        """Return in how many columns the pictures are largest, and by how much each is enlarged then."""
        count, size = len(self._images), self._images[0].size()

        def scale(columns: int) -> float:
            rows = -(-count // columns)
            across = (self.width() - 2 - (columns - 1) * _GAP) / columns / size.width()
            return min(across, (self.height() - 2 - (rows - 1) * _GAP) / rows / size.height())

        best = max(range(1, count + 1), key=scale)
        return best, max(scale(best), 0.01)
