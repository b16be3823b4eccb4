"""What the program remembers between runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QSettings

from cnnviewer.devices import AUTO, Precision
from cnnviewer.messages import DeviceRequest, Order, ScaleChoice, Scope

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMainWindow

    from cnnviewer.qt.session import Session

__all__ = ["Preferences"]

_LAYOUT_VERSION = 1


class Preferences:
    """Reads and writes the settings: geometry, docks, network, theme, scales.

    Values that are missing or damaged are as on the first launch.
    """

    def __init__(self) -> None:
        self._settings = QSettings()

    def theme(self) -> str:
        """Return "light", "dark", or "system"."""
        value = str(self._settings.value("theme", "system"))
        return value if value in ("light", "dark") else "system"

    def network(self) -> tuple[str, str | None]:
        """Return the name and weights ("DEFAULT" or None) of the network used last."""
        name = str(self._settings.value("network/name", ""))
        return name, None if self._settings.value("network/random") in (True, "true") else "DEFAULT"

    def device(self) -> DeviceRequest:
        """Return where networks ran last, and in which precision."""
        precision = self._one_of("device/precision", list(Precision), Precision.SINGLE)
        return DeviceRequest(str(self._settings.value("device/name", AUTO)), Precision(precision))

    def restore_geometry(self, window: QMainWindow) -> None:
        """Give the window its place and size back."""
        geometry = self._settings.value("window/geometry")
        if isinstance(geometry, QByteArray):
            window.restoreGeometry(geometry)

    def restore_docks(self, window: QMainWindow) -> bool:
        """Give the panels their places back; return whether they were known."""
        state = self._settings.value("window/state")
        return isinstance(state, QByteArray) and window.restoreState(state, _LAYOUT_VERSION)

    def restore_appearance(self, session: Session) -> None:
        """Give the session its scales back."""
        scale = ScaleChoice()
        scope = self._one_of("appearance/scope", [scope.value for scope in Scope], scale.scope.value)
        session.set_appearance(
            scale=replace(
                session.scale,
                scope=Scope(scope),
                gamma=self._number("appearance/gamma", scale.gamma, 0.2, 2.0),
                sequential=self._one_of(
                    "appearance/colormap",
                    ["magma", "inferno", "viridis", "cividis", "grey"],
                    scale.sequential,
                ),
            ),
            order=Order(self._one_of("appearance/order", [order.value for order in Order], "channel")),
            tile=round(self._number("appearance/tile", 56, 20, 160)),
        )

    def save(self, window: QMainWindow, session: Session, theme: str) -> None:
        """Remember all of it."""
        values: dict[str, Any] = {
            "window/geometry": window.saveGeometry(),
            "window/state": window.saveState(_LAYOUT_VERSION),
            "theme": theme,
            "device/name": session.device.device,
            "device/precision": session.device.precision.value,
            "appearance/scope": session.scale.scope.value,
            "appearance/gamma": session.scale.gamma,
            "appearance/colormap": session.scale.sequential,
            "appearance/order": session.order.value,
            "appearance/tile": session.tile,
        }
        request = session.network_request
        if request is not None and not request.allow_code:  # a consent is for once
            values["network/name"] = request.name
            values["network/random"] = request.weights is None
        for key, value in values.items():
            self._settings.setValue(key, value)
        self._settings.sync()  # the process may end at once

    def _one_of(self, key: str, known: list[str], usual: str) -> str:
        value = str(self._settings.value(key, usual))
        return value if value in known else usual

    def _number(self, key: str, usual: float, low: float, high: float) -> float:
        try:
            value = float(str(self._settings.value(key, usual)))
        except ValueError:
            return usual
        return min(max(value, low), high) if value == value else usual
