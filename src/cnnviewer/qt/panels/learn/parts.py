"""What several pages are put together of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from cnnviewer.qt.widgets.numbers import value_text
from cnnviewer.qt.widgets.styling import label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.lessons.messages import Numbers, WindowSum

__all__ = ["Sentence", "changed", "factor_text", "number_text", "sign", "sum_text", "terms_text", "titled"]


def titled(title: str, *widgets: QWidget, parent: QWidget) -> QVBoxLayout:
    """Return a column: a title, and below it widgets that share the room."""
    column = QVBoxLayout()
    column.setSpacing(4)
    column.addWidget(label(title, parent, "name"), alignment=Qt.AlignmentFlag.AlignHCenter)
    for widget in widgets:
        column.addWidget(widget, stretch=1)
    return column


def sign(text: str, parent: QWidget) -> QLabel:
    """Return a large sign that stands between two grids."""
    made = label(text, parent)
    font = made.font()
    font.setPointSizeF(font.pointSizeF() * 1.6)
    made.setFont(font)
    return made


class Sentence(QLabel):
    """A sentence that changes, with room for so many lines."""

    def __init__(self, parent: QWidget, lines: int = 2) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 2)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def hasHeightForWidth(self) -> bool:
        """Its height is known: one that depends on the width would give all grids beside it their largest size."""
        return False


def changed(numbers: Numbers, row: int, column: int, value: float) -> Numbers:
    """Return rows of numbers with one changed."""
    rows = [list(line) for line in numbers]
    rows[row][column] = value
    return tuple(map(tuple, rows))


def sum_text(found: WindowSum) -> str:
    """Return ``1·1 + 1·0 + ... = 4``."""
    pairs: Sequence[tuple[float, float]] = [
        pair
        for values, weights in zip(found.values, found.weights, strict=True)
        for pair in zip(values, weights, strict=True)
    ]
    return f"{terms_text(pairs)} = <b>{number_text(found.total)}</b>"


def terms_text(pairs: Sequence[tuple[float, float]]) -> str:
    """Return ``−1·1 + 2·(−3) + ...``: a negative number behind a sign stands in brackets."""
    terms = [f"{factor_text(value)}·{factor_text(weight)}" for value, weight in pairs]
    first = f"{number_text(pairs[0][0])}·{factor_text(pairs[0][1])}"
    return " + ".join([first, *terms[1:]])


def number_text(value: float) -> str:
    """Return a whole number as such, others with three digits."""
    return f"{value:.0f}".replace("-", "−") if float(value).is_integer() else value_text(value)


def factor_text(value: float) -> str:
    """Return a number that stands behind a sign: a negative one in brackets."""
    return f"({number_text(value)})" if value < 0 else number_text(value)
