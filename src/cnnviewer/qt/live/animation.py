"""Animated images, which Qt's player does not know: WebP, APNG, AVIF."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtMultimedia import QVideoFrame, QVideoSink

from cnnviewer.errors import StreamError
from cnnviewer.images import to_packed
from cnnviewer.inputs.animations import Animation
from cnnviewer.qt.live.grabber import Grab
from cnnviewer.qt.live.sources import PlayedSource
from cnnviewer.qt.live.video_frames import to_video_frame
from cnnviewer.qt.threads import end_thread, worker_thread
from cnnviewer.qt.widgets.images import to_image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cnnviewer.qt.live.sources import Source

__all__ = ["AnimationSource"]

_PATIENCE = 5.0
"""For how many seconds the end of a source waits for the frame that is decoded."""


@dataclass(frozen=True, eq=False)
class _Shown:
    """A frame that was decoded: its number, when it begins, how long it is shown, and how long all take; ms."""

    index: int
    frame: QVideoFrame
    begin: float
    length: float
    duration: float
    count: int


class _Decoder(QObject):
    """Decodes frames, in a thread of its own."""

    decoded = Signal(object)
    failed = Signal(str)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._animation: Animation | None = None

    @Slot(int)
    def decode(self, index: int) -> None:
        """Decode a frame by its number."""
        try:
            if self._animation is None:
                self._animation = Animation(self._path)
            animation = self._animation
            index = min(max(index, 0), animation.count - 1)
            image = to_image(to_packed(animation.frame(index)))
        except StreamError as error:
            self.failed.emit(str(error))
            return
        begin = animation.begin(index)
        made = to_video_frame(image.copy(), round(begin * 1000))
        length, duration = animation.length(index), animation.begin(animation.count)
        self.decoded.emit(_Shown(index, made, begin, length, duration, animation.count))

    @Slot(float)
    def decode_at(self, milliseconds: float) -> None:
        """Decode the frame at a place."""
        self.decode(0 if self._animation is None else self._animation.at(milliseconds))

    @Slot()
    def close(self) -> None:
        """Let go of the file."""
        if self._animation is not None:
            self._animation.close()
            self._animation = None


class AnimationSource(PlayedSource):
    """An animated image that is played to its end, stopped, stepped through and wound."""

    _frameWanted = Signal(int)
    _placeWanted = Signal(float)
    _left = Signal()

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self.grab = Grab(path.name, has_time=True)
        self.sink = QVideoSink(self)
        self._decoder = _Decoder(path)
        self._thread = worker_thread("cnnviewer animation", self._decoder, self)
        self._frameWanted.connect(self._decoder.decode)
        self._placeWanted.connect(self._decoder.decode_at)
        self._left.connect(self._decoder.close)
        self._decoder.decoded.connect(self._on_decoded)
        self._decoder.failed.connect(self.failed)
        self._shown: _Shown | None = None
        self._is_playing = self._is_decoding = False
        self._waiting: int | float | None = None
        """What is wanted when the decoder is done: a frame's number, or, as a float, a place in milliseconds."""
        self._next = QTimer(self)
        self._next.setSingleShot(True)
        self._next.timeout.connect(self._on_next)

    @property
    def duration(self) -> int:
        """How long it is, in milliseconds; 0 where that is not known yet."""
        return 0 if self._shown is None else round(self._shown.duration)

    @property
    def position(self) -> int:
        """The place that is shown, in milliseconds."""
        return 0 if self._shown is None else round(self._shown.begin)

    @property
    def is_playing(self) -> bool:
        """Whether it runs."""
        return self._is_playing

    def maker(self) -> Callable[[QObject], Source] | None:
        """Return what plays it anew; None where it stands still, as a photo does."""
        return partial(AnimationSource, self._path) if self.is_playing else None

    def start(self) -> None:
        """Open the file and play it."""
        self._thread.start()
        self._set_playing(True)
        self._want(0)

    def stop(self) -> None:
        """Close the file."""
        self._next.stop()
        self._waiting = None
        self._left.emit()
        end_thread(self._thread, self._decoder, _PATIENCE)

    def play(self) -> None:
        """Go on; from the beginning where it has ended."""
        self._set_playing(True)
        shown = self._shown
        self._want(0 if shown is None or shown.index >= shown.count - 1 else shown.index + 1)

    def pause(self) -> None:
        """Stop at the frame that is shown."""
        self._next.stop()
        self._set_playing(False)

    def seek(self, milliseconds: int) -> None:
        """Show the frame at a place."""
        self._want(float(milliseconds))

    def step(self, frames: int) -> None:
        """Stop, and show a later frame, or with a negative number an earlier one."""
        self.pause()
        self._want((0 if self._shown is None else self._shown.index) + frames)

    def _want(self, wanted: int | float) -> None:
        """Have a frame decoded: one at a time, and the newest wish next."""
        self._next.stop()
        if self._is_decoding:
            self._waiting = wanted
            return
        self._is_decoding = True
        if isinstance(wanted, float):
            self._placeWanted.emit(wanted)
        else:
            self._frameWanted.emit(wanted)

    def _set_playing(self, is_playing: bool) -> None:
        if is_playing != self._is_playing:
            self._is_playing = is_playing
            self.played.emit(is_playing)

    @Slot(object)
    def _on_decoded(self, shown: _Shown) -> None:
        self._is_decoding = False
        is_longer = shown.duration != self.duration
        self._shown = shown
        self.sink.setVideoFrame(shown.frame)
        if is_longer:
            self.changed.emit()
        self.moved.emit(self.position)
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._want(waiting)
        elif self._is_playing and shown.index < shown.count - 1:
            self._next.start(round(shown.length))
        else:
            self._set_playing(False)

    @Slot()
    def _on_next(self) -> None:
        if self._shown is not None:
            self._want(self._shown.index + 1)
