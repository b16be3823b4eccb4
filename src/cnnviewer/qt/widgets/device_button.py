"""A button that tells where the network runs, with a menu to choose a device and a precision."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from cnnviewer.devices import AUTO, Precision
from cnnviewer.messages import DeviceRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.devices import Device

__all__ = ["DeviceButton"]

_TIP = "Where the network runs, and with which numbers"
_HALF_TIP = (
    "16 bits a number instead of 32: half the memory, and faster where the device is made for it. "
    "float16 keeps 3 digits, bfloat16 2, of larger and smaller numbers."
)


class DeviceButton(QToolButton):
    """Emits the device and precision that the user wishes; shows what is the case."""

    deviceRequested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choice = DeviceRequest()
        self._devices: tuple[Device, ...] = ()
        self._shown = ""
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Device")
        self.setToolTip(f"{_TIP}: to be chosen once PyTorch has started")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self._group = QActionGroup(menu)
        self._half = QAction("Half precision", self)  # not the menu's: what is that one's goes when it is cleared
        self._half.setCheckable(True)
        self._half.setToolTip(_HALF_TIP)
        self._group.triggered.connect(self._on_device_chosen)
        self._half.triggered.connect(self._on_half_toggled)
        self.setMenu(menu)
        self.setEnabled(False)

    def show_network(self, device: str, numbers: str) -> None:
        """Show where the network runs ("cuda:0"), and of what type its numbers are ("float16")."""
        self._shown = device
        self.setText(f"{device.upper()} ▾" if numbers == "float32" else f"{device.upper()} · {numbers} ▾")
        self._refresh()

    def show_devices(self, devices: Sequence[Device]) -> None:
        """Offer the devices that are there; those that are not stand there grey, with the reason."""
        self._devices = tuple(devices)
        self.setEnabled(True)
        self.setToolTip(_TIP)
        if not self.text():
            self.setText("Device ▾")
        menu = self.menu()
        menu.clear()
        for action in self._group.actions():
            self._group.removeAction(action)
        self._offer(AUTO, "Automatic: the fastest that is there")
        for device in self._devices:
            self._offer(device.name, device.title, device.missing)
        menu.addSeparator()
        menu.addAction(self._half)
        self._refresh()

    def show_choice(self, choice: DeviceRequest) -> None:
        """Show what is chosen."""
        self._choice = choice
        self._refresh()

    def _offer(self, name: str, title: str, missing: str = "") -> None:
        action = QAction(f"{title}: {missing}" if missing else title, self.menu())
        action.setData(name)
        action.setCheckable(True)
        action.setEnabled(not missing)
        if missing:
            action.setToolTip(f"There is no {title} device here: {missing}.")
        self._group.addAction(action)
        self.menu().addAction(action)

    def _refresh(self) -> None:
        for action in self._group.actions():
            action.setChecked(action.data() == self._choice.device)
        self._half.setChecked(self._choice.precision is Precision.HALF)
        name = self._shown if self._choice.device == AUTO else self._choice.device
        half = next((device.half for device in self._devices if device.name == name), "")
        self._half.setText(f"Half precision: {half}" if half else "Half precision")

    @Slot(QAction)
    def _on_device_chosen(self, action: QAction) -> None:
        self._ask(replace(self._choice, device=action.data()))

    @Slot(bool)
    def _on_half_toggled(self, is_half: bool) -> None:
        self._ask(replace(self._choice, precision=Precision.HALF if is_half else Precision.SINGLE))

    def _ask(self, choice: DeviceRequest) -> None:
        """Ask for another choice; until it is there the old one is shown."""
        asked = choice != self._choice
        self._refresh()
        if asked:
            self.deviceRequested.emit(choice)
