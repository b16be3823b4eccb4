"""A strip of thumbnails to step through several images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QWidget

from cnnviewer.qt.widgets.images import to_image
from cnnviewer.qt.widgets.styling import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.messages import ImageRequest, ThumbnailAnswer

__all__ = ["ThumbnailStrip"]

SIDE = 40


class ThumbnailStrip(QListWidget):
    """Shows a small picture of each image; hidden where there is only one."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setMovement(QListView.Movement.Static)
        self.setIconSize(QSize(SIDE, SIDE))
        self.setGridSize(QSize(SIDE + 8, SIDE + 8))
        self.setFixedHeight(SIDE + 22)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Images")
        self._images: tuple[ImageRequest, ...] = ()
        self.itemClicked.connect(self._on_item)
        self.itemActivated.connect(self._on_item)
        self.hide()

    def show_images(self, images: Sequence[ImageRequest], position: int) -> bool:
        """Show these images, one of them chosen; return whether they are others than before."""
        changed = tuple(images) != self._images
        if changed:
            self._images = tuple(images)
            self.clear()
            for image in images:
                item = QListWidgetItem()
                item.setToolTip(literal(image.title))
                self.addItem(item)
            self.setVisible(len(images) > 1)
        if 0 <= position < self.count():
            self.setCurrentRow(position)
            self.scrollToItem(self.item(position))
        return changed

    def show_answer(self, index: int, answer: ThumbnailAnswer) -> None:
        """Show the picture of one image; one that can't be read tells so in its tooltip."""
        if not 0 <= index < self.count():
            return
        item = self.item(index)
        if answer.pixels is None:
            item.setText("✕")
            item.setToolTip(literal(answer.error))
        else:
            item.setIcon(QIcon(QPixmap.fromImage(to_image(answer.pixels))))

    @Slot(QListWidgetItem)
    def _on_item(self, item: QListWidgetItem) -> None:
        self.chosen.emit(self.row(item))
