"""A strip of thumbnails to step through several images, or many thousands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QListView, QWidget

from cnnviewer.qt.widgets.images import to_image
from cnnviewer.qt.widgets.styling import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.messages import ImageRequest, ThumbnailAnswer

__all__ = ["ThumbnailStrip"]

SIDE = 40
_CELL = QSize(SIDE + 8, SIDE + 8)
_KEPT = 400
"""So many pictures are kept; those farthest from the ones on the screen are asked for again."""
_Index = QModelIndex | QPersistentModelIndex


class _Images(QAbstractListModel):
    """The images, and what is known of their pictures."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.images: tuple[ImageRequest, ...] = ()
        self.icons: dict[int, QIcon] = {}
        self.errors: dict[int, str] = {}

    def set_images(self, images: tuple[ImageRequest, ...]) -> None:
        """Take other images; pictures of those that were there before, too, are kept."""
        place_of = {id(image): place for place, image in enumerate(images)}
        places = {old: place_of[id(image)] for old, image in enumerate(self.images) if id(image) in place_of}
        self.beginResetModel()
        self.images = images
        self.icons = {places[old]: icon for old, icon in self.icons.items() if old in places}
        self.errors = {places[old]: error for old, error in self.errors.items() if old in places}
        self.endResetModel()

    def set_picture(self, row: int, icon: QIcon, error: str) -> None:
        """Take the picture of an image, or why there is none."""
        if error:
            self.errors[row] = error
        else:
            self.icons[row] = icon
        if len(self.icons) > _KEPT:
            for far in sorted(self.icons, key=lambda other: abs(other - row))[_KEPT // 2 :]:
                del self.icons[far]
        index = self.index(row)
        self.dataChanged.emit(index, index)

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.images)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = index.row()
        if role == Qt.ItemDataRole.DecorationRole:
            return self.icons.get(row)
        if role == Qt.ItemDataRole.SizeHintRole:
            return _CELL
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignCenter
        if role == Qt.ItemDataRole.DisplayRole:
            return "✕" if row in self.errors else None
        if role == Qt.ItemDataRole.ToolTipRole:
            return literal(self.errors.get(row) or self.images[row].title)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.images[row].title
        return None


class ThumbnailStrip(QListView):
    """Shows a small picture of each image; hidden where there is only one.

    `chosen` tells that one is clicked, or entered; `picturesWanted` the numbers of those on the screen that have none.
    """

    chosen = Signal(int)
    picturesWanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images = _Images(self)
        self.setModel(self._images)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setUniformItemSizes(True)
        self.setIconSize(QSize(SIDE, SIDE))
        self.setFixedHeight(SIDE + 22)
        self.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Images")
        # Scrolling asks for nothing that has left the screen again.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(30)
        self._soon.timeout.connect(self._on_soon)
        self.horizontalScrollBar().valueChanged.connect(self._on_scrolled)
        self.clicked.connect(self._on_index)
        self.activated.connect(self._on_index)
        self.hide()

    def show_images(self, images: Sequence[ImageRequest], position: int) -> None:
        """Show these images, one of them chosen."""
        if tuple(images) != self._images.images:
            self._images.set_images(tuple(images))
            self.setVisible(len(images) > 1)
        if 0 <= position < len(images):
            index = self._images.index(position)
            self.setCurrentIndex(index)
            self.scrollTo(index)
        self._soon.start()

    def show_answer(self, image: ImageRequest, answer: ThumbnailAnswer) -> None:
        """Show the picture of one image; one that can't be read tells so in its tooltip."""
        row = next((row for row in self._on_screen() if self._images.images[row] is image), None)
        if row is None:
            return
        icon = QIcon() if answer.pixels is None else QIcon(_fitted(QPixmap.fromImage(to_image(answer.pixels))))
        self._images.set_picture(row, icon, answer.error if answer.pixels is None else "")

    def count(self) -> int:
        """How many images there are."""
        return len(self._images.images)

    def picture(self, row: int) -> QIcon:
        """Return the picture of an image; an empty one where it is not there."""
        return self._images.icons.get(row, QIcon())

    def _on_screen(self) -> range:
        """Return the numbers of the images that are seen."""
        if self.isHidden() or not self.count():
            return range(0)
        step = _CELL.width()
        first = self.horizontalScrollBar().value() // step
        return range(first, min(first + self.viewport().width() // step + 2, self.count()))

    def resizeEvent(self, event: Any) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._soon.start()

    @Slot()
    def _on_scrolled(self) -> None:
        self._soon.start()

    @Slot()
    def _on_soon(self) -> None:
        known = self._images
        wanted = [row for row in self._on_screen() if row not in known.icons and row not in known.errors]
        self.picturesWanted.emit([known.images[row] for row in wanted])

    @Slot(QModelIndex)
    def _on_index(self, index: QModelIndex) -> None:
        self.chosen.emit(index.row())


def _fitted(picture: QPixmap) -> QPixmap:
    """Return a picture that an icon can show: one that is 50 times as long as wide Qt would scale to nothing."""
    fitted = picture.size().scaled(SIDE, SIDE, Qt.AspectRatioMode.KeepAspectRatio)
    return picture.scaled(fitted.expandedTo(QSize(1, 1))) if fitted.isEmpty() else picture
