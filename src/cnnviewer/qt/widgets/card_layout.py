"""Where the pictures of a card lie: sizes in logical pixels, worked out without a widget."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from cnnviewer.messages import View

if TYPE_CHECKING:
    from cnnviewer.messages import LayerSummary

__all__ = [
    "BAR_COUNT",
    "BAR_HEIGHT",
    "CARD_CHROME",
    "COLOR_BAR_WIDTH",
    "GAP",
    "MARGIN",
    "BodyLayout",
    "body_layout",
]

GAP = 3
MARGIN = 10
HEADER = 58
COLOR_BAR_WIDTH = 74
CARD_CHROME = HEADER + MARGIN + 2
BAR_COUNT = 6
BAR_HEIGHT = 20
ARROW = 18
_COLLAPSED_ROWS = 2
_STRIP_HEIGHT, _COLLAPSED_STRIPS = 12, 8
_LOWEST_BODY = 46


@dataclass(frozen=True)
class BodyLayout:
    """How the pictures of a card are laid out.

    Parameters
    ----------
    view
        What is shown.
    total
        How many pictures there are; `shown` of them are laid out.
    columns, rows
        The grid.
    tile
        Width and height of one picture (of the map before and the pooled map each, where pooling is shown).
    cell
        Width and height of the grid's cell, without the gap.
    height
        Of the whole body.
    is_paired
        Whether a cell shows two pictures: before pooling and after, or the moment that is held and that of now.
    """

    view: View
    total: int
    shown: int
    columns: int
    rows: int
    tile: tuple[int, int]
    cell: tuple[int, int]
    height: int
    is_paired: bool = False

    @property
    def is_cut(self) -> bool:
        """Whether some pictures are left out until the card is unfolded."""
        return self.shown < self.total


def body_layout(
    layer: LayerSummary, view: View, width: int, tile: int, unfolded: bool, is_held: bool = False
) -> BodyLayout:
    """Lay out a card's body of `width` pixels, colour bar included, with pictures about `tile` pixels wide."""
    across = max(width - 2 * MARGIN - COLOR_BAR_WIDTH, 40)
    if view is View.BARS:
        return _fixed(view, BAR_COUNT, BAR_COUNT * BAR_HEIGHT)
    if view is View.CELLS:
        return _cells(layer, across, tile, unfolded)
    if view is View.WEIGHTS:
        return _fixed(view, 1, max(64, 2 * tile))
    return _grid(layer, view, across, tile, unfolded, is_held or view is View.POOLED)


def _fixed(view: View, total: int, height: int) -> BodyLayout:
    return BodyLayout(view, total, total, 1, total, (0, 0), (0, 0), height)


def _cells(layer: LayerSummary, across: int, tile: int, unfolded: bool) -> BodyLayout:
    count = layer.maps * layer.map_shape[0] * layer.map_shape[1]
    side = min(tile, across // max(count, 1)) if count <= 24 else max(5, min(tile // 6, 24))
    columns = max(1, min(count, across // side))
    all_rows = ceil(count / columns)
    rows = all_rows if unfolded else min(all_rows, max(1, 120 // side))
    shown = min(count, rows * columns)
    height = max(rows * side, _LOWEST_BODY)
    return BodyLayout(View.CELLS, count, shown, columns, rows, (side, side), (side, side), height)


def _grid(layer: LayerSummary, view: View, across: int, tile: int, unfolded: bool, is_paired: bool) -> BodyLayout:
    total, (rows, columns) = layer.maps, layer.map_shape
    if view is View.FILTERS:
        total, (rows, columns) = layer.kernels, layer.kernel_shape
        tile = _kernel_tile(tile, columns)
    if total == 1 and view is not View.FILTERS:
        tile = min(max(tile * 3, 96), across) if rows > 4 else across
    is_strip = view is View.MAPS and rows == 1 and columns > 1 and total > 1
    if is_strip:  # as wide as it can be: its units are to be seen
        tile = across
    if is_paired:
        tile = min(tile, (across - ARROW) // 2)
    wide = min(tile, across)
    high = _STRIP_HEIGHT if is_strip else min(max(round(wide * rows / max(columns, 1)), 6), 3 * tile)
    cell = (2 * wide + ARROW, high) if is_paired else (wide, high)
    per_row = max(1, (across + GAP) // (cell[0] + GAP + (GAP if is_paired else 0)))
    all_rows = ceil(total / per_row)
    collapsed = _COLLAPSED_STRIPS if is_strip else _COLLAPSED_ROWS if high <= 96 else 1
    shown_rows = all_rows if unfolded else min(all_rows, collapsed)
    height = max(shown_rows * (high + GAP) - GAP, _LOWEST_BODY)
    shown = min(total, shown_rows * per_row)
    return BodyLayout(view, total, shown, per_row, shown_rows, (wide, high), cell, height, is_paired)


def _kernel_tile(tile: int, columns: int) -> int:
    """Return the width of a kernel's picture: about the tile's, a whole number of pixels a weight."""
    if columns == 1:
        return max(8, tile // 4)
    return max(columns * max(1, round(tile * 0.8 / columns)), columns)
