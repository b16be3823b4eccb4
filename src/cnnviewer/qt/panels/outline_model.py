"""The tree of a network's modules and operations, as a model whose rows are made when they are looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QPixmap

from cnnviewer.qt.theme import KIND_COLORS
from cnnviewer.qt.widgets.numbers import count_text, shape_text
from cnnviewer.qt.widgets.styling import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.messages import LayerSummary

__all__ = ["LAYER_ROLE", "Node", "OutlineModel"]

LAYER_ROLE = Qt.ItemDataRole.UserRole + 1
"""The `LayerSummary` of a row; None for a module."""

_HEADERS = ("Layer", "Output", "Weights", "M-adds")
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

_Index = QModelIndex | QPersistentModelIndex


@dataclass(eq=False)
class Node:
    """A row: a module, or a layer, which may have the layers of modules below it."""

    name: str
    parent: Node | None = None
    row: int = 0
    layer: LayerSummary | None = None
    children: list[Node] = field(default_factory=list)

    def add(self, name: str, layer: LayerSummary | None = None) -> Node:
        """Append a row below this one."""
        child = Node(name, self, len(self.children), layer)
        self.children.append(child)
        return child


class OutlineModel(QAbstractItemModel):
    """Modules and layers by their paths, under one row for the network."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._top = Node("")
        self._by_name: dict[str, Node] = {}

    def show_layers(self, network: str, layers: Sequence[LayerSummary]) -> None:
        """Show other layers."""
        self.beginResetModel()
        self._top = Node("")
        root = self._top.add(network)
        self._by_name = {}
        modules = {"": root}
        for layer in layers:
            parent = self._module(layer.name.rpartition(".")[0], modules)
            self._by_name[layer.name] = parent.add(layer.name.rpartition(".")[2], layer)
        self.endResetModel()

    def index_of(self, layer: str) -> QModelIndex:
        """Return the index of a layer; an invalid one where there is none."""
        node = self._by_name.get(layer)
        return QModelIndex() if node is None else self.createIndex(node.row, 0, node)

    def modules(self) -> list[QModelIndex]:
        """Return the indices of the rows that are modules."""
        found, waiting = [], list(self._top.children)
        while waiting:
            node = waiting.pop()
            waiting += node.children
            if node.layer is None:
                found.append(self.createIndex(node.row, 0, node))
        return found

    def _module(self, path: str, modules: dict[str, Node]) -> Node:
        """Return the row of a module, which a layer of the same name may be; it is made where it is missing."""
        node = modules.get(path) or self._by_name.get(path)
        if node is None:
            above, _, name = path.rpartition(".")
            node = self._module(above, modules).add(name)
        modules[path] = node
        return node

    # ---- Qt's interface

    def _node(self, index: _Index) -> Node:
        node: Node = index.internalPointer() if index.isValid() else self._top
        return node

    def index(self, row: int, column: int, parent: _Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        """Return the index of a row below `parent`."""
        children = self._node(parent).children
        return self.createIndex(row, column, children[row]) if 0 <= row < len(children) else QModelIndex()

    def parent(self, index: _Index) -> QModelIndex:  # type: ignore[override]
        """Return the index of the row above."""
        above = self._node(index).parent if index.isValid() else None
        return QModelIndex() if above is None or above is self._top else self.createIndex(above.row, 0, above)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Return how many rows are below `parent`."""
        return len(self._node(parent).children) if parent.column() <= 0 else 0

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Return 4: name, output shape, weights, multiply-adds."""
        return len(_HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the titles of the columns."""
        is_title = orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return _HEADERS[section] if is_title else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows."""
        node, column = self._node(index), index.column()
        layer = node.layer
        if role == Qt.ItemDataRole.DisplayRole:
            return node.name if column == 0 else _number(layer, column)
        if role == LAYER_ROLE:
            return layer
        if role == Qt.ItemDataRole.TextAlignmentRole and column > 0:
            return _RIGHT
        if layer is None or column > 0:
            return None
        if role == Qt.ItemDataRole.DecorationRole:
            return _dot(KIND_COLORS[layer.kind])
        if role == Qt.ItemDataRole.ToolTipRole:
            return literal(f"{layer.name}: {layer.kind}, {layer.settings}")
        return None


def _number(layer: LayerSummary | None, column: int) -> str:
    if layer is None:
        return ""
    if column == 1:
        return shape_text(layer.shape)
    count = layer.parameters if column == 2 else layer.multiply_adds
    return count_text(count) if count else ""


_dots: dict[str, QPixmap] = {}


def _dot(color: str) -> QPixmap:
    """Return a small square in the colour of a kind."""
    if color not in _dots:
        pixmap = QPixmap(9, 9)
        pixmap.fill(QColor(color))
        _dots[color] = pixmap
    return _dots[color]
