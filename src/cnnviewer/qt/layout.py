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

    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.session import Session
    from cnnviewer.qt.training_presenter import TrainingPresenter

__all__ = ["add_training", "lay_out", "share_space"]


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
        _dock(window, "Input", "input", window.input, left),
        _dock(window, "Network", "network", window.outline, left),
        _dock(window, "Class probabilities", "probabilities", window.probabilities, right),
        _dock(window, "Inspector", "inspector", window.inspector, right),
    ]
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
    dock = _dock(window, "Training", "training", panel, Qt.DockWidgetArea.BottomDockWidgetArea)
    dock.setFeatures(dock.features() | QDockWidget.DockWidgetFeature.DockWidgetClosable)
    window.restoreDockWidget(dock)
    height = max(272, round(window.height() * 0.34))
    window.resizeDocks([dock], [height], Qt.Orientation.Vertical)
    # What is left above is enough for the photo and its crop; the outline can be scrolled.
    above = window.height() - height
    window.resizeDocks(window.docks[:2], [min(280, above // 2), above // 2], Qt.Orientation.Vertical)
    return TrainingPresenter(window, session, panel, dock)


def share_space(window: MainWindow) -> None:
    """Give the panels their usual sizes; those at the sides take their share of a large screen."""
    left, right = max(350, round(window.width() * 0.2)), max(285, round(window.width() * 0.19))
    upper = round(window.height() * 0.36)
    window.resizeDocks([window.docks[0], window.docks[2]], [left, right], Qt.Orientation.Horizontal)
    window.resizeDocks(window.docks[:2], [upper, window.height() - upper], Qt.Orientation.Vertical)
    window.resizeDocks(window.docks[2:], [180, window.height() - 180], Qt.Orientation.Vertical)


def _dock(window: MainWindow, title: str, name: str, panel: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
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
    window.addDockWidget(area, dock)
    return dock
