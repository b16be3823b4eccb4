"""The first paint comes before everything heavy."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from cnnviewer.qt.app import create_app
from cnnviewer.qt.main_window import MainWindow
from cnnviewer.qt.session import Session

heavy = {"torch", "torchvision", "timm", "numpy", "PIL", "cmap", "pyqtgraph"}


class Window(MainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        print("at the first paint:", sorted(heavy & set(sys.modules)))


app = create_app()
window = Window(Session())
window.painted.connect(app.quit)
window.show()
app.exec()
print("with the panels:", sorted(heavy & set(sys.modules)))
window.close()
"""


def test_nothing_heavy_is_imported_before_the_first_paint():
    answer = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=120)
    lines = answer.stdout.split("\n")
    assert lines[0] == "at the first paint: []"
    assert "with the panels: []" in lines


IMPORTS = """
import sys
import threading

importers = {}


class Finder:
    def find_spec(self, name, path=None, target=None):
        importers.setdefault(name, threading.current_thread())


sys.meta_path.insert(0, Finder())

from PySide6.QtCore import QTimer
from cnnviewer.qt.app import create_app
from cnnviewer.qt.main_window import MainWindow
from cnnviewer.qt.session import Session

app, session = create_app(), Session()
window = MainWindow(session)


def begin():
    session.open_network("lenet5")
    window.show_sample("digit-3")


def look():
    if getattr(sys.modules.get("pyqtgraph"), "PlotWidget", None) is not None:
        app.quit()


window.painted.connect(begin)
timer = QTimer(interval=20)
timer.timeout.connect(look)
timer.start()
window.show()
app.exec()
print("recorded first:", session.recording is not None)
window.open_training()
print("in the window's thread:", importers["pyqtgraph"] is threading.main_thread())
window.close()
print("ended:", not importers["pyqtgraph"].is_alive())
"""


def test_plots_are_imported_in_a_thread_before_a_training_is_opened():
    answer = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=True, timeout=120)
    assert answer.stdout.split("\n")[:3] == [
        "recorded first: True",
        "in the window's thread: False",
        "ended: True",
    ]


def test_a_training_opens_from_the_command_line(tmp_path):
    """In a process of its own: what is left of its threads would abort it."""
    from cnnviewer.cli import main

    run, picture = tmp_path / "run", tmp_path / "window.png"
    assert main(["train", "lenet5", "--epochs", "1", "--batch-size", "512", "--out", str(run)]) == 0
    words = [str(run), "--screenshot", str(picture), "--size", "1280x800"]
    done = subprocess.run(
        [sys.executable, "-m", "cnnviewer", *words], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert picture.stat().st_size > 20_000
