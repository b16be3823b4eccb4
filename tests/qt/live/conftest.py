"""Cameras and videos that need neither a camera nor a file of somebody else's."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QImage

from cnnviewer.qt.live.media import _missing

WAIT = 60_000


@pytest.fixture(scope="session")
def media():
    """Skip where Qt's multimedia can't be imported."""
    if _missing():
        pytest.skip(f"QtMultimedia needs a system library: {_missing()}")


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
    from PySide6.QtMultimedia import QMediaCaptureSession, QVideoFrame, QVideoFrameInput, QVideoSink

    from cnnviewer.qt.live.grabber import Grab
    from cnnviewer.qt.live.sources import Source

    class Camera(Source):
        def __init__(self) -> None:
            super().__init__()
            self.grab = Grab("camera")
            self.sink = QVideoSink(self)
            self._input = QVideoFrameInput(self)
            self._session = QMediaCaptureSession(self)
            self._session.setVideoFrameInput(self._input)
            self._session.setVideoSink(self.sink)
            self.is_running, self._sent = False, 0

        def start(self) -> None:
            self.is_running = True

        def stop(self) -> None:
            self.is_running = False

        def send(self, image: QImage) -> None:
            self._sent += 1
            frame = QVideoFrame(image)
            frame.setStartTime(self._sent * 40_000)
            assert self._input.sendVideoFrame(frame)

    return Camera()


@pytest.fixture(scope="session")
def clip(media, qapp, tmp_path_factory):
    """A video of 16 frames, 25 a second, made by QMediaRecorder; frame n has n white columns of 16."""
    from PySide6.QtTest import QTest

    from cnnviewer.qt.live.film import VideoFile, video_suffix
    from cnnviewer.qt.live.video_frames import to_video_frame

    path = tmp_path_factory.mktemp("videos") / f"clip.{video_suffix()}"
    made = VideoFile(path)
    errors = []
    made.failed.connect(errors.append)
    for number in range(16):
        before = made.frames
        for _ in range(200):
            made.write(to_video_frame(picture(number), number * 40_000))
            if made.frames > before:
                break
            QTest.qWait(10)
        QTest.qWait(10)
    made.end()
    assert not errors
    assert made.frames == 16
    return path
