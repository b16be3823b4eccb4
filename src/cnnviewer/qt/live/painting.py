"""Painting a window at once, where that is safe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QThread

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

__all__ = ["is_painting", "paint_at_once"]


def paint_at_once(window: QWidget) -> None:
    """Paint now what has changed in a window: Qt would wait for a while for other changes.

    Where the window is being painted, or an event loop runs within another one, it is left to Qt: whoever runs that
    loop may be in the middle of anything.
    """
    if not is_painting(window) and QThread.currentThread().loopLevel() <= 1:
        QCoreApplication.sendEvent(window, QEvent(QEvent.Type.UpdateRequest))


def is_painting(window: QWidget) -> bool:
    """Whether something has begun to paint on a window, and not ended it."""
    store = window.backingStore()
    device = None if store is None else store.paintDevice()
    return device is not None and device.paintingActive()
