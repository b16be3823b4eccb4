"""The process of one seed: ``child.py SEED SECONDS FOLDER``."""

from __future__ import annotations

import faulthandler
import gc
import json
import socket
import sys
import threading
from pathlib import Path

_SOAK = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(_SOAK), str(_SOAK.parent)]

from PySide6.QtCore import QEvent, QEventLoop, QObject, QSettings, QThread, QTimer, QUrl, Slot  # noqa: E402
from PySide6.QtGui import QDesktopServices, QGuiApplication  # noqa: E402
from shiboken6 import isValid  # noqa: E402
from watching import Trail, Watch  # noqa: E402

from monkey.materials import make_materials  # noqa: E402
from monkey.user import User  # noqa: E402


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


def main() -> None:
    seed, seconds, folder = int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])
    faulthandler.enable()
    _cut_off()
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder / "home"))

    from cnnviewer.qt.app import create_app
    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.preferences import Preferences
    from cnnviewer.qt.session import Session
    from cnnviewer.qt.threads import leave

    app = create_app()
    app.setQuitOnLastWindowClosed(False)
    materials = make_materials(folder.parent / "materials")
    trail = Trail(folder / "trail.txt")
    watch = Watch(folder, trail)
    watch.begin()
    before = set(threading.enumerate())
    session = Session()
    window = MainWindow(session, Preferences())
    restraint = Restraint()
    window.installEventFilter(restraint)
    loop = QEventLoop()
    window.painted.connect(loop.quit)
    window.show()
    loop.exec()
    session.open_network("lenet5")
    window.show_sample("digit-3")
    # The first recording waits for torch, whose import holds the interpreter.
    session.recordingChanged.connect(loop.quit)
    loop.exec()
    session.recordingChanged.disconnect(loop.quit)
    watch.time_window()
    user = User(window, session, materials, folder / "written", trail, seed)
    QTimer.singleShot(round(seconds * 1000), user.end)
    user.ended.connect(loop.quit)
    user.begin()
    loop.exec()
    trail.note("the window is closed")
    restraint.is_over = True
    watch.end()
    figures = watch.figures()
    threads = [one for one in gc.get_objects() if isinstance(one, QThread)]
    if not window.close():
        watch.fail("the window does not close", f"under {app.activeModalWidget()}, {app.activePopupWidget()}")
    app.processEvents()
    # Of those that Python made: Qt would delete it when Python is gone.
    QGuiApplication.clipboard().clear()
    left = [thread.name for thread in set(threading.enumerate()) - before if thread.is_alive() and not thread.daemon]
    left += [thread.objectName() for thread in threads if isValid(thread) and thread.isRunning()]
    if left:
        watch.fail("threads are left", ", ".join(sorted(left)))
    (folder / "done.json").write_text(json.dumps({"actions": trail.number, "figures": figures, "sorts": watch.counts}))
    sys.exit(leave(0))


def _cut_off() -> None:
    """Let nothing leave this machine: what is not there is not downloaded."""

    def refuse(*args, **kwargs):
        raise socket.gaierror(socket.EAI_AGAIN, "the random user downloads nothing")

    socket.getaddrinfo = refuse
    socket.create_connection = refuse


if __name__ == "__main__":
    main()
