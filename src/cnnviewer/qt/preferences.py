"""What the program remembers between runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from PySide6.QtCore import QByteArray, QSettings

from cnnviewer.devices import AUTO, Precision
from cnnviewer.messages import DeviceRequest, Order, ScaleChoice, Scope
from cnnviewer.qt.selection import Selection

if TYPE_CHECKING:
    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.session import Session

__all__ = ["Preferences"]

_LAYOUT_VERSION = 1
_OPEN = "panels/open"
_RANDOM = "random"
_BYTES = "bytes:"
"""How a name in the settings begins that is no UTF-8: its bytes follow, percent-encoded."""


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
        """Return the name and the weights ("DEFAULT", None or a file) of the network used last."""
        weights = self._name("network/weights", "DEFAULT")
        return self._name("network/name", ""), None if weights == _RANDOM else weights

    def device(self) -> DeviceRequest:
        """Return where networks ran last, and in which precision."""
        precision = self._one_of("device/precision", list(Precision), Precision.SINGLE)
        return DeviceRequest(str(self._settings.value("device/name", AUTO)), Precision(precision))

    def restore_geometry(self, window: MainWindow) -> None:
        """Give the window its place and size back."""
        geometry = self._settings.value("window/geometry")
        if isinstance(geometry, QByteArray):
            window.restoreGeometry(geometry)

    def restore_docks(self, window: MainWindow) -> bool:
        """Give the panels their places back, and open those that were open; return whether they were known."""
        state = self._settings.value("window/state")
        if not isinstance(state, QByteArray):
            return False
        names = str(self._settings.value(_OPEN, "")).split()
        memory = {name: str(self._settings.value(f"panels/{name}", "")) for name in names}
        window.panels.prepare(memory)
        is_known = window.restoreState(state, _LAYOUT_VERSION)
        window.panels.recall(memory)
        return is_known

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

    def restore_selection(self, session: Session) -> None:
        """Choose the map and the unit that were chosen, where the network that opens has them too."""
        layer = str(self._settings.value("selection/layer", ""))
        numbers = str(self._settings.value("selection/numbers", "")).split()
        if layer and len(numbers) in (1, 3) and all(number.isdecimal() for number in numbers):
            channel, *unit = map(int, numbers)
            session.selection = Selection(layer, channel, (unit[0], unit[1]) if unit else None)

    def save(self, window: MainWindow, session: Session, theme: str) -> None:
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
        request, chosen = session.lent or (session.network_request, session.selection)
        if chosen is not None:
            values["selection/layer"] = chosen.layer
            values["selection/numbers"] = " ".join(map(str, (chosen.channel, *(chosen.unit or ()))))
        memory = window.panels.memory
        values[_OPEN] = " ".join(memory)
        values.update({f"panels/{name}": text for name, text in memory.items()})
        if request is not None and not request.allow_code:  # a consent is for once
            values["network/name"] = _storable(request.name)
            values["network/weights"] = _RANDOM if request.weights is None else _storable(request.weights)
        for key, value in values.items():
            self._settings.setValue(key, value)
        self._settings.sync()  # the process may end at once

    def _name(self, key: str, usual: str) -> str:
        """Return a name as it was before `_storable`."""
        value = str(self._settings.value(key, usual))
        return unquote(value.removeprefix(_BYTES), errors="surrogatepass") if value.startswith(_BYTES) else value

    def _one_of(self, key: str, known: list[str], usual: str) -> str:
        value = str(self._settings.value(key, usual))
        return value if value in known else usual

    def _number(self, key: str, usual: float, low: float, high: float) -> float:
        try:
            value = float(str(self._settings.value(key, usual)))
        except ValueError:
            return usual
        return min(max(value, low), high) if value == value else usual


def _storable(name: str) -> str:
    """Return a name as Qt's settings can hold it, who cut off what is no UTF-8 in a file's name."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return _BYTES + quote(name, errors="surrogatepass")
    return name
