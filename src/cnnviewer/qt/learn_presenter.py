"""The learn presenter: gives the tour's pages what their lessons answer, and puts the window where an idea is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot

from cnnviewer.messages import LessonAnswer, LessonRequest, PhotoView, View
from cnnviewer.qt.feature_presenter import FeaturePresenter
from cnnviewer.qt.learn_companions import accompany

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDockWidget

    from cnnviewer.messages import LayerSummary, RecordingSummary
    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.panels.learn.learn_panel import LearnPanel
    from cnnviewer.qt.panels.learn.page import Page, Place
    from cnnviewer.qt.session import Session

__all__ = ["LearnPresenter"]

_KEY = "learn:"
_NETWORK, _SAMPLE = "lenet5", "digit-3"
"""Where each idea is seen, where the network that is open has none of it."""


class LearnPresenter(FeaturePresenter):
    """Connects the tour with a session."""

    def __init__(self, window: MainWindow, session: Session, panel: LearnPanel, dock: QDockWidget) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self.panel, self.dock = panel, dock
        self._sought: Place | None = None
        self._on_its_way: set[str] = set()
        self._is_photo_late = False
        dock.visibilityChanged.connect(panel.set_seen)
        panel.pageBuilt.connect(self._on_page_built)
        panel.requested.connect(self._on_requested)
        panel.placeRequested.connect(self.show_place)
        panel.networkRequested.connect(self._on_network_requested)
        session.pictured.connect(self._on_pictured)
        session.recordingChanged.connect(self._on_recording_changed)
        session.framed.connect(self._on_photo_changed)
        session.appearanceChanged.connect(self._on_appearance_changed)
        session.idle.connect(self._on_idle)
        session.failed.connect(self._on_failed)

    @property
    def memory(self) -> str:
        """The title of the page."""
        return self.panel.page.title

    def recall(self, memory: str) -> None:
        """Show a page of this title, where there still is one."""
        self.panel.show_title(memory)

    def show_caution(self, caution: str) -> None:
        """Tell it below the text, on all pages: most show what the network answers."""
        self.panel.show_caution(caution)

    @Slot(object)
    def _on_page_built(self, page: Page) -> None:
        accompany(page, self._window, self._session)

    # ---- questions and answers

    @Slot(int, object)
    def _on_requested(self, number: int, request: LessonRequest) -> None:
        key = f"{_KEY}{number}:{type(request).__name__}"
        self._on_its_way.add(key)
        self._session.request(key, request)

    @Slot(str, object, object)
    def _on_pictured(self, key: str, request: object, answer: object) -> None:
        if not (isinstance(request, LessonRequest) and isinstance(answer, LessonAnswer)):
            return
        self._on_its_way.discard(key)
        self.panel.show_answer(int(key.removeprefix(_KEY).partition(":")[0]), request, answer)
        if self._is_photo_late and not self._on_its_way:
            self._on_photo_changed()

    @Slot()
    def _on_photo_changed(self) -> None:
        """Let the page follow the photo; frames that come faster than answers are left out."""
        self._is_photo_late = bool(self._on_its_way)
        if not self._is_photo_late:
            self.panel.refresh(photo_only=True)

    @Slot()
    def _on_idle(self) -> None:
        self._on_its_way.clear()  # what failed brings no answer

    @Slot(object)
    def _on_failed(self, failure: object) -> None:
        del failure
        self._sought = None

    @Slot()
    def _on_appearance_changed(self) -> None:
        self.panel.refresh()

    # ---- now in the real network

    @Slot(object)
    def show_place(self, place: Place) -> None:
        """Put the window on a layer where an idea is seen; open a network that has one, where there is none."""
        if self._find(place):
            return
        self._sought = place
        self._session.open_network(_NETWORK)
        self._window.show_sample(_SAMPLE)

    @Slot(str)
    def _on_network_requested(self, name: str) -> None:
        self._session.open_network(name)

    @Slot(object)
    def _on_recording_changed(self, recording: RecordingSummary) -> None:
        self._on_photo_changed()
        if self._sought is not None and self._find(self._sought):
            self._sought = None

    def _find(self, place: Place) -> bool:
        """Put the window on a place, where the recording has it."""
        recording = self._session.recording
        if recording is None:
            return False
        if place.kind == "input":
            self._show_input(place.view)
            return True
        layers = [layer for layer in recording.layers if _is_meant(layer, place)]
        if not layers:
            return False
        layer = layers[-1 if place.is_last else 0]
        if place.view:
            self._window.layers.set_view(layer.name, View(place.view))
        self._session.select(layer.name)
        self._window.layers.scroll_to(layer.name)
        return True

    def _show_input(self, view: str) -> None:
        """Show what goes into the network, in a view of the input panel, or the nearest to it that there is."""
        views = self._window.input.views
        button = views.button(view) or views.button(PhotoView.FED.value)
        if button is not None:
            button.click()


def _is_meant(layer: LayerSummary, place: Place) -> bool:
    has_view = not place.view or View(place.view) in layer.views
    return layer.kind == place.kind and layer.settings.startswith(place.settings) and has_view
