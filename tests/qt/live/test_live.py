"""Streams in the real window with the real worker."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from cnnviewer.errors import RecordingError
from cnnviewer.inputs.samples import list_samples
from cnnviewer.qt.panels.learn.page import Place

from ..test_main_window import drop, files
from .conftest import WAIT, number_of, picture


@pytest.fixture
def live(lenet):
    """The window with lenet5 on a digit, and what runs streams."""
    lenet.live = lenet.window.open_live()
    return lenet


@pytest.fixture
def streaming(live, camera):
    """The window with a camera that runs."""
    live.camera = camera
    live.live.live.run(camera)
    send(live, picture(4))
    send(live, picture(4))
    return live


def send(live, image):
    """Have the camera give a frame, and wait until it is on the screen."""
    with live.bot.waitSignal(live.session.framed, timeout=WAIT):
        live.camera.send(image)


def digit(name):
    path = next(sample.path for sample in list_samples() if sample.name == name)
    return QImage(str(path)).convertToFormat(QImage.Format.Format_RGB32)


def until(live, is_done):
    live.bot.waitUntil(lambda: bool(is_done()), timeout=20_000)


def banner(live):
    return live.window.error.sentence if not live.window.error.isHidden() else ""


# ---- frames


def test_frames_reach_every_panel(streaming):
    window = streaming.window
    for name in ("digit-3", "digit-7"):
        for _ in range(3):
            send(streaming, digit(name))
        assert window.probabilities.bars[0].name == name[-1]
    assert streaming.session.inputs.is_streaming
    photo = streaming.window.input
    assert photo._answer.full_size == (28, 28)
    card = window.layers.card("c1")
    wanted = card.grid._answer.pixels.copy()
    send(streaming, digit("digit-0"))
    assert (card.grid._answer.pixels != wanted).any()
    assert window.inspector.title.startswith("relu1")


def test_frames_show_what_a_photo_of_the_same_pixels_shows(streaming):
    for _ in range(3):
        send(streaming, digit("digit-5"))
    window = streaming.window
    shown = list(window.probabilities.bars)
    tiles = {name: window.layers.card(name).grid._answer.pixels.copy() for name in ("c1", "relu1", "s2")}
    streaming.window.show_sample("digit-5")
    streaming.settle()
    assert not streaming.live.live.is_running
    assert [bar.name for bar in window.probabilities.bars] == [bar.name for bar in shown]
    for name, pixels in tiles.items():
        assert (window.layers.card(name).grid._answer.pixels != pixels).mean() < 0.002


def test_scrolling_while_it_streams_brings_other_layers(streaming):
    window = streaming.window
    window.layers.scroll_to(
        "scores" if streaming.session.layer("scores") else streaming.session.recording.layers[-1].name
    )
    until(streaming, lambda: not window.layers.is_waiting)
    for _ in range(3):
        send(streaming, digit("digit-8"))
    shown = [window.layers.card(name) for name in window.layers.visible_layers]
    assert shown
    assert all(
        card.grid._answer is not None or card.cells._answer is not None or card.view.value == "Bars" for card in shown
    )


def test_the_explanation_follows_the_frames(streaming):
    window = streaming.window
    streaming.session.select("c3", 8, (5, 5))
    panel = window.open_explanation()
    for _ in range(3):
        send(streaming, digit("digit-8"))
    eight = panel.arithmetic.answer
    assert (eight.layer, eight.unit) == ("c3", (8, 5, 5))
    assert abs(eight.value - eight.recorded) < 1e-3
    assert window.input.view.field.width() > 0
    send(streaming, digit("digit-1"))
    one = panel.arithmetic.answer
    assert one is not eight
    assert one.recorded != eight.recorded
    panel.sides.button("Way back").click()
    for _ in range(2):
        send(streaming, digit("digit-1"))
    assert panel.way.steps[0].value == pytest.approx(one.recorded, abs=1e-3)
    assert banner(streaming) == ""


def test_a_unit_that_has_no_explanation_does_not_stop_the_camera(streaming, monkeypatch):
    def refuse(*args):
        raise RecordingError("c3 can't be worked again: a test")

    streaming.session.select("c3", 8, (5, 5))
    panel = streaming.window.open_explanation()
    monkeypatch.setattr("cnnviewer.engine.questions.explain", refuse)
    for _ in range(3):
        send(streaming, digit("digit-8"))
    assert streaming.live.live.is_running
    assert "can't be worked again" in panel._hint.text()
    assert banner(streaming) == ""


def test_the_effect_is_not_worked_for_each_frame(streaming):
    effective = streaming.window.input.effective
    until(streaming, lambda: not streaming.session.inputs.is_streaming and streaming.session.is_idle)
    streaming.session.select("c3", 8, (5, 5))
    streaming.click(effective)
    until(streaming, lambda: streaming.window.input.view.has_overlay)
    for _ in range(3):
        send(streaming, digit("digit-8"))
    assert not effective.isEnabled()
    assert not streaming.window.input.view.has_overlay
    assert all(
        "EffectiveRequest" not in type(request).__name__ for _, request in streaming.session.mailbox.watch.pictures
    )
    until(streaming, lambda: streaming.window.input.view.has_overlay)  # the source is quiet, and leaves a photo
    assert effective.isEnabled()


def test_a_quiet_source_leaves_an_exact_photo(streaming):
    until(streaming, lambda: not streaming.session.inputs.is_streaming and streaming.session.is_idle)
    layer = streaming.session.layer("relu1")
    assert layer is not None
    assert streaming.live.live.is_running
    # All layers are there again: a card that scrolls into view has its pictures without another frame.
    streaming.card(streaming.session.recording.layers[-2].name)
    send(streaming, digit("digit-2"))
    assert streaming.session.inputs.is_streaming


def test_a_slow_network_is_not_taken_for_a_quiet_source(streaming, monkeypatch):
    from cnnviewer.engine import Engine

    show_frame = Engine.show_frame

    def slow(self, prepared, watch):
        time.sleep(0.6)
        return show_frame(self, prepared, watch)

    monkeypatch.setattr(Engine, "show_frame", slow)
    settled = []
    monkeypatch.setattr(streaming.session.inputs, "settle", settled.append)
    until(streaming, lambda: not streaming.session.mailbox.is_working)
    streaming.live.live._quiet.stop()
    streaming.camera.send(digit("digit-3"))
    until(streaming, lambda: streaming.session.mailbox.is_working)
    streaming.live.live._quiet.start(50)
    QTest.qWait(200)
    assert not settled
    until(streaming, lambda: settled)
    until(streaming, lambda: streaming.window.probabilities.bars[0].name == "3")


def test_freezing_keeps_the_frame_as_a_photo(streaming):
    for _ in range(2):
        send(streaming, digit("digit-6"))
    streaming.bot.keyClick(streaming.window, Qt.Key.Key_F)
    streaming.settle()
    live, session = streaming.live.live, streaming.session
    assert live.is_frozen
    assert not session.inputs.is_streaming
    assert session.recording.image == "camera"
    assert streaming.window.input.live_bar.freeze.isChecked()
    streaming.camera.send(digit("digit-1"))
    QTest.qWait(300)
    assert streaming.window.probabilities.bars[0].name == "6"
    streaming.bot.keyClick(streaming.window, Qt.Key.Key_F)
    assert not live.is_frozen
    send(streaming, digit("digit-1"))
    send(streaming, digit("digit-1"))
    streaming.bot.keyClick(streaming.window, Qt.Key.Key_F)
    streaming.settle()
    assert len(session.inputs.images) == 2
    assert [image.packed.shape for image in session.inputs.images] == [(28, 28), (28, 28)]
    # They can be stepped through while the camera waits.
    streaming.bot.keyClick(streaming.window, Qt.Key.Key_W)
    streaming.settle()
    assert streaming.window.probabilities.bars[0].name == "6"
    assert live.is_running


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


def test_only_some_frozen_frames_are_kept(streaming):
    for _ in range(14):
        streaming.live.freeze()
        streaming.settle()
        streaming.live.freeze()
        send(streaming, picture(3))
    assert len(streaming.session.inputs.images) == 12


def test_frames_that_come_too_fast_are_counted_as_dropped(streaming):
    mailbox = streaming.session.mailbox
    before = mailbox.counts
    for number in range(40):
        streaming.camera.send(picture(number % 16))
        if number % 8 == 7:
            QApplication.processEvents()
    until(streaming, lambda: mailbox.counts.offered + (before.offered == 0) >= before.offered + 40 and mailbox.is_empty)
    shown = mailbox.counts.offered - mailbox.counts.dropped
    assert mailbox.counts.dropped > 0
    assert shown < mailbox.counts.offered


def test_another_network_while_it_streams(streaming):
    streaming.session.open_network("fashion-cnn")
    until(streaming, lambda: streaming.session.network.name == "fashion-cnn" and streaming.session.is_idle)
    for _ in range(4):
        send(streaming, picture(8))
    assert streaming.session.inputs.is_streaming
    names = {layer.name for layer in streaming.session.recording.layers}
    assert set(streaming.window.layers.visible_layers) <= names
    until(streaming, lambda: not streaming.window.layers.is_waiting)
    send(streaming, picture(8))
    assert all(streaming.window.layers.card(name).grid._answer for name in streaming.window.layers.visible_layers[:2])


def test_stopping_lets_go_of_the_camera_and_keeps_the_picture(streaming):
    send(streaming, digit("digit-4"))
    assert streaming.camera.is_running
    streaming.click(streaming.window.input.live_bar.stop)
    assert not streaming.camera.is_running
    assert not streaming.live.live.is_running
    assert streaming.window.input.live_bar.isHidden()
    assert streaming.window.probabilities.bars[0].name == "4"


def test_a_source_that_is_stopped_is_deleted(streaming):
    deleted = []
    streaming.camera.destroyed.connect(lambda: deleted.append(True))
    streaming.live.live.stop()
    until(streaming, lambda: deleted)
    assert streaming.live.live.grabber._last is None


def test_a_photo_ends_the_stream(streaming, samples):
    assert drop(streaming.window, files(samples / "digit-9.png"))
    streaming.settle()
    assert not streaming.camera.is_running
    assert streaming.window.probabilities.bars[0].name == "9"
    assert streaming.window.status._stream.isHidden()


def test_what_can_not_be_shown_leaves_the_stream_running(streaming, tmp_path):
    (tmp_path / "notes.txt").write_text("words")
    (tmp_path / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(99)))
    for name in ("notes.txt", "damaged.png"):
        assert drop(streaming.window, files(tmp_path / name))
        until(streaming, lambda name=name: name in banner(streaming))
        assert streaming.camera.is_running
        for _ in range(2):
            send(streaming, digit("digit-7"))
        assert streaming.window.probabilities.bars[0].name == "7"


def test_a_network_that_fails_on_frames_stops_the_source(streaming, monkeypatch):
    from cnnviewer.engine import Engine
    from cnnviewer.errors import RecordingError

    def fail(self, prepared, watch):
        raise RecordingError("lenet5 failed on this image: no memory.")

    monkeypatch.setattr(Engine, "show_frame", fail)
    streaming.camera.send(picture(2))
    until(streaming, lambda: banner(streaming))
    assert "failed on this image" in banner(streaming)
    assert not streaming.camera.is_running
    streaming.settle()  # the last frame that was shown is recorded whole
    assert "failed on this image" in banner(streaming)


def test_what_a_source_told_stays_until_another_image_comes(streaming):
    send(streaming, digit("digit-4"))
    streaming.camera.failed.emit("The camera was unplugged.")
    streaming.settle()
    assert not streaming.session.inputs.is_streaming
    assert streaming.session.recording.image == "camera"
    assert banner(streaming) == "The camera was unplugged."
    streaming.window.show_sample("digit-5")
    streaming.settle()
    assert not banner(streaming)


# ---- what only a stream shows


def test_the_live_panel_tells_the_last_minute(streaming):
    panel = streaming.live.presenter.panel
    assert streaming.live.presenter.dock.isVisible()
    for name in ("digit-3", "digit-3", "digit-8", "digit-8"):
        send(streaming, digit(name))
        QTest.qWait(120)
    until(streaming, lambda: len(panel.classes.lines) == 5 and panel.strip.lines)
    assert panel._title.text() == "relu1 · map 0: mean activation"
    names = [line.name for line in panel.classes.lines]
    assert {"3", "8"} <= set(names)
    line = panel.strip.lines[0]
    assert 2 <= np.isfinite(line.values).sum() <= 12
    assert panel.best.best
    assert panel.best.best[0].value == max(best.value for best in panel.best.best)
    until(streaming, lambda: "from source to screen" in panel.rates)
    assert panel.stages.times.network > 0
    assert "frames/s" in streaming.window.status.stream


def test_another_map_has_its_own_strip(streaming):
    panel = streaming.live.presenter.panel
    streaming.session.select("c3", 2)
    for _ in range(3):
        send(streaming, digit("digit-5"))
    assert panel._chosen.channel == 2
    assert panel._title.text() == "c3 · map 2: mean activation"
    until(streaming, lambda: len(panel.best.best) == 1)


def test_the_live_panel_can_be_hidden(streaming):
    dock = streaming.live.presenter.dock
    streaming.bot.keyClick(streaming.window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert dock.isHidden()
    streaming.live.live.run(streaming.camera)
    assert dock.isHidden()
    streaming.bot.keyClick(streaming.window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert not dock.isHidden()


# ---- videos


def shown_number(live):
    return number_of(live.live.live.shown.pixels)


@pytest.fixture
def playing(live, clip):
    assert drop(live.window, files(clip))
    until(live, lambda: live.live.live.shown is not None)
    return live


def test_a_video_that_is_dropped_plays_to_its_end_and_stays_there(playing, clip):
    video = playing.live.controls.video
    until(playing, lambda: not video.is_playing and shown_number(playing) == 15)
    until(playing, lambda: not playing.session.inputs.is_streaming and playing.session.is_idle)
    assert playing.session.recording.image.startswith(clip.name)
    assert playing.window.input.live_bar.video.isVisible()
    assert playing.window.input.live_bar.video.time.endswith("/ 0:00.6")
    # Play begins anew.
    playing.bot.keyClick(playing.window, Qt.Key.Key_K)
    until(playing, lambda: shown_number(playing) < 15)


def test_pausing_and_single_frames(playing):
    window, video = playing.window, playing.live.controls.video
    playing.bot.mouseClick(window.input.live_bar.video.play, Qt.MouseButton.LeftButton)
    until(playing, lambda: not video.is_playing)
    video.seek(5 * 40 + 10)
    until(playing, lambda: shown_number(playing) == 5)
    for key, wanted in ((Qt.Key.Key_Period, 6), (Qt.Key.Key_Period, 7), (Qt.Key.Key_Comma, 6), (Qt.Key.Key_Comma, 5)):
        playing.bot.keyClick(window, key)
        until(playing, lambda wanted=wanted: shown_number(playing) == wanted)
    playing.bot.mouseClick(window.input.live_bar.video.forward, Qt.MouseButton.LeftButton)
    until(playing, lambda: shown_number(playing) == 6)


def test_scrubbing(playing):
    slider = playing.window.input.live_bar.video.slider
    playing.live.controls.video.pause()
    until(playing, lambda: slider.maximum() > 0)
    for wanted in (12, 2, 9):
        slider.setValue(wanted * 40 + 10)
        until(playing, lambda wanted=wanted: shown_number(playing) == wanted)


def test_an_animated_gif_plays(live, media, tmp_path):
    frames = [Image.fromarray(np.full((40, 40, 3), shade, np.uint8)) for shade in (20, 130, 240)]
    path = tmp_path / "moving.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=120)
    assert drop(live.window, files(path))
    seen = set()

    def is_done():
        shown = live.live.live.shown
        if shown is not None:
            seen.add(int(shown.pixels[20, 20] & 255) // 100)
        return seen == {0, 1, 2}

    until(live, is_done)
    assert live.live.controls.video is not None


def test_a_still_gif_is_a_photo(live, tmp_path):
    path = tmp_path / "still.gif"
    Image.new("RGB", (30, 30), "white").save(path)
    assert drop(live.window, files(path))
    live.settle()
    assert live.session.recording.image == "still.gif"
    assert not live.live.live.is_running


@pytest.mark.parametrize("content", [b"", b"this is no video" * 50])
def test_a_broken_video_is_told_and_what_was_shown_stays(live, media, tmp_path, content):
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)
    assert drop(live.window, files(path))
    until(live, lambda: banner(live))
    assert "broken.mp4" in banner(live)
    assert not live.live.live.is_running
    assert live.window.probabilities.bars[0].name == "3"


def test_a_video_that_gives_nothing_is_told(live, clip, monkeypatch):
    from cnnviewer.qt.live import video

    monkeypatch.setattr(video, "_PATIENCE", 50)
    source = video.VideoSource(clip)
    failures = []
    source.failed.connect(failures.append)
    source._first.start()  # and nothing was opened
    until(live, lambda: failures)
    assert "lacks the decoder" in failures[0]


# ---- the screen


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


# ---- the drawing pad


def draw(live, *points, hold=None):
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


SEVEN = [(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]


def show_pad(live):
    live.live.pad()
    until(live, lambda: live.window.input.pad.isVisible())
    live.settle()
    QTest.qWait(100)  # the panels make room for it


@pytest.fixture
def drawing(live):
    show_pad(live)
    return live


def test_a_digit_is_recognised_while_it_is_drawn(drawing):
    seen = []

    def hold():
        until(drawing, lambda: drawing.window.probabilities.bars[0].name == "7")
        seen.append(drawing.session.inputs.is_streaming)

    draw(drawing, *SEVEN, hold=hold)
    assert seen == [True]
    until(drawing, lambda: not drawing.session.inputs.is_streaming and drawing.session.is_idle)
    assert drawing.window.probabilities.bars[0].name == "7"
    assert drawing.session.recording.image == "drawing"


def test_the_pad_undoes_clears_and_changes_its_line(drawing):
    window, pad, bar = drawing.window, drawing.window.input.pad, drawing.window.input.live_bar.pad
    bar.width_slider.setValue(14)
    draw(drawing, (0.5, 0.2), (0.5, 0.8))
    draw(drawing, (0.2, 0.5), (0.8, 0.5))
    assert [stroke.width for stroke in pad.drawing.strokes] == [0.14, 0.14]
    drawing.bot.mouseClick(bar.undo, Qt.MouseButton.LeftButton)
    assert len(pad.drawing.strokes) == 1
    pad.setFocus()
    drawing.bot.keyClick(pad, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not pad.drawing.strokes
    draw(drawing, *SEVEN)
    drawing.bot.mouseClick(bar.clear, Qt.MouseButton.LeftButton)
    assert not pad.drawing.strokes
    until(drawing, lambda: drawing.live.live.shown is not None and not (drawing.live.live.shown.pixels & 255).any())
    assert window.input.pad.isVisible()


def test_a_drawing_is_put_into_the_middle_if_so_wished(drawing):
    draw(drawing, (0.1, 0.1), (0.1, 0.3))
    shown = drawing.live.live
    until(drawing, lambda: shown.shown is not None and (shown.shown.pixels[140, 140] & 255) == 255)
    drawing.window.input.live_bar.pad.centred.click()
    until(drawing, lambda: (shown.shown.pixels[140, 140] & 255) == 0 and (shown.shown.pixels[56, 28] & 255) == 255)


def test_the_pad_brings_a_network_for_digits(driver):
    driver.open("efficientnet-lite0", None, sample="chelsea")
    driver.window.open_live().pad()
    driver.bot.waitUntil(lambda: driver.session.network.name == "lenet5", timeout=WAIT)
    driver.settle()
    driver.window.input.views.button("As fed in").click()
    driver.settle()
    assert driver.window.input.pad.isHidden()
    driver.window.input.views.button("Photo").click()
    assert driver.window.input.pad.isVisible()


# ---- recording


def test_the_input_is_recorded_as_a_video_that_plays(streaming, media, tmp_path):
    from cnnviewer.qt.live.film import video_suffix

    path = tmp_path / f"recorded.{video_suffix()}"
    recordings = streaming.live.recordings
    recordings.record_input(path)
    assert streaming.window.tool_bar._recording_action.isVisible()
    for number in range(12):
        send(streaming, picture(number, (97, 65)))
        QTest.qWait(30)
    until(streaming, lambda: recordings.frames >= 10)
    streaming.bot.keyClick(
        streaming.window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert recordings.target is None
    assert not streaming.window.tool_bar._recording_action.isVisible()
    streaming.window.open_paths([path])
    until(streaming, lambda: streaming.live.controls.video is not None and streaming.live.live.shown is not None)
    assert streaming.live.live.shown.pixels.shape == (64, 96)  # an even number of pixels, as encoders want it
    until(streaming, lambda: shown_number(streaming) >= 10)


def test_the_window_is_recorded_as_a_video(streaming, media, tmp_path):
    from cnnviewer.qt.live.film import video_suffix

    path = tmp_path / f"window.{video_suffix()}"
    recordings = streaming.live.recordings
    recordings.record_window(path, streaming.window)
    until(streaming, lambda: recordings.frames >= 3)
    recordings.stop()
    streaming.window.open_paths([path])
    until(streaming, lambda: streaming.live.controls.video is not None and streaming.live.live.shown is not None)
    assert streaming.live.live.shown.pixels.shape == (800, 1280)


def test_frames_are_saved_as_png(streaming, tmp_path):
    recordings = streaming.live.recordings
    recordings.record_frames(tmp_path)
    for number in range(1, 5):
        send(streaming, picture(number))
    until(streaming, lambda: recordings.frames >= 4)
    recordings.stop()
    found = sorted(tmp_path.glob("frame-*.png"))
    assert len(found) == recordings.frames or len(found) >= 4
    numbers = [number_of(np.asarray(Image.open(path).convert("RGB")).astype(np.uint32)[..., 1] << 8) for path in found]
    assert numbers == [1, 2, 3, 4]


def test_frames_that_the_network_does_not_see_are_recorded_too(streaming, tmp_path, monkeypatch):
    from cnnviewer.engine import Engine

    show_frame = Engine.show_frame

    def slow(self, prepared, watch):
        time.sleep(0.5)
        return show_frame(self, prepared, watch)

    until(streaming, lambda: not streaming.session.mailbox.is_working)
    monkeypatch.setattr(Engine, "show_frame", slow)
    recordings, before = streaming.live.recordings, streaming.session.mailbox.counts.dropped
    recordings.record_frames(tmp_path)
    for number in range(1, 9):
        streaming.camera.send(picture(number))
        until(streaming, lambda number=number: recordings.frames == number)
    assert streaming.session.mailbox.counts.dropped > before
    # The last one is shown too when no more come, and not recorded again.
    until(streaming, lambda: number_of(streaming.live.live.shown.pixels) == 8)
    recordings.stop()
    assert len(list(tmp_path.glob("frame-*.png"))) == 8


def test_this_frame_is_saved_as_png(streaming, tmp_path):
    send(streaming, picture(7))
    streaming.live._save_frame(tmp_path / "one.png")
    pixels = np.asarray(Image.open(tmp_path / "one.png").convert("RGB")).astype(np.uint32)
    assert number_of(pixels[..., 1] << 8) == 7
    streaming.live._save_frame(tmp_path / "missing" / "one.png")
    assert "can't be written" in banner(streaming)


def test_a_recording_that_can_not_be_written_is_told(streaming, media, tmp_path):
    streaming.live.recordings.record_input(tmp_path / "missing" / "clip.mp4")
    for number in range(8):
        if streaming.live.recordings.target is None:
            break
        send(streaming, picture(number))
    until(streaming, lambda: banner(streaming))
    assert "can't be written" in banner(streaming)
    assert streaming.live.recordings.target is None
    streaming.live.recordings.record_frames(tmp_path / "missing")
    streaming.camera.send(picture(3))
    until(streaming, lambda: streaming.live.recordings.target is None)


@pytest.mark.parametrize("name", ["clip.json", "clip", "clip.mp3", "clip.mkv", ".mp4"])
def test_a_recording_has_the_ending_of_what_it_is(streaming, media, tmp_path, name):
    from cnnviewer.qt.live.film import video_suffix

    for begin in (streaming.live.recordings.record_input, streaming.live._record_window):
        streaming.window.error.hide()
        begin(tmp_path / name)
        assert f"this system writes .{video_suffix()} files" in banner(streaming)
        assert streaming.live.recordings.target is None
    send(streaming, picture(5))
    streaming.window.error.hide()
    streaming.live._save_frame(tmp_path / name)
    assert "it is saved as .png" in banner(streaming)
    assert not list(tmp_path.iterdir())


def test_what_comes_while_the_end_of_a_recording_is_waited_for_finds_none(streaming, media, tmp_path):
    from cnnviewer.qt.live.film import video_suffix

    recordings, told = streaming.live.recordings, []
    recordings.failed.connect(told.append)
    recordings.record_input(tmp_path / f"clip.{video_suffix()}")
    for number in range(4):
        send(streaming, picture(number))
    until(streaming, lambda: recordings.frames)
    file = recordings._file
    QTimer.singleShot(0, lambda: file.failed.emit("The disk is full."))  # within the loop that waits
    recordings.stop()
    QApplication.processEvents()
    assert recordings.target is None
    assert not told


def test_closing_the_window_ends_a_recording_whole(streaming, media, tmp_path):
    from cnnviewer.qt.live.film import video_suffix

    path = tmp_path / f"closed.{video_suffix()}"
    streaming.live.recordings.record_input(path)
    for number in range(6):
        send(streaming, picture(number))
    streaming.window.close()
    assert not streaming.session.is_running
    assert not streaming.live.live._thread.isRunning()
    assert path.stat().st_size > 500


# ---- cameras, and what they lack


def test_no_camera_is_told(live, media):
    from cnnviewer.qt.live.media import camera_names

    if camera_names():
        pytest.skip("this machine has a camera")
    live.live.camera()
    assert "No camera was found" in banner(live)
    assert not live.live.live.is_running
    menu = live.window.tool_bar._cameras
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == ["No camera found"]


@pytest.fixture
def webcam(live, media, monkeypatch):
    """A camera source on a device that gives nothing; its signals are told by the test."""
    from PySide6.QtMultimedia import QCameraDevice

    from cnnviewer.qt.live import camera as module

    monkeypatch.setattr(module, "devices", lambda: [QCameraDevice()])
    source = module.CameraSource(parent=live.window)
    live.live.live.run(source)
    return source


def test_a_camera_that_is_busy_is_told(live, webcam):
    from PySide6.QtMultimedia import QCamera

    webcam._camera.errorOccurred.emit(QCamera.Error.CameraError, "Device or resource busy")
    assert "The camera gives no pictures (Device or resource busy)" in banner(live)
    assert not live.live.live.is_running


def test_a_camera_that_is_unplugged_is_told(live, webcam, monkeypatch):
    from cnnviewer.qt.live import camera as module

    webcam._media.videoInputsChanged.emit()
    assert not banner(live)
    monkeypatch.setattr(module, "devices", list)
    webcam._media.videoInputsChanged.emit()
    assert "was unplugged" in banner(live)
    assert not live.live.live.is_running
    assert live.window.probabilities.bars[0].name == "3"


@pytest.mark.parametrize("is_asked", [False, True])
def test_a_permission_that_is_refused_is_told(live, webcam, monkeypatch, is_asked):
    from cnnviewer.qt.live import camera as module

    class App:
        def __init__(self) -> None:
            self.is_asked = False

        def checkPermission(self, permission):  # noqa: N802
            states = Qt.PermissionStatus
            return states.Undetermined if is_asked and not self.is_asked else states.Denied

        def requestPermission(self, permission, context, answer):  # noqa: N802
            self.is_asked = True
            answer(permission)

    app = App()
    with monkeypatch.context() as patch:
        patch.setattr(module.QCoreApplication, "instance", lambda: app)
        webcam.start()
    assert "may not use the camera" in banner(live)
    assert app.is_asked is is_asked
    assert not live.live.live.is_running


def test_the_mirror_of_a_camera(live, webcam):
    bar = live.window.input.live_bar.camera
    assert bar.isVisible()
    assert live.live.live.grabber.settings.mirrored
    bar.mirror.click()
    assert not live.live.live.grabber.settings.mirrored


def test_without_the_systems_libraries_all_else_works(live, monkeypatch, clip):
    from cnnviewer.qt.live import media

    monkeypatch.setattr(media, "_missing", lambda: "libpulse.so.0: cannot open shared object file")
    for wish in (live.live.camera, live.live.screen, live.live.record_window):
        live.window.error.hide()
        wish()
        assert "libpulse.so.0" in banner(live)
        assert "apt install libpulse0 libxrandr2" in banner(live)
    live.window.error.hide()
    assert drop(live.window, files(clip))
    until(live, lambda: banner(live))
    assert "libpulse.so.0" in banner(live)
    assert media.camera_names() == {}
    live.window.error.hide()
    show_pad(live)
    draw(live, *SEVEN)
    until(live, lambda: live.window.probabilities.bars[0].name == "7")
    assert not banner(live)
