"""The real window with the real worker."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QEventLoop, QPoint, QSettings, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from cnnviewer.qt.main_window import MainWindow
from cnnviewer.qt.session import Session
from cnnviewer.qt.theme import LIGHT, apply_theme

WAIT = 60_000


@pytest.fixture(scope="session", autouse=True)
def _settings(tmp_path_factory):
    """Keep the tests' settings away from the user's."""
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path_factory.mktemp("settings")))


@pytest.fixture(scope="session", autouse=True)
def _clipboard():
    """Leave nothing of Python's on the clipboard: Qt destroys it after the interpreter has ended, and crashes."""
    yield
    if QGuiApplication.instance() is not None:
        QGuiApplication.clipboard().clear()


@pytest.fixture(scope="session", autouse=True)
def _patience():
    """Wait for what runs when a window closes for as long as for all else: the machine may be slow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnnviewer.qt.session.PATIENCE", WAIT / 1000)
        yield


def wait(milliseconds: int) -> None:
    """Let so much time pass, in which threads work: Qt's own `qWait` keeps Python's lock, so they would stand still."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


class Driver:
    """Uses a window as a person does."""

    def __init__(self, qtbot, window: MainWindow, session: Session) -> None:
        self.bot, self.window, self.session = qtbot, window, session

    def settle(self) -> None:
        """Wait until nothing is asked for any more."""

        def is_done() -> bool:
            return self.session.is_idle and not self.window.layers.is_waiting

        self.bot.waitUntil(is_done, timeout=WAIT)
        QApplication.processEvents()
        self.bot.waitUntil(is_done, timeout=WAIT)

    def open(self, network: str, weights: str | None = "DEFAULT", sample: str = "digit-3") -> None:
        self.session.open_network(network, weights)
        self.window.show_sample(sample)
        self.bot.waitUntil(lambda: self.session.recording is not None, timeout=WAIT)
        self.settle()

    def click(self, widget, point: QPoint | None = None) -> None:
        self.bot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=point or widget.rect().center())
        self.settle()

    def key(self, key: Qt.Key, widget=None) -> None:
        self.bot.keyClick(widget or QApplication.focusWidget() or self.window, key)
        self.settle()

    def card(self, layer: str):
        self.window.layers.scroll_to(layer)
        self.settle()
        card = self.window.layers.card(layer)
        assert card is not None, f"{layer} is not on the screen"
        return card


@pytest.fixture
def driver(qtbot, qapp):
    """A shown window, without settings; closing it must end every thread that it began."""
    threads = set(threading.enumerate())
    apply_theme(qapp, LIGHT)
    session = Session()
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.set_theme("light")
    window.resize(1280, 800)
    with qtbot.waitSignal(window.painted):
        window.show()
    driver = Driver(qtbot, window, session)
    yield driver
    window.close()
    assert not session.is_running
    assert not {thread for thread in set(threading.enumerate()) - threads if thread.is_alive() and not thread.daemon}


@pytest.fixture
def lenet(driver):
    """The window with lenet5 on a digit."""
    driver.open("lenet5")
    return driver


@pytest.fixture
def trainee(driver, tmp_path, monkeypatch):
    """The window with lenet5 on a digit, and its training panel open."""
    from .trainees import Trainee

    runs = tmp_path / "runs"
    monkeypatch.setattr("cnnviewer.qt.training_presenter.runs_folder", lambda: runs)
    driver.open("lenet5")
    made = Trainee(driver, runs)
    yield made
    made.training.close()
    assert not made.training.is_running
