"""The learn presenter: gives the tour's pages what their lessons answer, and puts the window where an idea is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot

from cnnviewer.messages import LessonAnswer, LessonRequest, PhotoView, View
from cnnviewer.qt.feature_presenter import FeaturePresenter
from cnnviewer.qt.learn_companions import accompany
from cnnviewer.qt.learn_loan import Loan, Until
from cnnviewer.qt.learn_places import find_place, told_of

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDockWidget

    from cnnviewer.messages import RecordingSummary
    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.panels.learn.learn_panel import LearnPanel
    from cnnviewer.qt.panels.learn.page import Page, Place
    from cnnviewer.qt.session import Session

__all__ = ["LearnPresenter"]

_KEY = "learn:"


class LearnPresenter(FeaturePresenter):
    """Connects the tour with a session."""

    def __init__(self, window: MainWindow, session: Session, panel: LearnPanel, dock: QDockWidget) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self.panel, self.dock = panel, dock
        self._sought: Place | None = None
        self._on_its_way: set[str] = set()
        self._is_photo_late = False
        self.loan = Loan(session, self)
        dock.visibilityChanged.connect(panel.set_seen)
        dock.visibilityChanged.connect(self._on_visibility_changed)
        panel.pageBuilt.connect(self._on_page_built)
        panel.requested.connect(self._on_requested)
        panel.placeRequested.connect(self.show_place)
        panel.elsewhereRequested.connect(self._open_elsewhere)
        panel.pageLeft.connect(self.loan.leave_page)
        panel.wayBackRequested.connect(self._on_way_back_requested)
        self.loan.changed.connect(self._on_loan_changed)
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
        accompany(page, self._window, self._session, self.loan)

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
        if self._sought is not None:  # what was to be seen is not there
            self._sought = None
            self.loan.give_back()

    @Slot()
    def _on_appearance_changed(self) -> None:
        self.panel.refresh()

    # ---- now in the real network

    @Slot(object)
    def show_place(self, place: Place) -> None:
        """Put the window on a layer where an idea is seen; open a network that has one, where there is none."""
        if not self._show(place):
            self._open_elsewhere(place)

    @Slot(object)
    def _open_elsewhere(self, place: Place) -> None:
        """Open a network where an idea is seen, with an image that suits it; what was there can be had back."""
        recording, network = self._session.recording, self._session.network
        self.loan.take(Until.ASKED)
        self._sought = place
        self._session.open_network(place.network)
        self._window.show_sample(place.sample)
        self.loan.note()
        has_none = recording is not None and network is not None and find_place(recording, place) is None
        self.panel.tell(f"{network.name} has no {place.what}." if network is not None and has_none else "")

    @Slot()
    def _on_way_back_requested(self) -> None:
        self._sought = None
        self.panel.tell("")
        self.loan.give_back()

    @Slot()
    def _on_loan_changed(self) -> None:
        self.panel.offer_way_back(self.loan.name)

    @Slot(bool)
    def _on_visibility_changed(self, is_visible: bool) -> None:
        """Give back what a page has taken, once the tour is closed; not where another panel lies over it."""
        if not is_visible and self.dock.isHidden():
            self.loan.leave_page()

    @Slot(object)
    def _on_recording_changed(self, recording: RecordingSummary) -> None:
        self._on_photo_changed()
        network = self._session.network
        if self._sought is not None and network is not None and network.name == self._sought.network:
            sought, self._sought = self._sought, None
            self._show(sought)

    def _show(self, place: Place) -> bool:
        """Put the window on a place, where the recording has it; tell where it is only the nearest."""
        recording, network = self._session.recording, self._session.network
        if recording is None or network is None:
            return False
        if place.kind == "input":
            self._show_input(place.view)
            return True
        found = find_place(recording, place)
        if found is None:
            return False
        if found.place.view:
            self._window.layers.set_view(found.layer.name, View(found.place.view))
        self._session.select(found.layer.name, found.channel)
        self._window.layers.scroll_to(found.layer.name)
        told = told_of(found, place, network.name)
        if told or network.name != place.network:
            self.panel.tell(told, place if told and network.name != place.network else None)
        return True

    def _show_input(self, view: str) -> None:
        """Show what goes into the network, in a view of the input panel, or the nearest to it that there is."""
        views = self._window.input.views
        button = views.button(view) or views.button(PhotoView.FED.value)
        if button is not None:
            self._window.input.show_pixels()  # of them the page tells
            button.click()
