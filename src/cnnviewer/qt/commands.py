"""What each of the window's actions does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction, QKeySequence

from cnnviewer.kinds import Kind
from cnnviewer.qt.actions import ACTIONS, LIVE
from cnnviewer.qt.theme import current_theme

if TYPE_CHECKING:
    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.session import Session

__all__ = ["Commands"]

_NO_KEY = {"large_view"}  # Space presses the focused button first: see MainWindow.keyPressEvent


class Commands(QObject):
    """Makes the actions of the table, each of which calls the slot of its name.

    Keys may come before there are panels: what needs one does nothing then.
    """

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self.actions: dict[str, QAction] = {}
        """All actions, by name."""
        for info in ACTIONS:
            action = QAction(info.text, window)
            if info.name not in _NO_KEY:
                action.setShortcuts([QKeySequence(keys) for keys in info.keys])
            action.setData(info.name)
            action.triggered.connect(getattr(self, "_on_live" if info.group == LIVE else f"_on_{info.name}"))
            window.addAction(action)
            self.actions[info.name] = action

    @Slot()
    def _on_open_files(self) -> None:
        if self._window.is_built:
            self._window.opening.ask()

    @Slot()
    def _on_open_network_file(self) -> None:
        if self._window.is_built:
            self._window.opening.ask(Kind.NETWORK)

    @Slot()
    def _on_catalogue(self) -> None:
        if self._window.is_built:
            self._window.open_catalogue()

    @Slot()
    def _on_edit_card(self) -> None:
        self._window.edit_card()

    @Slot()
    def _on_paste(self) -> None:
        if self._window.is_built:
            self._window.opening.paste()

    @Slot()
    def _on_next_image(self) -> None:
        self._session.inputs.step_image(1)

    @Slot()
    def _on_previous_image(self) -> None:
        self._session.inputs.step_image(-1)

    @Slot()
    def _on_next_layer(self) -> None:
        self._session.step_layer(1)

    @Slot()
    def _on_previous_layer(self) -> None:
        self._session.step_layer(-1)

    @Slot()
    def _on_find(self) -> None:
        if self._window.is_built:
            self._window.outline.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self._window.outline.search.selectAll()

    @Slot()
    def _on_zoom(self) -> None:
        if self._window.is_built:
            self._window.inspector.toggle_zoom()

    @Slot()
    def _on_large_view(self) -> None:
        self._window.toggle_large_view()

    @Slot()
    def _on_explain(self) -> None:
        self._toggle_panel("explanation")

    @Slot()
    def _on_training(self) -> None:
        self._toggle_panel("training")

    @Slot()
    def _on_learn(self) -> None:
        self._toggle_panel("learn")

    @Slot()
    def _on_graph(self) -> None:
        if self._toggle_panel("graph"):
            self._window.open_graph()  # its keys work at once

    @Slot()
    def _on_live(self) -> None:
        """Do what one of the live actions asks for."""
        action = self.sender()
        if isinstance(action, QAction) and self._window.is_built:
            getattr(self._window.open_live(), action.data())()

    @Slot()
    def _on_pause_training(self) -> None:
        if self._has_training:
            self._window.ready_training().panel.toggle_running()

    @Slot()
    def _on_step_training(self) -> None:
        if self._has_training:
            self._window.ready_training().panel.step.click()

    @Slot()
    def _on_full_screen(self) -> None:
        if self._window.isFullScreen():
            self._window.showNormal()
        else:
            self._window.showFullScreen()

    @Slot()
    def _on_toggle_theme(self) -> None:
        self._window.set_theme("light" if current_theme().is_dark else "dark")

    @Slot()
    def _on_close_window(self) -> None:
        """Close what lies in front: the large view, or the window."""
        if self._window.is_built and not self._window.large.isHidden():
            self._window.large.close_view()
        else:
            self._window.close()

    @Slot()
    def _on_quit(self) -> None:
        self._window.close()

    @Slot()
    def _on_help(self) -> None:
        from cnnviewer.qt.widgets.help_dialog import HelpDialog

        HelpDialog(self._window).open()

    @Slot()
    def _on_step_back(self) -> None:
        """Undo the last thing that covers or narrows the view."""
        if not self._window.is_built:
            return
        selection = self._session.selection
        if not self._window.large.isHidden():
            self._window.large.close_view()
        elif not self._window.error.isHidden():
            self._window.error.hide()
        elif self._window.outline.search.text():
            self._window.outline.search.clear()
        elif not self._window.inspector.view.is_fitted:
            self._window.inspector.view.fit()
        elif self._window.isFullScreen():
            self._window.showNormal()
        elif selection is not None and selection.unit is not None:
            self._session.select(selection.layer, selection.channel)

    def _toggle_panel(self, name: str) -> bool:
        return self._window.is_built and self._window.panels.toggle(name)

    @property
    def _has_training(self) -> bool:
        return self._window.is_built and self._window.panels.built("training") is not None
