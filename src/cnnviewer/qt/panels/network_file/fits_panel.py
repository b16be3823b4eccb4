"""Which architecture the weights in a file are of: the candidates, and each tensor of the chosen one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QCompleter,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QListWidget,
    QPushButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from cnnviewer.names import steady
from cnnviewer.network_reports import part_name
from cnnviewer.qt.panels.network_file.fit_model import FitModel, counts_text
from cnnviewer.qt.widgets.styling import label, literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.network_reports import Fit

__all__ = ["FitsPanel", "fit_text"]

_MOST_ROWS = 5


class FitsPanel(QWidget):
    """Lists the architectures that fit, best first; `architectureChosen` tells the one that the user chose.

    Where the file holds the weights of several such networks, `weightsChosen` tells which part of it was chosen.

    `namesRequested` asks for the names to which what is typed can be completed, when something is.
    """

    architectureChosen = Signal(str)
    weightsChosen = Signal(str)
    namesRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fits: tuple[Fit, ...] = ()
        self._has_asked = False
        self._title = label("", self)
        self._title.setWordWrap(True)
        self._build_choice()
        self._build_list()
        self._build_table()
        self._build_by_hand()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        layout.addWidget(self._title)
        layout.addWidget(self._choice)
        layout.addWidget(self.list)
        layout.addLayout(self._over_table)
        layout.addWidget(self.table, stretch=1000)
        layout.addLayout(self._by_hand)
        layout.addStretch(1)  # for where there is no table

    def show_fits(self, fits: tuple[Fit, ...], architecture: str, reason: str = "") -> None:
        """Show the fits, one of them chosen; `reason` says why it is."""
        self._fits = fits
        names = [fit.architecture for fit in fits]
        with QSignalBlocker(self.list):
            self.list.clear()
            self.list.addItems([fit_text(fit) for fit in fits])
            for row, fit in enumerate(fits):
                self.list.item(row).setToolTip(literal(fit_text(fit)))
            self.list.setCurrentRow(names.index(architecture) if architecture in names else 0)
        self._title.setText(steady(_title(fits, reason)))
        height = self.list.sizeHintForRow(0) + 2 * self.list.spacing() if fits else 0
        self.list.setFixedHeight(min(len(fits), _MOST_ROWS) * height + 6)
        for widget in (self.list, self.table, self._counts):
            widget.setVisible(bool(fits))
        what = "Another architecture" if fits else "Its architecture"
        self.name.setPlaceholderText(f"{what}: resnet18, timm/convnext_tiny …")
        self._show_rows()

    def show_parts(self, parts: tuple[str, ...], chosen: str) -> None:
        """Show which weights of the file can be taken, by what their names begin with; one is no choice."""
        with QSignalBlocker(self.weights):
            self.weights.clear()
            for part in parts:
                self.weights.addItem(part_name(part), part)
            self.weights.setCurrentIndex(self.weights.findData(chosen))
        self._choice.setVisible(len(parts) > 1)

    def set_architectures(self, names: Sequence[str]) -> None:
        """Complete what is typed by hand to one of these names."""
        completer = QCompleter(list(names), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setMaxVisibleItems(12)
        self.name.setCompleter(completer)
        if self.name.hasFocus() and self.name.text():
            completer.setCompletionPrefix(self.name.text())
            completer.complete()

    @property
    def fit(self) -> Fit | None:
        """The fit whose tensors are shown."""
        row = self.list.currentRow()
        return self._fits[row] if 0 <= row < len(self._fits) else None

    @property
    def counts(self) -> str:
        """How many tensors of the chosen architecture agree."""
        return self._counts.text()

    @property
    def title(self) -> str:
        """What is said above the list."""
        return self._title.text()

    @property
    def model(self) -> FitModel:
        """The table of tensors."""
        return self._model

    # ---- building

    def _build_choice(self) -> None:
        self._choice = QWidget(self)
        self.weights = QComboBox(self._choice)
        self.weights.setAccessibleName("Which weights of the file")
        self.weights.setToolTip("The file holds this network several times: an average of its weights, another fold …")
        self.weights.activated.connect(self._on_weights_activated)
        row = QHBoxLayout(self._choice)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(label("Take the weights", self._choice))
        row.addWidget(self.weights)
        row.addStretch(1)

    def _build_list(self) -> None:
        self.list = QListWidget(self)
        self.list.setAccessibleName("Architectures that may fit")
        self.list.setSpacing(2)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # tool tips tell all of a line
        self.list.currentRowChanged.connect(self._on_row_changed)

    def _build_table(self) -> None:
        self._model = FitModel(self)
        self.table = QTreeView(self)
        self.table.setModel(self._model)
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setAccessibleName("Tensors")
        header = self.table.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in ((1, 130), (2, 130), (3, 170)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, width)
        self._counts = label("", self)
        self.only_misfits = QCheckBox("Only what does not fit", self)
        self.only_misfits.setChecked(True)
        self.only_misfits.toggled.connect(self._show_rows)
        self._over_table = QHBoxLayout()
        self._over_table.addWidget(self._counts, stretch=1)
        self._over_table.addWidget(self.only_misfits)

    def _build_by_hand(self) -> None:
        self.name = QLineEdit(self)
        self.name.setAccessibleName("Name of another architecture")
        self.attempt = QPushButton("Try it", self)
        self.attempt.setToolTip("Compare the file with this architecture")
        self.attempt.setAutoDefault(False)
        self.attempt.setEnabled(False)
        self.name.textChanged.connect(self._on_name_changed)
        self.name.returnPressed.connect(self.attempt.click)
        self.attempt.clicked.connect(self._on_attempt)
        self._by_hand = QHBoxLayout()
        self._by_hand.setSpacing(7)
        self._by_hand.addWidget(self.name, stretch=1)
        self._by_hand.addWidget(self.attempt)

    # ---- user

    @Slot()
    def _show_rows(self) -> None:
        fit = self.fit
        is_all = fit is None or all(row.is_match for row in fit.rows)
        self.only_misfits.setVisible(not is_all)
        only = self.only_misfits.isChecked() and not is_all
        self._model.show_fit(fit, only_misfits=only)
        self._counts.setText("" if fit is None else steady(counts_text(fit)))

    @Slot(int)
    def _on_row_changed(self, row: int) -> None:
        self._show_rows()
        if 0 <= row < len(self._fits):
            self.architectureChosen.emit(self._fits[row].architecture)

    @Slot(int)
    def _on_weights_activated(self, row: int) -> None:
        self.weightsChosen.emit(self.weights.itemData(row))

    @Slot(str)
    def _on_name_changed(self, text: str) -> None:
        self.attempt.setEnabled(bool(text.strip()))
        if self.name.completer() is None and not self._has_asked:
            self._has_asked = True
            self.namesRequested.emit()

    @Slot()
    def _on_attempt(self) -> None:
        self.architectureChosen.emit(self.name.text().strip())


def fit_text(fit: Fit) -> str:
    """Return one line of a fit: ``✓ squeezenet1_0 — 52 of 52 tensors fit · 10 classes instead of 1,000``."""
    sign = "✓" if fit.is_whole else "≠"
    text = f"{sign} {fit.architecture} — {fit.matches:,} of {fit.count:,} tensors fit"
    if fit.is_by_order:
        text += " · under other names, by order and shape"
    return f"{text} · {fit.adaptation}" if fit.adaptation else text


def _title(fits: tuple[Fit, ...], reason: str) -> str:
    if not fits:
        return (
            "The file holds weights alone, and no known architecture has tensors like these. "
            "Name the architecture that they are of, to see what fits."
        )
    if not any(fit.is_whole for fit in fits):
        return "The file holds weights alone, and no known architecture fits them wholly. These come nearest:"
    return reason or "The file holds weights alone. Choose the architecture that they are of:"
