"""Bars of progress in the real window: they are painted with the rest of it, never at once."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QProgressBar

from cnnviewer.qt.widgets.progress_line import ProgressLine


class Paints(QObject):
    """Counts the paints of a widget."""

    count = 0

    def eventFilter(self, watched, event):
        self.count += event.type() == QEvent.Type.Paint
        return False


@pytest.fixture
def paints():
    return Paints()


@pytest.mark.parametrize(("done", "total"), [(1, 10), (10, 10), (0, 0), (20_000, 30_000)])
def test_progress_waits_for_its_paint(qtbot, paints, done, total):
    bar = ProgressLine()
    qtbot.addWidget(bar)
    bar.show()
    qtbot.waitExposed(bar)
    QApplication.processEvents()
    bar.installEventFilter(paints)
    bar.show_progress(done, total)
    assert paints.count == 0
    qtbot.waitUntil(lambda: paints.count > 0)
    assert (bar.value(), bar.maximum()) == (done, total)


def test_the_window_is_not_painted_within_a_step_of_a_job(lenet, paints):
    progress = lenet.window.progress
    progress.show_progress(1, 10, "Reading")
    QApplication.processEvents()
    lenet.window.layers.update()
    lenet.window.layers.viewport().installEventFilter(paints)
    progress.show_progress(2, 10, "Reading")
    assert paints.count == 0
    progress.hide()


def test_no_bar_paints_at_once(lenet):
    lenet.window.open_training()
    bars = lenet.window.findChildren(QProgressBar)
    assert len(bars) >= 2
    assert all(isinstance(bar, ProgressLine) for bar in bars)
