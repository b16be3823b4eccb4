"""Where the panels of the window lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QVBoxLayout, QWidget

from cnnviewer.qt.columns import Columns, column_need
from cnnviewer.qt.panels.input_panel import InputPanel
from cnnviewer.qt.panels.inspector_panel import InspectorPanel
from cnnviewer.qt.panels.layers_panel import LayersPanel
from cnnviewer.qt.panels.network_panel import NetworkPanel
from cnnviewer.qt.panels.probabilities_panel import ProbabilitiesPanel
from cnnviewer.qt.status_bar import StatusBar
from cnnviewer.qt.tool_bar import ToolBar
from cnnviewer.qt.widgets.banner import ErrorBanner, ProgressBanner
from cnnviewer.qt.widgets.large_view import LargeView
from cnnviewer.qt.widgets.panel_area import PanelArea

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QAction

    from cnnviewer.qt.main_window import MainWindow

__all__ = ["below", "enlarge_photo", "lay_out", "make_room", "new_dock", "place_below", "share_space"]

_PHOTO = 280
"""How high the input panel is to be for its photo to be seen well."""
_MOST = 0.65
_LEAST_BELOW = 190
"""How high a panel below the layers is at least when it is opened."""
_BELOW = Qt.DockWidgetArea.BottomDockWidgetArea


def lay_out(window: MainWindow, actions: Mapping[str, QAction]) -> None:
    """Build the panels of a window, and put them in their places."""
    window.tool_bar = ToolBar(actions, window)
    window.addToolBar(window.tool_bar)
    window.layers = LayersPanel(window)
    window.error = ErrorBanner(window)
    window.progress = ProgressBanner(window)
    center = QWidget(window)
    column = QVBoxLayout(center)
    column.setContentsMargins(2, 6, 2, 0)
    column.setSpacing(6)
    for widget in (window.progress, window.error):
        column.addWidget(widget)
    column.addWidget(window.layers, stretch=1)
    window.setCentralWidget(center)
    window.input = InputPanel(window)
    window.outline = NetworkPanel(window)
    window.probabilities = ProbabilitiesPanel(window)
    window.inspector = InspectorPanel(window)
    left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
    window.docks = [
        new_dock(window, "Input", "input", window.input),
        new_dock(window, "Network", "network", window.outline),
        new_dock(window, "Class probabilities", "probabilities", window.probabilities),
        new_dock(window, "Inspector", "inspector", window.inspector),
    ]
    window.probabilities.titleChanged.connect(window.docks[2].setWindowTitle)
    for dock, area in zip(window.docks, (left, left, right, right), strict=True):
        window.addDockWidget(area, dock)
    window.setCorner(Qt.Corner.BottomLeftCorner, _BELOW)
    window.setCorner(Qt.Corner.BottomRightCorner, _BELOW)
    window.columns = Columns(window)
    window.large = LargeView(window)
    window.status = StatusBar(window)
    window.setStatusBar(window.status)


def make_room(window: MainWindow, dock: QDockWidget, height: int) -> None:
    """Give a panel below the layers its height, but those at the sides what they need; the photo keeps room above it.

    On a small screen there is not enough for all: the panels are scrolled.
    """
    sides, need = column_need(window)
    height = min(height, max(sides + dock.height() - need, _LEAST_BELOW))
    window.resizeDocks([dock], [height], Qt.Orientation.Vertical)
    enlarge_photo(window, 0.5)
    window.columns.share_soon()


def enlarge_photo(window: MainWindow, share: float) -> None:
    """Give the photo this share of the height that it and the outline have, and more where that is little."""
    height = sum(dock.height() for dock in window.docks[:2])
    upper = max(min(_PHOTO, round(height * _MOST)), round(height * share))
    window.resizeDocks(window.docks[:2], [upper, max(1, height - upper)], Qt.Orientation.Vertical)


def share_space(window: MainWindow) -> None:
    """Give the panels their usual sizes; those at the sides take their share of a large screen."""
    left, right = max(350, round(window.width() * 0.2)), max(285, round(window.width() * 0.19))
    upper = round(window.height() * 0.36)
    window.resizeDocks([window.docks[0], window.docks[2]], [left, right], Qt.Orientation.Horizontal)
    window.resizeDocks(window.docks[:2], [upper, window.height() - upper], Qt.Orientation.Vertical)
    window.resizeDocks(window.docks[2:], [180, window.height() - 180], Qt.Orientation.Vertical)


def place_below(window: MainWindow, dock: QDockWidget) -> None:
    """Put a new panel below the layers, or where it was; where there are two, one lies over the other."""
    others = below(window)
    if not window.restoreDockWidget(dock):
        window.addDockWidget(_BELOW, dock)
        if others:
            window.tabifyDockWidget(others[0], dock)


def below(window: MainWindow) -> list[QDockWidget]:
    """Return the panels that lie below the layers, closed ones too."""
    return [dock for dock in window.findChildren(QDockWidget) if window.dockWidgetArea(dock) == _BELOW]


def new_dock(window: MainWindow, title: str, name: str, panel: QWidget, *, can_close: bool = False) -> QDockWidget:
    """Return a dock with a panel, which lies nowhere yet."""
    dock = QDockWidget(title, window)
    dock.setObjectName(name)
    features = QDockWidget.DockWidgetFeature
    closes = features.DockWidgetClosable if can_close else features.NoDockWidgetFeatures
    dock.setFeatures(features.DockWidgetMovable | features.DockWidgetFloatable | closes)
    panel.setObjectName("panel")
    panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    dock.setWidget(PanelArea(panel, dock))
    return dock
