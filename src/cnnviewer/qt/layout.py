"""Where the panels of the window lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QVBoxLayout, QWidget

from cnnviewer.qt.panels.input_panel import InputPanel
from cnnviewer.qt.panels.inspector_panel import InspectorPanel
from cnnviewer.qt.panels.layers_panel import LayersPanel
from cnnviewer.qt.panels.network_panel import NetworkPanel
from cnnviewer.qt.panels.probabilities_panel import ProbabilitiesPanel
from cnnviewer.qt.status_bar import StatusBar
from cnnviewer.qt.tool_bar import ToolBar
from cnnviewer.qt.widgets.banner import ErrorBanner, ProgressBanner
from cnnviewer.qt.widgets.large_view import LargeView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QAction

    from cnnviewer.qt.graph_presenter import GraphPresenter
    from cnnviewer.qt.learn_presenter import LearnPresenter
    from cnnviewer.qt.live.commands import LiveCommands
    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.panels.explanation.explanation_panel import ExplanationPanel
    from cnnviewer.qt.presenter import Presenter
    from cnnviewer.qt.session import Session
    from cnnviewer.qt.training_presenter import TrainingPresenter

__all__ = [
    "add_explanation",
    "add_graph",
    "add_learn",
    "add_live",
    "add_training",
    "enlarge_photo",
    "lay_out",
    "make_room",
    "make_room_for_training",
    "share_space",
]


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
        _dock(window, "Input", "input", window.input),
        _dock(window, "Network", "network", window.outline),
        _dock(window, "Class probabilities", "probabilities", window.probabilities),
        _dock(window, "Inspector", "inspector", window.inspector),
    ]
    for dock, area in zip(window.docks, (left, left, right, right), strict=True):
        window.addDockWidget(area, dock)
    bottom = Qt.DockWidgetArea.BottomDockWidgetArea
    window.setCorner(Qt.Corner.BottomLeftCorner, bottom)
    window.setCorner(Qt.Corner.BottomRightCorner, bottom)
    window.large = LargeView(window)
    window.status = StatusBar(window)
    window.setStatusBar(window.status)


def add_training(window: MainWindow, session: Session) -> TrainingPresenter:
    """Add the training panel below the layers."""
    # Not above: it imports a library for plots, which would hold the first paint for half a second.
    from cnnviewer.qt.panels.training_panel import TrainingPanel
    from cnnviewer.qt.training_presenter import TrainingPresenter

    panel = TrainingPanel(window)
    dock = _bottom_dock(window, "Training", "training", panel)
    dock.hide()
    return TrainingPresenter(window, session, panel, dock)


def make_room_for_training(window: MainWindow, dock: QDockWidget) -> None:
    """Give the training panel its height, where it does not share that of others."""
    if not window.tabifiedDockWidgets(dock):
        make_room(window, dock, max(272, round(window.height() * 0.34)))


def add_live(window: MainWindow, session: Session, presenter: Presenter) -> LiveCommands:
    """Add the live panel below the layers, and what runs streams."""
    # Not above: many a session shows photos only.
    from cnnviewer.qt.live.commands import LiveCommands
    from cnnviewer.qt.live.controls import SourceControls
    from cnnviewer.qt.live.live import Live
    from cnnviewer.qt.live.presenter import LivePresenter
    from cnnviewer.qt.panels.live_panel import LivePanel

    panel = LivePanel(window)
    dock = _bottom_dock(window, "Live", "live", panel)
    dock.hide()
    live = Live(session, window)
    shown = LivePresenter(window, session, live, presenter, panel, dock)
    return LiveCommands(window, session, live, shown, SourceControls(window.input, live, window))


def add_explanation(window: MainWindow) -> tuple[ExplanationPanel, QDockWidget]:
    """Add the panel that tells where a unit's value comes from, below the layers."""
    # Not above: it is wanted when a unit is first asked for.
    from cnnviewer.qt.panels.explanation.explanation_panel import ExplanationPanel

    panel = ExplanationPanel(window)
    dock = _bottom_dock(window, "Where it comes from", "explanation", panel)
    make_room(window, dock, max(306, round(window.height() * 0.3)))
    return panel, dock


def add_learn(window: MainWindow, session: Session) -> LearnPresenter:
    """Add the tour below the layers."""
    # Not above: the tour is wanted by some only.
    from cnnviewer.qt.learn_presenter import LearnPresenter
    from cnnviewer.qt.panels.learn.learn_panel import LearnPanel

    panel = LearnPanel(window)
    dock = _bottom_dock(window, "Learn", "learn", panel)
    make_room(window, dock, round(window.height() * 0.55))
    return LearnPresenter(window, session, panel, dock)


def add_graph(window: MainWindow, session: Session) -> GraphPresenter:
    """Add the picture of the network below the layers."""
    # Not above: it is wanted by some only.
    from cnnviewer.qt.graph_presenter import GraphPresenter
    from cnnviewer.qt.panels.graph_panel import GraphPanel

    panel = GraphPanel(window)
    dock = _bottom_dock(window, "Graph", "graph", panel)
    make_room(window, dock, round(window.height() * 0.45))
    return GraphPresenter(window, session, panel, dock)


def make_room(window: MainWindow, dock: QDockWidget, height: int) -> None:
    """Give a panel below the layers its height; the photo keeps room above it, the outline can be scrolled."""
    window.resizeDocks([dock], [height], Qt.Orientation.Vertical)
    enlarge_photo(window, 0.5)


def enlarge_photo(window: MainWindow, share: float) -> None:
    """Give the photo this share of the height that it and the outline have, and no less than shows it."""
    height = sum(dock.height() for dock in window.docks[:2])
    upper = max(280, round(height * share))
    window.resizeDocks(window.docks[:2], [upper, height - upper], Qt.Orientation.Vertical)


def share_space(window: MainWindow) -> None:
    """Give the panels their usual sizes; those at the sides take their share of a large screen."""
    left, right = max(350, round(window.width() * 0.2)), max(285, round(window.width() * 0.19))
    upper = round(window.height() * 0.36)
    window.resizeDocks([window.docks[0], window.docks[2]], [left, right], Qt.Orientation.Horizontal)
    window.resizeDocks(window.docks[:2], [upper, window.height() - upper], Qt.Orientation.Vertical)
    window.resizeDocks(window.docks[2:], [180, window.height() - 180], Qt.Orientation.Vertical)


def _bottom_dock(window: MainWindow, title: str, name: str, panel: QWidget) -> QDockWidget:
    """Return a panel below the layers, which can be closed; where there are two, one lies over the other."""
    bottom = Qt.DockWidgetArea.BottomDockWidgetArea
    others = [dock for dock in window.findChildren(QDockWidget) if window.dockWidgetArea(dock) == bottom]
    dock = _dock(window, title, name, panel)
    dock.setFeatures(dock.features() | QDockWidget.DockWidgetFeature.DockWidgetClosable)
    # Before it is added: of a panel that has a place already, Qt tells that it was restored there.
    if not window.restoreDockWidget(dock):
        window.addDockWidget(bottom, dock)
        if others:
            window.tabifyDockWidget(others[0], dock)
    return dock


def _dock(window: MainWindow, title: str, name: str, panel: QWidget) -> QDockWidget:
    dock = QDockWidget(title, window)
    dock.setObjectName(name)
    dock.setFeatures(
        QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetFloatable
    )
    panel.setObjectName("panel")
    panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    margins = QWidget(dock)
    around = QVBoxLayout(margins)
    around.setContentsMargins(6, 0, 6, 6)
    around.addWidget(panel)
    margins.setSizePolicy(panel.sizePolicy())
    if panel.maximumHeight() < 16777215:
        margins.setMaximumHeight(panel.maximumHeight() + 6)
    dock.setWidget(margins)
    return dock
