"""The large view: the chosen map over the whole window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from cnnviewer.names import steady
from cnnviewer.qt.widgets.images import to_image
from cnnviewer.qt.widgets.map_view import MapView
from cnnviewer.qt.widgets.numbers import value_text

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from cnnviewer.messages import MapAnswer

__all__ = ["SMALLEST_MEANT", "LargeView"]

SMALLEST_MEANT = 12.0
"""From this width on, in pixels, a click on a cell of the large view means that cell."""


class LargeView(QFrame):
    """Covers its parent with one map; Space or Esc closes it; `unitOpened` tells a cell that was clicked."""

    closed = Signal()
    unitOpened = Signal(int, int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._area = parent
        self._answer: MapAnswer | None = None
        self._title = QLabel(self)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setProperty("role", "name")
        self._map = MapView(self)
        self._map.setAccessibleName("Chosen map, large")
        self._map.activated.connect(self.close_view)
        self._map.hovered.connect(self._on_hovered)
        self._map.clicked.connect(self._on_clicked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 14)
        layout.addWidget(self._title)
        layout.addWidget(self._map, stretch=1)
        parent.installEventFilter(self)
        self.hide()

    def open_view(self, answer: MapAnswer) -> None:
        """Show a map over the whole parent."""
        self.setGeometry(self._area.rect())
        self.show_answer(answer)
        self.show()
        self.raise_()
        self._map.fit()
        self._map.setFocus()

    def show_answer(self, answer: MapAnswer) -> None:
        """Show another map, or the same of another image."""
        self._answer = answer
        self._map.show_image(to_image(answer.pixels, has_alpha=answer.length is not None), self._text_of)
        self._on_hovered(None)

    def close_view(self) -> None:
        """Show the window again."""
        if not self.isHidden():
            self.hide()
            self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close on Space and Esc."""
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Escape):
            self.close_view()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the parent's size."""
        if event.type() == QEvent.Type.Resize and watched is self._area:
            self.setGeometry(self._area.rect())
        return super().eventFilter(watched, event)

    @property
    def view(self) -> MapView:
        """The map."""
        return self._map

    def _on_clicked(self, row: int, column: int) -> None:
        """Ask where a unit comes from, where cells are large enough to be meant one by one."""
        if self._answer is not None and self._map.cell_size >= SMALLEST_MEANT:
            self.close_view()
            self.unitOpened.emit(*self._answer.unit_of((row, column)))

    def _text_of(self, row: int, column: int) -> str:
        assert self._answer is not None
        value = float(self._answer.values[row, column])
        behind = self._answer.length is not None and row * self._answer.values.shape[1] + column >= self._answer.length
        return "" if behind else value_text(value)

    def _on_hovered(self, cell: tuple[int, int] | None) -> None:
        if self._answer is None:
            return
        text = ""
        if cell is not None:
            row, column = self._answer.unit_of(cell)
            text = f" · ({row}, {column}) = {self._text_of(*cell)}"
        self._title.setText(steady(f"{self._answer.title}{text}"))
