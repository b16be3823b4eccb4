"""All of the window can be reached on small screens: nothing hides behind an empty box, and no word is cut off."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QApplication, QDockWidget, QMenu, QToolButton, QWidget

from .conftest import WAIT

SIZES = [(960, 540), (1024, 600), (1024, 768), (1280, 800)]
SCREENS = [(1366, 768, 1), (1920, 1080, 2), (1024, 768, 1), (3840, 2160, 1)]  # width, height, scale
FIRST = """
import sys
from cnnviewer.qt.app import create_app
from cnnviewer.qt.main_window import MainWindow
from cnnviewer.qt.session import Session

app = create_app()
window = MainWindow(Session())
window.painted.connect(app.quit)
window.show()
app.exec()
space = window.screen().availableGeometry()
print(window.width(), window.height(), space.width(), space.height())
window.close()
"""


def resize(driver, width: int, height: int) -> None:
    driver.window.resize(width, height)
    driver.bot.waitUntil(lambda: (driver.window.width(), driver.window.height()) == (width, height), timeout=WAIT)
    driver.settle()


def on_the_bar(window) -> list[QWidget]:
    """The tools that are to be seen."""
    bar = window.tool_bar
    return [widget for action in bar.actions() if action.isVisible() and (widget := bar.widgetForAction(action))]


def entries(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if not action.isSeparator()]


@pytest.mark.parametrize("size", SIZES)
def test_each_tool_is_on_the_bar_or_in_its_menu(lenet, size):
    resize(lenet, *size)
    window = lenet.window
    bar = window.tool_bar
    assert bar.findChild(QToolButton, "qt_toolbar_ext_button").isHidden()
    shown = on_the_bar(window)
    assert all(bar.rect().contains(widget.geometry()) for widget in shown)
    more = [widget for widget in shown if widget.toolTip() == "More tools"]
    assert bool(more) is not window.tool_bar.order.isVisible()
    if more:
        assert not more[0].icon().isNull()
        assert "Sort" in entries(more[0].menu())


def test_the_menu_does_what_the_tools_do(lenet):
    resize(lenet, 960, 540)
    more = next(widget for widget in on_the_bar(lenet.window) if widget.toolTip() == "More tools")
    order = next(action.menu() for action in more.menu().actions() if action.text() == "Sort")
    next(action for action in order.actions() if action.text() == "mean").trigger()
    assert lenet.session.order.value == "mean"
    assert [action.text() for action in order.actions() if action.isChecked()] == ["mean"]
    resize(lenet, 1280, 800)
    assert lenet.window.tool_bar.order.currentText() == "mean"


def test_the_menu_closes_when_all_tools_are_back_on_the_bar(lenet):
    resize(lenet, 960, 540)
    more = next(widget for widget in on_the_bar(lenet.window) if widget.toolTip() == "More tools")
    more.menu().popup(more.mapToGlobal(more.rect().bottomLeft()))
    assert more.menu().isVisible()
    resize(lenet, 1000, 540)
    assert more.menu().isVisible()
    resize(lenet, 1920, 1080)
    assert not more.menu().isVisible()


def test_the_narrowest_window_keeps_all_in_the_menu(lenet):
    resize(lenet, 720, 520)
    more = next(widget for widget in on_the_bar(lenet.window) if widget.toolTip() == "More tools")
    assert {"Scale", "Sort"} <= set(entries(more.menu()))


@pytest.mark.parametrize("name", ["training", "live", "explanation", "learn", "graph"])
def test_a_panel_below_leaves_all_others_a_part(lenet, name):
    resize(lenet, 960, 540)
    window = lenet.window
    window.panels.open(name)
    lenet.settle()
    assert (window.width(), window.height()) == (960, 540)
    places = [window.rect().contains(dock.geometry()) for dock in window.findChildren(QDockWidget)]
    assert all(places)
    docks = [*window.docks, window.findChild(QDockWidget, name)]
    assert all(not dock.widget().visibleRegion().isEmpty() for dock in docks)
    tops = [QRect(dock.mapTo(window, QPoint(0, 0)), dock.size()) for dock in docks]
    assert not any(one.intersects(other) for one in tops for other in tops if one is not other)


@pytest.mark.parametrize(
    ("name", "share"), [("training", 0.3), ("live", 0.22), ("explanation", 0.35), ("learn", 0.4), ("graph", 0.4)]
)
def test_a_panel_below_has_its_share_and_the_others_are_seen_whole(lenet, name, share):
    resize(lenet, 1280, 800)
    window = lenet.window
    lenet.card("c3")  # the inspector told all there was room for
    window.panels.open(name)
    lenet.settle()
    areas = [dock.widget() for dock in window.docks]
    lenet.bot.waitUntil(lambda: all(area.need <= area.height() for area in areas), timeout=WAIT)
    assert window.findChild(QDockWidget, name).height() >= share * window.height()


@pytest.mark.parametrize("size", [*SIZES, (1044, 768)])
def test_the_kind_and_the_buttons_on_a_card_are_whole_words(driver, size):
    driver.open("efficientnet-lite0", sample="chelsea")
    resize(driver, *size)
    card = driver.card("blocks.0.0.conv_dw")
    kind = card.badge
    assert kind.text() in ("Convolution", "Conv")
    assert kind.width() >= kind.sizeHint().width()
    if size[0] > 960:  # below there is no room for more than the kind
        buttons = {button.text(): button for button in card.findChildren(QToolButton) if button.isVisible()}
        assert {"Maps", "Filters"} <= buttons.keys()
        assert [text for text, button in buttons.items() if button.width() < button.sizeHint().width()] == []


@pytest.mark.parametrize(("width", "height", "scale"), SCREENS)
def test_the_first_window_fits_the_screen(tmp_path, width, height, scale):
    screens = tmp_path / "screens.json"
    screen = {"name": "one", "x": 0, "y": 0, "width": width // scale, "height": height // scale, "dpr": scale}
    screens.write_text(json.dumps({"screens": [screen]}))
    done = subprocess.run(
        [sys.executable, "-c", FIRST],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={**os.environ, "QT_QPA_PLATFORM": f"offscreen:configfile={screens}"},
    )
    wide, high, *space = map(int, done.stdout.split())
    assert space == [width // scale, height // scale]
    assert wide <= space[0]
    assert high <= space[1] - 30  # the desktop draws a frame
    assert (wide, high) == (min(1280, space[0] - 8), min(800, space[1] - 40))


def test_large_letters_leave_all_in_reach(lenet):
    app = QApplication.instance()
    before = app.font()
    larger = app.font()
    larger.setPointSizeF(before.pointSizeF() * 1.25)
    try:
        app.setFont(larger)
        resize(lenet, 960, 540)
        shown = on_the_bar(lenet.window)
        assert all(lenet.window.tool_bar.rect().contains(widget.geometry()) for widget in shown)
        assert all(not dock.widget().visibleRegion().isEmpty() for dock in lenet.window.docks)
    finally:
        app.setFont(before)


@pytest.mark.parametrize("size", [(1024, 768), (1280, 800)])
def test_a_training_can_be_begun_however_long_the_sentence_on_its_data_is(lenet, size):
    panel = lenet.window.open_training().panel
    resize(lenet, *size)
    panel.setup.show_missing("/home/anna/photos/of/many/things holds no folders; put the images of each class " * 2)
    panel.setup.set_busy(False)
    lenet.settle()
    window = lenet.window.rect()
    for button in (panel.setup.start, panel.setup.design, panel.setup.folder):
        lenet.bot.waitUntil(lambda button=button: not button.visibleRegion().isEmpty(), timeout=WAIT)
        assert button.visibleRegion().boundingRect() == button.rect()
    seed = panel.setup.form.seed
    assert window.contains(QPoint(seed.mapTo(lenet.window, seed.rect().topRight()).x(), 0))
    assert seed.mapTo(panel, seed.rect().topRight()).x() < panel.width()
