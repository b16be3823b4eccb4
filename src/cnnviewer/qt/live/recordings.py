"""What is recorded of a stream, and of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from cnnviewer.errors import StreamError
from cnnviewer.qt.live.media import check_media
from cnnviewer.qt.live.pictures import FrameFiles

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QWidget

    from cnnviewer.qt.live.film import VideoFile, WindowFilm
    from cnnviewer.qt.live.live import Live

__all__ = ["Recordings"]


class Recordings(QObject):
    """Runs one recording at a time; `changed` tells that one began or ended, `failed` a sentence."""

    changed = Signal()
    failed = Signal(str)

    def __init__(self, live: Live, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._grabber = live.grabber
        self._grabber.recordingFailed.connect(self._on_failed)
        self._file: VideoFile | None = None
        self._window_film: WindowFilm | None = None
        self.target: Path | None = None
        """What is written: a video file, or a folder of pictures; None where nothing is."""

    @property
    def frames(self) -> int:
        """How many frames were written so far."""
        if self._file is not None:
            return self._file.frames
        return 0 if self._grabber.recorder is None else self._grabber.recorder.frames

    def record_input(self, path: Path) -> None:
        """Write the frames of the source as a video file."""
        if self._begin(path):
            from cnnviewer.qt.live.film import FrameFilm

            assert self._file is not None
            self._grabber.filmed.connect(self._file.write)
            self._grabber.recorder = FrameFilm()
            self.changed.emit()

    def record_frames(self, folder: Path) -> None:
        """Write the frames of the source as PNG files."""
        self.stop()
        self.target, self._grabber.recorder = folder, FrameFiles(folder)
        self.changed.emit()

    def record_window(self, path: Path, window: QWidget) -> None:
        """Write what the window shows as a video file."""
        if self._begin(path):
            from cnnviewer.qt.live.film import WindowFilm

            self._window_film = WindowFilm(window, self)
            assert self._file is not None
            self._window_film.ready.connect(self._file.write)
            self._window_film.start()
            self.changed.emit()

    def stop(self) -> None:
        """End the recording; its file is whole then."""
        if self.target is None:
            return
        self._grabber.recorder = None
        # Before its end is waited for: what comes meanwhile finds no recording.
        file, film = self._file, self._window_film
        self._file = self._window_film = self.target = None
        if film is not None:
            film.stop()
            film.deleteLater()
        if file is not None:
            file.end()
            file.deleteLater()
        self.changed.emit()

    def _begin(self, path: Path) -> bool:
        """Open a video file; tell why where that can't be."""
        self.stop()
        try:
            check_media()
            from cnnviewer.qt.live.film import VideoFile, check_name

            check_name(path)
            self._file = VideoFile(path, self)
        except StreamError as error:
            self.failed.emit(str(error))
            return False
        self._file.failed.connect(self._on_failed)
        self.target = path
        self._file.begin()
        return self.target is not None

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        if self.target is not None:  # else it has been told already, for the frame before
            self.stop()
            self.failed.emit(sentence)
