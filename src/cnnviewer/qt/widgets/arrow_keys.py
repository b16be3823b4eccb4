"""Where the arrow keys lead."""

from __future__ import annotations

from PySide6.QtCore import Qt

__all__ = ["ACROSS_DOWN", "ROW_COLUMN"]

ACROSS_DOWN = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
"""How many steps each goes across and down, as places on the screen are told."""

ROW_COLUMN = {key: (down, across) for key, (across, down) in ACROSS_DOWN.items()}
"""The same as rows and columns, as cells are told."""
