"""The keys that close a window, for dialogs: those of the window behind them do nothing while one is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence, QShortcut

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDialog

__all__ = ["CLOSE_KEY", "add_close_key"]

CLOSE_KEY = "Ctrl+W"


def add_close_key(dialog: QDialog) -> None:
    """Let Ctrl+W close a dialog, as Escape does."""
    QShortcut(QKeySequence(CLOSE_KEY), dialog).activated.connect(dialog.reject)
