"""The application: starts the window, and paints it into a file where there is no screen."""

from __future__ import annotations

import signal
import sys
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication, QStyleFactory

from cnnviewer.messages import DeviceRequest, NetworkRequest
from cnnviewer.network_reports import FileRequest
from cnnviewer.networks import DEFAULT_NETWORK, is_file
from cnnviewer.qt.first_size import USUAL_SIZE
from cnnviewer.qt.main_window import MainWindow
from cnnviewer.qt.preferences import Preferences
from cnnviewer.qt.session import Session
from cnnviewer.qt.threads import leave

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cnnviewer.frames import FrameAnswer
    from cnnviewer.inputs.finding import Found
    from cnnviewer.qt.failures import Failure

__all__ = ["create_app", "run"]

FIRST_IMAGE = "chelsea"

_TURN = 0.0001
"""For how many seconds a thread may keep the interpreter while another waits for it.

Python's own 5 ms are as long as painting a frame: all that time the network would stand still.
"""


def create_app(arguments: Sequence[str] = ()) -> QApplication:
    """Return the application object, with the program's names and style."""
    sys.setswitchinterval(_TURN)
    QApplication.setOrganizationName("cnnviewer")
    QApplication.setApplicationName("cnnviewer")
    app = QApplication(["cnnviewer", *arguments])
    app.setStyle(QStyleFactory.create("Fusion"))
    return app


def run(
    images: Sequence[Path] = (),
    network: str | None = None,
    weights: str | None = "DEFAULT",
    *,
    allow_code: bool = False,
    device: DeviceRequest | None = None,
    theme: str | None = None,
    screenshot: Path | None = None,
    size: tuple[int, int] | None = None,
) -> int:
    """Open the window and return the exit status.

    Parameters
    ----------
    images
        Files and folders to show; by default a sample.
    network, weights
        What to open; by default what was open last.
    allow_code
        Whether code that comes with the network may run.
    device
        Where networks run, and in which precision; by default as it was last.
    theme
        "light", "dark" or "system"; by default as it was last.
    screenshot
        Where to save a picture of the window once the recording is shown; the program ends then.
    size
        Width and height of the window.
    """
    # Ctrl+C in the terminal ends the program: Python's own handler would wait for the event loop to end.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    app = create_app()
    session = Session()
    preferences = None if screenshot else Preferences()
    window = MainWindow(session, preferences)
    if theme:
        window.set_theme(theme)
    if size or screenshot:
        window.resize(*(size or USUAL_SIZE))  # a picture needs no screen
    chosen = device or (preferences.device() if preferences else DeviceRequest())
    request = _network(preferences, network, weights, allow_code)
    start = _Start(window, session, images, chosen, request, asks=screenshot is None)
    shot = _Screenshot(window, session, screenshot) if screenshot else None
    window.painted.connect(start.begin)
    window.show()
    status = app.exec()
    window.end_workers()
    return leave(shot.status if shot else status)


def _network(
    preferences: Preferences | None, name: str | None, weights: str | None, allow_code: bool
) -> NetworkRequest:
    """Return what to open: what is asked for, else what was open last, else the default."""
    if name is not None:
        return NetworkRequest(name, weights, allow_code=allow_code)
    name, remembered = preferences.network() if preferences else ("", "DEFAULT")
    if name:
        asked = weights if weights != "DEFAULT" else remembered
        return NetworkRequest(name, asked, may_download=False)
    return NetworkRequest(DEFAULT_NETWORK, weights)


class _Start(QObject):
    """Begins the work after the first paint."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        images: Sequence[Path],
        device: DeviceRequest,
        request: NetworkRequest,
        *,
        asks: bool,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._images, self._device = window, session, images, device
        self._request, self._asks = request, asks
        session.failed.connect(self._on_failed)

    @Slot()
    def begin(self) -> None:
        if self._device != self._session.device:
            self._session.use_device(self._device)
        if self._asks and self._request.weights == "DEFAULT":
            # It may lie on a drive that does not answer.
            self._session.lookups.ask(partial(is_file, self._request.name), self._open_network)
        else:
            self._session.open_with_card(self._request)
        if self._images:
            self._window.opening.opened.connect(self._on_opened)
            self._window.open_paths(self._images)
        else:
            self._window.show_sample(FIRST_IMAGE)

    def _open_network(self, is_in_file: bool) -> None:
        """Open the network; what a file does not tell is asked."""
        if self._session.wanted_network is not None:
            return  # the user was faster
        if is_in_file:
            self._window.files.cancelled.connect(self._open_default)
            self._window.files.open(self._request.name, allow_code=self._request.allow_code)
        else:
            self._session.open_with_card(self._request)

    @Slot(object)
    def _on_opened(self, found: Found) -> None:
        """Show a sample to what was given without anything to see: a network, a training."""
        self._window.opening.opened.disconnect(self._on_opened)
        if not (found.images or found.videos):
            self._window.show_sample(FIRST_IMAGE)

    @Slot(object)
    def _on_failed(self, failure: Failure) -> None:
        """Open the default where the network of the last time is not there any more."""
        asked = failure.request
        is_first = isinstance(asked, (NetworkRequest, FileRequest)) and self._session.network is None
        if self._asks and is_first:
            self._open_default()

    @Slot()
    def _open_default(self) -> None:
        """Open the default where nothing else is open."""
        if self._session.network is None and self._request.name != DEFAULT_NETWORK:
            self._request = NetworkRequest(DEFAULT_NETWORK)
            self._session.open_with_card(self._request)


class _Screenshot(QObject):
    """Saves a picture of the window once the recording and all its visible pictures are shown."""

    def __init__(self, window: MainWindow, session: Session, path: Path) -> None:
        super().__init__(window)
        self._window, self._session, self._path = window, session, path
        self.status = 0
        # Requests follow answers through the event loop: the window is done when nothing came for a while.
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(250)
        self._quiet.timeout.connect(self._on_quiet)
        session.idle.connect(self._quiet.start)
        session.framed.connect(self._on_framed)
        session.failed.connect(self._on_failed)
        window.painted.connect(self._on_painted)

    @Slot()
    def _on_painted(self) -> None:
        self._window.error.told.connect(self._on_told)

    @Slot(object)
    def _on_framed(self, answer: FrameAnswer) -> None:
        """Of a stream, take the frame that is shown after a while: another one always comes.

        Not the first: what is seen of it is asked for then, and comes with those behind it.
        """
        if answer.pictures and not self._quiet.isActive():
            self._quiet.start()

    @Slot()
    def _on_quiet(self) -> None:
        if self._session.recording is None or not self._session.is_idle:
            return
        if not self._window.grab().save(str(self._path)):
            self._end(f"The picture could not be written to {self._path}.")
        QApplication.exit(self.status)

    @Slot(object)
    def _on_failed(self, failure: Failure) -> None:
        self._on_told(failure.sentence)

    @Slot(str)
    def _on_told(self, sentence: str) -> None:
        """End with what is told above the layers: what was asked for is not what would be painted."""
        if not self.status:
            self._end(sentence)
        QApplication.exit(self.status)

    def _end(self, sentence: str) -> None:
        print(f"cnnviewer: {sentence}", file=sys.stderr)
        self.status = 2
