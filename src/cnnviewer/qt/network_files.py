"""Networks in files: from a drop to an open network, with a dialog where something is still to be said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from cnnviewer.messages import NetworkRequest
from cnnviewer.network_reports import CatalogueAnswer, CatalogueRequest, FileReport, FileRequest

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.qt.failures import Failure
    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.network_file_dialog import NetworkFileDialog
    from cnnviewer.qt.session import Session

__all__ = ["NetworkFiles", "is_ready"]

_NAMES = "architectures"


def is_ready(report: FileReport) -> bool:
    """Whether a file can be opened without asking: its card was set or lies beside it, and nothing else is open."""
    if report.consent or report.card is None or report.origin == "guessed":
        return False
    chosen = [fit for fit in report.fits if fit.architecture == report.architecture]
    return not report.fits or any(fit.is_whole for fit in chosen)


class NetworkFiles(QObject):
    """Has files inspected, asks what they do not tell, and opens them."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._dialog: NetworkFileDialog | None = None
        self._allow_code = self._is_edit = self._is_inspecting = False
        session.inspected.connect(self._on_inspected)
        session.failed.connect(self._on_failed)
        session.progressed.connect(self._on_progressed)
        session.pictured.connect(self._on_pictured)

    @property
    def dialog(self) -> NetworkFileDialog | None:
        """The dialog that is shown; None where none is."""
        return self._dialog

    def open(self, path: Path | str, *, allow_code: bool = False) -> None:
        """Open a file, the folder of one, or a factory."""
        self._is_edit = False
        self._inspect(FileRequest(path, allow_code=allow_code))

    def edit_card(self) -> None:
        """Show what is known of the file that is open now, to be changed."""
        request = self._session.network_request
        if request is None:
            return
        self._is_edit = True
        architecture = request.card.architecture if request.card is not None else ""
        self._inspect(FileRequest(request.name, architecture, allow_code=request.allow_code))

    @Slot(object)
    def _inspect(self, request: FileRequest) -> None:
        self._allow_code, self._is_inspecting = request.allow_code, True
        self._session.inspect(request)

    @Slot(object)
    def _on_inspected(self, report: FileReport) -> None:
        self._is_inspecting = False
        has_consented = self._dialog is not None and self._dialog.report is not None and self._dialog.report.consent
        if is_ready(report) and not self._is_edit and (self._dialog is None or has_consented):
            request = NetworkRequest(str(report.path), card=report.card, allow_code=self._allow_code)
            self._session.open_with_card(request)
            if self._dialog is not None:
                self._dialog.accept()
            return
        self._shown_dialog().show_report(report)

    def _shown_dialog(self) -> NetworkFileDialog:
        if self._dialog is None:
            from cnnviewer.qt.network_file_dialog import NetworkFileDialog

            self._dialog = NetworkFileDialog(self._window)
            self._dialog.inspectRequested.connect(self._inspect)
            self._dialog.openRequested.connect(self._on_open_requested)
            self._dialog.architecturesRequested.connect(self._on_architectures_requested)
            self._dialog.finished.connect(self._on_finished)
            self._dialog.open()
        return self._dialog

    @Slot(object, bool)
    def _on_open_requested(self, request: NetworkRequest, remember: bool) -> None:
        self._session.open_with_card(replace(request, allow_code=self._allow_code, remember=remember))

    @Slot()
    def _on_finished(self) -> None:
        self._dialog = None  # it deletes itself

    @Slot(object)
    def _on_failed(self, failure: Failure) -> None:
        if not isinstance(failure.request, FileRequest):
            return
        self._is_inspecting = False
        if self._dialog is not None:
            self._dialog.show_failure(failure.sentence)

    @Slot(object, object, str)
    def _on_progressed(self, done: int, total: int | None, text: str) -> None:
        if self._dialog is not None and self._is_inspecting:  # and not that of a network that opens meanwhile
            self._dialog.show_busy(text)

    @Slot()
    def _on_architectures_requested(self) -> None:
        self._session.request(_NAMES, CatalogueRequest())

    @Slot(str, object, object)
    def _on_pictured(self, key: str, request: object, answer: object) -> None:
        del request
        if key == _NAMES and isinstance(answer, CatalogueAnswer) and self._dialog is not None:
            self._dialog.set_architectures([entry.name for entry in answer.entries])
