"""From a click on a unit to its explained numbers on the screen, in the real window."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from measuring import PAIRS, Result, photo, seconds, weights_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnnviewer.messages import LayerSummary

MARK = 100
"""Milliseconds: so long a click may take to its numbers."""


def measure(networks: list[str]) -> Iterator[Result]:
    from PySide6.QtCore import QEventLoop, QTimer

    from cnnviewer.messages import ImageRequest
    from cnnviewer.qt.app import create_app
    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.session import Session

    app = create_app()
    session = Session()
    window = MainWindow(session)
    window.resize(1280, 800)
    loop = QEventLoop()
    window.painted.connect(loop.quit)
    window.show()
    loop.exec()
    session.idle.connect(lambda: QTimer.singleShot(0, loop.quit))

    def until_painted() -> None:
        while session.recording is None or not session.is_idle or window.layers.is_waiting:
            app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        app.processEvents()

    session.inputs.show_images([ImageRequest("chelsea", pixels=photo())])
    panel = window.open_explanation()
    try:
        for name in networks:
            before = session.network
            session.open_network(name, weights_for(name))
            while session.network is before:
                app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            until_painted()
            for kind in ("convolution", "pooling", "linear"):
                layers = [layer for layer in session.recording.layers if layer.kind == kind]
                times = []
                for layer in layers:
                    for turn in range(max(1, -(-PAIRS // len(layers)))):
                        times.append(seconds(lambda layer=layer, turn=turn: _click(app, session, panel, layer, turn)))
                        until_painted()  # the cards that scrolled in, the field on the photo
                yield Result(
                    f"click to explained number, {kind}, median", name, statistics.median(times) * 1000, "ms", MARK
                )
                yield Result(f"click to explained number, {kind}, longest", name, max(times) * 1000, "ms", MARK)
    finally:
        window.close()


def _click(app: object, session: object, panel: object, layer: LayerSummary, turn: int) -> None:
    """Choose a unit of a layer, another each turn, and wait until its explanation is painted."""
    from PySide6.QtCore import QEventLoop

    rows, columns = layer.map_shape
    is_vector = len(layer.shape) < 2
    channel = turn % (layer.shape[0] if is_vector else layer.maps)
    cell = None if is_vector else ((7 * turn + 3) % rows, (5 * turn + 2) % columns)
    unit = (channel,) if cell is None else (channel, *cell)
    session.select(layer.name, channel, cell)
    while panel.arithmetic.answer is None or (panel.arithmetic.answer.layer, panel.arithmetic.answer.unit) != (
        layer.name,
        unit,
    ):
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    app.processEvents()
