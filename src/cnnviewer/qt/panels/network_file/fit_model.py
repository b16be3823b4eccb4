"""The tensors of an architecture beside those of a file, as a table that Qt shows."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.numbers import shape_text
from cnnviewer.qt.widgets.styling import literal

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

    from cnnviewer.network_reports import Fit, FitRow

__all__ = ["FitModel", "State", "counts_text", "state_of"]

_HEADERS = ("Tensor", "Wanted", "In the file", "")
_TIPS = (
    "Its name in the architecture, or in the file",
    "The shape that the architecture wants",
    "The shape in the file",
    "How they agree",
)
_Index = QModelIndex | QPersistentModelIndex


class State(Enum):
    """How a tensor of an architecture and one of a file agree: what the table says, and what the counts say."""

    MATCH = ("✓ fits", "{} fit")
    SHAPE = ("≠ other shape", "{} of another shape")
    MISSING = ("− missing in the file", "{} missing in the file")
    UNEXPECTED = ("+ has no place", "{} without a place in the architecture")
    LEFT = ("· left over", "{} left over, no part of the network")

    @property
    def sign(self) -> str:
        """What the table says."""
        return str(self.value[0])

    def count_text(self, count: int) -> str:
        """Return what the counts say."""
        return str(self.value[1]).format(f"{count:,}")


def state_of(row: FitRow) -> State:
    """Return how the tensors of a row agree."""
    if row.is_match:
        return State.MATCH
    if row.is_left:
        return State.LEFT
    if row.wanted is None:
        return State.UNEXPECTED
    return State.MISSING if row.found is None else State.SHAPE


def counts_text(fit: Fit) -> str:
    """Return how many tensors agree, and how many do not in which way: ``50 fit · 2 of another shape``."""
    states = [state_of(row) for row in fit.rows]
    return " · ".join(state.count_text(states.count(state)) for state in State if state in states)


class FitModel(QAbstractTableModel):
    """The rows of a fit, or those of them that do not fit."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[FitRow, ...] = ()

    @property
    def rows(self) -> tuple[FitRow, ...]:
        """The rows shown, top to bottom."""
        return self._rows

    def show_fit(self, fit: Fit | None, *, only_misfits: bool) -> None:
        """Show another fit."""
        self.beginResetModel()
        rows = () if fit is None else fit.rows
        self._rows = tuple(row for row in rows if not (only_misfits and row.is_match))
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Return how many tensors are shown."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Return 4: name, shape that is wanted, shape in the file, how they agree."""
        return 0 if parent.isValid() else len(_HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the titles of the columns."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        texts = {Qt.ItemDataRole.DisplayRole: _HEADERS, Qt.ItemDataRole.ToolTipRole: _TIPS}.get(Qt.ItemDataRole(role))
        return None if texts is None else texts[section]

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows."""
        row = self._rows[index.row()]
        state = state_of(row)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            text = (row.key, _shape(row.wanted), _shape(row.found), _sign(row))[index.column()]
            return text if role == Qt.ItemDataRole.DisplayRole else literal(text)
        if role == Qt.ItemDataRole.ForegroundRole:
            theme = current_theme()
            if state not in (State.MATCH, State.LEFT):
                return QColor(theme.warning)
            return QColor(theme.muted) if index.column() == 3 or state is State.LEFT else None
        return None


def _sign(row: FitRow) -> str:
    """Return how the tensors of a row agree, and what the file calls its own where that is another name."""
    sign = state_of(row).sign
    return f"{sign}: {row.source}" if row.source else sign


def _shape(shape: tuple[int, ...] | None) -> str:
    if shape is None:
        return "–"
    return shape_text(shape) if shape else "one number"
