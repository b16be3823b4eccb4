"""Painting at once, and what must not stay open when a paint ends."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnviewer.qt.live.painting import is_painting, paint_at_once

from ..conftest import wait
from .conftest import picture


class Paper(QWidget):
    """Counts how often it is painted, and does something while it is."""

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.painted, self.meanwhile = 0, None
        self.setMinimumSize(40, 20)

    def paintEvent(self, event) -> None:
        self.painted += 1
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), "red")
            if self.meanwhile is not None:
                self.meanwhile()


@pytest.fixture
def sheets(qtbot):
    """A window with two papers, painted."""
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    window.first, window.second = Paper(window), Paper(window)
    layout.addWidget(window.first)
    layout.addWidget(window.second)
    window.show()
    qtbot.waitUntil(lambda: window.first.painted and window.second.painted)
    wait(50)
    return window


def warnings(qtlog):
    return [record.message for record in qtlog.records if "aint" in record.message]


def test_what_has_changed_is_painted_at_once(sheets):
    before = sheets.first.painted, sheets.second.painted
    sheets.first.update()
    paint_at_once(sheets)
    assert (sheets.first.painted, sheets.second.painted) == (before[0] + 1, before[1])


def test_nothing_is_painted_within_a_paint(sheets, qtbot, qtlog):
    seen = []

    def paint_the_other() -> None:
        before = sheets.second.painted
        sheets.second.update()
        paint_at_once(sheets)
        seen.append((is_painting(sheets), sheets.second.painted - before))
        sheets.first.meanwhile = None

    before, sheets.first.meanwhile = sheets.second.painted, paint_the_other
    sheets.first.repaint()
    assert seen == [(True, 0)]
    assert not is_painting(sheets)
    qtbot.waitUntil(lambda: sheets.second.painted > before)  # by Qt, in its own time
    assert not warnings(qtlog)


def test_nothing_is_painted_at_once_within_a_loop_within_a_loop(sheets, qtbot):
    inner, outer, seen = QEventLoop(), QEventLoop(), []

    def paint() -> None:
        before = sheets.first.painted
        sheets.first.update()
        paint_at_once(sheets)
        seen.append(sheets.first.painted - before)

    def within() -> None:
        QTimer.singleShot(0, paint)
        QTimer.singleShot(0, inner.quit)
        inner.exec()
        outer.quit()

    QTimer.singleShot(0, paint)
    QTimer.singleShot(0, within)
    outer.exec()
    assert seen == [1, 0]


def test_a_frame_that_comes_while_the_window_is_painted_is_shown_later(lenet, camera, qtlog):
    window, live = lenet.window, lenet.window.open_live()
    live.live.run(camera)
    answers = []
    lenet.session.framed.connect(answers.append)
    with lenet.bot.waitSignal(lenet.session.framed):
        camera.send(picture(4))
    paper = Paper()
    window.statusBar().addPermanentWidget(paper)
    lenet.bot.waitUntil(lambda: paper.painted > 0)

    def bring() -> None:
        paper.meanwhile = None
        lenet.session.framed.emit(answers[0])

    paper.meanwhile = bring
    paper.repaint()
    wait(100)
    assert not warnings(qtlog)


def test_painters_end_though_somebody_keeps_what_they_were_made_in(lenet, qtlog):
    # As a traceback does, a debugger, or a profiler: a painter that outlives its paint is fatal later.
    kept = []

    def keep(frame, event, argument) -> None:
        if event == "call" and frame.f_code.co_name in ("paintEvent", "_paint"):
            kept.append(frame)

    lenet.window.open_graph()
    lenet.window.open_explanation()
    sys.setprofile(keep)
    try:
        lenet.window.open_live().pad()
        lenet.settle()
        lenet.window.repaint()
        wait(100)
    finally:
        sys.setprofile(None)
    assert len({frame.f_code for frame in kept}) > 10
    assert not warnings(qtlog)
    assert not is_painting(lenet.window)
