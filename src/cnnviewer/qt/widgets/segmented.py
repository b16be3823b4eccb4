"""A row of buttons of which one is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QToolButton, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Segmented"]


class Segmented(QWidget):
    """A row of buttons of which one is chosen; `chosen` tells its text when the user changes it."""

    chosen = Signal(str)

    def __init__(self, options: Sequence[str] = (), parent: QWidget | None = None, tips: Sequence[str] = ()) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._group.buttonClicked.connect(self._on_clicked)
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self._options: tuple[str, ...] = ()
        self.set_options(options, tips)

    @property
    def options(self) -> tuple[str, ...]:
        """The texts of the buttons."""
        return self._options

    def set_options(self, options: Sequence[str], tips: Sequence[str] = ()) -> None:
        """Show these buttons, the first one chosen."""
        if tuple(options) == self._options:
            return
        self._options = tuple(options)
        for button in self._group.buttons():
            self._group.removeButton(button)
            self._layout.removeWidget(button)
            button.hide()
            button.deleteLater()
        for index, option in enumerate(options):
            button = QToolButton(self)
            button.setText(option)
            button.setCheckable(True)
            button.setProperty("segment", True)
            button.setToolTip(tips[index] if index < len(tips) else f"Show {option.lower()}")
            self._group.addButton(button)
            self._layout.addWidget(button)
            button.setChecked(index == 0)

    @property
    def current(self) -> str:
        """The text of the chosen button."""
        button = self._group.checkedButton()
        return button.text() if button else ""

    def set_current(self, option: str) -> None:
        """Choose a button, without telling; none where there is no such button."""
        with QSignalBlocker(self._group):
            self._group.setExclusive(False)  # else the last one that is checked could not be let go
            for button in self._group.buttons():
                button.setChecked(button.text() == option)
            self._group.setExclusive(True)

    def button(self, option: str) -> QAbstractButton | None:
        """Return the button with this text."""
        return next((button for button in self._group.buttons() if button.text() == option), None)

    @Slot(QAbstractButton)
    def _on_clicked(self, button: QAbstractButton) -> None:
        self.chosen.emit(button.text())
