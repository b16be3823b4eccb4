"""How large the window is when it is opened for the first time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize

if TYPE_CHECKING:
    from PySide6.QtGui import QScreen
    from PySide6.QtWidgets import QWidget

__all__ = ["USUAL_SIZE", "first_size", "least_size"]

USUAL_SIZE = (1280, 800)
"""Width and height where the screen is large enough, in device-independent pixels."""

_FRAME = QSize(8, 40)
"""What the desktop draws around the window, at most: its place is not known before it is shown."""


_LEAST = QSize(50, 35)
"""Width and height at least, in lines of text: each panel shows a part of itself then."""


def least_size(window: QWidget) -> QSize:
    """Return how small the window may become: about 700 by 490 pixels with the usual font."""
    metrics = window.fontMetrics()
    least = QSize(_LEAST.width() * metrics.height(), _LEAST.height() * metrics.height())
    return least.boundedTo(first_size(window.screen()))


def first_size(screen: QScreen) -> QSize:
    """Return the usual size, or what a smaller screen leaves beside its task bar."""
    return QSize(*USUAL_SIZE).boundedTo(screen.availableGeometry().size() - _FRAME)
