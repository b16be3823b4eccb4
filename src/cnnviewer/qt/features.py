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

    DockOf = Callable[[QWidget], QDockWidget]
    """Puts a panel into its dock."""

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
    build
        Builds the panel and its presenter, which listens to the dock before that is placed: Qt tells then that it is
        seen.
    share, least
        Its height when it is first opened: as a share of the window's, and at least, in pixels.
    slow_imports
        Libraries of its panel that take long to import.
    """

    name: str
    title: str
    build: Callable[[Surroundings, DockOf], FeaturePresenter]
    share: float
    least: int = 0
    slow_imports: tuple[str, ...] = ()


def _training(around: Surroundings, dock_of: DockOf) -> FeaturePresenter:
    from cnnviewer.qt.panels.training_panel import TrainingPanel
    from cnnviewer.qt.training_presenter import TrainingPresenter

    panel = TrainingPanel(around.window)
    return TrainingPresenter(around.window, around.session, panel, dock_of(panel))


def _live(around: Surroundings, dock_of: DockOf) -> FeaturePresenter:
    from cnnviewer.qt.live.commands import LiveCommands
    from cnnviewer.qt.live.controls import SourceControls
    from cnnviewer.qt.live.live import Live
    from cnnviewer.qt.live.presenter import LivePresenter
    from cnnviewer.qt.panels.live_panel import LivePanel

    window, session, panel = around.window, around.session, LivePanel(around.window)
    live = Live(session, window)
    shown = LivePresenter(window, session, live, around.presenter, panel, dock_of(panel))
    return LiveCommands(window, session, live, shown, SourceControls(window.input, live, window))


def _explanation(around: Surroundings, dock_of: DockOf) -> FeaturePresenter:
    from cnnviewer.qt.panels.explanation.explanation_panel import ExplanationPanel

    panel = ExplanationPanel(around.window)
    return around.presenter.units.show_in(panel, dock_of(panel))


def _learn(around: Surroundings, dock_of: DockOf) -> FeaturePresenter:
    from cnnviewer.qt.learn_presenter import LearnPresenter
    from cnnviewer.qt.panels.learn.learn_panel import LearnPanel

    panel = LearnPanel(around.window)
    return LearnPresenter(around.window, around.session, panel, dock_of(panel))


def _graph(around: Surroundings, dock_of: DockOf) -> FeaturePresenter:
    from cnnviewer.qt.graph_presenter import GraphPresenter
    from cnnviewer.qt.panels.graph_panel import GraphPanel

    panel = GraphPanel(around.window)
    return GraphPresenter(around.window, around.session, panel, dock_of(panel))


FEATURES = (
    Feature("training", "Training", _training, 0.34, 272, ("pyqtgraph",)),
    Feature("live", "Live", _live, 0.25, 208),
    Feature("explanation", "Where it comes from", _explanation, 0.3, 306),
    Feature("learn", "Learn", _learn, 0.55),
    Feature("graph", "Graph", _graph, 0.45),
)
"""All panels below the layers."""
