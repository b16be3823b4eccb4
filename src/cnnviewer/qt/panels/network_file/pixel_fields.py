"""How pixels become numbers: channels, their order, range, mean and deviation, with ready values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QSignalBlocker, Signal, Slot
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QLineEdit, QWidget

from cnnviewer.networks.files.presets import presets_for
from cnnviewer.qt.panels.network_file.card_values import joined, numbers_from, numbers_text, unread_sentence
from cnnviewer.qt.panels.network_file.presets import preset_of, preset_values
from cnnviewer.qt.widgets.number_field import WholeField, style_of
from cnnviewer.qt.widgets.styling import set_state
from cnnviewer.qt.widgets.wheel import Choice

if TYPE_CHECKING:
    from cnnviewer.networks.files.presets import Preset

__all__ = ["PixelFields", "choose", "combo", "spin"]

_OWN = "Numbers of your own"
_ORDERS = {"RGB": "RGB", "BGR": "BGR", "grey": "L"}
_RANGES = {"0..1": 1, "0..255": 255}


class PixelFields(QObject):
    """The widgets for ``channels``, ``order``, ``range``, ``mean`` and ``deviation`` of a card's JSON."""

    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.channels = spin(parent, "Channels", 1024)
        self.order = combo(parent, "Order of the channels", _ORDERS)
        self.presets = combo(parent, "Ready values", {_OWN: None})
        self.presets.setToolTip("Range, mean and deviation as networks are commonly trained")
        self.range = combo(parent, "Range of a pixel", _RANGES)
        self.range.setToolTip("What black and white are before the mean is taken away")
        self.mean, self.deviation = (self._numbers(parent, name) for name in ("Mean", "Deviation"))
        self.order.currentIndexChanged.connect(self._on_order_changed)
        self.channels.valueChanged.connect(self._on_channels_changed)
        self.presets.activated.connect(self._on_preset_chosen)
        self.range.currentIndexChanged.connect(self._on_edited)
        self._order = "RGB"
        self._offered: tuple[Preset, ...] = ()

    def value(self) -> dict[str, Any]:
        """Return what the widgets say, right or wrong."""
        return {
            "channels": self.channels.value(),
            "order": self.order.currentData(),
            "range": self.range.currentData(),
            "mean": _numbers_of(self.mean),
            "deviation": _numbers_of(self.deviation),
        }

    def unread(self) -> tuple[str, str]:
        """Return the key of the first value that may be one number or two, and that as a sentence; or two ''."""
        for key, line in (("mean", self.mean), ("deviation", self.deviation)):
            words = (word for word in _numbers_of(line) if isinstance(word, str))
            sentence = next(filter(None, (unread_sentence(word, style_of(line.locale())) for word in words)), "")
            if sentence:
                return key, sentence
        return "", ""

    def mark(self, wrong: str) -> None:
        """Mark the line of the value that is wrong."""
        for key, line in (("mean", self.mean), ("deviation", self.deviation)):
            set_state(line, "wrong", key == wrong)

    def set_value(self, stored: dict[str, Any]) -> None:
        """Show these values."""
        self._show(stored)
        self._on_edited()

    # ---- building

    def _numbers(self, parent: QWidget, name: str) -> QLineEdit:
        line = QLineEdit(parent)
        line.setAccessibleName(name)
        line.setToolTip("A number a channel, in the order of the channels; one number stands for all")
        line.textChanged.connect(self._on_edited)
        return line

    def _show(self, stored: dict[str, Any]) -> None:
        widgets = (self.channels, self.order, self.range, self.mean, self.deviation)
        blockers = [QSignalBlocker(widget) for widget in widgets]
        self.channels.setValue(stored["channels"])
        choose(self.order, stored["order"], stored["order"])
        choose(self.range, stored["range"], f"0..{stored['range']:g}")
        self.mean.setText(numbers_text(stored["mean"], style_of(self.mean.locale())))
        self.deviation.setText(numbers_text(stored["deviation"], style_of(self.deviation.locale())))
        self._order = stored["order"]
        del blockers

    # ---- user

    @Slot()
    def _on_edited(self) -> None:
        """Show which ready values these are, among those that suit the channels."""
        self._offer(presets_for(self.channels.value()))
        found = preset_of(self.value())
        self.presets.setCurrentIndex(0 if found is None else self._offered.index(found) + 1)
        self.changed.emit()

    def _offer(self, presets: tuple[Preset, ...]) -> None:
        """Let one choose among these ready values."""
        if presets == self._offered:
            return
        self._offered = presets
        self.presets.clear()
        self.presets.addItems([_OWN, *(preset.name for preset in presets)])
        model = self.presets.model()
        assert isinstance(model, QStandardItemModel)
        model.item(0).setEnabled(False)  # it tells, and can't be chosen

    @Slot()
    def _on_order_changed(self) -> None:
        """Let the channels follow where there was one a letter, and each number stay with its colour."""
        order = self.order.currentData()
        before, self._order = self._order, order
        if self.channels.value() == len(before):
            with QSignalBlocker(self.channels):
                self.channels.setValue(len(order))
        if {before, order} == {"RGB", "BGR"}:
            for line in (self.mean, self.deviation):
                _reverse(line)
        self._on_edited()

    @Slot()
    def _on_channels_changed(self) -> None:
        """Give further channels the numbers of ready values, too."""
        place = self.presets.currentIndex()
        preset = self._offered[place - 1] if place > 0 else None
        if preset in presets_for(self.channels.value()):
            self._fill(preset)
        self._on_edited()

    @Slot(int)
    def _on_preset_chosen(self, place: int) -> None:
        self._fill(self._offered[place - 1])
        self._on_edited()

    def _fill(self, preset: Preset) -> None:
        channels = self.channels.value()
        values = preset_values(preset, self.order.currentData())
        for key in ("mean", "deviation"):
            numbers = values[key]
            values[key] = [numbers[channel % len(numbers)] for channel in range(channels)]
        self._show(values | {"channels": channels})


def _reverse(line: QLineEdit) -> None:
    """Write three numbers the other way round."""
    numbers = _numbers_of(line)
    if len(numbers) == 3:
        with QSignalBlocker(line):
            line.setText(joined(numbers[::-1], style_of(line.locale())))


def _numbers_of(line: QLineEdit) -> list[float | str]:
    return numbers_from(line.text(), style_of(line.locale()))


def spin(parent: QWidget, name: str, most: int, least: int = 1) -> WholeField:
    """Return a field for a whole number."""
    return WholeField(parent, least, most, least, name=name)


def combo(parent: QWidget, name: str, options: dict[str, Any]) -> Choice:
    """Return a box to choose one of some texts, each with its value."""
    box = Choice(parent)
    box.setAccessibleName(name)
    for text, value in options.items():
        box.addItem(text, value)
    return box


def choose(box: Choice, value: object, text: str) -> None:
    """Choose a value; one that is not offered is added, as a file may hold it."""
    place = next((place for place in range(box.count()) if box.itemData(place) == value), -1)
    if place < 0:
        box.addItem(text, value)
        place = box.count() - 1
    box.setCurrentIndex(place)
