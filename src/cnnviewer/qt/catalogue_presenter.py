"""Opens the dialog of all networks, asks the session for them, and opens the one that is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from cnnviewer.network_reports import CatalogueAnswer, CatalogueRequest
from cnnviewer.qt.catalogue_dialog import CatalogueDialog

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from cnnviewer.qt.failures import Failure
    from cnnviewer.qt.session import Session

__all__ = ["CataloguePresenter"]

_KEY = "catalogue"


class CataloguePresenter(QObject):
    """Connects the dialog with a session; what was told last is shown until the answer of now is there."""

    def __init__(self, window: QWidget, session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._answer: CatalogueAnswer | None = None
        self.dialog: CatalogueDialog | None = None
        """The dialog while it is open."""
        session.pictured.connect(self._on_pictured)
        session.failed.connect(self._on_failed)
        session.networkChanged.connect(self._on_network_changed)

    def open(self) -> None:
        """Show the dialog."""
        if self.dialog is not None:
            return
        self.dialog = CatalogueDialog(self._window)
        self.dialog.networkChosen.connect(self._session.open_network)
        self.dialog.finished.connect(self._on_finished)
        if self._answer is not None:
            self.dialog.show_entries(self._answer.entries)
        self.dialog.set_open(self._session.network_name_asked)
        self._session.request(_KEY, CatalogueRequest())  # anew: weights may have been downloaded since
        self.dialog.open()

    @Slot(str, object, object)
    def _on_pictured(self, key: str, request: object, answer: object) -> None:
        if key == _KEY and isinstance(answer, CatalogueAnswer):
            self._answer = answer
            if self.dialog is not None:
                self.dialog.show_entries(answer.entries)

    @Slot(object)
    def _on_failed(self, failure: Failure) -> None:
        if self.dialog is not None and isinstance(failure.request, CatalogueRequest):
            self.dialog.show_failure(failure.sentence)

    @Slot()
    def _on_network_changed(self) -> None:
        """Mark the network that came meanwhile: a download may take its time."""
        if self.dialog is not None:
            self.dialog.mark_open(self._session.network_name_asked)

    @Slot()
    def _on_finished(self) -> None:
        self.dialog = None
