"""The designer: a network is put together row by row, and each edit shows what comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from cnnviewer.designs import LARGEST_IMAGE, Design, examine, open_design, problems, save_design
from cnnviewer.errors import CnnviewerError
from cnnviewer.qt.widgets.design_table import DesignTable
from cnnviewer.qt.widgets.dialog_keys import add_close_key
from cnnviewer.qt.widgets.elided_label import ElidedLabel
from cnnviewer.qt.widgets.file_dialog import file_dialog
from cnnviewer.qt.widgets.number_field import WholeField, field_with_problem
from cnnviewer.qt.widgets.numbers import count_text
from cnnviewer.qt.widgets.styling import label, literal
from cnnviewer.qt.widgets.wheel import Choice
from cnnviewer.ready_designs import DESIGNS

if TYPE_CHECKING:
    from cnnviewer.qt.widgets.design_row import DesignRow

__all__ = ["DesignerDialog"]

_FILES = "Designs (*.json);;All files (*)"


class DesignerDialog(QDialog):
    """Edits a `Design`; `designChosen` tells the one that is to be used."""

    designChosen = Signal(object)

    def __init__(self, design: Design, classes: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        add_close_key(self)
        self.setWindowTitle("Design a network")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(1120, 620)
        self._classes = classes
        # In the order in which the keyboard passes through them.
        self._build_head()
        self.table = DesignTable(classes, self)
        self._build_foot()
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        for part in (self._head, self.table, self._message, self._foot):
            layout.addLayout(part) if isinstance(part, QHBoxLayout) else layout.addWidget(part)
        layout.setStretchFactor(self.table, 1)
        self.table.edited.connect(self._refresh)
        self.set_design(design)

    # ---- what is edited

    def design(self) -> Design:
        """Return the design as it is now, right or wrong."""
        shape = int(self.channels.currentData()), self.high.value(), self.wide.value()
        return Design(self.name.text().strip(), shape, self.table.values)

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
        self.table.set_rows(design.rows)

    @property
    def rows(self) -> tuple[DesignRow, ...]:
        """The rows, the head left out."""
        return self.table.rows

    @property
    def adders(self) -> dict[str, QPushButton]:
        """The buttons that add a row, by the title of its sort."""
        return self.table.adders

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
        self.channels = Choice(self)
        self.channels.addItem("grey", 1)
        self.channels.addItem("colour", 3)
        self.channels.setAccessibleName("Channels of the image")
        self.channels.currentIndexChanged.connect(self._refresh)
        self.high, self.wide = self._size("Height of the image"), self._size("Width of the image")
        self.ready = Choice(self)
        self.ready.addItem("Begin with…")
        self.ready.addItems(list(DESIGNS))
        self.ready.setAccessibleName("Ready designs")
        self.ready.setToolTip("Take a ready design, and change it")
        self.ready.activated.connect(self._on_ready_chosen)
        self._head = QHBoxLayout()
        self._head.setSpacing(7)
        for widget in (
            label("Name", self), self.name, label("Image", self), self.channels,
            self.high, label("×", self), self.wide, self.ready,
        ):  # fmt: skip
            self._head.addWidget(widget)
        self._head.setStretchFactor(self.name, 1)

    def _size(self, name: str) -> WholeField:
        box = WholeField(self, 1, LARGEST_IMAGE, 1, name=name)
        box.valueChanged.connect(self._refresh)
        box.problemChanged.connect(self._refresh)
        return box

    def _build_foot(self) -> None:
        self._message = label("", self, "warning")
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
        self._foot.addWidget(self._totals)
        self._foot.addStretch(1)
        for button in (opener, saver, cancel, self.use):
            button.setAutoDefault(False)
            self._foot.addWidget(button)

    # ---- facts

    @Slot()
    def _refresh(self) -> None:
        """Show what the design makes, and why it can't be used."""
        design = self.design()
        facts = examine(design, self._classes)
        self.table.show_facts(facts)
        unread = field_with_problem(self)
        wrong = (unread.problem,) if unread is not None else problems(design, self._classes)
        self.use.setEnabled(not wrong)
        self.use.setToolTip(literal(wrong[0]) if wrong else "Train this network")
        parameters, products = sum(fact.parameters for fact in facts), sum(fact.multiply_adds for fact in facts)
        totals = f"{count_text(parameters)} parameters · {count_text(products)} multiply-adds an image"
        self._totals.set_text(wrong[0] if wrong else totals)

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
        dialog = file_dialog(self, "Open a design", filters=_FILES)
        dialog.fileSelected.connect(lambda name: self.open_file(Path(name)))
        dialog.open()

    @Slot()
    def _on_save(self) -> None:
        dialog = file_dialog(self, "Save the design", _file_name(self.name.text()), _FILES)
        dialog.setDefaultSuffix("json")  # else it would ask whether to replace a file of another name
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.fileSelected.connect(lambda name: self.save_file(Path(name)))
        dialog.open()

    @Slot()
    def _on_use(self) -> None:
        self.designChosen.emit(self.design())
        self.accept()


def _file_name(title: str) -> str:
    """Return a name for a file, without what would make a path of it."""
    letters = "".join("-" if letter in '/\\:*?"<>|' else letter for letter in title.strip())
    return f"{letters or 'design'}.json"
