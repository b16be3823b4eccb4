"""What is shown, written as a video or as pictures."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from ..conftest import wait
from .conftest import number_of, picture
from .driving import banner, send, shown_number, until


def test_the_input_is_recorded_as_a_video_that_plays(streaming, media, tmp_path):
    from cnnviewer.qt.live.film import video_suffix

    path = tmp_path / f"recorded.{video_suffix()}"
    recordings = streaming.live.recordings
    recordings.record_input(path)
    assert streaming.window.tool_bar._recording_action.isVisible()
    for number in range(12):
        send(streaming, picture(number, (97, 65)))
        wait(30)
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
