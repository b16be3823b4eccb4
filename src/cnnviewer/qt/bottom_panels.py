"""The panels below the layers: which are built, which are open, and what is remembered of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from cnnviewer.qt.early_imports import EarlyImports
from cnnviewer.qt.features import FEATURES, Surroundings
from cnnviewer.qt.layout import make_room, new_dock, place_below

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtWidgets import QDockWidget, QWidget

    from cnnviewer.qt.feature_presenter import FeaturePresenter
    from cnnviewer.qt.features import Feature
    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.presenter import Presenter
    from cnnviewer.qt.session import Session

__all__ = ["BottomPanels"]

_BY_NAME = {feature.name: feature for feature in FEATURES}


class BottomPanels(QObject):
    """Builds each panel of the table of features when it is first wanted."""

    def __init__(self, window: MainWindow, session: Session, presenter: Presenter) -> None:
        super().__init__(window)
        self._window = window
        self._around = Surroundings(window, session, presenter)
        self._built: dict[str, FeaturePresenter] = {}
        self._panels: dict[str, QWidget] = {}
        self._has_room: set[str] = set()
        self._caution = ""
        slow = [name for feature in FEATURES for name in feature.slow_imports]
        self._imports = EarlyImports(session, slow, self)

    # ---- one of them

    def built(self, name: str) -> FeaturePresenter | None:
        """Return what runs a feature; None where it has not been wanted yet."""
        return self._built.get(name)

    def ready(self, name: str) -> FeaturePresenter:
        """Return what runs a feature; it is built where it is not there yet, and its panel not shown."""
        if name not in self._built:
            self._built[name] = self._build(_BY_NAME[name])
        return self._built[name]

    def open(self, name: str) -> FeaturePresenter:
        """Show a panel, above those that lie at the same place."""
        presenter = self.ready(name)
        presenter.dock.show()
        presenter.dock.raise_()
        if name not in self._has_room:
            self._has_room.add(name)
            self._make_room(_BY_NAME[name], presenter)
        return presenter

    def toggle(self, name: str) -> bool:
        """Show a panel, or hide it where it is seen; return whether it is shown now."""
        if self.is_seen(name):
            self._built[name].dock.close()
            return False
        self.open(name)
        return True

    def is_seen(self, name: str) -> bool:
        """Whether a panel is on the screen: not closed, and not below another."""
        return name in self._built and not self._panels[name].visibleRegion().isEmpty()

    def end_workers(self) -> None:
        """End all threads of theirs."""
        self._imports.end()
        for presenter in self._built.values():
            presenter.end_workers()

    def show_caution(self, caution: str) -> None:
        """Tell where class probabilities are read what they are not to be taken for; '' for nothing."""
        self._caution = caution
        for presenter in self._built.values():
            presenter.show_caution(caution)

    def refresh_icons(self) -> None:
        """Paint the icons of the panels in the theme's colour."""
        for panel in self._panels.values():
            refresh = getattr(panel, "refresh_icons", None)
            if refresh is not None:
                refresh()

    # ---- over a restart

    @property
    def memory(self) -> dict[str, str]:
        """What is remembered of each panel that is open, those below others too."""
        return {name: built.memory for name, built in self._built.items() if not built.dock.isHidden()}

    def prepare(self, names: Mapping[str, str]) -> None:
        """Build the panels that were open, before their places are restored: only then can Qt show them there."""
        for name in names:
            if name in _BY_NAME:
                self.ready(name)
                self._has_room.add(name)

    def recall(self, memory: Mapping[str, str]) -> None:
        """Give the panels that were open what is remembered of them."""
        for name, text in memory.items():
            if name in self._built:
                self._built[name].recall(text)

    def _build(self, feature: Feature) -> FeaturePresenter:
        presenter = feature.build(self._around, partial(self._dock_of, feature))
        presenter.show_caution(self._caution)
        place_below(self._window, presenter.dock)
        return presenter

    def _dock_of(self, feature: Feature, panel: QWidget) -> QDockWidget:
        self._panels[feature.name] = panel
        dock = new_dock(self._window, feature.title, feature.name, panel, can_close=True)
        dock.hide()
        return dock

    def _make_room(self, feature: Feature, presenter: FeaturePresenter) -> None:
        """Give a panel its height, and no less than those have at whose place it lies."""
        window, dock = self._window, presenter.dock
        if dock.isFloating():
            return
        height = max(feature.least, round(window.height() * feature.share))
        taken = [other.height() for other in window.tabifiedDockWidgets(dock) if not other.isHidden()]
        make_room(window, dock, max(height, *taken) if taken else height)
