"""The hands of the random user: what they hold is let go of, and menus that run loops of their own are left."""

from __future__ import annotations

import pytest
from monkey.hands import Hands
from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QApplication, QMenu, QToolButton, QVBoxLayout, QWidget

DRAG = [QPoint(10, 10), QPoint(200, 200), QPoint(20, 12), QPoint(200, 200), QPoint(12, 20), QPoint(14, 14)]


class MenuButton:
    """A button whose menu runs a loop of its own, and how often it was opened."""

    def __init__(self, qtbot) -> None:
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.button = QToolButton()
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setMenu(QMenu(self.button))
        self.button.menu().addAction("lenet5")
        QVBoxLayout(self.window).addWidget(self.button)
        self.window.show()
        self.opened = 0
        self.button.menu().aboutToShow.connect(self._count)

    def _count(self) -> None:
        self.opened += 1


@pytest.fixture
def menu_button(qtbot):
    return MenuButton(qtbot)


def test_a_drag_whose_press_opens_a_menu_is_over_when_something_else_closed_it(menu_button):
    hands = Hands(menu_button.window)

    def close() -> None:
        hands.turn()
        QApplication.activePopupWidget().close()

    QTimer.singleShot(0, close)
    late = QTimer(interval=1000)  # without it, a menu that is opened once more would never be left
    late.timeout.connect(menu_button.button.menu().close)
    late.start()
    hands.drag(menu_button.button, DRAG)
    assert menu_button.opened == 1
    assert not menu_button.button.isDown()


def test_a_drag_whose_menu_closed_by_itself_goes_on(menu_button):
    hands = Hands(menu_button.window)
    close = QTimer(interval=20)
    close.timeout.connect(menu_button.button.menu().close)
    close.start()
    hands.drag(menu_button.button, DRAG)
    assert menu_button.opened > 1
    assert not menu_button.button.isDown()
