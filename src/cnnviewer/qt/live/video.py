"""Video files, and animated GIFs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, QUrl, Slot
from PySide6.QtMultimedia import QMediaMetaData, QMediaPlayer, QVideoFrame, QVideoSink

from cnnviewer.inputs.videos import time_text
from cnnviewer.qt.live.grabber import Grab
from cnnviewer.qt.live.sources import PlayedSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cnnviewer.qt.live.sources import Source

__all__ = ["VideoSource"]

_USUAL_RATE = 25.0
_HIGHEST_RATE = 1000.0
PATIENCE = 4000
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
        self._first.setInterval(PATIENCE)
        self._first.timeout.connect(self._on_no_frame)
        self.sink.videoFrameChanged.connect(self._on_picture)
        self._picture: int | None = None
        """Where the last of the pictures that came begins, in milliseconds; None before the first."""
        self._frame = QVideoFrame()
        """The last of them: a stream that can't be wound shows it at its end."""
        self._sought: int | None = None
        """The place for which no picture has come yet."""
        self._has_ended, self._tries = False, 0

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
        rate = float(self._player.metaData().value(QMediaMetaData.Key.VideoFrameRate) or 0)
        return 1000 / rate if 0 < rate < _HIGHEST_RATE else 1000 / _USUAL_RATE  # some tell none, or no number

    def maker(self) -> Callable[[QObject], Source] | None:
        """Return what plays it anew; None where it stands still, as a photo does."""
        return partial(VideoSource, self._path) if self.is_playing else None

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
        if self._has_ended and not self.duration:
            self._has_ended = False
            self._player.setSource(QUrl())
            self.start()
            return
        if self._has_ended:
            self.seek(0)
        self._player.play()

    def pause(self) -> None:
        """Stop at the frame that is shown."""
        if self.is_playing:  # at its end, a player that pauses goes to the beginning
            self._player.pause()

    def seek(self, milliseconds: int) -> None:
        """Show the frame at a place, where it can be wound: a stream that tells no length can't."""
        if self.duration:
            self._has_ended, self._tries = False, 0
            self._go_to(min(milliseconds, self.duration - 1))

    def step(self, frames: int) -> None:
        """Stop, and show a later frame, or with a negative number an earlier one."""
        self.pause()
        # Shortly behind its beginning: that may belong to the frame before, and its middle to the one after.
        length = self.frame_length
        self.seek(round((round(self._shown_time() / length) + frames + 0.15) * length))

    def _go_to(self, milliseconds: int) -> None:
        self._sought = max(milliseconds, 0)
        self._player.setPosition(self._sought)

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
            self._show_last()
        elif status is QMediaPlayer.MediaStatus.LoadedMedia and not self._player.hasVideo():
            self.failed.emit(f"{self._path.name} has no pictures: it holds sound only, or a kind that can't be read.")

    @Slot(QVideoFrame)
    def _on_picture(self, frame: QVideoFrame) -> None:
        # The signal's own, not the sink's of now: at the end the player takes the last one away, perhaps before this.
        if frame.isValid():
            self._first.stop()
            self._frame = frame
            self._picture, self._sought = max(frame.startTime() // 1000, self._picture or 0), None

    def _show_last(self) -> None:
        """Have the last picture stay, as at the end of a film strip: the player would show nothing.

        Where the sound outlasts it, there is none at the end: it is looked for before that, further each time, but not
        before the last one that came. A stream that tells no length can't be wound: it is given that one again, which
        may have come too fast to be seen.
        """
        if not self.duration:
            self._has_ended = True
            self.sink.setVideoFrame(self._frame)
            return
        self._tries = 0 if self._sought is None else self._tries + 1
        place = self.duration - 1 - round(self.frame_length * (2**self._tries - 1))
        place = max(place, self._picture or 0)
        self._has_ended = True
        if self._sought is None or place < self._sought:
            self._go_to(place)  # first: from its end a player that pauses goes to the beginning
            self._player.pause()
        elif self._picture is None:
            self._on_no_frame()

    @Slot()
    def _on_no_frame(self) -> None:
        """Tell of a video that opens and gives nothing: a codec that only some graphics cards know."""
        if self._picture is None:
            self._first.stop()
            self._fail("this machine lacks the decoder for it")

    @Slot(QMediaPlayer.Error, str)
    def _on_error(self, error: QMediaPlayer.Error, text: str) -> None:
        if error is QMediaPlayer.Error.NoError:
            return
        if self._picture is None:
            self._fail("it is damaged, or of an unknown kind" if not text else f"the player tells: {text.rstrip('.')}")
        else:
            place = time_text(self._picture)
            self.failed.emit(f"{self._path.name} can't be played on from {place}: what follows is damaged, or missing.")

    def _fail(self, reason: str) -> None:
        self.failed.emit(f"{self._path.name} can't be played: {reason}. Convert it to MP4 (H.264), and try again.")
