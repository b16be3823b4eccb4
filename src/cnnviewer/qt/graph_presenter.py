"""The graph presenter: gives the panel of the graph what the session holds, and the session what it wishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot

from cnnviewer.graphs import GraphAnswer
from cnnviewer.qt.feature_presenter import FeaturePresenter

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDockWidget

    from cnnviewer.graphs import GraphRequest
    from cnnviewer.messages import RecordingSummary
    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.panels.graph_panel import GraphPanel
    from cnnviewer.qt.selection import Selection
    from cnnviewer.qt.session import Session

__all__ = ["GraphPresenter"]

_KEY = "graph"


class GraphPresenter(FeaturePresenter):
    """Connects the panel of the graph with a session; what is not seen is not asked for."""

    def __init__(self, window: MainWindow, session: Session, panel: GraphPanel, dock: QDockWidget) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self.panel, self.dock = panel, dock
        self._is_seen = False
        self._asked: GraphRequest | None = None
        panel.requested.connect(self._on_requested)
        panel.layerChosen.connect(self._on_layer_chosen)
        dock.visibilityChanged.connect(self._on_visibility_changed)
        session.recordingChanged.connect(self._on_recording_changed)
        session.selectionChanged.connect(self._on_selection_changed)
        session.appearanceChanged.connect(panel.refresh)
        session.pictured.connect(self._on_pictured)
        session.failed.connect(self._on_failed)

    @Slot(bool)
    def _on_visibility_changed(self, is_visible: bool) -> None:
        self._is_seen = is_visible
        self._show()

    @Slot(object)
    def _on_recording_changed(self, recording: RecordingSummary) -> None:
        del recording
        self._show()

    def _show(self) -> None:
        if not self._is_seen or self._session.recording is None:
            return
        self.panel.show_layers(self._session.recording.layers)
        if self._session.selection is not None:
            self.panel.set_selection(self._session.selection.layer)

    @Slot(object)
    def _on_selection_changed(self, selection: Selection) -> None:
        self.panel.set_selection(selection.layer)

    @Slot(object)
    def _on_requested(self, request: GraphRequest) -> None:
        self._asked = request
        self._session.request(_KEY, request)

    @Slot(str, object, object)
    def _on_pictured(self, key: str, request: object, answer: object) -> None:
        recording = self._session.recording
        if key != _KEY or not isinstance(answer, GraphAnswer) or recording is None:
            return
        if request == self._asked and answer.layers is recording.layers:
            self.panel.show_answer(answer)

    @Slot(object)
    def _on_failed(self, failure: object) -> None:
        del failure  # the window tells of it
        self.panel.stop_waiting()

    @Slot(str)
    def _on_layer_chosen(self, name: str) -> None:
        selection = self._session.selection
        if selection is None or selection.layer != name:
            self._session.select(name)
        else:
            self._window.layers.scroll_to(name)  # its map stays chosen, but the card may be out of sight
