"""Networks in files: from a drop to an open network, with a dialog where something is still to be said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from cnnviewer.messages import NetworkRequest
from cnnviewer.network_reports import CatalogueAnswer, CatalogueRequest, FileReport, FileRequest, Reason
from cnnviewer.qt.widgets.dialog_keys import add_close_key

if TYPE_CHECKING:
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

    cancelled = Signal()

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._dialog: NetworkFileDialog | None = None
        self._wanted: FileRequest | None = None
        self._edited: NetworkRequest | None = None
        self._opening: tuple[FileReport, NetworkRequest] | None = None
        session.inspected.connect(self._on_inspected)
        session.networkChanged.connect(self._on_network_changed)
        session.failed.connect(self._on_failed)
        session.progressed.connect(self._on_progressed)
        session.pictured.connect(self._on_pictured)

    @property
    def dialog(self) -> NetworkFileDialog | None:
        """The dialog that is shown; None where none is."""
        return self._dialog

    def open(self, path: Path | str, *, allow_code: bool = False) -> None:
        """Open a file, the folder of one, or a factory."""
        self._edited = None
        self._inspect(FileRequest(path, allow_code=allow_code))

    def edit_card(self) -> None:
        """Show what was said about the file that is open now, to be changed."""
        request = self._session.network_request
        if request is None:
            return
        self._edited = request
        architecture, part = ("", None) if request.card is None else (request.card.architecture, request.card.part)
        self._inspect(FileRequest(request.name, architecture, request.allow_code, request.digest, part))

    @Slot(object)
    def _inspect(self, request: FileRequest) -> None:
        self._wanted = request
        self._session.inspect(request)

    @Slot(object, object)
    def _on_inspected(self, request: FileRequest, report: FileReport) -> None:
        if request is not self._wanted:
            return  # it was cancelled, or another is wanted
        self._wanted = None
        if report.factories:
            self._ask_factory(report.factories)
        elif self._edited is not None:
            self._show_edited(report, self._edited)
        elif is_ready(report) and (self._dialog is None or self._has_consented):
            self._open(report, _request(report))
            if self._dialog is not None:
                self._dialog.accept()
        else:
            self._shown_dialog().show_report(report)

    @property
    def _has_consented(self) -> bool:
        """Whether the dialog has just asked for nothing but the consent."""
        shown = None if self._dialog is None else self._dialog.report
        return shown is not None and bool(shown.consent)

    def _show_edited(self, report: FileReport, request: NetworkRequest) -> None:
        """Show the card with which a network is open."""
        dialog = self._shown_dialog()
        if dialog.report is None:
            dialog.edit(Path(request.name).name)
            if request.card is not None and report.card is not None and request.card != report.card:
                report = replace(report, card=request.card, origin="in use", reasons=())
        dialog.show_report(self._with_answer(report))

    def _with_answer(self, report: FileReport) -> FileReport:
        """Return a report whose card does not say what the network returns with what its last operations tell."""
        recording = self._session.recording
        if recording is None or report.card is None or report.card.returns is not None:
            return report
        told = Reason("returns", f"Taken for {recording.answer.returns}. {recording.answer.reason}")
        return replace(report, reasons=(*report.reasons, told))

    def _ask_factory(self, factories: tuple[str, ...]) -> None:
        """Let one function of a Python file be chosen."""
        from PySide6.QtWidgets import QInputDialog

        names = {factory.rpartition(":")[2]: factory for factory in factories}
        dialog = QInputDialog(self._window)
        dialog.setWindowTitle("Open a network's file")
        dialog.setLabelText(f"Which function of {Path(factories[0].rpartition(':')[0]).name} makes the network?")
        dialog.setComboBoxItems(list(names))
        dialog.textValueSelected.connect(lambda name: self._inspect(FileRequest(names[name])))
        dialog.rejected.connect(self.cancelled)
        add_close_key(dialog)
        dialog.open()

    def _shown_dialog(self) -> NetworkFileDialog:
        if self._dialog is None:
            from cnnviewer.qt.network_file_dialog import NetworkFileDialog

            self._dialog = NetworkFileDialog(self._window)
            self._dialog.inspectRequested.connect(self._inspect)
            self._dialog.openRequested.connect(self._on_open_requested)
            self._dialog.architecturesRequested.connect(self._on_architectures_requested)
            self._dialog.rejected.connect(self._on_rejected)
            self._dialog.finished.connect(self._on_finished)
            self._dialog.open()
        return self._dialog

    def _open(self, report: FileReport, request: NetworkRequest) -> None:
        self._opening = report, request
        self._session.open_with_card(request)

    @Slot(object, bool)
    def _on_open_requested(self, request: NetworkRequest, remember: bool) -> None:
        report = None if self._dialog is None else self._dialog.report
        if report is not None:
            self._open(report, replace(request, remember=remember))

    @Slot()
    def _on_rejected(self) -> None:
        self._wanted = None
        self._session.stop_inspecting()
        self.cancelled.emit()

    @Slot()
    def _on_finished(self) -> None:
        self._dialog = self._edited = None  # it deletes itself

    @Slot()
    def _on_network_changed(self) -> None:
        self._opening = None

    @Slot(object)
    def _on_failed(self, failure: Failure) -> None:
        if failure.request is self._wanted and self._wanted is not None:
            self._wanted = None
            if self._dialog is not None:
                self._dialog.show_failure(failure.sentence)
        elif self._opening is not None and failure.request is self._opening[1]:
            self._show_again(failure)

    def _show_again(self, failure: Failure) -> None:
        """Show a card with which a network could not be opened, to be mended."""
        assert self._opening is not None
        report, request = self._opening
        self._opening = None
        if self._dialog is None and not failure.was_cancelled and request.card is not None:
            dialog = self._shown_dialog()
            dialog.show_report(replace(report, card=request.card, architecture=request.card.architecture))
            dialog.show_failure(failure.sentence)

    @Slot(object, object, str)
    def _on_progressed(self, done: int, total: int | None, text: str) -> None:
        if self._dialog is not None and self._wanted is not None:  # and not that of a network that opens meanwhile
            self._dialog.show_busy(text)

    @Slot()
    def _on_architectures_requested(self) -> None:
        self._session.request(_NAMES, CatalogueRequest())

    @Slot(str, object, object)
    def _on_pictured(self, key: str, request: object, answer: object) -> None:
        del request
        if key == _NAMES and isinstance(answer, CatalogueAnswer) and self._dialog is not None:
            self._dialog.set_architectures([entry.name for entry in answer.entries])


def _request(report: FileReport) -> NetworkRequest:
    return NetworkRequest(str(report.path), card=report.card, allow_code=report.is_allowed, digest=report.digest)
