"""A table of titled formulas with their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["StepRow", "StepTable"]

_EMPTY = "The next step is accounted for here: its numbers appear as soon as it is taken."


@dataclass(frozen=True)
class StepRow:
    """A row: what it is called, what it means, its formula in numbers (a line each), and what comes out."""

    title: str
    sentence: str
    formula: str
    value: str


class StepTable(QScrollArea):
    """Shows rows one below the other; all text can be selected."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._labels: list[tuple[QLabel, QLabel, QLabel, QLabel]] = []
        self._inside = inside = QWidget(self)
        inside.setObjectName("panel")
        self._grid = QGridLayout(inside)
        self._grid.setContentsMargins(10, 5, 10, 5)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(1, 4)
        self._grid.setColumnStretch(2, 5)
        self._empty = _label(inside, "muted")
        self._empty.setText(_EMPTY)
        self._grid.addWidget(self._empty, 0, 0, 1, 4)
        self.setWidget(inside)

    def show_rows(self, rows: Sequence[StepRow]) -> None:
        """Show these rows; none shows what is to be done."""
        self._empty.setVisible(not rows)
        while len(self._labels) < len(rows):
            self._add_row()
        for place, labels in enumerate(self._labels):
            for label in labels:
                label.setVisible(place < len(rows))
        for labels, row in zip(self._labels, rows, strict=False):
            for label, text in zip(labels, (row.title, row.sentence, row.formula, row.value), strict=True):
                if label.text() != text:
                    label.setText(text)

    @property
    def texts(self) -> tuple[tuple[str, ...], ...]:
        """What is shown, row by row."""
        shown = (labels for labels in self._labels if not labels[0].isHidden())
        return tuple(tuple(label.text() for label in labels) for labels in shown)

    def _add_row(self) -> None:
        inside, number = self._inside, len(self._labels) + 1
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        labels = _label(inside, "name"), _label(inside, "muted"), _label(inside), _label(inside, "name")
        labels[0].setWordWrap(False)
        labels[3].setWordWrap(False)
        for label in labels[2:]:
            fixed.setPointSizeF(max(7.0, self.font().pointSizeF() * 0.92))
            label.setFont(fixed)
        for column, label in enumerate(labels):
            side = Qt.AlignmentFlag.AlignRight if column == 3 else Qt.AlignmentFlag.AlignLeft
            label.setAlignment(side | Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(label, number, column)
        self._grid.setRowStretch(number, 0)
        self._grid.setRowStretch(number + 1, 1)
        self._labels.append(labels)


def _label(parent: QWidget, role: str = "") -> QLabel:
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if role:
        label.setProperty("role", role)
    return label
