"""Cameras and videos that need neither a camera nor a file of somebody else's."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QImage

from cnnviewer.qt.live.media import missing_library

from ..conftest import wait

WAIT = 60_000


@pytest.fixture(scope="session")
def media():
    """Skip where Qt's multimedia can't be imported."""
    if missing_library():
        pytest.skip(f"QtMultimedia needs a system library: {missing_library()}")


def picture(number: int, size: tuple[int, int] = (96, 64)) -> QImage:
    """Return a picture that tells its number: so many of its 16 columns are white; the rest is a dull red."""
    width, height = size
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(0xFF802020)
    pixels = np.frombuffer(image.bits(), np.uint32).reshape(height, image.bytesPerLine() // 4)
    pixels[:, : number * width // 16] = 0xFFFFFFFF
    return image


def number_of(pixels: np.ndarray) -> int:
    """Return the number that a picture tells, after any compression."""
    row = pixels[pixels.shape[0] // 2]
    return round(float(((row >> 8 & 255) > 140).sum()) * 16 / pixels.shape[1])


@pytest.fixture
def camera(media, qapp):
    """A camera: the way from a QCamera to its sink, with frames that the test gives."""
    from cameras import GivenCamera

    return GivenCamera()


@pytest.fixture(scope="session")
def clip(media, qapp, tmp_path_factory):
    """A video of 16 frames, 25 a second, made by QMediaRecorder; frame n has n white columns of 16."""

    from cnnviewer.qt.live.film import VideoFile, video_suffix
    from cnnviewer.qt.live.video_frames import to_video_frame

    path = tmp_path_factory.mktemp("videos") / f"clip.{video_suffix()}"
    made = VideoFile(path)
    errors = []
    made.failed.connect(errors.append)
    made.begin()
    for number in range(16):
        before = made.frames
        for _ in range(200):
            made.write(to_video_frame(picture(number), number * 40_000))
            if made.frames > before:
                break
            wait(10)
        wait(10)
    made.end()
    assert not errors
    assert made.frames == 16
    return path


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
    for _ in range(2):
        with live.bot.waitSignal(live.session.framed, timeout=WAIT):
            camera.send(picture(4))
    return live
