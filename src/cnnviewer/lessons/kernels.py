"""Kernels that everyone knows from image editors. No torch here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnviewer.lessons.messages import Numbers

__all__ = ["HORIZONTAL_EDGES", "KERNELS", "VERTICAL_EDGES"]

KERNELS: dict[str, Numbers] = {
    "identity": ((0, 0, 0), (0, 1, 0), (0, 0, 0)),
    "sharpen": ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
    "blur": ((1 / 9,) * 3,) * 3,
    "edges": ((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
    "emboss": ((-2, -1, 0), (-1, 1, 1), (0, 1, 2)),
}

# Sobel and Feldman (1968).
VERTICAL_EDGES: Numbers = ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
HORIZONTAL_EDGES: Numbers = ((-1, -2, -1), (0, 0, 0), (1, 2, 1))
