"""The features of the window that lie below the layers: one table, a row a panel.

Each is built when it is first wanted, or at the start where it was open at the end: what a row needs is imported by its
functions, for many a session wants none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QDockWidget, QWidget

    from cnnviewer.qt.feature_presenter import FeaturePresenter
    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.presenter import Presenter
    from cnnviewer.qt.session import Session

__all__ = ["FEATURES", "Feature", "Surroundings"]


@dataclass(frozen=True)
class Surroundings:
    """What a feature is built into."""

    window: MainWindow
    session: Session
    presenter: Presenter


@dataclass(frozen=True)
class Feature:
    """A panel below the layers.

    Parameters
    ----------
    name, title
        Of its dock: for the code and what is remembered, and for people.
    make_panel
        Builds the panel.
    connect
        Builds its presenter, which listens to the dock before that is placed: Qt tells then that it is seen.
    share, least
        Its height when it is first opened: as a share of the window's, and at least, in pixels.
    """

    name: str
    title: str
    make_panel: Callable[[QWidget], QWidget]
    connect: Callable[[Surroundings, QWidget, QDockWidget], FeaturePresenter]
    share: float
    least: int = 0


def _training_panel(parent: QWidget) -> QWidget:
    from cnnviewer.qt.panels.training_panel import TrainingPanel

    return TrainingPanel(parent)


def _training(around: Surroundings, panel: QWidget, dock: QDockWidget) -> FeaturePresenter:
    from cnnviewer.qt.panels.training_panel import TrainingPanel
    from cnnviewer.qt.training_presenter import TrainingPresenter

    assert isinstance(panel, TrainingPanel)
    return TrainingPresenter(around.window, around.session, panel, dock)


def _live_panel(parent: QWidget) -> QWidget:
    from cnnviewer.qt.panels.live_panel import LivePanel

    return LivePanel(parent)


def _live(around: Surroundings, panel: QWidget, dock: QDockWidget) -> FeaturePresenter:
    from cnnviewer.qt.live.commands import LiveCommands
    from cnnviewer.qt.live.controls import SourceControls
    from cnnviewer.qt.live.live import Live
    from cnnviewer.qt.live.presenter import LivePresenter
    from cnnviewer.qt.panels.live_panel import LivePanel

    assert isinstance(panel, LivePanel)
    window, session = around.window, around.session
    live = Live(session, window)
    shown = LivePresenter(window, session, live, around.presenter, panel, dock)
    return LiveCommands(window, session, live, shown, SourceControls(window.input, live, window))


def _explanation_panel(parent: QWidget) -> QWidget:
    from cnnviewer.qt.panels.explanation.explanation_panel import ExplanationPanel

    return ExplanationPanel(parent)


def _explanation(around: Surroundings, panel: QWidget, dock: QDockWidget) -> FeaturePresenter:
    from cnnviewer.qt.panels.explanation.explanation_panel import ExplanationPanel

    assert isinstance(panel, ExplanationPanel)
    return around.presenter.units.show_in(panel, dock)


def _learn_panel(parent: QWidget) -> QWidget:
    from cnnviewer.qt.panels.learn.learn_panel import LearnPanel

    return LearnPanel(parent)


def _learn(around: Surroundings, panel: QWidget, dock: QDockWidget) -> FeaturePresenter:
    from cnnviewer.qt.learn_presenter import LearnPresenter
    from cnnviewer.qt.panels.learn.learn_panel import LearnPanel

    assert isinstance(panel, LearnPanel)
    return LearnPresenter(around.window, around.session, panel, dock)


def _graph_panel(parent: QWidget) -> QWidget:
    from cnnviewer.qt.panels.graph_panel import GraphPanel

    return GraphPanel(parent)


def _graph(around: Surroundings, panel: QWidget, dock: QDockWidget) -> FeaturePresenter:
    from cnnviewer.qt.graph_presenter import GraphPresenter
    from cnnviewer.qt.panels.graph_panel import GraphPanel

    assert isinstance(panel, GraphPanel)
    return GraphPresenter(around.window, around.session, panel, dock)


FEATURES = (
    Feature("training", "Training", _training_panel, _training, 0.34, 272),
    Feature("live", "Live", _live_panel, _live, 0.25, 208),
    Feature("explanation", "Where it comes from", _explanation_panel, _explanation, 0.3, 306),
    Feature("learn", "Learn", _learn_panel, _learn, 0.55),
    Feature("graph", "Graph", _graph_panel, _graph, 0.45),
)
"""All panels below the layers."""
