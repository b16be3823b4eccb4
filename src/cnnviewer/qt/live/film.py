"""Recording a stream, or the window, as a video file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QEventLoop, QObject, Qt, QTimer, QUrl, Signal, Slot
from PySide6.QtGui import QImage
from PySide6.QtMultimedia import QMediaCaptureSession, QMediaFormat, QMediaRecorder, QVideoFrameInput

from cnnviewer.errors import StreamError
from cnnviewer.qt.live.video_frames import to_video_frame
from cnnviewer.qt.widgets.images import to_image

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtMultimedia import QVideoFrame
    from PySide6.QtWidgets import QWidget

    from cnnviewer.frames import Frame

__all__ = ["FrameFilm", "VideoFile", "WindowFilm", "check_name", "video_suffix"]

_RATE = 10
"""Pictures of the window a second: each has to be painted once more for it."""
_LONGEST_END = 5000
"""For how long, in milliseconds, the end of a file is waited for."""


class VideoFile(QObject):
    """A video file that frames are written to; `failed` tells a sentence.

    Raises
    ------
    StreamError
        If this system can't write videos.
    """

    failed = Signal(str)

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._input = QVideoFrameInput(self)
        self._session = QMediaCaptureSession(self)
        self._session.setVideoFrameInput(self._input)
        self._recorder = QMediaRecorder(self)
        self._recorder.setMediaFormat(_format())
        self._recorder.setQuality(QMediaRecorder.Quality.HighQuality)
        self._recorder.setOutputLocation(QUrl.fromLocalFile(str(path.absolute())))
        self._recorder.errorOccurred.connect(self._on_error)
        self._session.setRecorder(self._recorder)
        self.frames = 0
        """How many were written."""

    def begin(self) -> None:
        """Open the file."""
        self._recorder.record()

    @Slot(object)
    def write(self, frame: QVideoFrame) -> None:
        """Write a frame; one that comes too fast for the encoder is left out."""
        if self._input.sendVideoFrame(frame):
            self.frames += 1

    def end(self) -> None:
        """End the file, and wait until it is whole."""
        if self._recorder.recorderState() is QMediaRecorder.RecorderState.StoppedState:
            return
        ended = QEventLoop()
        self._recorder.recorderStateChanged.connect(ended.quit)
        QTimer.singleShot(_LONGEST_END, ended.quit)
        self._recorder.stop()
        if self._recorder.recorderState() is not QMediaRecorder.RecorderState.StoppedState:
            ended.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)

    @Slot(QMediaRecorder.Error, str)
    def _on_error(self, error: QMediaRecorder.Error, text: str) -> None:
        if error is not QMediaRecorder.Error.NoError:
            reason = text.rstrip(".") or "the system's encoder failed"
            self.failed.emit(f"The recording {self._path.name} can't be written: {reason}. Choose another folder.")


class FrameFilm:
    """Makes video frames of a stream's; all have the size of the first, and an even number of pixels."""

    frames = 0

    def __init__(self) -> None:
        self._begun: float | None = None
        self._size = (0, 0)

    def take(self, frame: Frame) -> QVideoFrame:
        """Return what the video shows of a frame."""
        if self._begun is None:
            height, width = frame.pixels.shape
            self._begun, self._size = frame.arrived, (max(2, width // 2 * 2), max(2, height // 2 * 2))
        # A copy: the encoder reads it later, when the array may be gone.
        image = _fitted(to_image(frame.pixels), self._size).copy()
        return to_video_frame(image, round((frame.arrived - self._begun) * 1e6))


class WindowFilm(QObject):
    """Takes pictures of a window, ten a second; `ready` tells each as a video frame."""

    ready = Signal(object)

    def __init__(self, window: QWidget, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window = window
        self._clock = QElapsedTimer()
        self._size = (window.width() // 2 * 2, window.height() // 2 * 2)
        self._timer = QTimer(self)
        self._timer.setInterval(1000 // _RATE)
        self._timer.timeout.connect(self._on_beat)

    def start(self) -> None:
        """Begin."""
        self._clock.start()
        self._timer.start()

    def stop(self) -> None:
        """End."""
        self._timer.stop()

    @Slot()
    def _on_beat(self) -> None:
        image = self._window.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        self.ready.emit(to_video_frame(_fitted(image, self._size), self._clock.nsecsElapsed() // 1000))


def _fitted(image: QImage, size: tuple[int, int]) -> QImage:
    width, height = size
    if image.width() - width in (0, 1) and image.height() - height in (0, 1):
        return image.copy(0, 0, width, height)
    mode = Qt.TransformationMode.SmoothTransformation
    return image.scaled(width, height, Qt.AspectRatioMode.IgnoreAspectRatio, mode)


def video_suffix() -> str:
    """Return how the names of the video files that this system writes end, without the dot.

    Raises
    ------
    StreamError
        If it can write none.
    """
    return "avi" if _format().fileFormat() is QMediaFormat.FileFormat.AVI else "mp4"


def check_name(path: Path) -> None:
    """Raise where a video file would have a name that does not tell what it is.

    Raises
    ------
    StreamError
        If it does not end as the video files do that this system writes.
    """
    suffix = f".{video_suffix()}"
    if path.suffix.lower() != suffix:
        raise StreamError(
            f"{path.name} is no name for a recording: this system writes {suffix} files; choose a name that ends so."
        )


def _format() -> QMediaFormat:
    """Return a format that this system can write and others can read.

    Raises
    ------
    StreamError
        If it can write none.
    """
    files, codecs = QMediaFormat.FileFormat, QMediaFormat.VideoCodec
    for file, codec in (
        (files.MPEG4, codecs.H264),
        (files.MPEG4, codecs.MPEG4),
        (files.AVI, codecs.MotionJPEG),
    ):
        wanted = QMediaFormat(file)
        wanted.setVideoCodec(codec)
        if wanted.isSupported(QMediaFormat.ConversionMode.Encode):
            return wanted
    raise StreamError("This system has no encoder for videos; record the frames as PNG files instead.")
