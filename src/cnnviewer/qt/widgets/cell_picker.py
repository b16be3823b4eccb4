"""A picture of which a cell is chosen, by the mouse or by the arrow keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt

from cnnviewer.qt.theme import PLACE_COLOR
from cnnviewer.qt.widgets.arrow_keys import ROW_COLUMN
from cnnviewer.qt.widgets.map_view import MapView

if TYPE_CHECKING:
    from PySide6.QtGui import QImage, QKeyEvent
    from PySide6.QtWidgets import QWidget

__all__ = ["CellPicker"]


class CellPicker(MapView):
    """A `MapView` with a box around the chosen cells; `clicked` tells what the arrow keys reach, too."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._cell = (0, 0)
        self._shape = (0, 0)

    @property
    def cell(self) -> tuple[int, int]:
        """The chosen cell (row, column): where the arrow keys go on from."""
        return self._cell

    def show_picture(self, image: QImage) -> None:
        """Show an image, a pixel a cell."""
        self._shape = image.height(), image.width()
        self.show_image(image)

    def choose(self, cell: tuple[int, int], box: QRectF) -> None:
        """Choose a cell, and draw a box, in cells."""
        self._cell = cell
        self.set_marks(((box, PLACE_COLOR),))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to a neighbouring cell with the arrow keys, eight cells on with Shift."""
        step = ROW_COLUMN.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        far = 8 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        row, column = (place + far * way for place, way in zip(self._cell, step, strict=True))
        self.clicked.emit(min(max(row, 0), self._shape[0] - 1), min(max(column, 0), self._shape[1] - 1))
