"""The grabber: makes pixels of what a source gives, in a thread of its own."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from cnnviewer.errors import StreamError
from cnnviewer.frames import Frame, Prepared
from cnnviewer.images import from_packed
from cnnviewer.inputs.videos import time_text
from cnnviewer.rendering.packing import packed_rgb

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QVideoFrame, QVideoSink

    from cnnviewer.inputs.drawing import Drawing
    from cnnviewer.inputs.screens import Region
    from cnnviewer.messages import Pixels
    from cnnviewer.qt.live.mailbox import Mailbox

__all__ = ["FrameRecorder", "Grab", "Grabber"]


class FrameRecorder(Protocol):
    """Records the frames of a source; called in the grabber's thread."""

    frames: int
    """How many were written, where it writes them itself."""

    def take(self, frame: Frame) -> QVideoFrame | None:
        """Write a frame, or return what a video is to show of it.

        Raises
        ------
        StreamError
            If it can't be written.
        """


@dataclass(frozen=True)
class Grab:
    """How frames are taken.

    Parameters
    ----------
    title
        What they are called.
    mirrored
        Whether left and right are changed.
    region
        The part that is taken; None for all.
    has_time
        Whether the place in the video belongs to the title.
    centred
        Whether a drawing is put into the middle, as MNIST's digits were.
    """

    title: str
    mirrored: bool = False
    region: Region | None = None
    has_time: bool = False
    centred: bool = True


class Grabber(QObject):
    """Leaves each frame in the mailbox, as pixels; lives in its own thread.

    `grabbed` tells that the worker has a frame to take, `filmed` what is to be written to the video that is recorded,
    `failed` and `recordingFailed` a sentence.
    """

    grabbed = Signal()
    filmed = Signal(object)
    failed = Signal(str)
    recordingFailed = Signal(str)

    def __init__(self, mailbox: Mailbox) -> None:
        super().__init__()
        self.settings = Grab("")
        """A frozen value, replaced as a whole; read here for each frame."""
        self.sink: QVideoSink | None = None
        """Where the video frames come."""
        self.is_open = False
        """Whether frames are wanted; else they are let go."""
        self.recorder: FrameRecorder | None = None
        """Who is given each frame to record it."""
        self._mailbox = mailbox
        self._number = 0
        self._last: QVideoFrame | None = None
        self._last_recorded: QVideoFrame | None = None

    @Slot()
    def begin(self) -> None:
        """Prepare this thread."""
        # Not above: it imports torch, which takes longer than the window's start.
        from cnnviewer.threads import begin_to_help

        begin_to_help()

    @Slot()
    def take_newest(self) -> None:
        """Take the newest frame of the sink, which others may have overtaken since it was told of."""
        arrived, sink = time.perf_counter(), self.sink
        frame = None if sink is None else sink.videoFrame()
        if frame is None or not self.is_open or not frame.isValid():
            return
        if frame == self._last:
            self._mailbox.drop()
            return
        is_wanted = self._mailbox.is_wanted(arrived)
        is_recorded = self.recorder is not None and frame != self._last_recorded
        if not (is_wanted or is_recorded):
            return
        self._last = frame if is_wanted else self._last
        self._last_recorded = frame if is_recorded else self._last_recorded
        # Not above: without the system's libraries the drawing pad works all the same.
        from cnnviewer.qt.live.video_frames import pixels_of

        settings = self.settings
        try:
            pixels = pixels_of(frame, mirrored=settings.mirrored)
        except StreamError as error:
            self.failed.emit(str(error))
            return
        if settings.region is not None:
            pixels = settings.region.cut(pixels)
        title = settings.title
        if settings.has_time:
            title = f"{title} {time_text(frame.startTime() // 1000)}"
        self._leave(title, pixels, arrived, is_wanted=is_wanted, is_recorded=is_recorded)

    @Slot(object)
    def leave(self, source: QObject) -> None:
        """Have a source deleted: here, where no frame of it is in the middle of being taken."""
        self._last = self._last_recorded = None
        source.deleteLater()

    @Slot(object)
    def take_pixels(self, pixels: Pixels) -> None:
        """Take pixels that are there already, uint32 ``(H, W)``, 0xffRRGGBB."""
        arrived = time.perf_counter()
        if self.is_open:
            is_wanted = self._mailbox.is_wanted(arrived)
            if is_wanted or self.recorder:
                self._leave(self.settings.title, pixels, arrived, is_wanted=is_wanted)

    @Slot(object)
    def take_drawing(self, drawing: Drawing) -> None:
        """Take a drawing as a frame."""
        arrived, settings = time.perf_counter(), self.settings
        if not self.is_open:
            return
        grey = (drawing.centred() if settings.centred else drawing).pixels()
        self._leave(settings.title, packed_rgb(grey, grey, grey), arrived)

    def _leave(
        self, title: str, pixels: Pixels, arrived: float, *, is_wanted: bool = True, is_recorded: bool = True
    ) -> None:
        """Record a frame if so wished, also one that the network will not see, and leave it where it is wanted."""
        self._number += 1
        frame = Frame(self._number, title, np.ascontiguousarray(pixels), arrived, time.perf_counter() - arrived)
        recorder = self.recorder  # the window's thread may end the recording meanwhile
        if recorder is not None and is_recorded:
            self._record(recorder, frame)
        if is_wanted and self.is_open and self._mailbox.offer(self._prepared(frame)):
            self.grabbed.emit()

    def _record(self, recorder: FrameRecorder, frame: Frame) -> None:
        try:
            filmed = recorder.take(frame)
        except StreamError as error:
            self.recordingFailed.emit(str(error))
            return
        if filmed is not None:
            self.filmed.emit(filmed)

    def _prepared(self, frame: Frame) -> Prepared:
        """Return a frame with what the network takes of it: made here, while the network has the one before."""
        preprocessing = self._mailbox.preprocessing
        if preprocessing is None:
            return Prepared(frame)
        begun = time.perf_counter()
        tensor = preprocessing(from_packed(frame.pixels))
        return Prepared(frame, tensor, preprocessing, time.perf_counter() - begun)
