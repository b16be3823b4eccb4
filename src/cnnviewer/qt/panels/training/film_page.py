"""The film of a training: drag through its moments, play it, compare two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cnnviewer.categories import category_name
from cnnviewer.qt.panels.answer_rows import probability_bar
from cnnviewer.qt.widgets.bar_list import Bar, BarList
from cnnviewer.qt.widgets.elided_label import ElidedLabel
from cnnviewer.qt.widgets.styling import label
from cnnviewer.qt.widgets.time_line import TimeLine

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FilmPage"]

_COUNT = 4
_HINT = "Hold a moment, and each card shows it beside the moment of the time line, both on one scale."


class FilmPage(QWidget):
    """The time line, and the class probabilities of the moment that is held beside those of the one shown."""

    momentRequested = Signal(int)
    liveRequested = Signal()
    holdRequested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = TimeLine(self)
        self.line.moved.connect(self.momentRequested)
        self.line.liveRequested.connect(self.liveRequested)
        self.line.heldChanged.connect(self.holdRequested)
        hint = ElidedLabel(self, role="muted")
        hint.set_text(_HINT)
        self._titles = [label("", self, "name") for _ in range(2)]
        self._bars = [BarList(self) for _ in range(2)]
        row = QHBoxLayout()
        row.setSpacing(16)
        for title, bars in zip(self._titles, self._bars, strict=True):
            column = QVBoxLayout()
            column.setSpacing(2)
            column.addWidget(title)
            column.addWidget(bars)
            row.addLayout(column, stretch=1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(4)
        layout.addWidget(self.line)
        layout.addWidget(hint)
        layout.addLayout(row)
        layout.addStretch(1)

    def let_go(self) -> None:
        """Hold no moment any more, without telling, and show none: another network is there."""
        self.line.set_held(None)
        self.line.set_ready()
        self.show_probabilities(None, None, ())

    def show_probabilities(
        self,
        held: tuple[str, Sequence[float]] | None,
        shown: tuple[str, Sequence[float]] | None,
        categories: Sequence[str],
    ) -> None:
        """Show the class probabilities of two moments, each with its title; classes in the order of the shown one."""
        order: list[int] = []
        if shown is not None:
            order = sorted(range(len(shown[1])), key=lambda index: -shown[1][index])[:_COUNT]
        for title, bars, moment in zip(self._titles, self._bars, (held, shown), strict=True):
            title.setVisible(moment is not None)
            bars.setVisible(moment is not None)
            if moment is not None:
                title.setText(moment[0])
                values = moment[1]
                bars.show_bars([_bar(index, values, categories) for index in order if index < len(values)])


def _bar(index: int, values: Sequence[float], categories: Sequence[str]) -> Bar:
    return probability_bar(category_name(categories, index), values[index], index)
