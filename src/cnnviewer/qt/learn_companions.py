"""What some pages of the tour need besides lessons: the window's training, its photo, its networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from cnnviewer.messages import ThumbnailAnswer, ThumbnailRequest
from cnnviewer.qt import training_presenter
from cnnviewer.qt.learn_loan import Until
from cnnviewer.qt.panels.learn.famous_page import FamousPage
from cnnviewer.qt.panels.learn.seen_page import SeenPage
from cnnviewer.qt.panels.learn.training_page import TrainingPage
from cnnviewer.qt.panels.training.setup_page import new_name
from cnnviewer.qt.training_session import Stage
from cnnviewer.training.plan import first_plan

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.frames import FrameAnswer
    from cnnviewer.lessons.network_messages import Patch
    from cnnviewer.messages import ImageEdit, NetworkSummary, RecordingSummary
    from cnnviewer.qt.learn_loan import Loan
    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.panels.learn.page import Page
    from cnnviewer.qt.session import Session
    from cnnviewer.qt.training_values import Begun, Told
    from cnnviewer.training.progress import Weight

__all__ = ["accompany"]

_PHOTO = "learn-photo"
_PHOTO_SIDE = 640


def accompany(page: Page, window: MainWindow, session: Session, loan: Loan) -> None:
    """Give a page what it needs; it lives as long as the page does. What it takes of the window is on loan."""
    if isinstance(page, TrainingPage):
        TrainingCompanion(page, window, session, loan)
    elif isinstance(page, SeenPage):
        PhotoCompanion(page, window, session)
    elif isinstance(page, FamousPage):
        FamousCompanion(page, session, loan)


class TrainingCompanion(QObject):
    """Connects the page on training with the training of the window, which all panels follow.

    A training that is started here takes the window's network and images only as long as the page is open.
    """

    def __init__(self, page: TrainingPage, window: MainWindow, session: Session, loan: Loan) -> None:
        super().__init__(page)
        self._page, self._session, self._loan = page, session, loan
        self._has_asked = self._is_left = False
        self._folder: Path | None = None
        self._presenter = window.ready_training()
        training = self._training = self._presenter.training
        page.startRequested.connect(self._on_start_requested)
        page.pauseRequested.connect(training.pause)
        page.resumeRequested.connect(training.resume)
        page.stepRequested.connect(training.take_step)
        page.stopRequested.connect(training.stop)
        page.watchRequested.connect(self._on_watch_requested)
        self._presenter.showing.connect(self._on_showing)
        loan.left.connect(self._on_left)
        training.begun.connect(self._on_begun)
        training.told.connect(self._on_told)
        training.stageChanged.connect(self._on_stage_changed)
        training.weightsTaken.connect(page.show_weights)
        if training.begun_with is not None:
            page.show_begun(training.begun_with)
        page.set_stage(training.stage.value)

    @Slot(float, bool)
    def _on_start_requested(self, target: float, is_paused: bool) -> None:
        plan = first_plan(target)
        self._has_asked = True
        self._presenter.start(plan, new_name(training_presenter.runs_folder(), plan), is_paused=is_paused)

    @Slot(object)
    def _on_watch_requested(self, weight: Weight | None) -> None:
        """Account for a weight; the window shows the training again that was begun here, where it goes on."""
        self._training.watch(weight)
        self._is_left &= weight is None
        begun, is_on = self._training.begun_with, self._training.stage in (Stage.RUNNING, Stage.PAUSED)
        is_own = begun is not None and begun.folder == self._folder
        if weight is not None and is_on and is_own and self._session.network_name_asked != str(self._folder):
            self._has_asked = True
            self._presenter.show_again()
            self._loan.note()
            self._has_asked = False

    @Slot()
    def _on_left(self) -> None:
        self._is_left = True

    @Slot()
    def _on_showing(self) -> None:
        """Remember what the window shows, before the training that was begun here takes its place."""
        if self._has_asked:
            self._loan.take(Until.PAGE)

    @Slot(object)
    def _on_begun(self, begun: Begun) -> None:
        if self._has_asked:
            self._has_asked, self._folder = False, begun.folder
            self._loan.note()
            if self._is_left:
                self._loan.leave_page()
        self._page.show_begun(begun)
        if self._page.isVisible():
            self._training.watch(self._page.weight)

    @Slot(object)
    def _on_told(self, told: Told) -> None:
        self._page.show_told(told)
        self._ask()

    @Slot(object)
    def _on_stage_changed(self, stage: Stage) -> None:
        self._has_asked &= stage is Stage.PREPARING  # what could not begin takes nothing
        self._page.set_stage(stage.value)
        self._ask()

    def _ask(self) -> None:
        """Ask for the weights of now, while the page shows what they make of its example."""
        if self._page.isVisible() and self._training.stage in (Stage.RUNNING, Stage.PAUSED):
            self._training.ask_weights()


class PhotoCompanion(QObject):
    """Gives the page on what layers see the photo of the window, and the window the changed photo."""

    def __init__(self, page: SeenPage, window: MainWindow, session: Session) -> None:
        super().__init__(page)
        self._page, self._window, self._session = page, window, session
        page.editRequested.connect(self._on_edit_requested)
        page.patchChosen.connect(self._on_patch_chosen)
        session.inputs.imagesChanged.connect(self._ask_photo)
        session.networkChanged.connect(self._on_network_changed)
        session.recordingChanged.connect(self._on_recording_changed)
        session.framed.connect(self._on_framed)
        session.pictured.connect(self._on_pictured)
        self._ask_photo()
        if session.recording is not None:
            self._on_recording_changed(session.recording)

    @Slot()
    def _ask_photo(self) -> None:
        photo = self._session.inputs.photo
        if photo is None:
            self._page.show_photo(None)
        else:
            self._session.request(_PHOTO, ThumbnailRequest(photo, _PHOTO_SIDE))

    @Slot(str, object, object)
    def _on_pictured(self, key: str, request: object, answer: object) -> None:
        is_photo = isinstance(request, ThumbnailRequest) and request.image is self._session.inputs.photo
        if key == _PHOTO and is_photo and isinstance(answer, ThumbnailAnswer):
            self._page.show_photo(answer.pixels)

    @Slot(object)
    def _on_recording_changed(self, recording: RecordingSummary) -> None:
        photo = self._session.inputs.photo
        if photo is None:
            self._page.show_photo(None)
        is_changed = photo is not None and recording.image != photo.title
        self._page.show_classes(recording, recording.categories, is_changed=is_changed)

    @Slot(object)
    def _on_framed(self, answer: FrameAnswer) -> None:
        if self._page.isVisible():
            self._on_recording_changed(answer.recording)

    @Slot(object)
    def _on_network_changed(self, network: NetworkSummary) -> None:
        """Show another network the photo as it is first."""
        self._page.forget_classes()
        self._page.end()

    @Slot(object)
    def _on_edit_requested(self, edit: ImageEdit | None) -> None:
        self._session.inputs.edit_image(edit)

    @Slot(str, object)
    def _on_patch_chosen(self, layer: str, patch: Patch) -> None:
        self._session.select(layer, patch.channel, patch.unit)
        self._window.layers.scroll_to(layer)


class FamousCompanion(QObject):
    """Opens famous networks in the window, and tells the page when one has been downloaded."""

    def __init__(self, page: FamousPage, session: Session, loan: Loan) -> None:
        super().__init__(page)
        self._page, self._session, self._loan = page, session, loan
        page.openRequested.connect(self._on_open_requested)
        session.networkChanged.connect(self._on_network_changed)

    @Slot(str, object)
    def _on_open_requested(self, name: str, weights: str | None) -> None:
        self._loan.take(Until.CHOSEN)
        self._session.open_network(name, weights)
        self._loan.note()

    @Slot(object)
    def _on_network_changed(self, network: NetworkSummary) -> None:
        if self._page.isVisible():
            self._page.refresh()
