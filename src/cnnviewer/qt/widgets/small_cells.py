"""Cells that are too small for numbers: all of a grid at once, since there may be hundreds of thousands."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen

from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.images import to_image

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cnnviewer.messages import Pixels

__all__ = ["paint_small_cells", "runs_of"]

_SMALLEST_FOR_LINES = 8.0
"""Between smaller cells lines would hide the colours."""


def runs_of(cells: Iterable[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Return cells (row, column) as runs: row, first column, how many lie side by side."""
    found = []
    # What lies side by side has the same distance from its place in the order.
    for (row, _), run in groupby(enumerate(sorted(cells)), key=lambda item: (item[1][0], item[1][1] - item[0])):
        members = [cell for _, cell in run]
        found.append((row, members[0][1], len(members)))
    return found


def paint_small_cells(
    painter: QPainter,
    whole: QRectF,
    shape: tuple[int, int],
    pixels: Pixels | None,
    faded: Iterable[tuple[int, int, int]],
) -> None:
    """Paint the cells of a grid of `shape` over `whole`, by nearest neighbour; `faded` are runs of hatched ones."""
    theme, (rows, columns) = current_theme(), shape
    side = whole.width() / columns
    painter.fillRect(whole, QColor(theme.raised))
    if pixels is not None:
        painter.drawImage(whole, to_image(pixels if pixels.flags.c_contiguous else pixels.copy(), has_alpha=True))
    for row, column, count in faded:
        run = QRectF(whole.left() + column * side, whole.top() + row * side, count * side, side)
        painter.fillRect(run, QColor(theme.window))
        painter.fillRect(run, QBrush(QColor(theme.bar), Qt.BrushStyle.FDiagPattern))
    painter.setPen(QPen(QColor(theme.border), 1))
    if side >= _SMALLEST_FOR_LINES:
        across = [whole.left() + column * side for column in range(1, columns)]
        down = [whole.top() + row * side for row in range(1, rows)]
        painter.drawLines([QLineF(x, whole.top(), x, whole.bottom()) for x in across])
        painter.drawLines([QLineF(whole.left(), y, whole.right(), y) for y in down])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(whole)
