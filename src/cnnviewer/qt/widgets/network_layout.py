"""Where the tiles of a network's picture lie."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.lessons.network_messages import NetworkColumn

__all__ = ["ColumnLayout", "has_names", "lay_out_columns"]

_GAP = 2
_LARGEST_TILE, _LARGEST_UNIT = 96.0, 15.0
_NAMED_ROW = 24.0
_NAMED_MOST = 24
"""How many tiles with names a column has at most for the names to be written."""
_FULL = 0.75
"""Tiles may be smaller by this for the last row to be as long as the others."""
_BETWEEN = 0.3
"""How much of a column's width is left free for the links."""


@dataclass(frozen=True)
class ColumnLayout:
    """A column's place from left to right, its tiles' places, and whether their names are written beside them."""

    left: float
    width: float
    tiles: tuple[QRectF, ...]
    has_names: bool

    def tile_at(self, x: float, y: float) -> int | None:
        """Return which tile lies at a place."""
        return next((index for index, rect in enumerate(self.tiles) if rect.contains(x, y)), None)


def lay_out_columns(columns: Sequence[NetworkColumn], area: QRectF, named_width: float) -> tuple[ColumnLayout, ...]:
    """Return where the columns lie in an area.

    Those whose tiles' names are written are `named_width` wide, the others share what is left.
    """
    named = [has_names(column) for column in columns]
    left_over = area.width() - named_width * sum(named)
    usual = max(12.0, left_over / max(1, len(columns) - sum(named)))
    found, left = [], area.left()
    for column, is_named in zip(columns, named, strict=True):
        width = named_width if is_named else usual
        inside = QRectF(left + width * _BETWEEN / 2, area.top(), width * (1 - _BETWEEN), area.height())
        if is_named:
            inside = QRectF(left + usual * _BETWEEN / 2, area.top(), width - usual * _BETWEEN / 2, area.height())
        found.append(ColumnLayout(left, width, _tiles(column, inside, is_named), is_named))
        left += width
    return tuple(found)


def has_names(column: NetworkColumn) -> bool:
    """Whether the names of a column's tiles are written beside them."""
    return bool(column.names) and column.is_units and len(column.names) <= _NAMED_MOST


def _tiles(column: NetworkColumn, inside: QRectF, is_named: bool) -> tuple[QRectF, ...]:
    count = len(column.values)
    if is_named:
        row = min(_NAMED_ROW, inside.height() / count)
        top = inside.top() + (inside.height() - row * count) / 2
        return tuple(QRectF(inside.left(), top + index * row, inside.width(), row - _GAP) for index in range(count))
    height, width = column.values.shape[1:]
    ratio = height / width
    largest = _LARGEST_UNIT if column.is_units else _LARGEST_TILE
    ways = [(columns, _tile_width(inside, columns, ceil(count / columns), ratio)) for columns in range(1, count + 1)]
    across, wide = max(ways, key=lambda found: min(found[1], largest))
    full = [way for way in ways if count % way[0] == 0 and min(way[1], largest) >= _FULL * min(wide, largest)]
    across, wide = max(full, key=lambda found: min(found[1], largest), default=(across, wide))
    wide = max(1.0, min(wide, largest))
    high, rows = wide * ratio, ceil(count / across)
    left = inside.left() + (inside.width() - across * (wide + _GAP) + _GAP) / 2
    top = inside.top() + (inside.height() - rows * (high + _GAP) + _GAP) / 2
    return tuple(
        QRectF(left + index % across * (wide + _GAP), top + index // across * (high + _GAP), wide, high)
        for index in range(count)
    )


def _tile_width(inside: QRectF, across: int, rows: int, ratio: float) -> float:
    """Return how wide a tile can be where so many stand side by side and below each other."""
    return min((inside.width() + _GAP) / across - _GAP, ((inside.height() + _GAP) / rows - _GAP) / ratio)
