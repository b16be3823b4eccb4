"""Live: which source runs, and the thread in which its frames become pixels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from cnnviewer.errors import StreamError
from cnnviewer.frames import Frame
from cnnviewer.kinds import Kind, ending_of, kind_by_name
from cnnviewer.qt.live.grabber import Grab, Grabber
from cnnviewer.qt.live.media import check_media
from cnnviewer.qt.live.video_checker import VideoChecker
from cnnviewer.qt.threads import worker_thread

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtGui import QScreen

    from cnnviewer.frames import FrameAnswer
    from cnnviewer.inputs.drawing import Drawing
    from cnnviewer.inputs.screens import Region
    from cnnviewer.qt.failures import Failure
    from cnnviewer.qt.live.sources import Source
    from cnnviewer.qt.session import Session

__all__ = ["Live"]

_QUIET = 600
"""After how many milliseconds without a frame the last one is shown as a photo, whole and exact."""
_PAD = Grab("drawing")


class Live(QObject):
    """Runs one source at a time: a camera, a video, the screen, or the drawing pad.

    `sourceChanged` tells that another one runs, or none; `frozenChanged` whether its frames are let go while one is
    studied; `failed` a sentence.
    """

    sourceChanged = Signal()
    frozenChanged = Signal(bool)
    failed = Signal(str)

    _drawn = Signal(object)
    _newestWanted = Signal()
    _sourceLeft = Signal(object)
    _videoGiven = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.source: Source | None = None
        self.is_drawing = False
        """Whether the drawing pad is the source."""
        self.is_frozen = False
        self.shown: Frame | None = None
        """The frame that is on the screen."""
        self.grabber = Grabber(session.mailbox)
        self._thread = worker_thread("cnnviewer frames", self.grabber, self)
        self._thread.started.connect(self.grabber.begin)
        self.grabber.grabbed.connect(session.wake)
        self.grabber.failed.connect(self._on_failed)
        self._checker = VideoChecker()
        self._checker.moveToThread(self._thread)
        self._checker.checked.connect(self._on_checked)
        self._videoGiven.connect(self._checker.check)
        self._video: Path | None = None
        """The video that is looked at before it plays."""
        self._wish = 0
        """Which of the session's wishes it was."""
        self._drawn.connect(self.grabber.take_drawing)
        self._newestWanted.connect(self.grabber.take_newest)
        self._sourceLeft.connect(self.grabber.leave)
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(_QUIET)
        self._quiet.timeout.connect(self._on_quiet)
        session.framed.connect(self._on_framed)
        session.inputs.streamLeft.connect(self._on_stream_left)
        session.failed.connect(self._on_session_failed)
        session.inputs.way_to_stream = self.way_to_stream
        self._thread.start()

    # ---- which source

    def open_camera(self, camera: bytes | None = None) -> None:
        """Show what a camera sees; the usual one by default."""
        self._session.inputs.wish()
        self._open(lambda: _camera(camera, self))

    def open_video(self, path: Path) -> None:
        """Play a video file, once it is known to be one; what is shown stays until then."""
        try:
            check_media()
        except StreamError as error:
            self.failed.emit(str(error))
        else:
            self._video, self._wish = path, self._session.inputs.wish()
            self._videoGiven.emit(path)

    def open_screen(self, screen: QScreen, region: Region) -> None:
        """Show a region of the screen."""
        self._session.inputs.wish()
        self._open(lambda: _screen(screen, region, self))

    def open_pad(self) -> None:
        """Show what is drawn by hand."""
        self._session.inputs.wish()
        self.stop(settle=False)
        self.is_drawing = True
        self.grabber.settings = _PAD
        self._begin()

    def run(self, source: Source) -> None:
        """Show what a source gives, and own it; another one is stopped."""
        self.stop(settle=False)
        self.source = source
        source.setParent(self)
        source.failed.connect(self._on_failed)
        source.changed.connect(self._on_source_changed)
        self.grabber.settings, self.grabber.sink = source.grab, source.sink
        source.sink.videoFrameChanged.connect(self.grabber.take_newest)
        self._begin()
        source.start()

    def way_to_stream(self) -> Callable[[], None] | None:
        """Return what lets the source run again once another, or a photo, has taken its place; None where nothing can.

        A frame that is studied is a photo: it comes back as that.
        """
        if self.is_drawing:
            return self.open_pad
        make = None if self.source is None or self.is_frozen else self.source.maker()
        return None if make is None else partial(self._open, partial(make, self))

    def stop(self, *, settle: bool = True) -> None:
        """Stop the source, and let go of its device or file; the frame shown stays as a photo, if so wished."""
        was_running = self.is_running
        self.grabber.is_open = False
        self._quiet.stop()
        source, self.source, self.is_drawing, self._video = self.source, None, False, None
        if source is not None:
            self.grabber.sink = None
            source.sink.videoFrameChanged.disconnect(self.grabber.take_newest)
            source.stop()
            self._sourceLeft.emit(source)
        was_streaming, shown, self.shown = self._session.inputs.is_streaming, self.shown, None
        self._session.inputs.close_stream()
        if was_streaming and shown is not None and settle:
            self._session.inputs.settle(shown)
        if was_running:
            self._set_frozen(False)
            self.sourceChanged.emit()

    def close(self) -> None:
        """Stop the source, and end the thread."""
        self.stop(settle=False)
        self._thread.quit()
        self._thread.wait()

    @property
    def is_running(self) -> bool:
        """Whether there is a source."""
        return self.source is not None or self.is_drawing

    # ---- what its frames do

    def toggle_frozen(self) -> None:
        """Keep the frame that is shown for study, as a photo; or show what comes again."""
        if not self.is_running:
            return
        if self.is_frozen:
            self._begin()
        elif self.shown is not None:
            self.grabber.is_open = False
            self._set_frozen(True)
            self._quiet.stop()
            self._session.inputs.close_stream()
            self._session.inputs.keep_frame(self.shown)

    def draw(self, drawing: Drawing) -> None:
        """Give the network what is on the drawing pad."""
        if self.is_drawing:
            if self.is_frozen:
                self._begin()
            self._drawn.emit(drawing)

    def set_grab(self, grab: Grab) -> None:
        """Take frames in another way."""
        self.grabber.settings = grab

    # ---- what happens

    def _open(self, make: Callable[[], Source]) -> None:
        try:
            check_media()
            source = make()
        except StreamError as error:
            self.failed.emit(str(error))
            return
        self.run(source)

    def _begin(self) -> None:
        self._set_frozen(False)
        self._session.inputs.open_stream()
        self.grabber.is_open = True
        self.sourceChanged.emit()

    def _set_frozen(self, is_frozen: bool) -> None:
        if is_frozen != self.is_frozen:
            self.is_frozen = is_frozen
            self.frozenChanged.emit(is_frozen)

    @Slot(object, str)
    def _on_checked(self, path: Path, sentence: str) -> None:
        if path is not self._video:
            return  # another source runs meanwhile, or none
        self._video = None
        if self._wish != self._session.inputs.wishes:
            return  # images were asked for meanwhile
        if sentence:
            self.failed.emit(sentence)
        else:
            self._open(lambda: _video(path, self))

    @Slot(object)
    def _on_framed(self, answer: FrameAnswer) -> None:
        self.shown = answer.frame
        self._quiet.start()

    @Slot()
    def _on_quiet(self) -> None:
        """Show the last frame whole: nothing came for a while, and layers that scroll into view wait for one."""
        if self._session.mailbox.is_working or self._session.inputs.are_coming:
            self._quiet.start()  # it is the network that takes long; and a frame takes the place of no photo
        elif self._session.inputs.is_streaming and self.shown is not None:
            self._session.inputs.settle(self.shown)
            self._newestWanted.emit()  # in case it was not worth while when it came

    @Slot()
    def _on_stream_left(self) -> None:
        """Stop: the user shows something else."""
        video = self._video
        self.stop(settle=False)
        self._video = video  # a photo that was asked for before it has been read: the newest wish tells which plays

    @Slot()
    def _on_source_changed(self) -> None:
        if self.source is not None:
            self.grabber.settings = self.source.grab

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        self.stop()
        self.failed.emit(sentence)

    @Slot(object)
    def _on_session_failed(self, failure: Failure) -> None:
        if isinstance(failure.request, Frame):
            self.stop()


def _camera(camera: bytes | None, parent: QObject) -> Source:
    # Each where it is first wanted: they import Qt's multimedia, whose libraries may be missing.
    from cnnviewer.qt.live.camera import CameraSource

    return CameraSource(camera, parent)


def _video(path: Path, parent: QObject) -> Source:
    if kind_by_name(path) is Kind.IMAGE and ending_of(path) != ".gif":
        from cnnviewer.qt.live.animation import AnimationSource

        return AnimationSource(path, parent)
    from cnnviewer.qt.live.video import VideoSource

    return VideoSource(path, parent)


def _screen(screen: QScreen, region: Region, parent: QObject) -> Source:
    from cnnviewer.qt.live.screen import ScreenSource

    return ScreenSource(screen, region, parent)
