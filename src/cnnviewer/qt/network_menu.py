"""The menu from which a network is chosen; its ticks tell which one is open, and whether its weights are random."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from cnnviewer.networks import list_networks

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["NetworkMenu"]

_UNTRAINED = "untrained"


class NetworkMenu(QMenu):
    """Emits the network that the user wishes, by its name and "DEFAULT" or None for its weights.

    Random weights are a choice for the network that is open: another one is opened with its trained weights, where
    there are some. A tick moves when the network is there, not with the wish.
    """

    networkRequested = Signal(str, object)

    def __init__(self, more: Iterable[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._is_random = "", False
        self._untrained = frozenset(list_networks().get(_UNTRAINED, ()))
        self._group = QActionGroup(self)
        for source, names in list_networks().items():
            self._add_source(source, names)
        self.addSeparator()
        self.addActions(list(more))
        self.addSeparator()
        self._random = self.addAction("Random weights instead of trained ones")
        self._random.setCheckable(True)
        self._random.setEnabled(False)
        self._group.triggered.connect(self._on_network_chosen)
        self._random.triggered.connect(self._on_random_toggled)

    def set_network(self, name: str, *, is_random: bool, is_file: bool) -> None:
        """Show which network is open, by the name, the file or the folder by which it was asked for."""
        self._name, self._is_random = name, is_random
        self._random.setEnabled(name not in self._untrained and not is_file)
        self._show()

    def _add_source(self, source: str, names: Iterable[str]) -> None:
        if not self.isEmpty():
            self.addSeparator()
        title = self.addAction(source.capitalize())
        title.setEnabled(False)
        for name in names:
            action = self.addAction(name)
            action.setCheckable(True)
            action.setData(name)
            self._group.addAction(action)

    def _show(self) -> None:
        """Set the ticks to what is the case: Qt moves them with each click."""
        for action in self._group.actions():
            action.setChecked(action.data() == self._name)
        self._random.setChecked(self._is_random)

    @Slot(QAction)
    def _on_network_chosen(self, action: QAction) -> None:
        name = action.data()
        self._show()
        keeps_random = name == self._name and self._is_random
        self.networkRequested.emit(name, None if keeps_random or name in self._untrained else "DEFAULT")

    @Slot(bool)
    def _on_random_toggled(self, is_random: bool) -> None:
        self._show()
        self.networkRequested.emit(self._name, None if is_random else "DEFAULT")
