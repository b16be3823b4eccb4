"""The main window: panels around the layers, wired to the session."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QMainWindow

from cnnviewer.inputs.samples import list_samples
from cnnviewer.messages import ImageRequest
from cnnviewer.qt import drops
from cnnviewer.qt.commands import Commands
from cnnviewer.qt.first_size import first_size, least_size
from cnnviewer.qt.icons import app_icon
from cnnviewer.qt.theme import DARK, LIGHT, apply_theme, system_is_dark

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PySide6.QtWidgets import QDockWidget

    from cnnviewer.qt.bottom_panels import BottomPanels
    from cnnviewer.qt.catalogue_presenter import CataloguePresenter
    from cnnviewer.qt.columns import Columns
    from cnnviewer.qt.graph_presenter import GraphPresenter
    from cnnviewer.qt.learn_presenter import LearnPresenter
    from cnnviewer.qt.live.commands import LiveCommands
    from cnnviewer.qt.network_files import NetworkFiles
    from cnnviewer.qt.opening import Opening
    from cnnviewer.qt.panels.explanation.explanation_panel import ExplanationPanel
    from cnnviewer.qt.panels.input_panel import InputPanel
    from cnnviewer.qt.panels.inspector_panel import InspectorPanel
    from cnnviewer.qt.panels.layers_panel import LayersPanel
    from cnnviewer.qt.panels.network_panel import NetworkPanel
    from cnnviewer.qt.panels.probabilities_panel import ProbabilitiesPanel
    from cnnviewer.qt.preferences import Preferences
    from cnnviewer.qt.session import Session
    from cnnviewer.qt.status_bar import StatusBar
    from cnnviewer.qt.tool_bar import ToolBar
    from cnnviewer.qt.training_presenter import TrainingPresenter
    from cnnviewer.qt.widgets.banner import ErrorBanner, ProgressBanner
    from cnnviewer.qt.widgets.large_view import LargeView

__all__ = ["MainWindow"]


class MainWindow(QMainWindow):
    """The window, its actions and events.

    The panels are built right after the first paint; `painted` tells that they are there, and that heavy work may
    begin.
    """

    painted = Signal()

    tool_bar: ToolBar
    layers: LayersPanel
    error: ErrorBanner
    progress: ProgressBanner
    input: InputPanel
    outline: NetworkPanel
    probabilities: ProbabilitiesPanel
    inspector: InspectorPanel
    large: LargeView
    opening: Opening
    status: StatusBar
    docks: list[QDockWidget]
    """Input, network, class probabilities, inspector."""
    columns: Columns
    panels: BottomPanels
    """Those below the layers."""

    def __init__(self, session: Session, preferences: Preferences | None = None) -> None:
        super().__init__()
        self._session = session
        self._preferences = preferences
        self._has_painted = False
        self._is_built = False
        self._theme = "system"
        self._files: NetworkFiles | None = None
        self._catalogue: CataloguePresenter | None = None
        self.setWindowTitle("cnnviewer")
        self.setAcceptDrops(True)
        self.setMinimumSize(least_size(self))
        self.resize(first_size(self.screen()))
        self._commands = Commands(self, session)
        self.allow_edit_card(False)
        if preferences is not None:
            self._theme = preferences.theme()
            preferences.restore_geometry(self)
            preferences.restore_appearance(session)
            preferences.restore_selection(session)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_system_theme_changed)
        self._apply_theme()

    # ---- building

    @property
    def is_built(self) -> bool:
        """Whether the panels are there."""
        return self._is_built

    @Slot()
    def _on_painted(self) -> None:
        """Build the panels: they take longer than the first paint, which does not need them."""
        from cnnviewer.qt.bottom_panels import BottomPanels
        from cnnviewer.qt.layout import lay_out
        from cnnviewer.qt.opening import Opening
        from cnnviewer.qt.presenter import Presenter

        lay_out(self, self._commands.actions)
        self._presenter = Presenter(self, self._session)
        self.panels = BottomPanels(self, self._session, self._presenter)
        self.opening = Opening(self, self._session)
        self._is_built = True
        self._presenter.refresh()
        self.tool_bar.refresh_icons()
        self.setWindowIcon(app_icon())
        QTimer.singleShot(0, self._on_built)

    @Slot()
    def _on_built(self) -> None:
        """Give the panels their sizes, which they take only once they are shown."""
        if self._preferences is None or not self._preferences.restore_docks(self):
            from cnnviewer.qt.layout import share_space

            share_space(self)
        self.painted.emit()

    # ---- what others may ask for

    def show_images(self, images: Sequence[ImageRequest]) -> None:
        """Show these images."""
        self._session.inputs.show_images(images)

    @Slot(str)
    def show_sample(self, name: str) -> None:
        """Show one of the sample images; the others of its sort can be stepped to."""
        chosen = [sample for sample in list_samples() if sample.name == name]
        if chosen:
            self.show_images([ImageRequest(sample.path.name, path=sample.path) for sample in chosen])

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Show the images that files and folders hold, play a video, or open a network or the folder of a training."""
        self.opening.open(paths)

    @property
    def files(self) -> NetworkFiles:
        """What opens networks from files; it is built when it is first wanted."""
        if self._files is None:
            from cnnviewer.qt.network_files import NetworkFiles

            self._files = NetworkFiles(self, self._session)
        return self._files

    @Slot()
    def edit_card(self) -> None:
        """Show the card of the open network, to be changed."""
        self.files.edit_card()

    def allow_edit_card(self, is_allowed: bool) -> None:
        """Let the card of the open network be edited, or not: only one that comes from a file has one."""
        self._commands.actions["edit_card"].setEnabled(is_allowed)

    def set_theme(self, name: str) -> None:
        """Show the window "light", "dark", or as the "system" asks."""
        self._theme = name
        self._apply_theme()

    def ready_training(self) -> TrainingPresenter:
        """Return what runs trainings; it is built when it is first wanted, and its panel not shown."""
        return cast("TrainingPresenter", self.panels.ready("training"))

    def open_training(self) -> TrainingPresenter:
        """Show the training panel."""
        return cast("TrainingPresenter", self.panels.open("training"))

    def open_live(self) -> LiveCommands:
        """Return what runs streams; it is built when it is first wanted, and its panel not shown."""
        return cast("LiveCommands", self.panels.ready("live"))

    def open_learn(self) -> LearnPresenter:
        """Show the tour."""
        return cast("LearnPresenter", self.panels.open("learn"))

    def open_graph(self) -> GraphPresenter:
        """Show the network as a graph."""
        graph = cast("GraphPresenter", self.panels.open("graph"))
        graph.panel.view.setFocus()
        return graph

    def open_catalogue(self) -> CataloguePresenter:
        """Show the dialog of all networks; it is built when it is first wanted."""
        if self._catalogue is None:
            from cnnviewer.qt.catalogue_presenter import CataloguePresenter

            self._catalogue = CataloguePresenter(self, self._session)
        self._catalogue.open()
        return self._catalogue

    def end_workers(self) -> None:
        """End all threads; a training ends after the step under way, with a checkpoint."""
        if self._is_built:
            self.panels.end_workers()
        self._session.close()

    @Slot()
    def open_explanation(self) -> ExplanationPanel:
        """Show where the chosen unit's value comes from; the panel is built when it is first wanted."""
        return self._presenter.units.open()

    @Slot()
    def toggle_large_view(self) -> None:
        """Show the chosen map over the whole window, or the window again."""
        if not self._is_built:
            return
        answer = self._presenter.map_answer
        if not self.large.isHidden():
            self.large.close_view()
        elif answer is not None:
            self.large.open_view(answer)

    @Slot(object)
    def show_camera(self, camera: bytes | None) -> None:
        """Show what a camera sees."""
        self.open_live().camera(camera)

    # ---- window events

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell the first paint, once it is on the screen."""
        super().paintEvent(event)
        if not self._has_painted:
            self._has_painted = True
            QTimer.singleShot(0, self._on_painted)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the panels at the sides share the new height."""
        super().resizeEvent(event)
        if self._is_built:
            self.columns.share_soon()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take what may be opened."""
        if drops.accepts(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        if self._is_built:
            self.opening.open_mime(event.mimeData())
        event.acceptProposedAction()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the large view on Space, where nothing else has taken the key."""
        if event.key() == Qt.Key.Key_Space:
            self.toggle_large_view()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the window, and end the worker."""
        if self._preferences is not None and self._is_built:
            self._preferences.save(self, self._session, self._theme)
        self.hide()
        self.end_workers()
        super().closeEvent(event)

    # ---- theme

    @Slot()
    def _on_system_theme_changed(self) -> None:
        if self._theme == "system":
            self._apply_theme()

    def _apply_theme(self) -> None:
        is_dark = self._theme == "dark" or (self._theme == "system" and system_is_dark())
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        apply_theme(app, DARK if is_dark else LIGHT)
        if self._is_built:
            self.tool_bar.refresh_icons()
            self.input.refresh_icons()
            self.panels.refresh_icons()
        self._session.set_dark(is_dark)
        self.update()
