"""How cells with numbers are painted; `small_cells` paints those that are too small for numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.styling import lightness

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["paint_cell", "paint_frames", "set_cell_font"]

_SMALLEST_READ = 4.8
"""Where the longest number would need a font smaller than this, in points, cells show their colours alone."""


def set_cell_font(painter: QPainter, texts: Iterable[str], side: float) -> bool:
    """Choose the largest font in which the longest text fits into a cell; return whether it can be read."""
    font = painter.font()
    font.setPointSizeF(10.0)
    painter.setFont(font)
    widest = max((painter.fontMetrics().horizontalAdvance(text) for text in texts), default=1)
    fitting = 10.0 * (side - 5) / max(widest, 1)
    font.setPointSizeF(min(11.0, max(6.0, fitting), max(6.0, side * 0.45)))
    painter.setFont(font)
    return fitting >= _SMALLEST_READ


def paint_cell(painter: QPainter, rect: QRectF, text: str, color: QColor | None, *, is_faded: bool) -> None:
    """Paint a cell and its text; without a colour it has the window's. A faded one is struck through."""
    theme = current_theme()
    shown = color or QColor(theme.raised)
    painter.fillRect(rect, QColor(theme.window) if is_faded else shown)
    if is_faded:
        painter.setPen(QPen(QColor(theme.bar), 1))
        painter.drawLine(rect.topLeft() + QPointF(1, 1), rect.bottomRight() - QPointF(1, 1))
    painter.setPen(QPen(QColor(theme.border), 1))
    painter.drawRect(rect)
    if text:
        painter.setPen(QColor(theme.muted) if is_faded else _ink(shown))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def paint_frames(painter: QPainter, frames: Sequence[tuple[QRectF, str]], width: float) -> None:
    """Paint frames of a colour (#rrggbb) each, with a pale edge."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    # The pale edges first: else each would cut into the frame of the cell beside it.
    painter.setPen(QPen(QColor(current_theme().panel), width + 1.6))
    for rect, _ in frames:
        painter.drawRect(rect)
    for rect, color in frames:
        painter.setPen(QPen(QColor(color), width))
        painter.drawRect(rect)


def _ink(color: QColor) -> QColor:
    """Return black or white, whichever can be read on a colour."""
    return QColor("#10141c" if lightness(color) > 0.5 else "#ffffff")
