"""The form in which a training's settings are chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QGridLayout, QHBoxLayout, QSpinBox, QWidget

from cnnviewer.qt.widgets.styling import label
from cnnviewer.training.settings import USUAL_RATES, Optimiser, Schedule, Settings

if TYPE_CHECKING:
    from PySide6.QtWidgets import QAbstractSpinBox

__all__ = ["SettingsForm", "ShortNumber", "number_field"]


class SettingsForm(QWidget):
    """Fields for epochs, batch, optimiser and so on; two columns."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        usual = Settings(epochs=5)
        self.epochs = _whole(self, 1, 10_000, usual.epochs, "How often each image is seen at most")
        self.batch = _whole(self, 1, 65_536, usual.batch_size, "Images a step")
        self.optimiser = _choice(
            self, {"SGD": Optimiser.SGD, "AdamW": Optimiser.ADAMW}, "How a gradient changes a weight; SGD has momentum"
        )
        self.rate = number_field(self, 1e-6, 100.0, usual.learning_rate, 6, "The learning rate of the first steps")
        self.momentum = number_field(
            self, 0.0, 0.999, usual.momentum, 3, "The share of the last direction that is kept"
        )
        self.decay = number_field(self, 0.0, 1.0, usual.weight_decay, 6, "Weight decay: pulls all weights towards 0")
        self.schedule = _choice(
            self,
            {"cosine": Schedule.COSINE, "constant": Schedule.CONSTANT, "steps": Schedule.STEPS},
            "How the learning rate falls over the run",
        )
        self.shift = _whole(self, 0, 64, 0, "Training images are shifted at random by up to so many pixels")
        self.flip = QCheckBox("mirror", self)
        self.flip.setToolTip("Half of the training images are mirrored, left to right")
        self.target = number_field(self, 0.0, 100.0, 0.0, 3, "The run ends here, as measured on the validation images")
        self.target.setSpecialValueText("none")
        self.target_kind = _choice(
            self, {"%": "accuracy", "error": "error"}, "Whether the target is an accuracy, in percent, or an error"
        )
        self.target_kind.setAccessibleName("Sort of target")
        self.seed = _whole(self, 0, 2**31 - 1, 0, "The same seed gives the same run")
        self.device = _choice(
            self, {"auto": "auto", "CPU": "cpu", "CUDA": "cuda", "MPS": "mps"}, "Where it is computed"
        )
        self.optimiser.currentIndexChanged.connect(self._on_optimiser_changed)
        self._lay_out()

    def settings(self) -> Settings:
        """Return what is chosen."""
        target, is_accuracy = self.target.value(), self.target_kind.currentData() == "accuracy"
        return Settings(
            epochs=self.epochs.value(),
            batch_size=self.batch.value(),
            optimiser=Optimiser(self.optimiser.currentData()),
            learning_rate=self.rate.value(),
            momentum=self.momentum.value(),
            weight_decay=self.decay.value(),
            schedule=Schedule(self.schedule.currentData()),
            shift=self.shift.value(),
            flip=self.flip.isChecked(),
            target_accuracy=target / 100 if target and is_accuracy else None,
            target_error=target if target and not is_accuracy else None,
            seed=self.seed.value(),
            device=self.device.currentData(),
        )

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(5)
        rows = (
            (("Epochs", self.epochs), ("Schedule", self.schedule)),
            (("Batch", self.batch), ("Weight decay", self.decay)),
            (("Optimiser", self.optimiser), ("Shift by", self.shift)),
            (("Learning rate", self.rate), ("Flip", self.flip)),
            (("Momentum", self.momentum), ("Stop at", _side_by_side(self, self.target, self.target_kind))),
            (("Device", self.device), ("Seed", self.seed)),
        )
        for row, cells in enumerate(rows):
            for column, (text, field) in enumerate(cells):
                title = label(text, self)
                title.setBuddy(field)
                field.setAccessibleName(text)
                grid.addWidget(title, row, 2 * column)
                grid.addWidget(field, row, 2 * column + 1)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        grid.setRowStretch(len(rows), 1)

    @Slot()
    def _on_optimiser_changed(self) -> None:
        optimiser = Optimiser(self.optimiser.currentData())
        self.momentum.setEnabled(optimiser is Optimiser.SGD)
        if self.rate.value() in USUAL_RATES.values():
            self.rate.setValue(USUAL_RATES[optimiser])


def _side_by_side(parent: QWidget, *fields: QWidget) -> QWidget:
    both = QWidget(parent)
    row = QHBoxLayout(both)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    for field in fields:
        field.setMinimumWidth(66)
        row.addWidget(field, stretch=1)
    return both


def _whole(parent: QWidget, low: int, high: int, value: int, tip: str) -> QSpinBox:
    box = QSpinBox(parent)
    box.setRange(low, high)
    box.setValue(value)
    _dress(box, tip)
    return box


def number_field(parent: QWidget, low: float, high: float, value: float, digits: int, tip: str) -> ShortNumber:
    """Return a field for a number of so many decimals, whose steps are as large as the number is."""
    box = ShortNumber(parent)
    box.setDecimals(digits)
    box.setRange(low, high)
    box.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
    box.setValue(value)
    _dress(box, tip)
    return box


def _dress(box: QAbstractSpinBox, tip: str) -> None:
    box.setToolTip(tip)
    box.setMinimumSize(78, 25)
    box.setKeyboardTracking(False)


class ShortNumber(QDoubleSpinBox):
    """A number without the zeros behind it: 0.05 instead of 0.050000."""

    def textFromValue(self, value: float) -> str:
        """Return the number as short as it can be."""
        text = self.locale().toString(value, "f", self.decimals())
        point = self.locale().decimalPoint()
        return text.rstrip("0").rstrip(point) if point in text else text


def _choice(parent: QWidget, options: dict[str, str], tip: str) -> QComboBox:
    box = QComboBox(parent)
    for text, value in options.items():
        box.addItem(text, value)
    box.setToolTip(tip)
    box.setMinimumWidth(78)
    return box
