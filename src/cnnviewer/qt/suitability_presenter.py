"""The suitability presenter: tells where an image can't be what the network knows, and shows one that can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

if TYPE_CHECKING:
    from cnnviewer.messages import NetworkSummary
    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.session import Session

__all__ = ["SuitabilityPresenter"]

_BLANK = "Nothing is drawn yet: these are the numbers of a black sheet."


class SuitabilityPresenter(QObject):
    """Follows the recording with a hint below the image, and with a sentence above the probabilities."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._is_put_away = False
        hint = window.input.hint
        hint.sampleRequested.connect(window.show_sample)
        hint.padRequested.connect(self._on_pad_requested)
        hint.putAway.connect(self._on_put_away)
        session.networkChanged.connect(self._on_network_changed)
        session.recordingChanged.connect(self._show)
        session.framed.connect(self._show)

    @Slot(object)
    def _on_network_changed(self, network: NetworkSummary) -> None:
        del network
        self._is_put_away = False

    @Slot()
    def _on_pad_requested(self) -> None:
        self._window.open_live().pad()

    @Slot()
    def _on_put_away(self) -> None:
        self._is_put_away = True
        self._show()

    @Slot()
    def _show(self) -> None:
        recording, is_drawing = self._session.recording, self._window.input.is_drawing
        is_told = recording is not None and not (self._is_put_away or is_drawing or self._session.inputs.is_streaming)
        mismatch = recording.mismatch if recording is not None and is_told else None
        self._window.input.hint.show_mismatch(mismatch)
        note = _BLANK if self._window.input.is_blank else "" if mismatch is None else mismatch.note
        self._window.probabilities.show_note(note)
