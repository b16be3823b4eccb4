"""Half precision against single, on each device that is there: the bare forward pass, and an image in the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from measuring import Result, median_ratio, network_for, opened_by_name, photo

from cnnviewer.devices import Precision, list_devices
from cnnviewer.threads import leave_a_core

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cnnviewer.network import Network

_KINDS = ("cpu", "cuda", "mps")


def measure(networks: list[str]) -> Iterator[Result]:
    loaded = {name: network_for(name) for name in networks}
    leave_a_core()
    there = {device.name.split(":")[0]: device for device in reversed(list_devices()) if not device.missing}
    for kind in _KINDS:
        device = there.get(kind)
        for name, network in loaded.items():
            title = f"forward pass, half / single, on {kind}" + (f" ({device.half})" if device else "")
            yield Result(title, name, None if device is None else _forward(network, device.name), "ratio")
    yield from _windows({kind: device.name for kind, device in there.items()}, loaded)


def _forward(network: Network, device: str) -> float:
    half, single = (_pass(network.to(device, precision)) for precision in (Precision.HALF, Precision.SINGLE))
    return median_ratio(half, single)


def _pass(network: Network) -> Callable[[], object]:
    tensor = network.preprocess(photo())

    def run() -> None:
        with torch.inference_mode():
            network.module(tensor)[0].sum().item()  # waits for the device

    return run


def _windows(devices: dict[str, str], networks: dict[str, Network]) -> Iterator[Result]:
    """Measure an image in memory to painted cards, in two windows."""
    from cnnviewer.qt.app import create_app

    app = create_app()
    for kind in _KINDS:
        for name in networks:
            value = None
            if kind in devices:
                half, single = (_Window(app, devices[kind], precision) for precision in (Precision.HALF, "single"))
                with opened_by_name(networks):
                    for window in (half, single):
                        window.open(name)
                value = median_ratio(half.show, single.show)
                for window in (half, single):
                    window.close()
            yield Result(f"image in memory to painted cards, half / single, on {kind}", name, value, "ratio")


class _Window:
    """A window whose networks run on a device in a precision."""

    def __init__(self, app, device: str, precision: str) -> None:
        from PySide6.QtCore import QEventLoop, QTimer

        from cnnviewer.messages import DeviceRequest
        from cnnviewer.qt.main_window import MainWindow
        from cnnviewer.qt.session import Session

        self._app, self._session, self._loop = app, Session(), QEventLoop()
        self._window = MainWindow(self._session)
        self._window.resize(1280, 800)
        self._window.painted.connect(self._loop.quit)
        self._window.show()
        self._loop.exec()
        self._session.idle.connect(lambda: QTimer.singleShot(0, self._leave_if_done))
        self._session.use_device(DeviceRequest(device, Precision(precision)))
        self._pixels = photo()

    def open(self, name: str) -> None:
        self._session.open_network(name)
        self.show()

    def show(self) -> None:
        """Show the photo, and run the event loop until everything is painted."""
        from cnnviewer.messages import ImageRequest

        self._session.inputs.show_images([ImageRequest("chelsea", pixels=self._pixels)])
        self._loop.exec()
        self._app.processEvents()

    def close(self) -> None:
        self._window.close()

    def _leave_if_done(self) -> None:
        from PySide6.QtCore import QTimer

        if self._window.layers.is_waiting:  # it may have nothing more to ask for, and then nothing tells the end
            QTimer.singleShot(1, self._leave_if_done)
        elif self._session.is_idle and self._session.recording is not None:
            self._loop.quit()
