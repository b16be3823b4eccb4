"""A region of the screen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtMultimedia import QMediaCaptureSession, QScreenCapture, QVideoSink

from cnnviewer.inputs.screens import failure_text, is_captured, no_screen_text
from cnnviewer.qt.live.grabber import Grab
from cnnviewer.qt.live.sources import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QScreen

    from cnnviewer.inputs.screens import Region

__all__ = ["ScreenSource"]


class ScreenSource(Source):
    """What is seen in a region of a screen."""

    def __init__(self, screen: QScreen, region: Region, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._screen, self._region = screen, region
        self.grab = Grab("screen", region=region)
        self.sink = QVideoSink(self)
        self._session = QMediaCaptureSession(self)
        self._session.setVideoSink(self.sink)
        self._capture = QScreenCapture(self)
        self._capture.setScreen(screen)
        self._capture.errorOccurred.connect(self._on_error)
        self._session.setScreenCapture(self._capture)

    def maker(self) -> Callable[[QObject], Source]:
        """Return what makes it anew."""
        return partial(ScreenSource, self._screen, self._region)

    def start(self) -> None:
        """Begin, where there is a screen to be captured."""
        platform = QGuiApplication.platformName()
        if is_captured(platform):
            self._capture.start()
        else:
            self.failed.emit(no_screen_text(platform))

    def stop(self) -> None:
        """End."""
        self._capture.stop()

    @Slot(QScreenCapture.Error, str)
    def _on_error(self, error: QScreenCapture.Error, text: str) -> None:
        if error is not QScreenCapture.Error.NoError:
            self.failed.emit(failure_text(text))
