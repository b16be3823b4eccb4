"""A grid of small pictures with captions: samples of a dataset, mistakes of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QWidget

from cnnviewer.qt.widgets.images import to_image
from cnnviewer.qt.widgets.styling import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.messages import Pixels

__all__ = ["PictureStrip"]


class PictureStrip(QListWidget):
    """Shows pictures, as many a row as fit; `chosen` tells the place of one that was clicked, or entered."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None, *, side: int = 48) -> None:
        super().__init__(parent)
        self._side = side
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setWordWrap(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setIconSize(QSize(side, side))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        font = self.font()
        font.setPointSizeF(max(6.5, font.pointSizeF() * 0.8))
        self.setFont(font)
        self.itemClicked.connect(self._on_item)
        self.itemActivated.connect(self._on_item)

    def show_pictures(self, pixels: Pixels, captions: Sequence[str], tips: Sequence[str]) -> None:
        """Show pictures.

        Parameters
        ----------
        pixels
            uint32 ``(n, H, W)``, 0xffRRGGBB; enlarged without smoothing.
        captions, tips
            What stands below each, and what its tooltip says.
        """
        self.clear()
        metrics = self.fontMetrics()
        lines = max((caption.count("\n") + 1 for caption in captions), default=1)
        widest = max((metrics.horizontalAdvance(line) for text in captions for line in text.split("\n")), default=0)
        cell = QSize(min(max(self._side, widest) + 14, 2 * self._side + 40), self._side + lines * metrics.height() + 12)
        self.setGridSize(cell)
        for picture, caption, tip in zip(pixels, captions, tips, strict=True):
            item = QListWidgetItem(QIcon(self._pixmap(picture)), caption)
            item.setToolTip(literal(tip))
            item.setSizeHint(cell)
            item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
            self.addItem(item)

    @property
    def captions(self) -> tuple[str, ...]:
        """What stands below the pictures."""
        return tuple(self.item(row).text() for row in range(self.count()))

    def _pixmap(self, picture: Pixels) -> QPixmap:
        image = to_image(picture.copy())
        side = round(self._side * self.devicePixelRatioF())
        is_small = max(image.width(), image.height()) < side
        mode = Qt.TransformationMode.FastTransformation if is_small else Qt.TransformationMode.SmoothTransformation
        pixmap = QPixmap.fromImage(image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, mode))
        pixmap.setDevicePixelRatio(self.devicePixelRatioF())
        return pixmap

    @Slot(QListWidgetItem)
    def _on_item(self, item: QListWidgetItem) -> None:
        self.chosen.emit(self.row(item))
