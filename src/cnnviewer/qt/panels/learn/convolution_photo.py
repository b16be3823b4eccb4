"""The photo under a kernel of choice, and the products of each of its pixels."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cnnviewer.lessons.kernels import KERNELS
from cnnviewer.lessons.messages import KernelAnswer, KernelRequest
from cnnviewer.qt.panels.learn.parts import Sentence, changed, number_text, sum_text, titled
from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.cell_picker import CellPicker
from cnnviewer.qt.widgets.images import to_image
from cnnviewer.qt.widgets.number_grid import NumberGrid
from cnnviewer.qt.widgets.styling import label
from cnnviewer.qt.widgets.wheel import Choice

__all__ = ["ConvolutionPhoto"]

_OWN = "own"
_TIP = "Click a pixel to see its products, or go there with the arrow keys (Shift: eight at once)"


class ConvolutionPhoto(QWidget):
    """Shows photo and feature map side by side, with the sum of the chosen pixel."""

    requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kernel = KERNELS["sharpen"]
        self._unit = (24, 40)
        self.photo, self.result = CellPicker("The photo in grey", self), CellPicker("The feature map", self)
        for picture in (self.photo, self.result):
            picture.setToolTip(_TIP)
            picture.clicked.connect(self._on_clicked)
        self.choice = Choice(self)
        self.choice.addItems([*KERNELS, _OWN])
        self.choice.setCurrentText("sharpen")
        self.choice.setToolTip("The kernel")
        self.choice.setAccessibleName("Kernel")
        self.choice.currentTextChanged.connect(self._on_kernel_chosen)
        self.kernel = NumberGrid("Kernel", self)
        self.kernel.set_editable(-20, 20, 0.5)
        self.kernel.edited.connect(self._on_edited)
        self.window_grid, self.products = NumberGrid("Pixels below the kernel", self), NumberGrid("Products", self)
        for grid in (self.window_grid, self.products):
            grid.set_text_of(number_text)
        self._sum = Sentence(self, lines=4)
        self._size, self._scale = label("", self), label("", self)
        self._lay_out()

    def ask(self) -> None:
        """Ask for the feature map."""
        self.requested.emit(KernelRequest(self._kernel, self._unit, current_theme().is_dark))

    def show_answer(self, answer: KernelAnswer) -> None:
        """Show photo, feature map and the chosen pixel's sum."""
        self._unit = row, column = answer.unit
        self.photo.show_picture(to_image(answer.photo))
        self.result.show_picture(to_image(answer.result))
        self.photo.choose(answer.unit, QRectF(column - 1, row - 1, 3, 3))
        self.result.choose(answer.unit, QRectF(column, row, 1, 1))
        self.kernel.show_numbers(answer.sum.weights)
        self.window_grid.show_numbers(answer.sum.values)
        self.products.show_numbers(answer.sum.products)
        self._sum.setText(f"Row {row}, column {column}:  {sum_text(answer.sum)}")
        reach = number_text(answer.reach)
        signed, plain = f"from −{reach} (blue) over 0 to {reach} (red)", "0 and less is black, 255 and more white"
        self._scale.setText(signed if answer.is_signed else plain)
        self._size.setText(f"{answer.photo.shape[1]}×{answer.photo.shape[0]} pixels, 0 to 255")

    @property
    def told(self) -> str:
        """The sum as it is written."""
        return self._sum.text()

    def _lay_out(self) -> None:
        kernel = titled("Kernel", self.kernel, parent=self)
        kernel.insertWidget(1, self.choice)
        photo = titled("Photo in grey", self.photo, parent=self)
        photo.addWidget(self._size)
        result = titled("Feature map", self.result, parent=self)
        result.addWidget(self._scale)
        grids = QHBoxLayout()
        grids.addLayout(titled("Pixels", self.window_grid, parent=self))
        grids.addLayout(titled("Products", self.products, parent=self))
        unit = QVBoxLayout()
        unit.addLayout(grids, stretch=1)
        unit.addWidget(self._sum)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addLayout(photo, stretch=5)
        row.addLayout(kernel, stretch=2)
        row.addLayout(result, stretch=5)
        row.addLayout(unit, stretch=5)

    @Slot(int, int)
    def _on_clicked(self, row: int, column: int) -> None:
        self._unit = row, column
        self.ask()

    @Slot(str)
    def _on_kernel_chosen(self, name: str) -> None:
        self._kernel = KERNELS.get(name, self._kernel)
        self.ask()

    @Slot(int, int, float)
    def _on_edited(self, row: int, column: int, value: float) -> None:
        self._kernel = changed(self._kernel, row, column, value)
        self.choice.setCurrentText(_OWN)
        self.ask()
