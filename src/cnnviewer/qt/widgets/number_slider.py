"""A slider with its name and its number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from cnnviewer.qt.widgets.wheel import Slider

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NumberSlider"]


class NumberSlider(QWidget):
    """A name, a slider over whole numbers, and the number as text; `changed` tells it where the user changes it."""

    changed = Signal(int)

    def __init__(
        self,
        name: str,
        low: int,
        high: int,
        value: int,
        parent: QWidget | None = None,
        *,
        tip: str = "",
        text_of: Callable[[int], str] = str,
        name_width: int = 0,
    ) -> None:
        super().__init__(parent)
        self._text_of = text_of
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._name = QLabel(name, self)
        self._name.setMinimumWidth(name_width)
        self.slider = Slider(self)
        self.slider.setRange(low, high)
        self.slider.setPageStep(max(1, (high - low) // 8))
        self.slider.setMinimumWidth(56)
        self.slider.setAccessibleName(name)
        self.slider.setToolTip(tip or name)
        self._text = QLabel(self)
        self._text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        # As wide for all numbers of up to three digits: sliders below each other end at the same place.
        widest = max(self._text.fontMetrics().horizontalAdvance(text) for text in ("000", text_of(low), text_of(high)))
        self._text.setMinimumWidth(widest + 4)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._name)
        row.addWidget(self.slider, stretch=1)
        row.addWidget(self._text)
        self.set_value(value)
        self.slider.valueChanged.connect(self._on_changed)

    @property
    def value(self) -> int:
        """The number that is chosen."""
        return self.slider.value()

    def set_value(self, value: int) -> None:
        """Choose a number, without telling."""
        with QSignalBlocker(self.slider):
            self.slider.setValue(value)
        self._text.setText(self._text_of(self.slider.value()))

    @Slot(int)
    def _on_changed(self, value: int) -> None:
        self._text.setText(self._text_of(value))
        self.changed.emit(value)
