"""A real window in a process of its own, watched from its beginning to its end."""

from __future__ import annotations

import faulthandler
import gc
import json
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QEventLoop, QObject, QSettings, QThread, QTimer, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from shiboken6 import isValid
from watching import Trail, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.session import Session

__all__ = ["Stage", "make_app", "open_window"]


class Restraint(QObject):
    """Keeps the window open, and what is linked to closed."""

    def __init__(self) -> None:
        super().__init__()
        self.is_over = False
        for scheme in ("http", "https", "file"):
            QDesktopServices.setUrlHandler(scheme, self, "take")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Close and not self.is_over:
            event.ignore()
            return True
        return False

    @Slot(QUrl)
    def take(self, url: QUrl) -> None:
        """Open nothing."""


@dataclass
class Stage:
    """The window, and what is written of it; `figures` are told at the end."""

    window: MainWindow
    session: Session
    trail: Trail
    watch: Watch
    loop: QEventLoop
    figures: dict[str, str]

    def run(self, seconds: float) -> None:
        """Run the window for a while."""
        QTimer.singleShot(round(seconds * 1000), self.loop.quit)
        self.loop.exec()

    def wait(self, is_done: Callable[[], bool], seconds: float = 120.0) -> bool:
        """Run the window until something is the case, or too long; return whether it is."""
        for _ in range(round(seconds * 20)):
            if is_done():
                return True
            self.run(0.05)
        return False


def make_app(folder: Path):
    """Return the application, with settings of its own and cut off from the network."""
    faulthandler.enable()
    _cut_off()
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder / "home"))
    from cnnviewer.qt.app import create_app

    app = create_app()
    app.setQuitOnLastWindowClosed(False)
    return app


@contextmanager
def open_window(folder: Path, network: str, sample: str) -> Iterator[Stage]:
    """Open the window, on a network and a sample; close it at the end, and write how it went."""
    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.preferences import Preferences
    from cnnviewer.qt.session import Session

    trail = Trail(folder / "trail.txt")
    watch = Watch(folder, trail)
    watch.begin()
    before = set(threading.enumerate())
    session = Session()
    window = MainWindow(session, Preferences())
    restraint = Restraint()
    window.installEventFilter(restraint)
    stage = Stage(window, session, trail, watch, QEventLoop(), {})
    window.painted.connect(stage.loop.quit)
    window.show()
    stage.loop.exec()
    session.open_network(network)
    window.show_sample(sample)
    # The first recording waits for torch, whose import holds the interpreter.
    trail.note("the window is shown")
    stage.wait(lambda: session.recording is not None, 600.0)
    watch.time_window()
    yield stage
    trail.note("the window is closed")
    restraint.is_over = True
    watch.end()
    _close(stage, before)
    told = {"actions": trail.number, "figures": {**watch.figures(), **stage.figures}, "sorts": watch.counts}
    (folder / "done.json").write_text(json.dumps(told))


def _close(stage: Stage, before: set[threading.Thread]) -> None:
    threads = [one for one in gc.get_objects() if isinstance(one, QThread)]
    if not stage.window.close():
        stage.watch.fail("the window does not close", f"under {QGuiApplication.modalWindow()}")
    QGuiApplication.processEvents()
    # Of those that Python made: Qt would delete it when Python is gone.
    QGuiApplication.clipboard().clear()
    left = [thread.name for thread in set(threading.enumerate()) - before if thread.is_alive() and not thread.daemon]
    left += [thread.objectName() for thread in threads if isValid(thread) and thread.isRunning()]
    stage.figures["threads left"] = str(len(left))
    if left:
        stage.watch.fail("threads are left", ", ".join(sorted(left)))


def _cut_off() -> None:
    """Let nothing leave this machine: what is not there is not downloaded."""

    def refuse(*args, **kwargs):
        raise socket.gaierror(socket.EAI_AGAIN, "nothing is downloaded here")

    socket.getaddrinfo = refuse
    socket.create_connection = refuse
