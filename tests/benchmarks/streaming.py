"""A real window with a stream of frames from memory, and eight cards on the screen."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from measuring import packed_photo, photo, weights_for

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = (1280, 1960)
CARDS = 8


class Stage:
    """The window, on which frames are shown."""

    def __init__(self) -> None:
        from PySide6.QtCore import QEventLoop, QThread, QTimer

        from cnnviewer.qt.app import create_app
        from cnnviewer.qt.main_window import MainWindow
        from cnnviewer.qt.session import Session

        self.app = create_app()
        self.session = Session()
        self.window = MainWindow(self.session)
        self.window.resize(*SIZE)
        self._loop = QEventLoop()
        self._timer = QTimer()
        self.window.painted.connect(self._loop.quit)
        self.window.show()
        self._loop.exec()
        self.commands = self.window.open_live()
        self.commands.presenter.dock.show()
        self.pixels, self.shown = packed_photo(), 0
        self.session.framed.connect(self._on_framed)
        self._until = None
        self._shown_at = 0.0
        self._calls = _calls(self.session.findChild(QThread, "cnnviewer worker"), self._loop)
        self._pixels = _pixels(self.commands.live.grabber)

    def open(self, name: str) -> None:
        """Open a network, and stream until all its cards are shown."""
        from cnnviewer.messages import ImageRequest

        self.session.inputs.show_images([ImageRequest("chelsea", pixels=photo())])
        self.session.open_network(name, weights_for(name))
        self.wait(lambda: self.session.network is not None and self.session.network.name == name)
        self.wait(lambda: self.session.is_idle and not self.window.layers.is_waiting)
        shown = len(self.window.layers.visible_layers)
        assert shown >= CARDS, f"{shown} cards are on the screen"
        self.session.inputs.open_stream()
        self.commands.live.grabber.is_open = True
        for _ in range(4):
            self.show_frame()

    def wait(self, is_done, seconds: float = 120.0) -> None:
        end = time.monotonic() + seconds
        while not is_done():
            assert time.monotonic() < end, "it takes too long"
            self.run(0.01)

    def run(self, seconds: float) -> None:
        """Run the window for a while."""
        from PySide6.QtCore import QTimer

        QTimer.singleShot(round(seconds * 1000), self._loop.quit)
        self._loop.exec()

    def show_frame(self) -> None:
        """Show one frame; it is painted afterwards."""
        self._until = self.shown + 1
        self.offer()
        self._loop.exec()
        self._until = None

    @property
    def is_quiet(self) -> bool:
        """Whether no frame waits, and none is on its way."""
        return self.session.mailbox.is_empty and time.perf_counter() - self._shown_at > 0.1

    def run_in_worker(self, call) -> None:
        """Run something in the thread in which the network runs, and wait for it."""
        self._calls.wanted.emit(call)
        self._loop.exec()

    def time_in_worker(self, call) -> float:
        """Return how many seconds something takes in the thread in which the network runs."""
        found = []

        def run() -> None:
            begun = time.perf_counter()
            call()
            found.append(time.perf_counter() - begun)

        self.run_in_worker(run)
        return found[0]

    def offer(self) -> None:
        """Give the grabber a frame, as a source does."""
        self._pixels.wanted.emit(self.pixels)

    @contextmanager
    def feeding(self, interval: float = 1 / 120) -> Iterator[None]:
        """Offer 120 frames a second, from another thread as sources do."""
        ended = threading.Event()

        def feed() -> None:
            while not ended.wait(interval):
                self.offer()

        thread = threading.Thread(target=feed)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def close(self) -> None:
        self.window.close()

    def _on_framed(self, answer) -> None:
        # Connected after the window's own: the frame is on the screen.
        self.shown += 1
        self._shown_at = time.perf_counter()
        if self._until is not None and self.shown >= self._until:
            self._loop.quit()


def _calls(thread, loop):
    """Return an object of a thread that calls what its signal tells, and then ends a loop."""
    from PySide6.QtCore import QObject, Qt, Signal, Slot

    class Calls(QObject):
        wanted = Signal(object)
        done = Signal()

        @Slot(object)
        def call(self, wanted) -> None:
            wanted()
            self.done.emit()

    calls = Calls()
    calls.moveToThread(thread)
    calls.wanted.connect(calls.call, Qt.ConnectionType.QueuedConnection)
    calls.done.connect(loop.quit)
    return calls


def _pixels(grabber):
    """Return an object whose signal gives a grabber pixels."""
    from PySide6.QtCore import QObject, Signal

    class Pixels(QObject):
        wanted = Signal(object)

    pixels = Pixels()
    pixels.wanted.connect(grabber.take_pixels)
    return pixels
