"""`FeaturePresenter`: what the presenters of the panels below the layers have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDockWidget

__all__ = ["FeaturePresenter"]


class FeaturePresenter(QObject):
    """Connects the panel of a feature with the session; `dock` is where the panel lies."""

    dock: QDockWidget

    @property
    def memory(self) -> str:
        """What is remembered of the panel over a restart; '' for nothing but that it is open."""
        return ""

    def recall(self, memory: str) -> None:
        """Show again what was remembered; it may be damaged, or of what is not there any more."""

    def show_caution(self, caution: str) -> None:
        """Tell where class probabilities are read what they are not to be taken for; '' for nothing."""

    def end_workers(self) -> None:
        """End the threads that are its own."""
