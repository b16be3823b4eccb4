"""The time to the first paint, in fresh processes, against that of an empty PySide6 window."""

from __future__ import annotations

import statistics
import subprocess
import sys
from typing import TYPE_CHECKING

from measuring import Result

if TYPE_CHECKING:
    from collections.abc import Iterator

PAIRS = 9

_EMPTY = """
import time; start = time.perf_counter()
from PySide6.QtWidgets import QApplication, QMainWindow
class Window(QMainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        print(time.perf_counter() - start, flush=True)
        QApplication.exit(0)
app = QApplication([])
window = Window()
window.resize(1280, 800)
window.show()
app.exec()
"""
_OURS = """
import time; start = time.perf_counter()
from cnnviewer.qt.app import create_app
from cnnviewer.qt.main_window import MainWindow
from cnnviewer.qt.session import Session
class Window(MainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        print(time.perf_counter() - start, flush=True)
app = create_app()
session = Session()
window = Window(session)
window.painted.connect(app.quit)
window.show()
app.exec()
window.close()
"""


def measure(networks: list[str]) -> Iterator[Result]:
    del networks
    pairs = [(_run(_OURS), _run(_EMPTY)) for _ in range(PAIRS + 1)][1:]
    yield Result("time to first paint", "", statistics.median(ours for ours, _ in pairs), "s")
    yield Result(
        "time to first paint / that of an empty window",
        "",
        statistics.median(ours / empty for ours, empty in pairs),
        "ratio",
        2,
    )


def _run(code: str) -> float:
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(answer.stdout.split()[0])
