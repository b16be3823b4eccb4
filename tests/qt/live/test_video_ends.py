"""Ends of videos, and what is no video."""

from __future__ import annotations

import threading
import wave

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtMultimedia import QMediaPlayer

from cnnviewer.engine.engine import Engine
from cnnviewer.qt.widgets.images import from_image

from ..conftest import wait
from ..test_main_window import drop, files
from .conftest import WAIT, picture
from .driving import banner, shown_number, until
from .matroska import write_video


def ends_of(video):
    """Count how often a video's player meets its end from now on."""
    met = []

    def count(status) -> None:
        if status is QMediaPlayer.MediaStatus.EndOfMedia:
            met.append(video.position)

    video.findChild(QMediaPlayer).mediaStatusChanged.connect(count)
    return met


def write_pictures(path, numbers):
    """Write JPEG pictures behind each other, each long enough for a player to take them for no kind of file."""
    with path.open("wb") as file:
        for number in numbers:
            pixels = from_image(picture(number))
            pixels[:16] = np.random.default_rng(number).integers(0, 256, pixels[:16].shape)
            Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return path


def play(live, path):
    """Play a video, and return its source when the last picture is shown, and the window at rest."""
    assert drop(live.window, files(path))
    until(live, lambda: live.live.controls.video is not None and live.live.live.shown is not None)
    video = live.live.controls.video
    until(live, lambda: not video.is_playing)
    until(live, lambda: not live.session.inputs.is_streaming and live.session.is_idle)
    return video


@pytest.mark.parametrize("milliseconds", [660, 740, 2000, 300])
def test_the_last_picture_stays_where_the_sound_outlasts_it_or_ends_before(live, media, tmp_path, milliseconds):
    video = play(live, write_video(tmp_path / "clip.mkv", sound=milliseconds))
    until(live, lambda: shown_number(live) == 15)
    wait(200)
    ends = ends_of(video)
    wait(600)
    assert not ends  # it rests
    assert shown_number(live) == 15
    assert not video.is_playing
    assert not banner(live)
    # It plays again from its beginning, and may be wound to its end.
    live.bot.keyClick(live.window, Qt.Key.Key_K)
    until(live, lambda: shown_number(live) < 15)
    video.seek(video.duration)
    until(live, lambda: not video.is_playing and shown_number(live) == 15)


def test_a_video_of_one_picture_shows_it_and_lacks_no_decoder(live, media, tmp_path):
    path = write_video(tmp_path / "one.mkv", pictures=1, sound=60)
    play(live, path)
    wait(4500)  # longer than a first picture is waited for
    assert shown_number(live) == 0
    assert live.live.live.is_running
    assert not banner(live)


def test_a_stream_that_tells_no_length_ends_at_its_last_picture_and_plays_again(live, media, qtlog, tmp_path):
    video = play(live, write_pictures(tmp_path / "pictures.mjpeg", range(16)))
    for _ in range(2):
        until(live, lambda: shown_number(live) == 15 and not video.is_playing)
        wait(300)
        assert shown_number(live) == 15
        assert not banner(live)
        live.bot.keyClick(live.window, Qt.Key.Key_K)
        until(live, lambda: shown_number(live) < 15)
    video.step(1)  # there is no place to go to: it stops
    until(live, lambda: not video.is_playing)
    assert not banner(live)
    assert not [one.message for one in qtlog.records if "seek" in one.message]


def test_a_video_that_is_removed_while_it_plays_goes_on_and_is_told_when_it_is_opened_anew(live, clip, tmp_path):
    path = tmp_path / clip.name
    path.write_bytes(clip.read_bytes())
    assert drop(live.window, files(path))
    until(live, lambda: live.live.live.shown is not None)
    path.unlink()
    until(live, lambda: shown_number(live) == 15)
    live.live.live.open_video(path)
    until(live, lambda: banner(live))
    assert "There is no file" in banner(live)
    assert live.live.live.is_running  # what was there stays
    assert shown_number(live) == 15


def _png(path):
    Image.new("RGB", (8, 8)).save(path, "PNG")


def _still(path):
    Image.new("P", (8, 8)).save(path, "GIF")


def _wave(path):
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(800))


@pytest.mark.parametrize(
    ("name", "make", "told"),
    [
        ("photo.png", _png, "photo.png can't be played: it is a PNG image, not a video"),
        ("photo.mp4", _png, "photo.mp4 can't be played: it is a PNG image, not a video"),
        ("still.gif", _still, "still.gif can't be played: it is a GIF image, not a video"),
        ("sound.wav", _wave, "sound.wav can't be played: it is a WAV file"),
        ("empty.mp4", lambda path: path.touch(), "empty.mp4 can't be played: it is empty (0 bytes)"),
        ("notes.mp4", lambda path: path.write_text("a note"), "notes.mp4 can't be played: it is text"),
        (
            "clip.mp4",
            lambda path: path.write_bytes(bytes(range(1, 255)) * 9),
            "clip.mp4 can't be played: it is damaged",
        ),
    ],
)
def test_what_is_no_video_reaches_no_player(live, clip, tmp_path, monkeypatch, name, make, told):
    play(live, clip)
    seen = []
    monkeypatch.setattr(QMediaPlayer, "setSource", lambda *given: seen.append(given))
    make(tmp_path / name)
    live.live.live.open_video(tmp_path / name)  # as the dialog does
    until(live, lambda: banner(live))
    assert banner(live).startswith(told)
    assert not seen
    assert live.live.live.is_running
    assert shown_number(live) == 15
    monkeypatch.undo()


def test_a_video_without_its_index_is_told(live, clip, tmp_path):
    path = tmp_path / "cut.mp4"
    path.write_bytes(clip.read_bytes()[:600])
    if path.read_bytes()[4:8] != b"ftyp":
        pytest.skip("this system writes no MP4")
    live.live.live.open_video(path)
    until(live, lambda: banner(live))
    assert banner(live).startswith("cut.mp4 was not finished: its index (moov) is missing;")


def test_something_else_that_is_opened_meanwhile_is_shown(live, clip, samples):
    live.live.live.open_video(clip)
    assert drop(live.window, files(samples / "digit-9.png"))
    until(live, lambda: live.window.probabilities.bars[0].name == "9")
    wait(300)
    assert not live.live.live.is_running
    assert live.window.probabilities.bars[0].name == "9"


def test_a_photo_that_is_asked_for_while_a_video_is_looked_at_is_shown(live, clip, media, monkeypatch):
    looked_at, open_image = threading.Event(), Engine.open_image

    def open_late(engine, request):
        assert looked_at.wait(WAIT / 1000)
        return open_image(engine, request)

    monkeypatch.setattr(Engine, "open_image", open_late)
    live.live.live.open_video(clip)
    live.window.show_sample("digit-9")
    wait(500)  # longer than it takes to look at a clip
    looked_at.set()
    until(live, lambda: live.window.probabilities.bars[0].name == "9")
    live.settle()
    assert not live.live.live.is_running
    assert live.window.input.caption.startswith("digit-9.png")


def test_a_video_that_is_asked_for_after_a_photo_plays(live, clip, media):
    live.window.show_sample("digit-9")
    live.live.live.open_video(clip)
    until(live, lambda: live.live.live.shown is not None and shown_number(live) == 15)
    assert live.live.live.is_running


def test_a_video_plays_that_is_still_looked_at_when_an_older_photo_is_read(live, clip, media, monkeypatch):
    looked_at = threading.Event()
    monkeypatch.setattr("cnnviewer.qt.live.video_checker.check_video", lambda path: looked_at.wait(WAIT / 1000))
    live.window.show_sample("digit-9")
    live.live.live.open_video(clip)
    until(live, lambda: live.window.input.caption.startswith("digit-9.png"))
    live.settle()
    looked_at.set()
    until(live, lambda: live.live.live.shown is not None and shown_number(live) == 15)
    assert live.live.live.is_running
