"""What was open when the window was closed is there again, alive, when the program is started anew."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QDockWidget

from cnnviewer.qt.main_window import MainWindow
from cnnviewer.qt.panels.learn.pages import PAGES
from cnnviewer.qt.preferences import Preferences
from cnnviewer.qt.session import Session

from .conftest import WAIT, Driver

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
KEYS = {
    "training": (Qt.Key.Key_T, CONTROL),
    "live": (Qt.Key.Key_L, CONTROL),
    "explanation": (Qt.Key.Key_X, Qt.KeyboardModifier.NoModifier),
    "learn": (Qt.Key.Key_L, CONTROL | SHIFT),
    "graph": (Qt.Key.Key_G, CONTROL),
}
BELOW = tuple(KEYS)


class Runs:
    """Starts the window, closes it, and starts it anew on the same settings."""

    def __init__(self, qtbot) -> None:
        self.bot = qtbot
        self.windows: list[MainWindow] = []

    def start(self) -> Driver:
        session = Session()
        window = MainWindow(session, Preferences())
        self.bot.addWidget(window)
        self.windows.append(window)
        with self.bot.waitSignal(window.painted):
            window.show()
        driver = Driver(self.bot, window, session)
        driver.open("lenet5")
        return driver

    def again(self, driver: Driver) -> Driver:
        driver.window.close()
        return self.start()


@pytest.fixture
def runs(qtbot, qapp):
    QSettings().clear()
    runs = Runs(qtbot)
    yield runs
    for window in runs.windows:
        window.close()
    QSettings().clear()


def press(driver: Driver, name: str) -> None:
    key, modifier = KEYS[name]
    driver.bot.keyClick(driver.window, key, modifier)
    driver.settle()


def dock_of(driver: Driver, name: str) -> QDockWidget:
    return driver.window.findChild(QDockWidget, name)


def is_seen(dock: QDockWidget) -> bool:
    return not dock.widget().visibleRegion().isEmpty()


def assert_is_alive(driver: Driver, name: str) -> None:
    """Check that a panel shows what it is there for."""
    if name == "learn":
        page = driver.window.panels.ready(name).panel.page
        driver.bot.waitUntil(lambda: page.planes[0].shape == (6, 6), timeout=WAIT)
    elif name == "graph":
        panel = driver.window.panels.ready(name).panel
        driver.bot.waitUntil(lambda: panel.view.picture is not None, timeout=WAIT)
        driver.bot.waitUntil(lambda: any("c3" in box.members for box in panel.view.picture.boxes), timeout=WAIT)
    elif name == "explanation":
        panel = driver.window.panels.ready(name).panel
        driver.bot.waitUntil(lambda: panel.title.startswith("c3"), timeout=WAIT)
    elif name == "training":
        panel = driver.window.panels.ready(name).panel
        driver.bot.waitUntil(lambda: panel.setup.samples.count() > 0, timeout=WAIT)


def choose_a_unit(driver: Driver) -> None:
    driver.session.select("c3", 2, (4, 5))
    driver.settle()


@pytest.mark.parametrize(
    ("name", "is_floating"), [*((name, False) for name in BELOW), *((name, True) for name in ("learn", "explanation"))]
)
def test_a_panel_is_there_again_and_alive(runs, name, is_floating):
    first = runs.start()
    choose_a_unit(first)
    press(first, name)
    dock_of(first, name).setFloating(is_floating)
    first.settle()
    assert_is_alive(first, name)
    second = runs.again(first)
    dock = dock_of(second, name)
    assert dock is not None
    second.bot.waitUntil(lambda: is_seen(dock), timeout=WAIT)
    assert dock.isFloating() is is_floating
    assert_is_alive(second, name)


def test_panels_that_lie_over_each_other_lie_so_again_and_the_same_one_is_seen(runs):
    first = runs.start()
    choose_a_unit(first)
    for name in BELOW:
        press(first, name)
    first.window.panels.open("learn")
    second = runs.again(first)
    docks = {name: dock_of(second, name) for name in BELOW}
    second.bot.waitUntil(lambda: is_seen(docks["learn"]), timeout=WAIT)
    assert set(second.window.tabifiedDockWidgets(docks["learn"])) == set(docks.values()) - {docks["learn"]}
    for name in BELOW:
        docks[name].raise_()
        second.bot.waitUntil(lambda dock=docks[name]: is_seen(dock), timeout=WAIT)
        assert_is_alive(second, name)


@pytest.mark.parametrize("title", [PAGES[number].title for number in (3, -1)])
def test_the_tour_is_open_at_its_page(runs, title):
    first = runs.start()
    first.window.open_learn().panel.show_title(title)
    first.settle()
    second = runs.again(first)
    panel = second.window.panels.ready("learn").panel
    second.bot.waitUntil(lambda: panel.is_seen, timeout=WAIT)
    assert panel.page.title == title
    second.settle()
    assert second.window.error.isHidden()


def test_what_was_closed_stays_closed_and_works_when_it_is_opened(runs):
    first = runs.start()
    for _ in range(2):
        press(first, "learn")
    second = runs.again(first)
    assert dock_of(second, "learn") is None
    press(second, "learn")
    second.bot.waitUntil(lambda: is_seen(dock_of(second, "learn")), timeout=WAIT)
    assert_is_alive(second, "learn")


@pytest.mark.parametrize("name", ["input", "inspector"])
def test_a_floating_panel_floats_again(runs, name):
    first = runs.start()
    dock_of(first, name).setFloating(True)
    second = runs.again(first)
    assert dock_of(second, name).isFloating()
    assert is_seen(dock_of(second, name))
    assert second.window.probabilities.bars[0].name == "3"


def test_the_way_that_was_asked_is_asked_again(runs):
    first = runs.start()
    choose_a_unit(first)
    press(first, "explanation")
    first.click(first.window.panels.ready("explanation").panel.sides.button("Way back"))
    second = runs.again(first)
    panel = second.window.panels.ready("explanation").panel
    second.bot.waitUntil(lambda: panel.title.startswith("c3"), timeout=WAIT)
    assert panel.sides.current == "Way back"
    assert [step.layer for step in panel.way.steps][-1] == "input"


@pytest.mark.parametrize("name", ["training", "learn"])
def test_the_panels_at_the_sides_keep_their_height_once_the_one_below_is_closed(runs, name):
    first = runs.start()
    before = [dock.height() for dock in first.window.docks]
    press(first, name)
    second = runs.again(first)
    second.bot.waitUntil(lambda: is_seen(dock_of(second, name)), timeout=WAIT)
    dock_of(second, name).close()
    second.settle()
    third = runs.again(second)
    for window in (second.window, third.window):
        after = [dock.height() for dock in window.docks]
        assert window.height() - sum(after[:2]) == first.window.height() - sum(before[:2])
        assert min(after) > 130, after


def test_damaged_memory_opens_what_it_can(runs):
    first = runs.start()
    press(first, "learn")
    first.window.close()
    QSettings().setValue("panels/open", "learn nonsense")
    QSettings().setValue("panels/learn", "No such page")
    QSettings().setValue("selection/layer", "c3")
    QSettings().setValue("selection/numbers", "900 80 80")
    second = runs.start()
    assert second.window.panels.ready("learn").panel.number == 0
    assert second.session.selection.channel < 16
