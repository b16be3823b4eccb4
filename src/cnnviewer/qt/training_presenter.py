"""The training presenter: wires the training panel, the training session and the window's session."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, QTimer, Signal, Slot

from cnnviewer.messages import ImageRequest, WeightsRequest, WeightsShown
from cnnviewer.qt.feature_presenter import FeaturePresenter
from cnnviewer.qt.training_runs import TrainingRuns
from cnnviewer.qt.training_session import Stage, TrainingSession
from cnnviewer.qt.training_values import Order

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PySide6.QtWidgets import QDockWidget

    from cnnviewer.designs import Design
    from cnnviewer.messages import NetworkSummary, WeightsAnswer
    from cnnviewer.qt.failures import Failure
    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.panels.training_panel import TrainingPanel
    from cnnviewer.qt.selection import Selection
    from cnnviewer.qt.session import Session
    from cnnviewer.qt.training_values import Begun, Told
    from cnnviewer.training.plan import Plan

__all__ = ["TrainingPresenter"]

_LIVE_INTERVAL = 120
"""Milliseconds between two looks at the weights of now: each takes its share of the interpreter from the training."""


@dataclass
class _Film:
    """What the window shows of a training: its moment, and the one that is held."""

    shown: int | None = None
    held: int | None = None
    held_title: str = ""
    is_live: bool = True


class TrainingPresenter(FeaturePresenter):
    """Connects a training panel with the two sessions; `showing` tells that the window is about to show a training."""

    showing = Signal()

    def __init__(self, window: MainWindow, session: Session, panel: TrainingPanel, dock: QDockWidget) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self.panel, self.dock = panel, dock
        self.training = TrainingSession(self)
        self.runs = TrainingRuns(panel, self.training, session.lookups, self)
        self._film = _Film()
        self._run: Path | None = None
        self._is_open = self._is_opening = False
        self._live = QTimer(self)
        self._live.setSingleShot(True)
        self._live.setInterval(_LIVE_INTERVAL)
        self._live.timeout.connect(self._ask_weights)
        self._connect_panel()
        self._connect_sessions()
        panel.setup.set_runs_folder(runs_folder())
        panel.setup.look()

    @property
    def shown_step(self) -> int | None:
        """The step of the training whose weights the panels show; None where they show no training's."""
        return self._film.shown

    def open_folder(self, folder: Path) -> None:
        """Show a training's folder; any other folder becomes the dataset to learn from."""
        self.runs.open_folder(folder)

    def start(self, plan: Plan, folder: Path, *, is_paused: bool = False) -> None:
        """Begin a training in a new folder; where `is_paused`, it waits before its first step."""
        self._window.error.hide()
        self.training.begin(plan, folder, is_paused=is_paused)

    @property
    def memory(self) -> str:
        """The folder of the run whose network is open; '' where that is another."""
        return "" if self._run is None or not self._is_open else str(self._run)

    def recall(self, memory: str) -> None:
        """Show a run again, where it still is one."""
        if memory:
            self.runs.open_paths((Path(memory),), only_runs=True)

    def end_workers(self) -> None:
        """End the training after the step under way, with a checkpoint."""
        self.training.close()

    def _connect_panel(self) -> None:
        panel, training = self.panel, self.training
        panel.setup.lookRequested.connect(training.look)
        panel.setup.startRequested.connect(self.start)
        panel.setup.designRequested.connect(self._on_design_requested)
        panel.pauseRequested.connect(training.pause)
        panel.resumeRequested.connect(training.resume)
        panel.stepRequested.connect(training.take_step)
        panel.stopRequested.connect(training.stop)
        self.runs.othersFound.connect(self._window.open_paths)
        self.runs.goesOn.connect(self._window.error.hide)
        panel.learningRateChanged.connect(training.set_learning_rate)
        panel.weightsShownChanged.connect(self._on_weights_shown_chosen)
        panel.liveToggled.connect(self._on_live_toggled)
        panel.pages.chosen.connect(self._on_page_chosen)
        panel.mistakes.imageChosen.connect(self._on_image_chosen)
        panel.setup.samples.chosen.connect(self._on_sample_chosen)
        panel.steps.watchRequested.connect(training.watch)
        panel.film.momentRequested.connect(self._on_moment_requested)
        panel.film.liveRequested.connect(self._on_live_requested)
        panel.film.holdRequested.connect(self._on_hold_requested)

    def _connect_sessions(self) -> None:
        training, session = self.training, self._session
        training.stageChanged.connect(self._on_stage_changed)
        training.looked.connect(self.panel.setup.show_dataset)
        training.begun.connect(self._on_begun)
        training.told.connect(self._on_told)
        training.weightsTaken.connect(self._on_weights_taken)
        training.progressed.connect(self._window.progress.show_progress)
        training.lookEnded.connect(self._window.progress.hide)
        training.failed.connect(self._on_failed)
        self._window.progress.cancelRequested.connect(self._on_cancel_requested)
        session.networkChanged.connect(self._on_network_changed)
        session.weightsChanged.connect(self._on_weights_changed)
        session.selectionChanged.connect(self._on_selection_changed)
        session.failed.connect(self._on_session_failed)
        session.idle.connect(self._on_idle)

    # ---- the training's news

    @Slot(object)
    def _on_begun(self, begun: Begun) -> None:
        self._window.progress.hide()
        self._film = _Film()
        self._run, self._is_open, self._is_opening = begun.folder, False, False
        self.panel.show_begun(begun)
        self.panel.film.let_go()
        if begun.dataset is not None:
            self.panel.setup.show_dataset(begun.dataset)
        self.show_again()

    def show_again(self) -> None:
        """Show the training of the window: its network, and an image of each class."""
        begun = self.training.begun_with
        if begun is None:
            return
        self.showing.emit()
        if begun.dataset is not None:
            self._show_one_of_each(begun)
        self._open_run()

    def _show_one_of_each(self, begun: Begun) -> None:
        """Show an image of each class: photos of other things say nothing on what the network learns."""
        dataset = begun.dataset
        assert dataset is not None
        samples, seen, images = dataset.samples, set(), []
        for label, pixels in zip(samples.labels, samples.images, strict=True):
            if label not in seen:
                seen.add(label)
                images.append(ImageRequest(dataset.categories[label], pixels=pixels))
        self._session.inputs.show_images(images)

    @Slot(object)
    def _on_told(self, told: Told) -> None:
        self.panel.show_told(told)
        if self.training.stage is Stage.PAUSED:
            self._ask_weights()  # a single step was taken
        newest = told.moments[-1] if told.moments else self._film.shown
        if self.training.stage is Stage.FOLLOWING and self._film.is_live and newest != self._film.shown:
            self._show_moment(newest)

    @Slot(object)
    def _on_stage_changed(self, stage: Stage) -> None:
        if stage is not Stage.PREPARING:
            self._window.progress.hide()
        self.panel.set_stage(stage.value, can_continue=self.runs.can_continue(), can_train_on=self.runs.can_train_on())
        self._ask_weights()

    @Slot(object)
    def _on_failed(self, failure: Failure) -> None:
        self._window.progress.hide()
        if failure.was_cancelled:
            self._window.statusBar().showMessage(failure.sentence, 4000)
        elif isinstance(failure.request, Order) and failure.request.what == "look":
            self.panel.setup.show_missing(failure.sentence)
        else:
            self._window.error.show_failure(failure)
            self.panel.show_ended(failure.sentence)

    # ---- live weights

    @Slot()
    def _ask_weights(self) -> None:
        """Ask for the weights of now, where they are to be shown."""
        is_wanted = self._film.is_live and self.panel.live.isChecked() and self._is_open
        if is_wanted and self.training.stage in (Stage.RUNNING, Stage.PAUSED):
            self.training.ask_weights()

    @Slot(object)
    def _on_weights_taken(self, request: WeightsRequest) -> None:
        if self._is_open and self._film.is_live:
            self._session.show_weights(request)

    @Slot(object)
    def _on_network_changed(self, network: NetworkSummary) -> None:
        del network
        self._is_opening = False
        begun = self.training.begun_with
        self._is_open = begun is not None and self._session.network_name_asked == str(begun.folder)
        # A network that is opened holds no moment: what was held was another's.
        self._film = _Film(is_live=self._film.is_live)
        self.panel.film.let_go()
        self.panel.curves.set_moments(None, None)
        if self._is_open and begun is not None:
            self._film.shown = begun.step
            self._ask_weights()

    @Slot(object)
    def _on_weights_changed(self, answer: WeightsAnswer) -> None:
        film = self._film
        film.shown = answer.step if answer.step is not None else film.shown
        line, held = self.panel.film.line, self._session.held_moment
        if answer.held is None:
            film.held = None
        elif film.held is None and held is not None:  # the tour has given it back
            film.held, film.held_title = held.step, f"held: training, step {held.step:,}"
            line.set_held(held.step)
        if film.is_live:  # else the user's hand is on it, and further already
            line.set_current(None)
        line.set_ready()
        self.panel.curves.set_moments(None if film.is_live else film.shown, film.held)
        self._show_probabilities(answer)

    @Slot(object)
    def _on_session_failed(self, failure: Failure) -> None:
        del failure
        self._is_opening = False
        self.panel.film.line.set_ready()

    def _show_probabilities(self, answer: WeightsAnswer) -> None:
        recording = answer.recording
        shown = None if recording is None else (answer.network.provenance, recording.probabilities)
        held = None if answer.held is None else (self._film.held_title, answer.held)
        self.panel.film.show_probabilities(held, shown, () if recording is None else recording.categories)

    @Slot()
    def _on_idle(self) -> None:
        if self.training.stage is Stage.RUNNING and not self._live.isActive():
            self._live.start()

    # ---- wishes of the panel

    @Slot()
    def _on_cancel_requested(self) -> None:
        if self.training.stage in (Stage.PREPARING, Stage.NONE, Stage.ENDED):
            self.training.stop()

    @Slot(object)
    def _on_design_requested(self, design: Design | None) -> None:
        from cnnviewer.qt.designer_dialog import DesignerDialog
        from cnnviewer.ready_designs import DESIGNS

        dataset = self.training.dataset
        classes = 10 if dataset is None else len(dataset.categories)
        dialog = DesignerDialog(design or next(iter(DESIGNS.values())), classes, self._window)
        dialog.designChosen.connect(self.panel.setup.set_design)
        dialog.open()

    @Slot(object)
    def _on_weights_shown_chosen(self, shown: WeightsShown) -> None:
        self._session.set_appearance(weights=shown)

    @Slot(bool)
    def _on_live_toggled(self, is_on: bool) -> None:
        if is_on:
            self._on_live_requested()

    @Slot(str)
    def _on_page_chosen(self, page: str) -> None:
        self.training.watch(self.panel.steps.weight() if page == "Five steps" else None)

    @Slot(object, str)
    def _on_image_chosen(self, pixels: NDArray[np.uint8], title: str) -> None:
        self._session.inputs.show_images([ImageRequest(title, pixels=pixels)])

    @Slot(int)
    def _on_sample_chosen(self, place: int) -> None:
        dataset = self.training.dataset
        if dataset is not None:
            samples = dataset.samples
            self._on_image_chosen(samples.images[place], dataset.categories[samples.labels[place]])

    @Slot(int)
    def _on_moment_requested(self, step: int) -> None:
        self._film.is_live = False
        self._show_moment(step)

    def _open_run(self) -> None:
        """Open the network of the training, at first and where the user opened another one meanwhile."""
        if not (self._is_open or self._is_opening) and self._run is not None:
            self._is_opening = True
            self._session.open_network(str(self._run))

    def _show_moment(self, step: int | None) -> None:
        if self._run is not None and step is not None:
            self._open_run()
            self._session.show_weights(WeightsRequest(step, run=self._run, network=str(self._run)))

    @Slot()
    def _on_live_requested(self) -> None:
        self._film.is_live = True
        self.panel.curves.set_moments(None, self._film.held)
        if self.training.stage in (Stage.RUNNING, Stage.PAUSED):
            self._open_run()
            self._ask_weights()
        else:
            moments = self.panel.film.line.moments
            if moments:
                self._show_moment(moments[-1])

    @Slot(object)
    def _on_hold_requested(self, step: int | None) -> None:
        film = self._film
        film.held = None if step is None else film.shown
        film.held_title = "" if self._session.network is None else f"held: {self._session.network.provenance}"
        self._session.hold(step is not None)

    @Slot(object)
    def _on_selection_changed(self, selection: Selection) -> None:
        layer = self._session.selected_layer()
        if layer is not None and self.panel.page == "Five steps":
            self.panel.steps.choose(f"{layer.module}.weight", selection.channel)


def runs_folder() -> Path:
    """Return where new trainings lie: in the user's own data folder."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)
    return Path(place or ".") / "runs"
