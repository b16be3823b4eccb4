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
        from PySide6.QtCore import QEventLoop, QTimer

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

    def open(self, name: str) -> None:
        """Open a network, and stream until all its cards are shown."""
        from cnnviewer.messages import ImageRequest

        self.session.show_images([ImageRequest("chelsea", pixels=photo())])
        self.session.open_network(name, weights_for(name))
        self.wait(lambda: self.session.network is not None and self.session.network.name == name)
        self.wait(lambda: self.session.is_idle and not self.window.layers.is_waiting)
        shown = len(self.window.layers.visible_layers)
        assert shown >= CARDS, f"{shown} cards are on the screen"
        self.session.open_stream()
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

    def offer(self) -> None:
        from cnnviewer.frames import Frame

        frame = Frame(self.shown, "chelsea", self.pixels, time.perf_counter())
        if self.session.mailbox.offer(frame):
            self.session.wake()

    @contextmanager
    def feeding(self, interval: float = 0.004) -> Iterator[None]:
        """Offer frames faster than any network takes them, from another thread as sources do."""
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
        if self._until is not None and self.shown >= self._until:
            self._loop.quit()
