"""The networks of the catalogue as a table that Qt shows, filtered and sorted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont

from cnnviewer.network_reports import WeightsPlace
from cnnviewer.qt.panels.catalogue.search import Search, haystack, ordered, weights_size
from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.numbers import count_text, percent_text
from cnnviewer.sizes import byte_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtCore import QObject

    from cnnviewer.network_reports import CatalogueEntry
    from cnnviewer.qt.panels.catalogue.search import SortKey

__all__ = ["COLUMNS", "CatalogueModel", "Column", "weights_text"]

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Column:
    """A column: its title, what it shows, what it is sorted by, whether that is a number, and the largest is best."""

    title: str
    text: Callable[[CatalogueEntry], str]
    key: SortKey
    is_number: bool = False
    is_best_large: bool = False
    tip: str = ""


def weights_text(entry: CatalogueEntry) -> str:
    """Return where the trained weights are: ``here``, ``45 MB to download``, ``none``."""
    if entry.weights is WeightsPlace.DOWNLOAD and entry.download is not None:
        return f"{byte_text(entry.download)} to download"
    return entry.weights.value


def _size_text(entry: CatalogueEntry) -> str:
    return "" if entry.size is None else f"{entry.size[0]} × {entry.size[1]}"


COLUMNS = (
    Column("Network", lambda entry: entry.name, lambda entry: entry.name.lower()),
    Column("Source", lambda entry: entry.source, lambda entry: entry.source),
    Column("Family", lambda entry: entry.family, lambda entry: entry.family.lower() or None),
    Column("Task", lambda entry: entry.task, lambda entry: entry.task),
    Column(
        "Parameters",
        lambda entry: "" if entry.parameters is None else count_text(entry.parameters),
        lambda entry: entry.parameters,
        is_number=True,
        tip="How many learnt numbers",
    ),
    Column(
        "Input",
        _size_text,
        lambda entry: None if entry.size is None else entry.size[0] * entry.size[1],
        is_number=True,
        tip="Height × width of the image that it takes, in pixels",
    ),
    Column(
        "Top-1",
        lambda entry: "" if entry.top1 is None else percent_text(entry.top1),
        lambda entry: entry.top1,
        is_number=True,
        is_best_large=True,
        tip="How many of ImageNet-1k's validation images the trained weights name right",
    ),
    Column("Trained weights", weights_text, weights_size, is_number=True, tip="Where the trained weights are"),
)


class CatalogueModel(QAbstractTableModel):
    """Networks of the catalogue, those that are looked for.

    It filters and sorts itself: a proxy asks Python twice for each comparison, and 2,000 networks are then not
    filtered between two keystrokes.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: list[tuple[CatalogueEntry, str]] = []
        self._shown: list[CatalogueEntry] = []
        self._search = Search()
        self._column, self._is_descending = -1, False
        self._open_name = ""

    @property
    def shown(self) -> list[CatalogueEntry]:
        """The networks that are looked for, top to bottom."""
        return self._shown

    @property
    def total(self) -> int:
        """How many networks there are."""
        return len(self._all)

    @property
    def search(self) -> Search:
        """What is looked for."""
        return self._search

    def set_entries(self, entries: Sequence[CatalogueEntry]) -> None:
        """Show other networks."""
        self._all = [(entry, haystack(entry)) for entry in entries]
        self._refresh()

    def set_search(self, search: Search) -> None:
        """Show the networks that are looked for."""
        self._search = search
        self._refresh()

    def set_open(self, name: str) -> None:
        """Mark the network that is open."""
        self._open_name = name
        if self._shown:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._shown) - 1, 0))

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; −1 is the catalogue's own order."""
        self._column, self._is_descending = column, order is Qt.SortOrder.DescendingOrder
        self._refresh()

    def _refresh(self) -> None:
        self.beginResetModel()
        found = [entry for entry, words in self._all if self._search.accepts(entry, words)]
        if self._column >= 0:
            found = ordered(found, COLUMNS[self._column].key, self._is_descending)
        self._shown = found
        self.endResetModel()

    # ---- Qt's interface

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Return how many networks are shown."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the titles of the columns, and what they mean."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            arrow = "" if section != self._column else " ▾" if self._is_descending else " ▴"
            return f"{COLUMNS[section].title}{arrow}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return COLUMNS[section].tip or None
        if role == Qt.ItemDataRole.InitialSortOrderRole and COLUMNS[section].is_best_large:
            return Qt.SortOrder.DescendingOrder
        if role == Qt.ItemDataRole.TextAlignmentRole and COLUMNS[section].is_number:
            return _RIGHT
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows."""
        entry, column = self._shown[index.row()], COLUMNS[index.column()]
        is_open = index.column() == 0 and entry.name == self._open_name
        if role == Qt.ItemDataRole.DisplayRole:
            return f"● {column.text(entry)}" if is_open else column.text(entry)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column.is_number else None
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{entry.name}, open now" if is_open else column.text(entry)
        if role == Qt.ItemDataRole.FontRole and is_open:
            return _bold()
        if role == Qt.ItemDataRole.ForegroundRole:
            return _color(entry, index.column(), is_open)
        return None


def _bold() -> QFont:
    font = QFont()
    font.setBold(True)
    return font


def _color(entry: CatalogueEntry, column: int, is_open: bool) -> QColor | None:
    """Return the colour of a cell's text: weights that are here stand out, what is secondary steps back."""
    theme = current_theme()
    is_last = column == len(COLUMNS) - 1
    if is_open or (is_last and entry.weights is WeightsPlace.HERE):
        return QColor(theme.accent)
    return QColor(theme.muted) if is_last or 0 < column < 4 else None
