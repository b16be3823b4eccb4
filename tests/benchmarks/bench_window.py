"""The real window: from an image in memory to its painted cards, and how long the GUI thread is held."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

import torch
from measuring import PAIRS, Gaps, Result, network_for, photo, seconds, weights_for

from cnnviewer.threads import leave_a_core

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.session import Session

SIZE = (1280, 800)


def measure(networks: list[str]) -> Iterator[Result]:
    from PySide6.QtCore import QTimer

    from cnnviewer.messages import ImageRequest

    session, window, until_painted = _painted_window()
    gaps = Gaps()
    timer = QTimer()
    timer.setInterval(5)
    timer.timeout.connect(gaps.tick)
    pixels = photo()
    session.inputs.show_images([ImageRequest("chelsea", pixels=pixels)])
    session.open_network("lenet5")  # the first import of torch, which no measure is about
    until_painted()
    # The number of threads is a setting of each thread: the bare pass runs here on as many as in the worker.
    leave_a_core()
    try:
        for name in networks:
            gaps.clear()
            timer.start()
            session.open_network(name, weights_for(name))
            until_painted()
            load_stall = gaps.longest
            yield Result("longest stall of the GUI while a network loads", name, load_stall * 1000, "ms", 50)
            gaps.clear()
            for _ in range(10):
                session.inputs.show_images([ImageRequest("chelsea", pixels=pixels)])
                until_painted()
            timer.stop()
            yield Result("longest stall of the GUI while recording", name, gaps.longest * 1000, "ms", 50)
            yield Result(
                "image in memory to painted cards / bare pass",
                name,
                _ratio(_shower(session, pixels, until_painted), name, pixels),
                "ratio",
                1.5,
            )
    finally:
        window.close()


def _painted_window() -> tuple[Session, MainWindow, Callable[[], None]]:
    """Return a window that has been painted, and what runs it until all that is asked for is painted."""
    from PySide6.QtCore import QEventLoop, QTimer

    from cnnviewer.qt.app import create_app
    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.session import Session

    app = create_app()
    session = Session()
    window = MainWindow(session)
    window.resize(*SIZE)
    shown = QEventLoop()
    window.painted.connect(shown.quit)
    window.show()
    shown.exec()
    loop = QEventLoop()

    def leave_if_done() -> None:
        if session.is_idle and session.recording is not None and not window.layers.is_waiting:
            loop.quit()

    session.idle.connect(lambda: QTimer.singleShot(0, leave_if_done))

    def until_painted() -> None:
        """Run the event loop until nothing is asked for, and everything is painted."""
        loop.exec()
        app.processEvents()

    return session, window, until_painted


def _shower(session, pixels, until_painted: Callable[[], None]) -> Callable[[], None]:
    from cnnviewer.messages import ImageRequest

    def show() -> None:
        session.inputs.show_images([ImageRequest("chelsea", pixels=pixels)])
        until_painted()

    return show


def _ratio(show: Callable[[], None], name: str, pixels) -> float:
    network = network_for(name)
    tensor = network.preprocess(pixels)

    def bare() -> None:
        with torch.inference_mode():
            network.module(tensor)

    for call in (bare, show, bare, show):
        call()
    return statistics.median(seconds(show) / seconds(bare) for _ in range(PAIRS))
