"""The first page of a training: which network, which data, how."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from cnnviewer.datasets import DATASETS, DEFAULT_DATASET
from cnnviewer.networks.architectures import FROM_SCRATCH, Architecture, list_architectures
from cnnviewer.qt.panels.training.left_out_dialog import LeftOutDialog
from cnnviewer.qt.panels.training.settings_form import SettingsForm
from cnnviewer.qt.widgets.elided_label import ElidedLabel
from cnnviewer.qt.widgets.file_dialog import folder_dialog
from cnnviewer.qt.widgets.number_field import field_with_problem
from cnnviewer.qt.widgets.picture_strip import PictureStrip
from cnnviewer.qt.widgets.styling import breakable, label, literal
from cnnviewer.qt.widgets.wheel import Choice
from cnnviewer.training.plan import Plan

if TYPE_CHECKING:
    from cnnviewer.designs import Design
    from cnnviewer.training.samples import DatasetSummary

__all__ = ["SetupPage", "new_name"]

_SIDE = 40
_SHORTEST = 7
"""So many letters of a name are seen at least."""


class SetupPage(QWidget):
    """Chooses a `Plan` and a folder.

    `lookRequested` asks for the dataset, to show samples of it; `startRequested` begins the training.
    """

    lookRequested = Signal(object)
    startRequested = Signal(object, object)
    designRequested = Signal(object)
    runRequested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._design: Design | None = None
        self._data_folder: Path | None = None
        self._runs = Path()
        self._folder: Path | None = None
        self._summary: DatasetSummary | None = None
        self._build_network()
        self._build_data()
        self.form = SettingsForm(self)
        self._build_start()
        self._lay_out()
        # One look for several changes in a row.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._on_soon)
        self._show_network_options()

    # ---- what is chosen

    def plan(self, *, download: bool = False) -> Plan:
        """Return what is chosen.

        Raises
        ------
        TrainingError
            If a setting makes no sense.
        """
        return Plan(
            architecture=self.architecture(),
            dataset=self.dataset.currentData(),
            data_folder=self._data_folder,
            download=download,
            settings=self.form.settings(),
        )

    def architecture(self) -> Architecture:
        """Return the network that is chosen."""
        if self._design is not None and self.network.currentData() == _DESIGN:
            return Architecture(design=self._design)
        # A hidden box keeps its tick for the next network that has such a choice.
        has_choice = self._can_transfer
        return Architecture.named(
            self.network.currentData(),
            frozen=has_choice and self.frozen.isChecked(),
            pretrained=has_choice and self.pretrained.isChecked(),
        )

    def set_runs_folder(self, folder: Path) -> None:
        """Set where new trainings lie, unless the user chooses another folder."""
        self._runs = folder
        self._show_folder()

    def set_design(self, design: Design) -> None:
        """Choose a design as the network."""
        self._design = design
        index = self.network.findData(_DESIGN)
        if index < 0:
            self.network.insertItem(0, "", _DESIGN)
            index = 0
        self.network.setItemText(index, f"{design.name} (designed)")
        self.network.setCurrentIndex(index)
        self._on_network_chosen()

    def set_dataset_folder(self, folder: Path) -> None:
        """Choose a folder of images as the dataset."""
        index = self.dataset.findData(str(folder))
        if index < 0:
            self.dataset.addItem(folder.name, str(folder))
            index = self.dataset.count() - 1
        self.dataset.setCurrentIndex(index)
        self.look()

    def look(self) -> None:
        """Ask for the dataset that is chosen."""
        self._soon.start()

    # ---- what is shown

    def show_dataset(self, summary: DatasetSummary) -> None:
        """Show samples of a dataset."""
        self._summary = summary
        names = [summary.categories[label] for label in summary.samples.labels]
        self.samples.show_pictures(summary.samples.pixels, tuple(names), tuple(names))
        shape = "×".join(map(str, summary.image_shape))
        total = sum(count for _, count in summary.splits)
        facts = f"{len(summary.categories)} classes · {shape} · {total:,} images"
        self._facts.setText(breakable(". ".join([facts, *([" ".join(summary.remarks)] if summary.remarks else [])])))
        splits = ", ".join(f"{count:,} {name}" for name, count in summary.splits)
        self._facts.setToolTip(literal(f"Images: {splits}\n{summary.source}"))
        self._download.hide()
        self._show_left_out(summary)

    def show_missing(self, sentence: str) -> None:
        """Show why a dataset can't be had; one that can be downloaded gets its button."""
        info = DATASETS.get(self.dataset.currentData())
        self._summary = None
        self.samples.clear()
        self._facts.setText(breakable(sentence))
        self._facts.setToolTip("")
        size = "" if info is None else info.needs_download
        self._download.setVisible(bool(size))
        self._download.setText(f"Download {size}")
        self._left_out.hide()

    @property
    def told(self) -> str:
        """What is said of the dataset: facts and what its folder was read as, or why it can't be had."""
        return self._facts.text().replace("\u200b", "")

    @property
    def left_out(self) -> QPushButton:
        """The button that lists what was left out of the dataset."""
        return self._left_out

    def set_busy(self, is_busy: bool) -> None:
        """Let nothing be begun while a training runs."""
        self.start.setEnabled(not is_busy)
        tip = "A training runs: stop it first" if is_busy else "Begin the training"
        self.start.setToolTip(tip)

    # ---- building

    def _build_network(self) -> None:
        self.network = Choice(self)
        self.network.setAccessibleName("Network to train")
        for name in list_architectures():
            self.network.addItem(name, name)
        self.network.setToolTip("The network to train; one of the chooser gets a new head")
        self.network.activated.connect(self._on_network_chosen)
        self.design = QPushButton("Design…", self)
        self.design.setToolTip("Put a network together, row by row")
        self.design.clicked.connect(self._on_design)
        self.pretrained = QCheckBox("begin with pretrained weights", self)
        self.pretrained.setToolTip("Transfer learning: only the new head begins at random")
        self.frozen = QCheckBox("learn the new head only", self)
        self.frozen.setToolTip("The weights before the head stay as they are")
        self.pretrained.setChecked(True)
        self.frozen.toggled.connect(self._on_frozen_toggled)

    def _build_data(self) -> None:
        self.dataset = Choice(self)
        self.dataset.setAccessibleName("Dataset")
        for info in DATASETS.values():
            self.dataset.addItem(info.name, info.name)
            self.dataset.setItemData(self.dataset.count() - 1, literal(info.title), Qt.ItemDataRole.ToolTipRole)
        self.dataset.setCurrentIndex(self.dataset.findData(DEFAULT_DATASET))
        self.dataset.setToolTip("What the network learns from; or drop a folder with a folder of images a class")
        self.dataset.activated.connect(self.look)
        self.folder = QPushButton("Folder…", self)
        self.folder.setToolTip("Your own images: a folder that holds a folder a class")
        self.folder.clicked.connect(self._on_choose_data)
        self._facts = label("", self)
        self._facts.setWordWrap(True)
        self._left_out = QPushButton(self)
        self._left_out.clicked.connect(self._on_left_out)
        self._download = QPushButton(self)
        self._download.clicked.connect(self._on_download)
        self._left_out.hide()
        self._download.hide()
        self.samples = PictureStrip(self, side=_SIDE)
        self.samples.setAccessibleName("Samples of the dataset")

    def _build_start(self) -> None:
        self._folder_text = ElidedLabel(self, role="muted", in_middle=True)
        self._folder_text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._change = QPushButton("Change…", self)
        self._change.setToolTip("Choose the folder of the training")
        self._change.clicked.connect(self._on_choose_run)
        self._open = QPushButton("Open a run…", self)
        self._open.setToolTip("Look at a training on the disk: go on with it, follow it, or play its film")
        self._open.clicked.connect(self._on_open_run)
        self.start = QPushButton("Start", self)
        self.start.setObjectName("primary")
        self.start.clicked.connect(self._on_start)
        self.set_busy(False)

    def _lay_out(self) -> None:
        self.samples.setMinimumWidth(1)  # they give way where there is little room
        for choice in (self.network, self.dataset):
            choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            choice.setMinimumContentsLength(_SHORTEST)
        left = QVBoxLayout()
        left.addLayout(_row(_title("Network", self), self.network, self.design))
        left.addWidget(self.pretrained)
        left.addWidget(self.frozen)
        left.addLayout(_row(_title("Data", self), self.dataset, self.folder))
        left.addLayout(_row(_title("Run", self), self._folder_text, self._change))
        left.addStretch(1)
        middle = QVBoxLayout()
        middle.addWidget(self.samples, stretch=1)
        for column in (left, middle):
            column.setSpacing(5)
        columns = QHBoxLayout()
        columns.setSpacing(7)
        columns.addLayout(left, stretch=3)
        columns.addWidget(_line(self))
        columns.addLayout(middle, stretch=6)
        columns.addWidget(_line(self))
        columns.addWidget(self.form, stretch=4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(4)
        # Above all three: there a sentence has room, and the buttons are seen however low the panel is.
        layout.addLayout(_told(self._facts, self._left_out, self._download, self._open, self.start))
        layout.addLayout(columns, stretch=1)

    # ---- showing

    def _show_network_options(self) -> None:
        self.pretrained.setVisible(self._can_transfer)
        self.frozen.setVisible(self._can_transfer)

    @property
    def _can_transfer(self) -> bool:
        """Whether the network that is chosen may begin with weights that it learnt elsewhere."""
        chosen = self.network.currentData()
        return chosen in list_architectures() and chosen not in FROM_SCRATCH

    def _show_left_out(self, summary: DatasetSummary) -> None:
        count = len(summary.left_out)
        self._left_out.setVisible(count > 0)
        self._left_out.setText(f"{count:,} left out…")
        lines = [item.told for item in summary.left_out[:20]]
        more = [f"and {count - 20:,} more"] if count > 20 else []
        self._left_out.setToolTip(literal("\n".join([*lines, *more])))

    def _show_folder(self) -> None:
        folder = self._folder or self._runs
        self._folder_text.set_text(f"In {folder}")
        self._folder_text.setToolTip(str(folder))

    # ---- user

    @Slot()
    def _on_soon(self) -> None:
        self.lookRequested.emit(self.plan())

    @Slot()
    def _on_network_chosen(self) -> None:
        self._show_network_options()
        if self._summary is not None and self.dataset.currentData() not in DATASETS:
            self.look()  # a folder's images have the size that the network sees

    @Slot(bool)
    def _on_frozen_toggled(self, is_frozen: bool) -> None:
        """Frozen weights are pretrained ones: random ones would see nothing."""
        self.pretrained.setEnabled(not is_frozen)
        if is_frozen:
            self.pretrained.setChecked(True)

    @Slot()
    def _on_design(self) -> None:
        self.designRequested.emit(self._design)

    @Slot()
    def _on_download(self) -> None:
        self.lookRequested.emit(self.plan(download=True))

    @Slot()
    def _on_left_out(self) -> None:
        if self._summary is not None:
            LeftOutDialog(self._summary.left_out, self).open()

    @Slot()
    def _on_choose_data(self) -> None:
        self._choose_folder("A folder that holds a folder of images a class", self.set_dataset_folder)

    @Slot()
    def _on_choose_run(self) -> None:
        self._choose_folder("A new folder for the training", self._set_folder)

    @Slot()
    def _on_open_run(self) -> None:
        self._choose_folder("The folder of a training", self.runRequested.emit)

    def _set_folder(self, folder: Path) -> None:
        self._folder = folder
        self._show_folder()

    def _choose_folder(self, title: str, chosen: object) -> None:
        dialog = folder_dialog(self, title, str(self._runs))
        dialog.fileSelected.connect(lambda name: chosen(Path(name)))  # type: ignore[operator]
        dialog.open()

    @Slot()
    def _on_start(self) -> None:
        unread = field_with_problem(self.form)
        if unread is not None:  # the training would learn with another number than the one that is shown
            unread.point_out()
            return
        plan = self.plan()
        self.startRequested.emit(plan, self._folder or new_name(self._runs, plan))
        self._folder = None
        self._show_folder()


_DESIGN = "design"


def new_name(runs: Path, plan: Plan) -> Path:
    """Return a folder that is not there yet: ``lenet5-mnist-5k``, then ``lenet5-mnist-5k-2``."""
    name = f"{plan.architecture.title}-{Path(plan.dataset).name}".replace(" ", "-")
    number = 1
    while (runs / (name if number == 1 else f"{name}-{number}")).exists():
        number += 1
    return runs / (name if number == 1 else f"{name}-{number}")


def _title(text: str, parent: QWidget) -> QLabel:
    title = label(text, parent, "name")
    title.setMinimumWidth(58)
    return title


def _line(parent: QWidget) -> QFrame:
    line = QFrame(parent)
    line.setFrameShape(QFrame.Shape.VLine)
    line.setProperty("role", "line")
    return line


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(6)
    for widget in widgets:
        is_wide = isinstance(widget, (Choice, ElidedLabel))
        row.addWidget(widget, stretch=1 if is_wide else 0)
    return row


def _told(text: QLabel, *buttons: QWidget) -> QHBoxLayout:
    """Return a row with a text that takes the room, and as many lines as it needs."""
    row = QHBoxLayout()
    row.setSpacing(6)
    row.addWidget(text, stretch=1)
    for button in buttons:
        row.addWidget(button, alignment=Qt.AlignmentFlag.AlignTop)
    return row
