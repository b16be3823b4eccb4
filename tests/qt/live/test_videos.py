"""Videos that are dropped play in the real window."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt

from ..test_main_window import drop, files
from .driving import banner, shown_number, until


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
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=700)  # to be seen by a busy machine, too
    assert drop(live.window, files(path))

    def shade():
        shown = live.live.live.shown
        return None if shown is None else int(shown.pixels[20, 20] & 255) // 100

    controls = live.live.controls
    until(live, lambda: controls.video is not None and not controls.video.is_playing and shade() == 2)
    # While it plays a frame may be overtaken by the next: each is looked at by itself.
    slider = live.window.input.live_bar.video.slider
    for number in (0, 2, 1):
        slider.setValue(number * 700 + 350)
        until(live, lambda number=number: shade() == number)


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

    monkeypatch.setattr(video, "PATIENCE", 50)
    source = video.VideoSource(clip)
    failures = []
    source.failed.connect(failures.append)
    source._first.start()  # and nothing was opened
    until(live, lambda: failures)
    assert "lacks the decoder" in failures[0]
