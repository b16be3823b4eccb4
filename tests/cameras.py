"""A camera that needs no camera: what a test gives it takes the way of a QCamera's frames, to its sink."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtMultimedia import QMediaCaptureSession, QVideoFrame, QVideoFrameInput, QVideoSink

from cnnviewer.errors import StreamError
from cnnviewer.qt.live.grabber import Grab
from cnnviewer.qt.live.sources import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QObject
    from PySide6.QtGui import QImage

__all__ = ["GivenCamera"]


class GivenCamera(Source):
    """Shows the pictures that it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.grab = Grab("camera")
        self.sink = QVideoSink(self)
        self._input = QVideoFrameInput(self)
        self._session = QMediaCaptureSession(self)
        self._session.setVideoFrameInput(self._input)
        self._session.setVideoSink(self.sink)
        self.is_running, self._sent = False, 0
        self.is_unplugged = False
        """Whether it can't be had again."""

    def maker(self) -> Callable[[QObject], Source]:
        return self._made_again

    def _made_again(self, parent: QObject) -> Source:
        if self.is_unplugged:
            raise StreamError("No camera was found; plug one in.")
        return GivenCamera()

    def start(self) -> None:
        self.is_running = True

    def stop(self) -> None:
        self.is_running = False

    def send(self, image: QImage) -> None:
        """Give a picture, as the next frame of 25 a second."""
        assert self.offer(image)

    def offer(self, image: QImage) -> bool:
        """Give a picture; return whether it was taken, which it is not where too many wait."""
        self._sent += 1
        frame = QVideoFrame(image)
        frame.setStartTime(self._sent * 40_000)
        return self._input.sendVideoFrame(frame)
