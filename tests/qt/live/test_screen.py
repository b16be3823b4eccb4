"""A region of the screen as a source."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from .driving import banner, until


def pick(live, first, last):
    live.live.screen()
    picker = live.live._picker
    live.bot.waitExposed(picker)
    QTest.mousePress(picker, Qt.MouseButton.LeftButton, pos=first)
    QTest.mouseMove(picker, (first + last) / 2)
    QTest.mouseRelease(picker, Qt.MouseButton.LeftButton, pos=last)


def test_a_region_is_picked_with_the_mouse(live, media, monkeypatch):
    opened = []
    monkeypatch.setattr(live.live.live, "open_screen", lambda *found: opened.append(found))
    pick(live, QPoint(300, 180), QPoint(100, 80))
    ((screen, region),) = opened
    size = screen.geometry()
    edges = [region.left, region.top, region.right, region.bottom]
    wanted = [100 / size.width(), 80 / size.height(), 300 / size.width(), 180 / size.height()]
    assert edges == pytest.approx(wanted, abs=0.003)


def test_a_region_of_the_screen_is_shown(live, media):
    if QApplication.platformName() == "offscreen":
        pytest.skip("there is no screen to be captured")
    pick(live, QPoint(100, 80), QPoint(300, 180))
    until(live, lambda: live.live.live.shown is not None)
    height, width = live.live.live.shown.pixels.shape
    ratio = live.window.screen().devicePixelRatio()
    assert (width, height) == pytest.approx((200 * ratio, 100 * ratio), abs=3)


def test_where_there_is_no_screen_none_is_captured(live, media):
    # Qt would read the window's pixels in another thread while they are painted, and fall.
    if QApplication.platformName() != "offscreen":
        pytest.skip("there is a screen")
    for _ in range(30):
        live.window.error.hide()
        pick(live, QPoint(100, 80), QPoint(300, 180))
        assert 'without a screen (Qt\'s platform "offscreen")' in banner(live)
        assert not live.live.live.is_running
        live.window.resize(1000, 700)
        live.window.resize(1280, 800)
    assert live.window.probabilities.bars[0].name == "3"


def test_a_screen_that_can_not_be_captured_is_told(live, media):
    from PySide6.QtMultimedia import QScreenCapture

    from cnnviewer.inputs.screens import Region
    from cnnviewer.qt.live.screen import ScreenSource

    source = ScreenSource(live.window.screen(), Region(), live.window)
    source.start = lambda: None  # no screen is there
    live.live.live.run(source)
    source._capture.errorOccurred.emit(QScreenCapture.Error.CapturingNotSupported, "no permission")
    assert "The screen can't be captured here (no permission)" in banner(live)
    assert not live.live.live.is_running


def test_the_region_picker_is_cancelled_by_escape_and_ignores_clicks(live, media):
    live.live.screen()
    picker, picked = live.live._picker, []
    assert picker.parent() is live.window  # an object of Python's own would be deleted twice
    picker.picked.connect(lambda *found: picked.append(found))
    live.bot.waitExposed(picker)
    QTest.mouseClick(picker, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    assert picker.isVisible()
    QTest.keyClick(picker, Qt.Key.Key_Escape)
    assert not picked
    assert not live.live.live.is_running
