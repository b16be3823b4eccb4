"""A network's code that never returns does not keep the program from ending."""

from __future__ import annotations

import subprocess
import sys

import pytest

HANG = """
import pathlib
import time


def make():
    pathlib.Path(__file__).with_suffix(".begun").touch()
    while True:
        time.sleep(0.01)
"""

CODE = """
import pathlib
import sys
from PySide6.QtCore import QSettings, QTimer

from cnnviewer.qt import app, session
from cnnviewer.qt.main_window import MainWindow

file = pathlib.Path(sys.argv[1])
QSettings.setDefaultFormat(QSettings.Format.IniFormat)
QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(file.parent / "settings"))
session.PATIENCE = 0.2
painted = MainWindow.paintEvent


def close_soon(window):
    has_begun = file.with_suffix(".begun").exists()
    QTimer.singleShot(50, window.close if has_begun else lambda: close_soon(window))


def paint(window, event):
    painted(window, event)
    if not hasattr(window, "is_watched"):
        window.is_watched = True
        close_soon(window)


MainWindow.paintEvent = paint
print("the window opens")  # not flushed: the end must see to it
"""
RUN = 'sys.exit(app.run(network=f"{file}:make", allow_code=True))'


LATER = """
import atexit
import threading

from PySide6.QtCore import QCoreApplication, QMetaObject, QObject, Qt, Slot
from cnnviewer.qt.threads import end_thread, leave, worker_thread


class Slow(QObject):
    @Slot()
    def work(self):
        begun.set()
        go.wait()


atexit.register(print, "ended")
begun, go = threading.Event(), threading.Event()
app, owner, slow = QCoreApplication([]), QObject(), Slow()
thread = worker_thread("slow", slow, owner)
thread.start()
QMetaObject.invokeMethod(slow, "work", Qt.ConnectionType.QueuedConnection)
begun.wait()
has_ended = end_thread(thread, slow, 0.05)
del owner
go.set()
print(has_ended, thread.wait(60_000), leave(0), end=" ")
"""


@pytest.mark.parametrize(("last", "status"), [(RUN, 0), (f"app.leave = int\n{RUN}", 1)])
def test_the_program_ends_while_a_factory_hangs(tmp_path, last, status):
    """What ends without `leave` ends, too; its status is not known where that is seen to."""
    file = tmp_path / "hang.py"
    file.write_text(HANG)
    done = subprocess.run(
        [sys.executable, "-c", CODE + last, str(file)], capture_output=True, text=True, timeout=120, check=False
    )
    assert file.with_suffix(".begun").exists()
    assert done.stdout == "the window opens\n", done.stderr
    assert done.returncode == status, done.stderr
    assert "destroyed while" not in done.stderr.lower()
    assert any((tmp_path / "settings").rglob("*.ini"))


def test_a_thread_that_ends_later_is_left_no_more(tmp_path):
    """Then the process ends the usual way."""
    done = subprocess.run([sys.executable, "-c", LATER], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "False True 0 ended\n"), done.stderr
