"""The form in which a training's settings are chosen."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QWidget

from cnnviewer.qt.widgets.number_field import NumberField, WholeField
from cnnviewer.qt.widgets.styling import label
from cnnviewer.qt.widgets.wheel import Choice
from cnnviewer.training.settings import USUAL_RATES, Optimiser, Schedule, Settings

__all__ = ["RATES", "SettingsForm"]

RATES = 1e-12, 1e9
"""The least and the largest learning rate that can be typed: a training may diverge, and that is seen."""

_MOMENTA = 0.0, 0.99999


class SettingsForm(QWidget):
    """Fields for epochs, batch, optimiser and so on; two columns."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        usual = Settings(epochs=5)
        self.epochs = WholeField(self, 1, 10_000, usual.epochs, tip="How often each image is seen at most")
        self.batch = WholeField(self, 1, 65_536, usual.batch_size, tip="Images a step")
        self.optimiser = _choice(
            self, {"SGD": Optimiser.SGD, "AdamW": Optimiser.ADAMW}, "How a gradient changes a weight; SGD has momentum"
        )
        self.rate = NumberField(self, *RATES, usual.learning_rate, tip="The learning rate of the first steps")
        self.momentum = NumberField(self, *_MOMENTA, usual.momentum, tip="The share of the last direction that is kept")
        self.decay = NumberField(
            self, 0.0, 100.0, usual.weight_decay, least_step=1e-5, tip="Weight decay: pulls all weights towards 0"
        )
        self.schedule = _choice(
            self,
            {"cosine": Schedule.COSINE, "constant": Schedule.CONSTANT, "steps": Schedule.STEPS},
            "How the learning rate falls over the run",
        )
        self.shift = WholeField(self, 0, 64, 0, tip="Training images are shifted at random by up to so many pixels")
        self.flip = QCheckBox("mirror", self)
        self.flip.setToolTip("Half of the training images are mirrored, left to right")
        self.target = NumberField(
            self, 0.0, 100.0, 0.0, special="none", tip="The run ends here, as measured on the validation images"
        )
        self.target.reads_percent = True
        self.target_kind = _choice(
            self, {"%": "accuracy", "error": "error"}, "Whether the target is an accuracy, in percent, or an error"
        )
        self.target_kind.setAccessibleName("Sort of target")
        self.target_kind.currentIndexChanged.connect(self._on_target_kind_changed)
        self.seed = WholeField(self, 0, 2**31 - 1, 0, tip="The same seed gives the same run")
        for field in self.findChildren(NumberField):
            field.setMinimumWidth(78)
        self.rate.setMinimumWidth(94)  # room for 0.00123456
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
        grid.setHorizontalSpacing(6)
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

    @Slot()
    def _on_target_kind_changed(self) -> None:
        self.target.reads_percent = self.target_kind.currentData() == "accuracy"


def _side_by_side(parent: QWidget, *fields: QWidget) -> QWidget:
    both = QWidget(parent)
    row = QHBoxLayout(both)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    for field in fields:
        field.setMinimumWidth(66)
        row.addWidget(field, stretch=1)
    return both


def _choice(parent: QWidget, options: dict[str, str], tip: str) -> Choice:
    box = Choice(parent)
    for text, value in options.items():
        box.addItem(text, value)
    box.setToolTip(tip)
    box.setMinimumWidth(78)
    return box
