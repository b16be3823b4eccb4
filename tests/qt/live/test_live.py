"""Streams in the real window with the real worker: frames reach the panels, and give way to photos."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from cnnviewer.errors import RecordingError

from ..conftest import wait
from ..test_main_window import drop, files
from .conftest import picture
from .driving import banner, digit, send, until


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
    wait(200)
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
    wait(300)
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
