"""The window's actions, before there are panels; what they do then is tested with what they do it to."""

import pytest

from cnnviewer.qt.actions import ACTIONS
from cnnviewer.qt.main_window import MainWindow
from cnnviewer.qt.session import Session

_ITS_OWN = {"quit", "close_window", "full_screen", "toggle_theme", "help"}
"""What the window can do without panels."""


@pytest.fixture
def window(qtbot):
    """A window that has not been painted yet."""
    made = MainWindow(Session())
    qtbot.addWidget(made)
    yield made
    made.close()


def test_each_action_of_the_table_is_the_windows(window):
    assert [action.data() for action in window.actions()] == [info.name for info in ACTIONS]


@pytest.mark.parametrize("name", [info.name for info in ACTIONS if info.name not in _ITS_OWN])
def test_a_key_that_comes_before_the_panels_does_nothing(window, name):
    next(action for action in window.actions() if action.data() == name).trigger()
    assert not window.is_built
