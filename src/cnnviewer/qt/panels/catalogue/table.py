"""The table of the catalogue: widths of its columns, looks, sorting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeView, QWidget

from cnnviewer.qt.panels.catalogue.cells import CatalogueCells
from cnnviewer.qt.panels.catalogue.model import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.network_reports import CatalogueEntry
    from cnnviewer.qt.panels.catalogue.model import CatalogueModel

__all__ = ["CatalogueTable"]

_PADDING = 22  # left and right of a text, and room for the header's arrow
_WIDEST = 190


class CatalogueTable(QTreeView):
    """Shows the networks, a row each, to be sorted by a click on a title."""

    def __init__(self, model: CatalogueModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setItemDelegate(CatalogueCells(model))
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setAccessibleName("Networks")
        self.setMinimumHeight(200)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSortIndicatorClearable(True)
        self.setSortingEnabled(True)
        header.setSortIndicatorShown(False)  # it would be painted over titles at the right; the model writes its own
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(60)

    def fit_columns(self, entries: Sequence[CatalogueEntry]) -> None:
        """Give each column but the first the width of its longest text; rows that come and go leave it."""
        metrics, header = self.fontMetrics(), self.header()
        for place, column in enumerate(COLUMNS[1:], start=1):
            longest = max((column.text(entry) for entry in entries), key=len, default="")
            widest = max(metrics.horizontalAdvance(text) for text in (longest, f"{column.title} ▾"))
            header.setSectionResizeMode(place, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(place, min(widest, _WIDEST) + _PADDING)
