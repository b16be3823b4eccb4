"""The network's outline: a tree of modules and operations, to search and to filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QSignalBlocker,
    QSortFilterProxyModel,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from cnnviewer.qt.panels.outline_model import LAYER_ROLE, OutlineModel
from cnnviewer.qt.widgets.numbers import count_text
from cnnviewer.qt.widgets.search_field import SearchField
from cnnviewer.qt.widgets.wheel import Choice
from cnnviewer.sizes import byte_text

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from cnnviewer.messages import LayerSummary, NetworkSummary, RecordingSummary

__all__ = ["NetworkPanel"]

_ALL = "All kinds"
_WIDEST_NAME = 220
_ENOUGH = 0.72  # of the width that names need: more is cut off before the tree scrolls sideways


class NetworkPanel(QWidget):
    """Shows the network as a tree; `layerChosen` tells the layer of a row that the user chose."""

    layerChosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers: tuple[LayerSummary, ...] = ()
        self._has_stepped = False
        self._search = SearchField("Find a layer", self)
        self._search.setToolTip("Enter goes to the layer that is found, and to the next; ↓ into the list")
        self._search.stepped.connect(self._on_stepped)
        self._search.left.connect(self._on_search_left)
        self._kinds = Choice(self)
        self._kinds.setToolTip("Show layers of one kind")
        self._kinds.addItem(_ALL)
        self._kinds.setMinimumContentsLength(11)
        self._model = OutlineModel(self)
        self._proxy = _LayerFilter(self)
        self._proxy.setSourceModel(self._model)
        self._build_tree()
        self._totals = QLabel(self)
        self._totals.setProperty("role", "muted")
        self._totals.setWordWrap(True)
        self._search.textChanged.connect(self._on_filter_changed)
        self._kinds.currentTextChanged.connect(self._on_filter_changed)
        row = QHBoxLayout()
        row.setSpacing(5)
        row.addWidget(self._search, stretch=1)
        row.addWidget(self._kinds)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(9, 8, 9, 8)
        layout.setSpacing(5)
        layout.addLayout(row)
        layout.addWidget(self._tree, stretch=1)
        layout.addWidget(self._totals)

    def show_recording(self, recording: RecordingSummary, network: NetworkSummary | None) -> None:
        """Show the outline of a recording; the tree is built anew only where the layers are others."""
        if recording.layers is not self._layers:
            self._layers = recording.layers
            self._fill("" if network is None else network.name)
        adds = sum(layer.multiply_adds for layer in self._layers)
        parameters = 0 if network is None else network.parameters
        self._totals.setText(
            f"{count_text(parameters)} parameters · {count_text(adds)} multiply-adds · "
            f"{byte_text(recording.nbytes)} of activations"
        )

    def set_selection(self, layer: str) -> None:
        """Choose the row of a layer, and bring it into view."""
        index = self._proxy.mapFromSource(self._model.index_of(layer))
        if index.isValid() and index != self._tree.currentIndex():
            self._tree.setCurrentIndex(index)
            self._tree.scrollTo(index)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the names what the numbers leave."""
        super().resizeEvent(event)
        self._soon.start()

    @Slot()
    def _fit_columns(self) -> None:
        header = self._tree.header()
        if header.count() < 4:
            return
        others = sum(header.sectionSize(column) for column in (1, 2, 3))
        needed = min(self._tree.sizeHintForColumn(0), _WIDEST_NAME)
        left = self._tree.viewport().width() - others - 1
        header.resizeSection(0, left if left >= _ENOUGH * needed else needed)

    @property
    def search(self) -> SearchField:
        """The search field."""
        return self._search

    @property
    def kinds(self) -> Choice:
        """The filter by kind."""
        return self._kinds

    @property
    def tree(self) -> QTreeView:
        """The tree."""
        return self._tree

    def shown_layers(self) -> list[str]:
        """Return the names of the layers whose rows pass the filters, top to bottom."""
        return [name for name in self._names(QModelIndex()) if name]

    def _names(self, parent: QModelIndex) -> list[str]:
        found = []
        for row in range(self._proxy.rowCount(parent)):
            index = self._proxy.index(row, 0, parent)
            layer = index.data(LAYER_ROLE)
            found += ["" if layer is None else layer.name, *self._names(index)]
        return found

    def _build_tree(self) -> None:
        self._tree = QTreeView(self)
        self._tree.setModel(self._proxy)
        self._tree.setUniformRowHeights(True)
        self._tree.setIndentation(11)
        self._tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._tree.setAccessibleName("Network outline")
        self._tree.clicked.connect(self._on_row)
        self._tree.activated.connect(self._on_row)
        header = self._tree.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(30)
        # Once for many columns that take their widths in turn.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._fit_columns)
        header.sectionResized.connect(self._on_section_resized)
        self._tree.verticalScrollBar().rangeChanged.connect(self._on_range_changed)

    def _fill(self, name: str) -> None:
        self._model.show_layers(name or "network", self._layers)
        header = self._tree.header()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        for column in (1, 2, 3):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        kinds = sorted({layer.kind for layer in self._layers})
        with QSignalBlocker(self._kinds):
            self._kinds.clear()
            self._kinds.addItems([_ALL, *kinds])
        self._filter()

    def _filter(self) -> None:
        """Show the rows that pass the filters; unfold what is found."""
        text, kind = self._search.text().strip().lower(), self._kinds.currentText()
        self._proxy.set_filter(text, "" if kind == _ALL else kind)
        for module in self._model.modules():
            index = self._proxy.mapFromSource(module)
            self._tree.setFirstColumnSpanned(index.row(), index.parent(), True)
        if text or kind != _ALL:
            self._tree.expandAll()
        else:
            self._tree.expandToDepth(0 if len(self._layers) > 60 else 3)

    @Slot(str)
    def _on_filter_changed(self, text: str) -> None:
        del text
        self._has_stepped = False
        self._filter()

    @Slot(int)
    def _on_stepped(self, step: int) -> None:
        """Choose the first layer that is found; where one of them is chosen, the next, or the one before."""
        rows = self._rows(QModelIndex())
        if not rows or not self._is_filtered:
            return
        current = self._tree.currentIndex().siblingAtColumn(0)
        place = rows.index(current) + step if current in rows and self._has_stepped else 0
        self._has_stepped = True
        self._choose(rows[place % len(rows)])

    @Slot()
    def _on_search_left(self) -> None:
        """Give the keyboard to the list, at the first layer that is found."""
        rows = self._rows(QModelIndex())
        self._tree.setFocus(Qt.FocusReason.TabFocusReason)
        if rows and (self._is_filtered or not self._tree.currentIndex().isValid()):
            self._tree.setCurrentIndex(rows[0])

    def _choose(self, index: QModelIndex) -> None:
        self._tree.setCurrentIndex(index)
        self._tree.scrollTo(index)
        self._on_row(index)

    def _rows(self, parent: QModelIndex) -> list[QModelIndex]:
        """Return the rows of the layers that pass the filters, top to bottom."""
        found = []
        for row in range(self._proxy.rowCount(parent)):
            index = self._proxy.index(row, 0, parent)
            found += [] if index.data(LAYER_ROLE) is None else [index]
            found += self._rows(index)
        return found

    @property
    def _is_filtered(self) -> bool:
        return bool(self._search.text().strip()) or self._kinds.currentText() != _ALL

    @Slot(int, int)
    def _on_range_changed(self, low: int, high: int) -> None:
        del low, high
        self._soon.start()

    @Slot(int, int, int)
    def _on_section_resized(self, section: int, old: int, new: int) -> None:
        del old, new
        if section > 0:
            self._soon.start()

    @Slot(QModelIndex)
    def _on_row(self, index: QModelIndex) -> None:
        layer = index.siblingAtColumn(0).data(LAYER_ROLE)
        if layer is not None:
            self.layerChosen.emit(layer.name)


class _LayerFilter(QSortFilterProxyModel):
    """Lets the rows through whose layer has the text in its name and is of the kind, and the modules above."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._text = self._kind = ""
        self.setRecursiveFilteringEnabled(True)

    def set_filter(self, text: str, kind: str) -> None:
        self.beginResetModel()
        self._text, self._kind = text, kind
        self.endResetModel()

    def filterAcceptsRow(self, row: int, parent: QModelIndex | QPersistentModelIndex) -> bool:
        if not self._text and not self._kind:
            return True
        index = self.sourceModel().index(row, 0, parent)
        layer = index.data(LAYER_ROLE)
        if layer is None:
            return False
        return self._text in layer.name.lower() and self._kind in ("", layer.kind)
