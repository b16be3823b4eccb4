"""A bar that shows how far something is, and is painted with the rest of the window."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar, QWidget

__all__ = ["ProgressLine"]


class ProgressLine(QProgressBar):
    """A thin bar without a text.

    Qt's own paints itself, and all else in the window that waits to be painted, within `setValue`: each step of a
    training would hold the window for a paint of it, and a paint may be under way already.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextVisible(False)

    def show_progress(self, done: int, total: int) -> None:
        """Show how much is done; a total of 0 shows that something goes on."""
        # A widget that is not to be updated is not painted; it waits for its turn when it is again.
        self.setUpdatesEnabled(False)
        self.setRange(0, total)
        self.setValue(done)
        self.setUpdatesEnabled(True)
