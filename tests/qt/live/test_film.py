"""Video files that are written: the encoder finds all that it wants."""

from __future__ import annotations

from PySide6.QtCore import QtMsgType
from PySide6.QtWidgets import QLabel

from cnnviewer.frames import Frame
from cnnviewer.qt.live.video_frames import pixels_of_image

from ..conftest import wait
from .conftest import WAIT, picture


def warned(log) -> list[str]:
    """Return what Qt warned of, but for libraries that a machine lacks."""
    kinds = QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg
    return [one.message for one in log.records if one.type in kinds and "pipewire" not in one.message]


def open_file(path):
    from cnnviewer.qt.live.film import VideoFile, video_suffix

    made = VideoFile(path.with_suffix(f".{video_suffix()}"))
    made.begin()
    return made


def test_nothing_is_warned_of_frames_that_are_recorded(media, qtbot, qtlog, tmp_path):
    from cnnviewer.qt.live.film import FrameFilm

    film, made = FrameFilm(), open_file(tmp_path / "input")
    for number in range(8):
        frame = Frame(number + 1, "camera", pixels_of_image(picture(number)), number * 0.04)
        made.write(film.take(frame))
        wait(20)
    made.end()
    assert made.frames
    assert warned(qtlog) == []


def test_nothing_is_warned_of_a_window_that_is_recorded(media, qtbot, qtlog, tmp_path):
    from cnnviewer.qt.live.film import WindowFilm

    window = QLabel("recorded")
    qtbot.addWidget(window)
    window.resize(161, 90)
    window.show()
    film, made = WindowFilm(window), open_file(tmp_path / "window")
    film.ready.connect(made.write)
    film.start()
    qtbot.waitUntil(lambda: made.frames >= 3, timeout=WAIT)
    film.stop()
    made.end()
    assert warned(qtlog) == []
