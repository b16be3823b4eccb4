"""Boxes that leave the wheel to what they lie in."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QWidget

__all__ = ["leave_wheel"]


class _Filter(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_passing = event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus()
        if is_passing:
            event.ignore()
        return is_passing or super().eventFilter(watched, event)


def leave_wheel(box: QWidget) -> None:
    """Let the wheel scroll what a box lies in, and not change a number that it happens to pass over."""
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the wheel gives no focus
    box.installEventFilter(_Filter(box))
