"""A row of buttons of which one is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QMenu, QToolButton, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Segmented"]


class Segmented(QWidget):
    """A row of buttons of which one is chosen; `chosen` tells its text when the user changes it.

    Options that would be too many for the row fold into one button with a menu.
    """

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
        self._fold: QToolButton | None = None
        self._fold_title = self._folded = ""
        self.set_options(options, tips)

    @property
    def options(self) -> tuple[str, ...]:
        """The texts of the buttons, and of what is folded."""
        return self._options

    def set_options(
        self, options: Sequence[str], tips: Sequence[str] = (), fold_from: int | None = None, fold_title: str = ""
    ) -> None:
        """Show these buttons, the first one chosen; those from a place on in the menu of one with a title."""
        if tuple(options) == self._options:
            return
        self._options = tuple(options)
        for button in self._group.buttons():
            self._group.removeButton(button)
            self._layout.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._fold, self._folded, self._fold_title = None, "", fold_title
        for index, option in enumerate(options[:fold_from]):
            button = QToolButton(self)
            button.setText(option)
            button.setCheckable(True)
            button.setProperty("segment", True)
            button.setToolTip(tips[index] if index < len(tips) else f"Show {option.lower()}")
            self._group.addButton(button)
            self._layout.addWidget(button)
            button.setChecked(index == 0)
        if fold_from is not None:
            self._add_fold(options[fold_from:], tips[fold_from:])

    def _add_fold(self, options: Sequence[str], tips: Sequence[str]) -> None:
        fold = self._fold = QToolButton(self)
        fold.setText(f"{self._fold_title} ▾")
        fold.setCheckable(True)
        fold.setProperty("segment", True)
        fold.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(fold)
        menu.setToolTipsVisible(True)
        for option, tip in zip(options, tips, strict=True):
            menu.addAction(option).setToolTip(tip)
        menu.triggered.connect(self._on_folded)
        fold.setMenu(menu)
        fold.setToolTip(f"Choose among {len(options)}")
        self._group.addButton(fold)
        self._layout.addWidget(fold)

    @property
    def current(self) -> str:
        """The text of what is chosen."""
        button = self._group.checkedButton()
        if button is not None and button is self._fold:
            return self._folded
        return button.text() if button else ""

    def set_current(self, option: str) -> None:
        """Choose a button, without telling; none where there is no such button."""
        fold = self._fold
        if fold is not None:
            is_folded = option in (action.text() for action in fold.menu().actions())
            self._folded = option if is_folded else ""
            fold.setText(f"{self._folded or self._fold_title} ▾")
        with QSignalBlocker(self._group):
            self._group.setExclusive(False)  # else the last one that is checked could not be let go
            for button in self._group.buttons():
                is_chosen = bool(self._folded) if button is fold else button.text() == option
                button.setChecked(is_chosen)
            self._group.setExclusive(True)

    def button(self, option: str) -> QAbstractButton | None:
        """Return the button with this text."""
        return next((button for button in self._group.buttons() if button.text() == option), None)

    @Slot(QAbstractButton)
    def _on_clicked(self, button: QAbstractButton) -> None:
        self.set_current(button.text())  # what was chosen of the fold is let go
        self.chosen.emit(button.text())

    @Slot(QAction)
    def _on_folded(self, action: QAction) -> None:
        self.set_current(action.text())
        self.chosen.emit(action.text())
