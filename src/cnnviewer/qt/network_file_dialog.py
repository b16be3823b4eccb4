"""What a network's file holds, and how it is opened: consent, architecture, card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from cnnviewer.card import read_card, to_json, write_card
from cnnviewer.errors import NetworkError
from cnnviewer.messages import NetworkRequest
from cnnviewer.names import isolated, steady
from cnnviewer.network_reports import FileRequest
from cnnviewer.networks.files.formats import FORMATS
from cnnviewer.qt.panels.network_file.card_editor import CardEditor
from cnnviewer.qt.panels.network_file.consent_panel import ConsentPanel
from cnnviewer.qt.panels.network_file.file_foot import FileFoot
from cnnviewer.qt.panels.network_file.file_head import FileHead
from cnnviewer.qt.panels.network_file.fits_panel import FitsPanel
from cnnviewer.qt.widgets.dialog_keys import add_close_key
from cnnviewer.qt.widgets.file_dialog import file_dialog
from cnnviewer.qt.widgets.segmented import Segmented

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.card import Card
    from cnnviewer.network_reports import FileReport

__all__ = ["NetworkFileDialog"]

_ARCHITECTURE, _CARD = "Architecture", "Input and categories"
_CARDS = "Cards (*.json);;All files (*)"


class NetworkFileDialog(QDialog):
    """Shows a `FileReport`, and lets one say what the file does not tell.

    `inspectRequested` asks for another report: after the consent, or of another architecture. `openRequested` tells the
    `NetworkRequest`, and whether the card is to be remembered for the file. `architecturesRequested` asks for the names
    that `set_architectures` takes, once a name is typed.
    """

    inspectRequested = Signal(object)
    openRequested = Signal(object, bool)
    architecturesRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        add_close_key(self)
        self.setWindowTitle("Open a network's file")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(960, 690)
        self._report: FileReport | None = None
        self._asked: FileRequest | None = None
        self._title = ""
        self._is_busy = False
        self._head = FileHead(self)
        self._build_pages()
        self._build_foot()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 12)
        layout.setSpacing(9)
        for widget in (self._head, self._parts, self._pages, self._foot):
            layout.addWidget(widget)
        layout.setStretchFactor(self._pages, 1)
        self._refresh()

    # ---- what is shown

    @property
    def report(self) -> FileReport | None:
        """The report that is shown."""
        return self._report

    def show_report(self, report: FileReport) -> None:
        """Show what a file holds; what the user changed in the card of the same file is kept."""
        if self._is_stale(report):
            return
        before, self._report = self._report, report
        self._asked, self._is_busy = None, False
        self._head.show_report(report, self._title)
        if self._needs_consent:
            self.consent.show_consent(str(report.path), report.consent)
        else:
            self._show_parts(report, is_same=before is not None and str(before.path) == str(report.path))
        self._refresh()
        if self._needs_consent:
            self.consent.cancel.setFocus()  # which takes it only where it is shown

    def edit(self, title: str) -> None:
        """Show that the card of an open network is changed, which is called so."""
        self._title = title
        self.setWindowTitle(steady(f"Card of {isolated(title)}"))
        self.card.look_through()
        self.open_button.setText("Apply")

    def show_failure(self, text: str) -> None:
        """Tell what went wrong; what was shown stays."""
        self._asked, self._is_busy = None, False
        self._head.show_failure(text)
        if self._report is not None and self.fits.isVisibleTo(self):
            self.fits.show_fits(self._report.fits, self._report.architecture, self._reason)
        self._refresh()

    def show_busy(self, text: str) -> None:
        """Show that the file is looked into."""
        self._is_busy = True
        self._head.show_busy(text)
        self._head.show_failure("")
        self._refresh()

    def set_architectures(self, names: Sequence[str]) -> None:
        """Complete the name of an architecture that is typed to one of these."""
        self.fits.set_architectures(names)

    @property
    def failure(self) -> str:
        """What went wrong; '' where nothing did."""
        return self._head.failure

    @property
    def obstacle(self) -> str:
        """Why the file can't be opened as it is; '' where it can."""
        report, fit = self._report, self.fits.fit
        if report is None or self._is_busy:
            return "The file is being looked into."
        if fit is not None and not fit.is_whole:
            wrong = fit.count - fit.matches
            return f"{wrong:,} tensor{' does' if wrong == 1 else 's do'} not fit {fit.architecture}."
        if fit is None and (report.card is None or _is_weights(report)):
            return "Its architecture is not known: name it."
        if report.card is None:
            return "Its input is not known."
        return self.card.problem

    # ---- building

    def _build_pages(self) -> None:
        self._parts = QWidget(self)
        self.parts = Segmented(
            (_ARCHITECTURE, _CARD),
            self._parts,
            ("Which network the weights are of", "What it is given, and what it names"),
        )
        self.parts.chosen.connect(self._on_part_chosen)
        self._widen_parts()
        row = QHBoxLayout(self._parts)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.parts)
        row.addStretch(1)
        self._pages = QStackedWidget(self)
        self._nothing = QWidget(self)
        self.consent = ConsentPanel(self)
        self.fits = FitsPanel(self)
        self.card = CardEditor(self)
        for page in (self._nothing, self.consent, self.fits, self.card):
            self._pages.addWidget(page)
        self.consent.accepted.connect(self._on_consent)
        self.consent.declined.connect(self.reject)
        self.fits.architectureChosen.connect(self._on_architecture_chosen)
        self.fits.weightsChosen.connect(self._on_weights_chosen)
        self.fits.namesRequested.connect(self.architecturesRequested)
        self.card.changed.connect(self._refresh)
        self.card.failed.connect(self.show_failure)

    def _widen_parts(self) -> None:
        """Give the buttons room for bold letters: the style sheet's are no part of their size."""
        font = self.parts.font()
        font.setBold(True)
        for option in self.parts.options:
            button = self.parts.button(option)
            assert button is not None
            button.setMinimumWidth(QFontMetrics(font).horizontalAdvance(option) + 26)

    def _build_foot(self) -> None:
        self._foot = FileFoot(self)
        self.remember, self.open_button = self._foot.remember, self._foot.open_button
        self.importer, self.exporter = self._foot.importer, self._foot.exporter
        self.importer.clicked.connect(self._on_import)
        self.exporter.clicked.connect(self._on_export)
        self._foot.cancel.clicked.connect(self.reject)
        self.open_button.clicked.connect(self._on_open)

    # ---- state

    @property
    def _needs_consent(self) -> bool:
        """Whether the user must be asked before code of the file runs."""
        return self._report is not None and bool(self._report.consent)

    @property
    def _reason(self) -> str:
        """Why the architecture was chosen."""
        reasons = () if self._report is None else self._report.reasons
        return next((reason.text for reason in reasons if reason.what == "architecture"), "")

    def _is_stale(self, report: FileReport) -> bool:
        """Whether a report is of an architecture, or of weights, that the user has left again."""
        wanted, part = ("", None) if self._asked is None else (self._asked.architecture, self._asked.part)
        names = [fit.architecture for fit in report.fits]
        return (wanted in names and report.architecture != wanted) or (part in report.parts and report.part != part)

    def _show_parts(self, report: FileReport, *, is_same: bool) -> None:
        self.fits.show_fits(report.fits, report.architecture, self._reason)
        self.fits.show_parts(report.parts, report.part)
        if report.card is not None:
            show = self.card.show_next_card if is_same else self.card.show_card
            show(report.card, report.origin, report.reasons, report.classes)
        fit = self.fits.fit
        has_card = report.card is not None and (not _is_weights(report) if fit is None else fit.is_whole)
        if not is_same or self.part not in (self.fits, self.card) or not has_card:
            self._turn_to(self.card if has_card else self.fits)
            (self.open_button if has_card else self.fits.list if report.fits else self.fits.name).setFocus()

    @property
    def part(self) -> QWidget | None:
        """The page that is shown."""
        return self._pages.currentWidget()

    def _turn_to(self, page: QWidget) -> None:
        self._pages.setCurrentWidget(page)
        self.parts.set_current(_CARD if page is self.card else _ARCHITECTURE)

    @Slot()
    def _refresh(self) -> None:
        """Show what can be done now, and why the file can't be opened."""
        report = self._report
        asks = self._needs_consent and not self._is_busy
        if asks:
            self._pages.setCurrentWidget(self.consent)
        elif report is None or self._needs_consent:
            self._pages.setCurrentWidget(self._nothing)
        has_card = report is not None and report.card is not None and not asks
        if not self._is_busy:
            self._head.show_busy("")
        self._parts.setVisible(bool(report is not None and report.fits and has_card))
        self._foot.setVisible(not asks)
        self.open_button.setDefault(not asks)
        for widget in (self.remember, self.importer, self.exporter):
            widget.setVisible(has_card)
        obstacle = self.obstacle
        self.open_button.setEnabled(not obstacle)
        self.open_button.setToolTip(obstacle or "Open the network")
        self.open_button.setVisible(report is not None)
        self.exporter.setEnabled(has_card and self.card.card is not None)
        is_said = self._is_busy or report is None or (self.part is self.card and obstacle == self.card.problem)
        self._foot.obstacle.set_text("" if is_said else obstacle)

    # ---- user

    @Slot(str)
    def _on_part_chosen(self, part: str) -> None:
        self._turn_to(self.card if part == _CARD else self.fits)
        self._refresh()

    def _ask(self, request: FileRequest, text: str) -> None:
        self._asked = request
        self.show_busy(text)
        self.inspectRequested.emit(request)

    @Slot()
    def _on_consent(self) -> None:
        report = self._report
        if report is not None:
            # Of another content than this one the consent is asked again.
            self._ask(replace(_request(report), allow_code=True), "Opening it…")

    @Slot(str)
    def _on_architecture_chosen(self, name: str) -> None:
        report = self._report
        if report is None:
            return
        if name == report.architecture and self._asked is None:
            self._refresh()
        else:
            self._ask(replace(_request(report), architecture=name), f"Comparing it with {name}…")

    @Slot(str)
    def _on_weights_chosen(self, part: str) -> None:
        report = self._report
        if report is not None and (part != report.part or self._asked is not None):
            self._ask(replace(_request(report), part=part), "Reading these weights…")

    @Slot()
    def _on_open(self) -> None:
        report, card = self._report, self.card.card
        if report is None or card is None or self.obstacle:
            return
        card = _completed(card, report)
        request = NetworkRequest(str(report.path), card=card, allow_code=report.is_allowed, digest=report.digest)
        self.openRequested.emit(request, self.remember.isChecked())
        self.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the file on Enter, but where that tries an architecture."""
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if not (is_enter and self.fits.name.hasFocus()):
            super().keyPressEvent(event)

    # ---- cards in files

    def import_card(self, path: Path) -> None:
        """Take the values of a card in a file; why it can't be is told in the dialog."""
        try:
            card = read_card(path)
        except NetworkError as error:
            self.show_failure(str(error))
            return
        self._head.show_failure("")
        self._turn_to(self.card)
        self.card.set_stored(to_json(card))
        report = self._report
        if report is None or not report.fits:
            return
        wanted = card.architecture or report.architecture
        part = report.part if card.part is None else card.part
        if (wanted, part) != (report.architecture, report.part):
            self._ask(replace(_request(report), architecture=wanted, part=card.part), f"Comparing it with {wanted}…")

    def export_card(self, path: Path) -> None:
        """Write the card into a file; why it can't be is told in the dialog."""
        card, report = self.card.card, self._report
        if card is None or report is None:
            return
        try:
            write_card(_completed(card, report), path)
            self._head.show_failure("")
        except OSError as error:
            self.show_failure(f"The card {path} can't be written: {error.strerror or error}.")

    @Slot()
    def _on_import(self) -> None:
        dialog = self._files("Import a card", QFileDialog.AcceptMode.AcceptOpen)
        dialog.fileSelected.connect(lambda name: self.import_card(Path(name)))
        dialog.open()

    @Slot()
    def _on_export(self) -> None:
        dialog = self._files("Export the card", QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("json")
        path = None if self._report is None else Path(self._report.path)
        if path is not None and path.exists():
            beside = path / "card.json" if path.is_dir() else path.with_suffix(".json")
            dialog.setDirectory(str(beside.parent))
            dialog.selectFile(beside.name)
        dialog.fileSelected.connect(lambda name: self.export_card(Path(name)))
        dialog.open()

    def _files(self, title: str, mode: QFileDialog.AcceptMode) -> QFileDialog:
        dialog = file_dialog(self, title, filters=_CARDS)
        dialog.setAcceptMode(mode)
        return dialog


def _request(report: FileReport) -> FileRequest:
    """Return what asks for a report once more."""
    return FileRequest(report.path, report.architecture, report.is_allowed, report.digest, report.chosen_part)


def _completed(card: Card, report: FileReport) -> Card:
    """Return a card with what was chosen beside it."""
    return replace(card, architecture=report.architecture or card.architecture, part=report.chosen_part)


def _is_weights(report: FileReport) -> bool:
    """Whether a file holds weights alone, which are nothing without an architecture."""
    return any(report.format == known.name and known.is_weights for known in FORMATS)
