"""What is named on the command line is what is shown, each in a process of its own: ``cnnviewer clip.mp4``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import wave

import numpy as np
import pytest
from PIL import Image

from cnnviewer.cli import main

STREAMING = """
import sys
from PySide6.QtCore import QTimer
from cnnviewer.cli import main
from cnnviewer.qt import app
from cnnviewer.qt.session import Session

class Watched(Session):
    def __init__(self, *args):
        super().__init__(*args)
        self.seen = []
        self.recordingChanged.connect(lambda recording: self.seen.append(recording.image))
        sessions.append(self)

sessions = []
app.Session = Watched
status = main(sys.argv[1:])
print("SEEN", sorted({name.split(" ")[0] for name in sessions[0].seen}))
sys.exit(status)
"""


@pytest.fixture
def start(tmp_path):
    """Run the program with a picture of its window to paint; return its status, what it tells, and what it showed."""

    def run(*words):
        picture = tmp_path / "window.png"
        given = [*map(str, words), "--network", "lenet5", "--screenshot", str(picture), "--size", "1000x700"]
        done = subprocess.run(
            [sys.executable, "-c", STREAMING, *given], capture_output=True, timeout=120, check=False, env=environment()
        )
        assert picture.exists() == (done.returncode == 0), done.stderr
        seen = [line for line in done.stdout.decode().splitlines() if line.startswith("SEEN")]
        told = [line for line in done.stderr.decode().splitlines() if line.startswith("cnnviewer: ")]
        assert b"Traceback" not in done.stderr, done.stderr
        return done.returncode, told, seen[0].removeprefix("SEEN ")

    return run


def environment() -> dict[str, str]:
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen"}


def gif(path, shades):
    frames = [Image.fromarray(np.full((40, 40, 3), shade, np.uint8)) for shade in shades]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=120)
    return path


def sound(path):
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(8000))
    return path


@pytest.mark.slow
def test_a_video_plays(start, clip):
    assert start(clip) == (0, [], f"['{clip.name}']")


@pytest.mark.slow
def test_gifs_play_or_are_photos(start, media, tmp_path):
    assert start(gif(tmp_path / "moving.gif", (20, 130, 240))) == (0, [], "['moving.gif']")
    assert start(gif(tmp_path / "still.gif", (20,))) == (0, [], "['still.gif']")


@pytest.mark.slow
def test_a_folder_of_videos_plays_its_first(start, clip, tmp_path):
    for name in ("b", "a"):
        shutil.copy(clip, tmp_path / f"{name}{clip.suffix}")
    assert start(tmp_path) == (0, [], f"['a{clip.suffix}']")


@pytest.mark.slow
def test_what_fails_behind_the_start_ends_with_2(start, samples, clip, tmp_path):
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(99)))
    status, told, _ = start(damaged)
    assert (status, len(told)) == (2, 1)
    assert "damaged.png" in told[0]
    status, told, _ = start(samples / "digit-3.png", clip)
    assert (status, len(told)) == (2, 1)
    assert f"{clip.name} is a video, and images came with it" in told[0]


@pytest.mark.parametrize("options", [[], ["--screenshot", "window.png"]])
@pytest.mark.parametrize("name", ["song.wav", "song.mp4", "notes.txt", "text.mp4", "gone.mp4", "empty.mp4", "folder"])
def test_what_is_nothing_to_show_ends_with_2_before_a_window_opens(
    tmp_path, samples, monkeypatch, capsys, name, options
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.mp4").touch()
    for text in ("notes.txt", "text.mp4"):
        (tmp_path / text).write_text("words")
    for song in ("song.wav", "song.mp4"):
        sound(tmp_path / song)
    for words in ([name], [str(samples / "digit-3.png"), name]):
        assert main([*words, *options]) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.startswith("cnnviewer: ")
        assert told.err.count("\n") == 1
        assert name in told.err


def test_the_sample_is_the_default_of_a_network_alone(start, tmp_path):
    assert start() == (0, [], "['chelsea.png']")
