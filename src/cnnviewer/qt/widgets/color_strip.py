"""A colour map as an image one pixel wide, its high end on top."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from cnnviewer.qt.widgets.images import to_image

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

__all__ = ["color_strip"]


@cache
def color_strip(colormap: str) -> QImage:
    """Return the colours of a map, high end first; grey from black to white for '' (colour filters)."""
    # Not above: numpy and cmap come with the first answer, long after the first paint.
    import numpy as np

    from cnnviewer.rendering.colormaps import LEVELS, color_table
    from cnnviewer.rendering.packing import packed_rgb

    if colormap:
        colors = color_table(colormap)[:LEVELS]
    else:
        grey = np.arange(LEVELS, dtype=np.uint32)
        colors = packed_rgb(grey, grey, grey)
    return to_image(np.ascontiguousarray(colors[::-1].reshape(-1, 1)))
