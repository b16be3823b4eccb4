"""The network's outline: a tree of modules and operations, to search and to filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QPixmap, QResizeEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from cnnviewer.qt.theme import KIND_COLORS
from cnnviewer.qt.widgets.numbers import byte_text, count_text, shape_text

if TYPE_CHECKING:
    from cnnviewer.messages import LayerSummary, NetworkSummary, RecordingSummary

__all__ = ["NetworkPanel"]

_NAME = Qt.ItemDataRole.UserRole + 1
_KIND = Qt.ItemDataRole.UserRole + 2
_ALL = "All kinds"
_WIDEST_NAME = 220


class NetworkPanel(QWidget):
    """Shows the network as a tree; `layerChosen` tells the layer of a row that the user chose."""

    layerChosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: dict[str, QStandardItem] = {}
        self._layers: tuple[LayerSummary, ...] = ()
        self._spanned: list[QStandardItem] = []
        self._search = QLineEdit(self)
        self._search.setPlaceholderText("Find a layer")
        self._search.setClearButtonEnabled(True)
        self._kinds = QComboBox(self)
        self._kinds.setToolTip("Show layers of one kind")
        self._kinds.addItem(_ALL)
        self._kinds.setMinimumContentsLength(11)
        self._model = QStandardItemModel(self)
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
        item = self._items.get(layer)
        if item is None:
            return
        index = self._proxy.mapFromSource(item.index())
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
        header.resizeSection(0, max(needed, self._tree.viewport().width() - others - 1))

    @property
    def search(self) -> QLineEdit:
        """The search field."""
        return self._search

    @property
    def kinds(self) -> QComboBox:
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
            found += [index.data(_NAME), *self._names(index)]
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
        self._model.clear()
        self._model.setHorizontalHeaderLabels(["Layer", "Output", "Weights", "M-adds"])
        root = _row(name or "network", ("", "", ""))
        self._model.appendRow(root)
        self._spanned = [root[0]]
        self._items = {"": root[0]}
        folders: dict[str, QStandardItem] = {"": root[0]}
        for layer in self._layers:
            self._append(layer, folders)
        for item in self._spanned:
            index = self._proxy.mapFromSource(item.index())
            self._tree.setFirstColumnSpanned(index.row(), index.parent(), True)
        header = self._tree.header()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        for column in (1, 2, 3):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        kinds = sorted({layer.kind for layer in self._layers})
        self._kinds.clear()
        self._kinds.addItems([_ALL, *kinds])
        self._tree.expandToDepth(0 if len(self._layers) > 60 else 3)

    def _append(self, layer: LayerSummary, folders: dict[str, QStandardItem]) -> None:
        """Put a layer below the modules of its path."""
        parts = layer.name.split(".")
        parent, path = folders[""], ""
        for part in parts[:-1]:
            path = f"{path}.{part}" if path else part
            if path not in folders:
                below = self._items.get(path)
                if below is None:
                    row = _row(part, ("", "", ""))
                    parent.appendRow(row)
                    below = row[0]
                    self._spanned.append(below)
                folders[path] = below
            parent = folders[path]
        numbers = (
            shape_text(layer.shape),
            count_text(layer.parameters) if layer.parameters else "",
            count_text(layer.multiply_adds) if layer.multiply_adds else "",
        )
        row = _row(parts[-1], numbers)
        row[0].setData(layer.name, _NAME)
        row[0].setData(layer.kind, _KIND)
        row[0].setIcon(_dot(KIND_COLORS[layer.kind]))
        row[0].setToolTip(f"{layer.name}: {layer.kind}, {layer.settings}")
        parent.appendRow(row)
        self._items[layer.name] = row[0]

    @Slot(str)
    def _on_filter_changed(self, text: str) -> None:
        del text
        kind = self._kinds.currentText()
        self._proxy.set_filter(self._search.text().strip().lower(), "" if kind == _ALL else kind)
        if self._search.text() or kind != _ALL:
            self._tree.expandAll()

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
        name = index.siblingAtColumn(0).data(_NAME)
        if name:
            self.layerChosen.emit(name)


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
        name = index.data(_NAME)
        if not name:
            return False
        return self._text in name.lower() and (not self._kind or index.data(_KIND) == self._kind)


def _row(name: str, numbers: tuple[str, str, str]) -> list[QStandardItem]:
    items = [QStandardItem(name), *(QStandardItem(number) for number in numbers)]
    for item in items[1:]:
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return items


_dots: dict[str, QPixmap] = {}


def _dot(color: str) -> QPixmap:
    """Return a small square in the colour of a kind."""
    if color not in _dots:
        pixmap = QPixmap(9, 9)
        pixmap.fill(QColor(color))
        _dots[color] = pixmap
    return _dots[color]
