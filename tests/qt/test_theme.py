"""Light and dark in the real window."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from shiboken6 import delete

from cnnviewer.qt.polishing import Polisher
from cnnviewer.qt.theme import DARK, LIGHT, apply_theme

from .conftest import WAIT


class Styled(QObject):
    """Counts the widgets that are told to lay themselves out in a new style."""

    count = 0

    def eventFilter(self, watched, event):
        if isinstance(watched, QWidget) and event.type() == QEvent.Type.StyleChange:
            self.count += 1
        return False


@pytest.fixture
def styled(qapp):
    counted = Styled()
    qapp.installEventFilter(counted)
    yield counted
    qapp.removeEventFilter(counted)


def color(widget: QWidget, x: int, y: int) -> str:
    return widget.grab().toImage().pixelColor(QPoint(x, y)).name()


def test_another_theme_styles_no_widget_anew(lenet, styled):
    lenet.window.open_training()
    lenet.settle()
    styled.count = 0
    lenet.window.set_theme("dark")
    lenet.settle()
    assert styled.count == 0
    assert color(lenet.window.inspector, 3, 12) == DARK.panel
    assert color(lenet.window.tool_bar, 2, 2) == DARK.panel


@pytest.mark.parametrize("name", ["light", "dark"])
def test_there_and_back_shows_the_same_to_the_pixel(lenet, name):
    other = {"light": "dark", "dark": "light"}[name]
    lenet.window.set_theme(name)
    lenet.settle()
    before = lenet.window.grab().toImage()
    lenet.window.set_theme(other)
    lenet.settle()
    assert lenet.window.grab().toImage() != before
    lenet.window.set_theme(name)
    lenet.settle()
    assert lenet.window.grab().toImage() == before


def test_a_panel_that_was_hidden_has_the_new_colours(lenet):
    training = lenet.window.open_training()
    button = training.panel.setup.start
    lenet.settle()
    training.dock.hide()
    lenet.window.set_theme("dark")
    training.dock.show()
    lenet.settle()
    lenet.bot.waitUntil(lambda: color(button, 8, button.height() // 2) == DARK.accent)
    training.dock.hide()
    lenet.window.set_theme("light")
    lenet.settle()
    training.dock.show()
    lenet.bot.waitUntil(lambda: color(button, 8, button.height() // 2) == LIGHT.accent)


def test_a_widget_may_go_before_its_turn(qapp, qtbot):
    apply_theme(qapp, LIGHT)
    hidden = [QPushButton(str(number)) for number in range(50)]
    apply_theme(qapp, DARK)
    del hidden[10:]
    apply_theme(qapp, LIGHT)
    hidden[0].show()
    qtbot.waitUntil(lambda: color(hidden[0], 8, hidden[0].height() // 2) == LIGHT.panel)
    assert len(qapp.findChildren(Polisher)) == 1
    hidden[0].hide()


def test_a_widget_may_go_while_another_is_looked_at(qapp, qtbot):
    class Last(QPushButton):
        def isVisible(self):  # noqa: N802
            """Do what a collection of garbage may do at any moment."""
            for other in others:
                delete(other)
            others.clear()
            return super().isVisible()

    apply_theme(qapp, LIGHT)
    others = [QPushButton(str(number)) for number in range(50)]
    last = Last("last")
    qtbot.addWidget(last)
    apply_theme(qapp, DARK)
    assert not others
    last.show()
    qtbot.waitUntil(lambda: color(last, 8, last.height() // 2) == DARK.panel)


_COLLECTED = """
import gc
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget
from cnnviewer.qt.polishing import Polisher

app = QApplication([])
polisher = Polisher.of(app)
gc.collect()
gc.disable()
seen = []
for number in range(100):
    unheld = QWidget()
    unheld.itself = unheld
    seen.append(QWidget())
    for widget in (unheld, seen[-1]):
        for _ in range(20):
            QScrollArea(widget)  # Python knows nothing of its bars yet
del unheld, widget
gc.set_threshold(gc.get_count()[0] + 500, 1, 1)
gc.enable()
polisher.polish()
print("alive", gc.isenabled())
"""


def test_widgets_may_go_while_all_are_listed():
    run = subprocess.run([sys.executable, "-c", _COLLECTED], capture_output=True, text=True, timeout=WAIT / 1000)
    assert run.stdout.strip() == "alive True", run.stderr[-2000:]


def test_colours_of_disabled_widgets_are_the_style_sheets(qapp, qtbot):
    apply_theme(qapp, DARK)
    button = QPushButton("")
    button.setObjectName("primary")
    qtbot.addWidget(button)
    button.setEnabled(False)
    button.show()
    assert color(button, 8, button.height() // 2) == DARK.raised
    assert QColor(DARK.border).name() == color(button, button.width() // 2, 0)
    QApplication.processEvents()
