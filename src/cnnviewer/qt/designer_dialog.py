"""The designer: a network is put together row by row, and each edit shows what comes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from cnnviewer.designs import DESIGNS, Design, FullyConnected, examine, open_design, save_design
from cnnviewer.errors import CnnviewerError
from cnnviewer.qt.widgets.design_row import BUTTONS_WIDTH, COLUMNS, KINDS, DesignRow
from cnnviewer.qt.widgets.elided_label import ElidedLabel
from cnnviewer.qt.widgets.numbers import count_text

if TYPE_CHECKING:
    from cnnviewer.designs import Row, RowFacts

__all__ = ["DesignerDialog"]

_FILES = "Designs (*.json);;All files (*)"


class DesignerDialog(QDialog):
    """Edits a `Design`; `designChosen` tells the one that is to be used."""

    designChosen = Signal(object)

    def __init__(self, design: Design, classes: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Design a network")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(1120, 620)
        self._classes = classes
        self._rows: list[DesignRow] = []
        self._selected = len(design.rows) - 1
        self._build_head()
        self._build_rows()
        self._build_foot()
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        for part in (self._head, self._add, _column_titles(self), self._scroll, self._message, self._foot):
            layout.addLayout(part) if isinstance(part, QHBoxLayout) else layout.addWidget(part)
        layout.setStretchFactor(self._scroll, 1)
        self._build_keys()
        self.set_design(design)

    # ---- what is edited

    def design(self) -> Design:
        """Return the design as it is now, right or wrong."""
        shape = int(self.channels.currentData()), self.high.value(), self.wide.value()
        return Design(self.name.text().strip(), shape, tuple(row.row for row in self._rows))

    def set_design(self, design: Design) -> None:
        """Edit another design."""
        channels, height, width = design.input_shape
        for box, value in ((self.high, height), (self.wide, width)):
            with QSignalBlocker(box):
                box.setValue(value)
        with QSignalBlocker(self.channels):
            self.channels.setCurrentIndex(max(self.channels.findData(channels), 0))
        with QSignalBlocker(self.name):
            self.name.setText(design.name)
        self._show_rows(design.rows, len(design.rows) - 1)

    @property
    def rows(self) -> tuple[DesignRow, ...]:
        """The rows, the head left out."""
        return tuple(self._rows)

    @property
    def totals(self) -> str:
        """What is said of the whole network."""
        return self._totals.text()

    @property
    def message(self) -> str:
        """What went wrong with a file."""
        return self._message.text()

    def open_file(self, path: Path) -> None:
        """Edit the design in a file; why it can't be is told in the dialog."""
        try:
            self.set_design(open_design(path))
            self._tell("")
        except CnnviewerError as error:
            self._tell(str(error))

    def save_file(self, path: Path) -> None:
        """Write the design into a file; why it can't be is told in the dialog."""
        try:
            save_design(self.design(), path if path.suffix else path.with_suffix(".json"))
            self._tell("")
        except CnnviewerError as error:
            self._tell(str(error))

    # ---- building

    def _build_head(self) -> None:
        self.name = QLineEdit(self)
        self.name.setAccessibleName("Name of the design")
        self.name.textChanged.connect(self._refresh)
        self.channels = QComboBox(self)
        self.channels.addItem("grey", 1)
        self.channels.addItem("colour", 3)
        self.channels.setAccessibleName("Channels of the image")
        self.channels.currentIndexChanged.connect(self._refresh)
        self.high, self.wide = self._size("Height of the image"), self._size("Width of the image")
        self.ready = QComboBox(self)
        self.ready.addItem("Begin with…")
        self.ready.addItems(list(DESIGNS))
        self.ready.setToolTip("Take a ready design, and change it")
        self.ready.activated.connect(self._on_ready_chosen)
        self._head = QHBoxLayout()
        self._head.setSpacing(7)
        for widget in (
            _muted("Name", self), self.name, _muted("Image", self), self.channels,
            self.high, _muted("×", self), self.wide, self.ready,
        ):  # fmt: skip
            self._head.addWidget(widget)
        self._head.setStretchFactor(self.name, 1)

    def _size(self, name: str) -> QSpinBox:
        box = QSpinBox(self)
        box.setRange(1, 1024)
        box.setMinimumHeight(25)
        box.setAccessibleName(name)
        box.valueChanged.connect(self._refresh)
        return box

    def _build_rows(self) -> None:
        self._add = QHBoxLayout()
        self._add.setSpacing(6)
        self._add.addWidget(_muted("Add below the chosen row", self))
        self.adders: dict[str, QPushButton] = {}
        for title, (kind, _) in KINDS.items():
            button = QPushButton(f"+ {title}", self)
            button.setAutoDefault(False)
            button.setToolTip(f"Put a row below the chosen one: {title.lower()}")
            button.clicked.connect(lambda _checked=False, kind=kind: self._insert(kind()))
            self.adders[title] = button
            self._add.addWidget(button)
        self._add.addStretch(1)
        self._inside = QWidget(self)
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(2, 2, 2, 2)
        self._column.setSpacing(5)
        self._column.addStretch(1)
        self._scroll = QScrollArea(self)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(self._inside)
        self._end: DesignRow | None = None

    def _build_foot(self) -> None:
        self._message = QLabel(self)
        self._message.setProperty("role", "warning")
        self._message.setWordWrap(True)
        self._message.hide()
        self._totals = ElidedLabel(self, role="name")
        opener, saver, cancel = (QPushButton(text, self) for text in ("Open…", "Save…", "Cancel"))
        self.use = QPushButton("Use this network", self)
        self.use.setObjectName("primary")
        opener.clicked.connect(self._on_open)
        saver.clicked.connect(self._on_save)
        cancel.clicked.connect(self.reject)
        self.use.clicked.connect(self._on_use)
        self._foot = QHBoxLayout()
        self._foot.setSpacing(7)
        self._foot.addWidget(self._totals, stretch=1)
        for button in (opener, saver, cancel, self.use):
            button.setAutoDefault(False)
            self._foot.addWidget(button)

    def _build_keys(self) -> None:
        for keys, slot in (
            ("Alt+Up", lambda: self._move(self._selected, -1)),
            ("Alt+Down", lambda: self._move(self._selected, 1)),
            ("Ctrl+D", lambda: self._duplicate(self._selected)),
            ("Del", lambda: self._remove(self._selected)),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(slot)

    # ---- rows

    def _show_rows(self, rows: tuple[Row, ...], selected: int) -> None:
        """Build the widgets of these rows anew."""
        for widget in (*self._rows, *([self._end] if self._end is not None else [])):
            self._column.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._rows = [self._new_row(row, number) for number, row in enumerate(rows, start=1)]
        classes = f"{self._classes} units, one a class"
        self._end = DesignRow(FullyConnected(self._classes), len(rows) + 1, self._inside, fixed=classes)
        for place, widget in enumerate((*self._rows, self._end)):
            self._column.insertWidget(place, widget)
        self._select(min(max(selected, 0), len(rows) - 1) if rows else -1)
        self._refresh()

    def _new_row(self, row: Row, number: int) -> DesignRow:
        widget, place = DesignRow(row, number, self._inside), number - 1
        widget.changed.connect(self._refresh)
        widget.chosen.connect(lambda: self._select(place))
        widget.moveRequested.connect(lambda step: self._move(place, step))
        widget.duplicateRequested.connect(lambda: self._duplicate(place))
        widget.removeRequested.connect(lambda: self._remove(place))
        return widget

    def _select(self, place: int) -> None:
        self._selected = place
        for number, row in enumerate(self._rows):
            row.set_selected(number == place)

    def _insert(self, row: Row) -> None:
        rows = list(self.design().rows)
        rows.insert(self._selected + 1, row)
        self._show_rows(tuple(rows), self._selected + 1)
        self._scroll.ensureWidgetVisible(self._rows[self._selected])

    def _move(self, place: int, step: int) -> None:
        rows, target = list(self.design().rows), place + step
        if 0 <= place < len(rows) and 0 <= target < len(rows):
            rows[place], rows[target] = rows[target], rows[place]
            self._show_rows(tuple(rows), target)

    def _duplicate(self, place: int) -> None:
        rows = list(self.design().rows)
        if 0 <= place < len(rows):
            rows.insert(place + 1, replace(rows[place]))
            self._show_rows(tuple(rows), place + 1)

    def _remove(self, place: int) -> None:
        rows = list(self.design().rows)
        if 0 <= place < len(rows):
            del rows[place]
            self._show_rows(tuple(rows), place)

    # ---- facts

    @Slot()
    def _refresh(self) -> None:
        """Show what the design makes, and why it can't be used."""
        facts = examine(self.design(), self._classes)
        assert self._end is not None
        for widget, fact in zip((*self._rows, self._end), facts, strict=True):
            widget.show_facts(fact)
        self._show_totals(facts)

    def _show_totals(self, facts: tuple[RowFacts, ...]) -> None:
        wrong = next(((number, fact.problem) for number, fact in enumerate(facts, start=1) if fact.problem), None)
        self.use.setEnabled(wrong is None)
        if wrong is not None:
            number, problem = wrong
            where = "" if all(fact.problem == problem for fact in facts) else f"Row {number}: "
            self._totals.set_text(f"{where}{problem}")
            self.use.setToolTip(problem)
            return
        parameters, products = sum(fact.parameters for fact in facts), sum(fact.multiply_adds for fact in facts)
        self._totals.set_text(f"{count_text(parameters)} parameters · {count_text(products)} multiply-adds an image")
        self.use.setToolTip("Train this network")

    def _tell(self, sentence: str) -> None:
        self._message.setText(sentence)
        self._message.setVisible(bool(sentence))

    # ---- user

    @Slot(int)
    def _on_ready_chosen(self, place: int) -> None:
        if place > 0:
            self.set_design(DESIGNS[self.ready.itemText(place)])
            self.ready.setCurrentIndex(0)

    @Slot()
    def _on_open(self) -> None:
        dialog = QFileDialog(self, "Open a design", "", _FILES)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.open_file(Path(name)))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    @Slot()
    def _on_save(self) -> None:
        dialog = QFileDialog(self, "Save the design", f"{self.name.text() or 'design'}.json", _FILES)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.fileSelected.connect(lambda name: self.save_file(Path(name)))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    @Slot()
    def _on_use(self) -> None:
        self.designChosen.emit(self.design())
        self.accept()


def _column_titles(parent: QWidget) -> QHBoxLayout:
    """Return the titles of what the rows make, above their columns."""
    line = QHBoxLayout()
    line.setContentsMargins(0, 0, BUTTONS_WIDTH + 12, 0)
    line.setSpacing(7)
    line.addStretch(1)
    for text, width in COLUMNS.items():
        title = _muted(text, parent)
        title.setFixedWidth(width)
        title.setAlignment(Qt.AlignmentFlag.AlignRight)
        line.addWidget(title)
    return line


def _muted(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setProperty("role", "muted")
    return label
