"""A tour beside a stream: what it takes it gives back."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from cnnviewer.qt.panels.learn.page import Place

from .driving import banner, digit, send, until


def test_the_tour_changes_a_photo_but_no_stream(streaming):
    tour = streaming.window.open_learn()
    tour.panel.show_title("What layers see")
    page = tour.panel.page
    for name in ("digit-6", "digit-7"):
        send(streaming, digit(name))
        send(streaming, digit(name))
        until(streaming, lambda name=name: page.now.bars[0].name == name[-1])
    assert not page.editor.isEnabled()
    assert page.verdict == ""
    streaming.bot.keyClick(streaming.window, Qt.Key.Key_F)
    until(streaming, page.editor.isEnabled)
    streaming.settle()
    page.editor.change(angle=90.0)
    streaming.settle()
    assert streaming.session.recording.image == "camera, changed"
    page.reset.click()
    streaming.settle()
    assert page.now.bars[0].name == "7"
    assert len(page.rows[0].patches) == 6


def led_elsewhere(live):
    """Have the tour show another network and a photo, and return the tour."""
    tour = live.window.open_learn()
    tour.show_place(Place("attention", what="attention", network="efficientnet-lite0", sample="chelsea"))
    until(live, lambda: live.session.network.name == "efficientnet-lite0")
    live.settle()
    return tour.panel


def test_a_stream_that_the_tour_ends_runs_again_when_it_gives_back(streaming):
    panel = led_elsewhere(streaming)
    assert not streaming.live.live.is_running
    streaming.click(panel.way_back)
    until(streaming, lambda: streaming.live.live.is_running)
    assert streaming.session.network.name == "lenet5"
    assert streaming.live.live.source is not streaming.camera
    streaming.camera = streaming.live.live.source
    for _ in range(2):
        send(streaming, digit("digit-7"))
    assert streaming.session.inputs.is_streaming
    assert streaming.window.probabilities.bars[0].name == "7"


def test_a_camera_that_is_gone_meanwhile_is_told_and_its_last_frame_stays(streaming):
    streaming.camera.is_unplugged = True
    panel = led_elsewhere(streaming)
    streaming.click(panel.way_back)
    until(streaming, lambda: banner(streaming))
    streaming.settle()
    assert banner(streaming) == "No camera was found; plug one in."
    assert not streaming.live.live.is_running
    assert streaming.session.network.name == "lenet5"
    assert streaming.session.recording.image == "camera"


def test_the_drawing_pad_comes_back_with_its_drawing(live):
    live.live.pad()
    live.settle()
    pad = live.window.input.pad
    for point in (QPoint(40, 30), QPoint(45, 60), QPoint(45, 90)):
        QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=point)
        QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=point)
    drawing = pad.drawing
    panel = led_elsewhere(live)
    assert not live.live.live.is_drawing
    live.click(panel.way_back)
    until(live, lambda: live.live.live.is_drawing)
    assert live.window.input.pad.drawing == drawing


def test_what_is_chosen_before_the_stream_is_back_stays(streaming):
    panel = led_elsewhere(streaming)
    streaming.bot.mouseClick(panel.way_back, Qt.MouseButton.LeftButton)
    streaming.window.show_sample("digit-8")
    streaming.settle()
    streaming.settle()
    assert not streaming.live.live.is_running
    assert streaming.session.recording.image == "digit-8.png"
