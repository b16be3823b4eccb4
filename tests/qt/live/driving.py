"""How the tests of streams use the window."""

from __future__ import annotations

import itertools

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from cnnviewer.inputs.samples import list_samples

from ..conftest import wait
from .conftest import WAIT, number_of

SEVEN = [(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]
"""The corners of a digit, as shares of the paper."""


def send(live, image):
    """Have the camera give a frame, and wait until it is on the screen."""
    with live.bot.waitSignal(live.session.framed, timeout=WAIT):
        live.camera.send(image)


def digit(name):
    """Return a sample as a picture of a camera."""
    path = next(sample.path for sample in list_samples() if sample.name == name)
    return QImage(str(path)).convertToFormat(QImage.Format.Format_RGB32)


def until(live, is_done):
    """Wait until something is so."""
    live.bot.waitUntil(lambda: bool(is_done()), timeout=WAIT)


def banner(live):
    """Return what the window tells of a failure."""
    return live.window.error.sentence if not live.window.error.isHidden() else ""


def shown_number(live):
    """Return the number that the frame on the screen tells."""
    return number_of(live.live.live.shown.pixels)


def draw(live, *points, hold=None):
    """Draw a line on the pad; `hold` is called before the button is let go."""
    pad = live.window.input.pad
    paper = pad.paper()

    def place(point):
        return QPoint(round(paper.left() + point[0] * paper.width()), round(paper.top() + point[1] * paper.height()))

    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=place(points[0]))
    for (x, y), (next_x, next_y) in itertools.pairwise(points):
        for step in range(1, 9):
            QTest.mouseMove(pad, place((x + (next_x - x) * step / 8, y + (next_y - y) * step / 8)))
            QApplication.processEvents()
    if hold is not None:
        hold()
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=place(points[-1]))


def show_pad(live):
    """Take the drawing pad as the source."""
    live.live.pad()
    until(live, lambda: live.window.input.pad.isVisible())
    live.settle()
    wait(100)  # the panels make room for it
