"""Video files, and animated GIFs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, QUrl, Slot
from PySide6.QtMultimedia import QMediaMetaData, QMediaPlayer, QVideoSink

from cnnviewer.qt.live.grabber import Grab
from cnnviewer.qt.live.sources import PlayedSource

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["VideoSource"]

_USUAL_RATE = 25.0
_PATIENCE = 4000
"""For how long, in milliseconds, the first frame is waited for."""


class VideoSource(PlayedSource):
    """A video that is played, stopped, stepped through and wound; without sound."""

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self.grab = Grab(path.name, has_time=True)
        self.sink = QVideoSink(self)
        self._player = QMediaPlayer(self)
        self._player.setVideoSink(self.sink)
        self._player.errorOccurred.connect(self._on_error)
        self._player.positionChanged.connect(self._on_position)
        self._player.durationChanged.connect(self.changed)
        self._player.playbackStateChanged.connect(self._on_state)
        self._player.mediaStatusChanged.connect(self._on_status)
        self._first = QTimer(self)
        self._first.setSingleShot(True)
        self._first.setInterval(_PATIENCE)
        self._first.timeout.connect(self._on_no_frame)

    @property
    def duration(self) -> int:
        """How long it is, in milliseconds; 0 where that is not known yet."""
        return int(self._player.duration())

    @property
    def position(self) -> int:
        """The place that is shown, in milliseconds."""
        return int(self._player.position())

    @property
    def is_playing(self) -> bool:
        """Whether it runs."""
        return self._player.playbackState() is QMediaPlayer.PlaybackState.PlayingState

    @property
    def frame_length(self) -> float:
        """How long a frame is shown, in milliseconds."""
        rate = self._player.metaData().value(QMediaMetaData.Key.VideoFrameRate)
        return 1000 / float(rate) if rate else 1000 / _USUAL_RATE

    def start(self) -> None:
        """Open the file and play it."""
        self._player.setSource(QUrl.fromLocalFile(str(self._path.absolute())))
        self._player.play()
        self._first.start()

    def stop(self) -> None:
        """Close the file."""
        self._first.stop()
        self._player.stop()
        self._player.setSource(QUrl())

    def play(self) -> None:
        """Go on; from the beginning where it has ended."""
        if self.duration and self.position >= self.duration - self.frame_length:
            self.seek(0)
        self._player.play()

    def pause(self) -> None:
        """Stop at the frame that is shown."""
        self._player.pause()

    def seek(self, milliseconds: int) -> None:
        """Show the frame at a place."""
        self._player.setPosition(min(max(milliseconds, 0), max(self.duration - 1, 0)))

    def step(self, frames: int) -> None:
        """Stop, and show a later frame, or with a negative number an earlier one."""
        self.pause()
        # Shortly behind its beginning: that may belong to the frame before, and its middle to the one after.
        length = self.frame_length
        self.seek(round((round(self._shown_time() / length) + frames + 0.15) * length))

    def _shown_time(self) -> float:
        frame = self.sink.videoFrame()
        return frame.startTime() / 1000 if frame.isValid() and frame.startTime() >= 0 else self.position

    @Slot("qlonglong")
    def _on_position(self, position: int) -> None:
        self.moved.emit(position)

    @Slot(QMediaPlayer.PlaybackState)
    def _on_state(self, state: QMediaPlayer.PlaybackState) -> None:
        self.played.emit(state is QMediaPlayer.PlaybackState.PlayingState)

    @Slot(QMediaPlayer.MediaStatus)
    def _on_status(self, status: QMediaPlayer.MediaStatus) -> None:
        if status is QMediaPlayer.MediaStatus.EndOfMedia:
            # It would show nothing: the last frame stays, as at the end of a film strip.
            self._player.pause()
            self.seek(self.duration - 1)
        elif status is QMediaPlayer.MediaStatus.LoadedMedia and not self._player.hasVideo():
            self.failed.emit(f"{self._path.name} has no pictures: it holds sound only, or a kind that can't be read.")

    @Slot()
    def _on_no_frame(self) -> None:
        """Tell of a video that opens and gives nothing: a codec that only some graphics cards know."""
        if not self.sink.videoFrame().isValid():
            self._fail("this machine lacks the decoder for it")

    @Slot(QMediaPlayer.Error, str)
    def _on_error(self, error: QMediaPlayer.Error, text: str) -> None:
        if error is not QMediaPlayer.Error.NoError:
            self._fail(text.rstrip(".") or "it is damaged, or of an unknown kind")

    def _fail(self, reason: str) -> None:
        self.failed.emit(f"{self._path.name} can't be played: {reason}. Convert it to MP4 (H.264), and try again.")
