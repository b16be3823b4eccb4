"""Five steps in numbers: what one step of the training did to one weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from cnnviewer.qt.widgets.elided_label import ElidedLabel
from cnnviewer.qt.widgets.number_field import WholeField
from cnnviewer.qt.widgets.step_table import StepRow, StepTable
from cnnviewer.qt.widgets.styling import label
from cnnviewer.qt.widgets.wheel import Choice
from cnnviewer.training.progress import Weight

if TYPE_CHECKING:
    from cnnviewer.training.progress import Account, ForwardValue

__all__ = ["StepsPage"]

_HINTS = {
    "none": "The steps of a training are told here: begin one.",
    "preparing": "The training is getting ready.",
    "running": "Pause, and take single steps to read them.",
    "paused": "Take single steps to read them.",
    "stopping": "The training stops after this step.",
    "ended": "The training has ended.",
    "following": "It is trained elsewhere, where its steps are told.",
}
_PLACES = {4: ("filter", "channel", "row", "column"), 2: ("output", "input"), 1: ("unit",)}


class StepsPage(QWidget):
    """Chooses a weight, and shows the account of its last step.

    `watchRequested` tells the weight, or None; `trainOnRequested` asks for more steps after the end.
    """

    watchRequested = Signal(object)
    trainOnRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shapes: dict[str, tuple[int, ...]] = {}
        self.tensor = Choice(self)
        self.tensor.setAccessibleName("Tensor of the weight")
        self.tensor.setToolTip("Which tensor of weights")
        self.tensor.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToContents)
        self.tensor.activated.connect(self._on_tensor_chosen)
        self.places = [self._place() for _ in range(4)]
        self._names = [label("", self) for _ in range(4)]
        self._hint = ElidedLabel(self, role="muted")
        self.train_on = QPushButton("Train on, step by step", self)
        self.train_on.setToolTip("Let this training go on, and pause before its next step")
        self.train_on.clicked.connect(self.trainOnRequested)
        self.table = StepTable(self)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.tensor)
        for name, place in zip(self._names, self.places, strict=True):
            name.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            row.addWidget(name)
            row.addWidget(place)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(5)
        layout.addLayout(row)
        below = QHBoxLayout()
        below.addWidget(self._hint)
        below.addWidget(self.train_on)
        below.addStretch(1)
        layout.addLayout(below)
        layout.addWidget(self.table, stretch=1)
        self.set_stage("none", can_go_on=False)

    @property
    def hint(self) -> str:
        """What is said on how steps come."""
        return self._hint.text()

    def set_stage(self, stage: str, *, can_go_on: bool) -> None:
        """Tell how steps come: where the training is, and whether one that has ended can go on."""
        self._hint.set_text(_HINTS.get(stage, ""))
        self.train_on.setVisible(can_go_on)

    def clear(self, shapes: dict[str, tuple[int, ...]]) -> None:
        """Begin a new training of a network with these weights."""
        self.table.show_rows(())
        if shapes == self._shapes:
            return  # the same goes on: so does the look at its weight
        self._shapes = shapes
        with QSignalBlocker(self.tensor):
            self.tensor.clear()
            self.tensor.addItems(list(shapes))
        self._show_places(centre=True)

    def weight(self) -> Weight | None:
        """Return the weight that is chosen."""
        name = self.tensor.currentText()
        if name not in self._shapes:
            return None
        count = len(self._shapes[name])
        return Weight(name, tuple(place.value() for place in self.places[:count]))

    def choose(self, name: str, channel: int) -> None:
        """Choose the middle weight of a filter, or of a unit, as the user chose its map."""
        if name not in self._shapes or not self.isVisible():
            return
        self.tensor.setCurrentText(name)
        self._show_places(centre=True, channel=channel)
        self.watchRequested.emit(self.weight())

    def show_account(self, account: Account) -> None:
        """Show what the last step did."""
        if account.weight == self.weight():
            self.table.show_rows(_rows(account))

    def _place(self) -> WholeField:
        box = WholeField(self, 0, 0, 0)
        box.setKeyboardTracking(False)
        box.valueChanged.connect(self._on_place_changed)
        return box

    def _show_places(self, *, centre: bool, channel: int = 0) -> None:
        shape = self._shapes.get(self.tensor.currentText(), ())
        names = _PLACES.get(len(shape), tuple(f"axis {axis}" for axis in range(len(shape))))
        for axis, (name, box) in enumerate(zip(self._names, self.places, strict=True)):
            is_used = axis < len(shape)
            name.setVisible(is_used)
            box.setVisible(is_used)
            if not is_used:
                continue
            name.setText(names[axis])
            with QSignalBlocker(box):
                box.setAccessibleName(names[axis])
                box.setRange(0, shape[axis] - 1)
                if centre:
                    box.setValue(shape[axis] // 2 if axis >= 2 else min(channel, shape[0] - 1) if axis == 0 else 0)

    @Slot()
    def _on_tensor_chosen(self) -> None:
        self._show_places(centre=True)
        self.watchRequested.emit(self.weight())

    @Slot()
    def _on_place_changed(self) -> None:
        self.watchRequested.emit(self.weight())


def _rows(account: Account) -> tuple[StepRow, ...]:
    start = "not known: the film has no beginning" if account.start is None else f"{account.start:+.6g}"
    return (
        StepRow("1  Random start", "The value before the first step.", f"w at step 0 = {start}", start),
        _forward_row(account.forward, account.before),
        StepRow(
            "3  Error",
            "How far the batch's outputs are from its labels.",
            "mean of −log(probability of the right class)",
            f"{account.loss:.6g}",
        ),
        StepRow(
            "4  Gradient",
            "By how much the error would grow with it.",
            "∂ error / ∂ w, over the whole batch",
            f"{account.gradient:+.6g}",
        ),
        _update_row(account),
    )


def _forward_row(forward: ForwardValue | None, weight: float) -> StepRow:
    if forward is None:
        sentence = "The weight before this step. What it made is told of convolutions, linear layers, batch norms."
        return StepRow("2  Forward", sentence, f"w = {weight:+.6g}", f"{weight:+.6g}")
    unit = ", ".join(map(str, forward.unit))
    return StepRow(
        "2  Forward",
        f"First image, unit ({unit}), where it does most; all parts make {forward.value:+.6g}.",
        f"w × input = {weight:+.6g} × {forward.factor:+.6g}",
        f"{forward.product:+.6g}",
    )


def _update_row(account: Account) -> StepRow:
    lines = [f"{term.name} = {term.formula} = {term.value:+.6g}" for term in account.terms]
    difference = abs(account.computed - account.after)
    sentence = (
        f"The optimiser made {account.before:+.7g} into {account.after:+.7g}; the formula, in float64, "
        f"differs by {difference:.1g}."
    )
    return StepRow(f"5  Update (step {account.step:,})", sentence, "\n".join(lines), f"{account.after:+.6g}")
