"""The graph of a network: from the wish to the painted picture, and how long a step of panning and of zooming takes."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from measuring import Result, opened_by_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cnnviewer.network import Network

SIZE = (1600, 1000)
NETWORKS = ("resnet50", "googlenet", "densenet121", "densenet201", "vit_b_16", "swin_t")
STEPS = 120


def measure(networks: list[str]) -> Iterator[Result]:
    del networks  # those that are hard to draw, and DenseNet-201, for which there is a mark
    from PySide6.QtCore import QEventLoop

    from cnnviewer.analysis.graph.dot import place
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

    def settle() -> None:
        while True:
            app.processEvents()
            if session.is_idle and session.recording is not None and not window.layers.is_waiting:
                break
        app.processEvents()

    window.show_sample("chelsea")
    with opened_by_name({name: _network(name) for name in NETWORKS}):
        for name in NETWORKS:
            session.open_network(name)
            settle()
            place.cache_clear()
            mark = 2.0 if name == "densenet201" else None
            yield Result("wish to painted graph, as it opens", name, _seconds(window.open_graph, settle), "s", mark)
            panel = window.open_graph().panel
            for state, fold in (("as it opens", None), ("all unfolded", panel.unfold_all)):
                if fold is not None:
                    yield Result("wish to painted graph, all unfolded", name, _seconds(fold, settle), "s", mark)
                for zoom, near in ((1.0, "near"), (0.1, "far")):
                    steps = _steps(panel.view, zoom)
                    what = f"a step of panning, {state}, {near}"
                    yield Result(f"{what}, median", name, statistics.median(steps) * 1000, "ms", 16)
                    yield Result(f"{what}, longest", name, max(steps) * 1000, "ms", 16)
                yield Result(f"a step of zooming, {state}", name, _zooms(panel.view) * 1000, "ms")
            window.open_graph().dock.hide()
            app.processEvents()
    window.close()


def _network(name: str) -> Network:
    import torchvision

    from cnnviewer import from_module, list_networks, load_network

    if any(name in names for names in list_networks().values()):
        return load_network(name, weights=None)
    return from_module(getattr(torchvision.models, name)(weights=None).eval(), name=name)


def _seconds(wish: Callable[[], object], settle: Callable[[], None]) -> float:
    begun = time.perf_counter()
    wish()
    settle()
    return time.perf_counter() - begun


def _steps(view, zoom: float) -> list[float]:
    """Return how long each of many steps of panning takes, painted: along the picture, and a little across."""
    from PySide6.QtCore import QPointF, QRectF

    size = view.picture_size()
    is_down = size.height() > size.width()
    view.look_at(QPointF(size.width() / 2, size.height() / 2), QRectF(view.rect()).center(), zoom)
    view.repaint()
    found = []
    for step in range(STEPS):
        along, across = (-24 if step < STEPS / 2 else 24), (3 if step % 20 < 10 else -3)
        begun = time.perf_counter()
        view.pan(across if is_down else along, along if is_down else across)
        view.repaint()
        found.append(time.perf_counter() - begun)
    return found


def _zooms(view) -> float:
    found = []
    for step in range(20):
        begun = time.perf_counter()
        view.zoom_by(1.2 if step < 10 else 1 / 1.2)
        view.repaint()
        found.append(time.perf_counter() - begun)
    return statistics.median(found)
