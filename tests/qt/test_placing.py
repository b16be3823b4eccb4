"""Where the window was when it was closed it is again, on a screen that is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

RUN = """
import json
import sys
from PySide6.QtCore import QSettings, QTimer
from cnnviewer.qt.app import create_app
from cnnviewer.qt.main_window import MainWindow
from cnnviewer.qt.preferences import Preferences
from cnnviewer.qt.session import Session

folder, change = sys.argv[1:]
QSettings.setDefaultFormat(QSettings.Format.IniFormat)
QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, folder)
app = create_app()
window = MainWindow(Session(), Preferences())


def tell():
    graph = window.panels.built("graph")
    told = {"place": window.geometry().getRect(), "usual": window.normalGeometry().getRect()}
    told["is_maximised"], told["is_full"] = window.isMaximized(), window.isFullScreen()
    told["floating"] = graph.dock.geometry().getRect() if graph is not None and graph.dock.isFloating() else None
    print(json.dumps(told))
    exec(change)
    QTimer.singleShot(0, settle)


def settle():
    app.processEvents()  # the window hears on which screen it is
    window.close()
    app.quit()


window.painted.connect(lambda: QTimer.singleShot(0, tell))
window.show()
app.exec()
"""
FLOAT = "graph = window.open_graph().dock; graph.setFloating(True); graph.setGeometry(1500, 80, 500, 400)"


@pytest.fixture
def run(tmp_path):
    """Run the program on some screens, beside each other, and return where its window was at first."""

    def run(*widths: int, change: str = "pass"):
        screens = [
            {"name": f"{number}", "x": sum(widths[:number]), "y": 0, "width": width, "height": 800}
            for number, width in enumerate(widths)
        ]
        path = tmp_path / "screens.json"
        path.write_text(json.dumps({"screens": screens}))
        done = subprocess.run(
            [sys.executable, "-c", RUN, str(tmp_path / "settings"), change],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
            env={**os.environ, "QT_QPA_PLATFORM": f"offscreen:configfile={path}"},
        )
        return json.loads(done.stdout.splitlines()[0])

    return run


@pytest.mark.parametrize("state", ["is_maximised", "is_full"])
def test_a_window_that_filled_the_screen_does_so_again(run, state):
    show = "showMaximized" if state == "is_maximised" else "showFullScreen"
    usual = run(1280, change=f"window.setGeometry(100, 60, 900, 600); window.{show}()")["usual"]
    again = run(1280)
    assert usual != [100, 60, 900, 600]
    assert again[state]
    assert again["usual"] == [100, 60, 900, 600]  # which it has where it fills the screen no more


@pytest.mark.parametrize(("width", "size"), [(1280, [1000, 700]), (1024, [1000, 700])])
def test_a_window_on_a_screen_that_is_gone_comes_to_one_that_is_there(run, width, size):
    run(1280, 1280, change=f"window.setGeometry(1500, 60, {size[0]}, {size[1]}); {FLOAT}")
    assert run(1280, 1280)["place"] == [1500, 60, *size]
    there = run(width)
    for left, top, wide, high in (there["place"], there["floating"]):
        assert left >= 0
        assert top >= 0
        assert left + wide <= width
        assert top + high <= 800
    assert there["place"][2:] == size
