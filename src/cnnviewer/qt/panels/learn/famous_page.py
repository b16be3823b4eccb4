"""The page "Famous networks"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTextBrowser,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from cnnviewer.lessons.network_messages import FamousAnswer, FamousRequest
from cnnviewer.qt.panels.learn.page import Page, Place
from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.family_chart import FamilyChart
from cnnviewer.qt.widgets.numbers import count_text, percent_text
from cnnviewer.sizes import byte_text

if TYPE_CHECKING:
    from cnnviewer.lessons.network_messages import Family
    from cnnviewer.messages import LessonAnswer, LessonRequest

__all__ = ["FamousPage"]

_COLUMNS = ("Network", "Year", "Layers", "Parameters", "Top-1", "Weights")
_NEWS_LINES = 6
_TIPS = (
    "A click or Enter opens it, where its weights are on this machine",
    "When it was first published",
    "Convolutions and full connections on the longest way through it",
    "How many numbers it has learnt",
    "How many of ImageNet's 50,000 validation photos it classifies rightly: torchvision's weights IMAGENET1K_V1",
    "Whether they are on this machine, or how large the download is",
)


class FamousPage(Page):
    """A table of famous networks, and what each brought.

    `openRequested` tells a name, and weights: "DEFAULT", or None for random ones.
    """

    openRequested = Signal(str, object)

    title = "Famous networks"
    text = """
    <p>Ten networks from LeNet-5, which read cheques, to DenseNet. Each one brought an idea that those after it kept:
    <b>learnt filters, ReLU, small filters upon each other, branches, sums around blocks, all maps of a block for
    all</b>.</p>
    <p>More parameters do not make a better network: <b>GoogLeNet</b> has a twentieth of those of VGG. Depth alone
    does not either: VGG 19 is hardly better than VGG 16, and only the sums of <b>ResNet</b> let 152 layers learn.</p>
    <p><b>Top-1</b> is the share of ImageNet's validation photos whose right class, of a thousand, comes first. The
    numbers are those that torchvision publishes for its first weights; LeNet-5 knows digits only.</p>
    <p><b>Try it.</b> Click a network: where its weights are on this machine it opens in the window. Else the button
    below tells how large the download is, and nothing is downloaded before you press it. With random weights each
    opens at once, and shows how it is built.</p>
    """
    place = Place("convolution", view="Filters", what="convolution")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._families: tuple[Family, ...] = ()
        self._build_table()
        self._build_detail()
        self.chart = FamilyChart(self)
        self.chart.chosen.connect(self._on_point_chosen)
        right = QVBoxLayout()
        right.setSpacing(6)
        right.addWidget(self.chart, stretch=1)
        right.addWidget(self._news)
        buttons = QHBoxLayout()
        buttons.addWidget(self.open)
        buttons.addWidget(self.random)
        left = QVBoxLayout()
        left.addWidget(self.table, stretch=1)
        left.addLayout(buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(14)
        row.addLayout(left)
        row.addLayout(right, stretch=1)

    def refresh(self) -> None:
        """Ask for the networks."""
        self._show_current()
        self.requested.emit(FamousRequest())

    def show_answer(self, request: LessonRequest, answer: LessonAnswer) -> None:
        """Show the networks; the one that was chosen stays so."""
        if not isinstance(answer, FamousAnswer) or answer.families == self._families:
            return
        current = self.current
        self._families = answer.families
        self.table.clear()
        for family in answer.families:
            self.table.addTopLevelItem(_row(family))
        self.chart.show_families(answer.families)
        self.choose(answer.families[0].name if current is None else current.name)

    @property
    def current(self) -> Family | None:
        """The network that is chosen."""
        index = self.table.currentIndex().row()
        return self._families[index] if 0 <= index < len(self._families) else None

    @Slot(str)
    def choose(self, name: str) -> None:
        """Choose a network by its name."""
        names = [family.name for family in self._families]
        row = self.table.topLevelItem(names.index(name)) if name in names else None
        if row is not None:
            self.table.setCurrentItem(row)

    @property
    def news(self) -> str:
        """What is told of the network that is chosen."""
        return self._news.toPlainText()

    # ---- building

    def _build_table(self) -> None:
        self.table = QTreeWidget(self)
        self.table.setColumnCount(len(_COLUMNS))
        self.table.setHeaderLabels(_COLUMNS)
        head = self.table.headerItem()
        for column, tip in enumerate(_TIPS):
            head.setToolTip(column, tip)
            if column:
                head.setTextAlignment(column, Qt.AlignmentFlag.AlignRight)
        self.table.setRootIsDecorated(False)
        self.table.setAccessibleName("Famous networks")
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = self.table.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setFixedWidth(400)
        self.table.currentItemChanged.connect(self._show_current)
        self.table.clicked.connect(self._on_clicked)
        self.table.installEventFilter(self)

    def _build_detail(self) -> None:
        self._news = QTextBrowser(self)
        self._news.setFrameShape(QFrame.Shape.NoFrame)
        self._news.setFixedHeight(_NEWS_LINES * self.fontMetrics().height() + 8)
        self._news.document().setDocumentMargin(2)
        self._news.setAccessibleName("What was new")
        self.open = QPushButton("Open", self)
        self.open.setObjectName("primary")
        self.open.clicked.connect(self._on_open)
        self.random = QPushButton("With random weights", self)
        self.random.setToolTip("It shows how the network is built; its answers mean nothing")
        self.random.clicked.connect(self._on_random)

    # ---- user

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Open the network that is chosen on Enter."""
        is_key = watched is self.table and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent)
        if is_key and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):  # type: ignore[attr-defined]
            if not self._open_if_here():
                self.open.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return True
        return super().eventFilter(watched, event)  # type: ignore[arg-type]

    @Slot()
    def _show_current(self) -> None:
        family = self.current
        if family is None:
            return
        top1 = "" if family.top1 is None else f" · top-1 {percent_text(family.top1)}"
        self._news.setHtml(
            f"<b>{family.title}, {family.year}{top1}</b><br>{family.news}"
            f"<p style='color: {current_theme().muted}; margin-top: 4px'>{family.paper}</p>"
        )
        self.open.setText(_open_text(family))
        self.open.setToolTip(_open_tip(family))
        self.chart.set_current(family.name)

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        self._open_if_here()

    @Slot(str)
    def _on_point_chosen(self, name: str) -> None:
        self.choose(name)
        self._open_if_here()

    def _open_if_here(self) -> bool:
        """Open a network whose weights are here; of another the button tells how large the download is."""
        is_here = self.current is not None and self.current.is_local
        if is_here:
            self._on_open()
        return is_here

    @Slot()
    def _on_open(self) -> None:
        if self.current is not None:
            self.openRequested.emit(self.current.name, "DEFAULT")

    @Slot()
    def _on_random(self) -> None:
        if self.current is not None:
            self.openRequested.emit(self.current.name, None)


def _row(family: Family) -> QTreeWidgetItem:
    top1 = "digits" if family.top1 is None else percent_text(family.top1)
    weights = "here" if family.is_local else byte_text(family.download)
    texts = [family.title, str(family.year), str(family.depth), count_text(family.parameters), top1, weights]
    row = QTreeWidgetItem(texts)
    for column in range(1, len(texts)):
        row.setTextAlignment(column, Qt.AlignmentFlag.AlignRight)
    row.setToolTip(3, f"{family.parameters:,}")
    return row


def _open_text(family: Family) -> str:
    if family.is_local:
        return "Open, weights are here"
    return f"Download {byte_text(family.download)}, open"


def _open_tip(family: Family) -> str:
    if not family.opened:
        return "Its weights ship with the program: they are on this machine"
    share = "" if family.opened_top1 is None else f", top-1 {percent_text(family.opened_top1)}"
    where = "are on this machine" if family.is_local else f"have {byte_text(family.download)} and are downloaded once"
    return f"torchvision's weights {family.opened}{share}; they {where}"
