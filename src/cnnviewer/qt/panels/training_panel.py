"""The training panel: controls at the left, pages at the right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cnnviewer.messages import WeightsShown
from cnnviewer.qt.icons import icon
from cnnviewer.qt.panels.training.curves_page import CurvesPage
from cnnviewer.qt.panels.training.film_page import FilmPage
from cnnviewer.qt.panels.training.mistakes_page import MistakesPage
from cnnviewer.qt.panels.training.progress_texts import evaluation_text, figures_text, step_text
from cnnviewer.qt.panels.training.settings_form import RATES
from cnnviewer.qt.panels.training.setup_page import SetupPage
from cnnviewer.qt.panels.training.steps_page import StepsPage
from cnnviewer.qt.widgets.banner import NoteBanner
from cnnviewer.qt.widgets.elided_label import ElidedLabel
from cnnviewer.qt.widgets.number_field import NumberField
from cnnviewer.qt.widgets.progress_line import ProgressLine
from cnnviewer.qt.widgets.segmented import Segmented
from cnnviewer.qt.widgets.styling import label
from cnnviewer.training.progress import Account, Evaluation, Finished, Progress, Remark
from cnnviewer.training.settings import USUAL_RATES, Optimiser

if TYPE_CHECKING:
    from PySide6.QtGui import QDragEnterEvent, QDropEvent

    from cnnviewer.qt.training_values import Begun, Told

__all__ = ["TrainingPanel"]

PAGES = ("Set-up", "Curves", "Mistakes", "Five steps", "Film")
_TIPS = (
    "Which network learns what, and how",
    "Error and accuracy, on the training and on the validation images",
    "What the network takes for what, and its worst mistakes",
    "One step for one weight, in numbers",
    "The moments of the training: drag, play, compare",
)
_SHOWN_TIPS = (
    "Filters show their weights",
    "Filters show the gradient of the last step",
    "Filters show how far their weights have moved since the start",
)
_STAGES = {
    "none": "no training yet",
    "preparing": "getting ready",
    "running": "learning",
    "paused": "paused",
    "stopping": "stopping after this step",
    "ended": "ended",
    "following": "following",
}


_CONTROLS_WIDTH = 250


class TrainingPanel(QWidget):
    """Shows a training; emits what the user wishes."""

    pauseRequested = Signal()
    resumeRequested = Signal()
    stepRequested = Signal()
    stopRequested = Signal()
    continueRequested = Signal()
    trainOnRequested = Signal(bool)
    learningRateChanged = Signal(float)
    weightsShownChanged = Signal(object)
    liveToggled = Signal(bool)
    pathsDropped = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._stage = "none"
        self._begun: Begun | None = None
        self._validation = ""
        self._last: Progress | None = None
        self._speed = 0.0
        self._build_controls()
        self._build_pages()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 7, 2, 6)
        layout.setSpacing(6)
        layout.addLayout(self._controls)
        layout.addLayout(self._right, stretch=1)
        self.setMinimumHeight(236)
        self.set_stage("none", can_continue=False)

    # ---- what is shown

    def show_begun(self, begun: Begun) -> None:
        """Show a training that is ready."""
        self._begun = begun
        card = begun.card
        self._title.set_text(f"{card['network']} on {card['dataset']['name']}")
        self._title.setToolTip(str(begun.folder))
        self._progress.show_progress(begun.step, max(begun.steps, 1))
        self.rate.setValue(begun.learning_rate)
        self._validation, self._last, self._speed = "", None, 0.0
        self._numbers.setText("")
        self._step_text.setText(f"step {begun.step:,} of {begun.steps:,}")
        categories = tuple(card["categories"])
        self.curves.clear(begun.steps)
        self.mistakes.clear(categories)
        self.steps.clear(begun.weights)
        self.film.line.set_moments(begun.moments, begun.steps_per_epoch)
        self.note.hide()
        if self.page == "Set-up":
            self.show_page("Curves")

    def show_told(self, told: Told) -> None:
        """Show news of a training."""
        if told.has_restarted and self._begun is not None:
            self.curves.clear(self._begun.steps)
        self.curves.add(told.news)
        for news in told.news:
            if isinstance(news, Evaluation):
                self._show_evaluation(news, told)
            elif isinstance(news, Account):
                self.steps.show_account(news)
            elif isinstance(news, Finished):
                self.show_ended(news.reason)
        remarks = [news.sentence for news in told.news if isinstance(news, Remark)]
        if remarks:
            # Not instead of what was told: remarks that come one after another may reach the window apart.
            self.note.add_note(" ".join(remarks))
        steps = (news for news in reversed(told.news) if isinstance(news, Progress))
        self._last = next(steps, self._last)
        self._speed = told.speed
        self._show_progress()
        if told.moments and self._begun is not None:
            self.film.line.set_moments(told.moments, self._begun.steps_per_epoch)

    def show_ended(self, reason: str) -> None:
        """Tell why the training has ended."""
        self._ended.set_text(reason)

    def set_stage(self, stage: str, *, can_continue: bool, can_train_on: bool = False) -> None:
        """Show where the training is.

        Parameters
        ----------
        stage
            One of `cnnviewer.qt.training_session.Stage`.
        can_continue
            Whether one that was stopped before its end may go on.
        can_train_on
            Whether one that came to its end may have more epochs.
        """
        self._stage = stage
        self.train_on.setVisible(can_train_on)
        self.steps.set_stage(stage, can_go_on=can_continue or can_train_on)
        self._stage_text.setText(_STAGES[stage])
        is_ready = stage in ("running", "paused")
        self.play.setEnabled(is_ready or can_continue)
        self.step.setEnabled(is_ready)
        self.stop.setEnabled(is_ready or stage in ("preparing", "following"))
        self.rate.setEnabled(is_ready)
        self.setup.set_busy(stage not in ("none", "ended"))
        if stage in ("preparing", "running", "following"):
            self._ended.set_text("")
        self._show_progress()
        self.refresh_icons()
        tip = "Pause (Ctrl+P)" if stage == "running" else "Go on (Ctrl+P)"
        self.play.setToolTip("Let this training go on from its last checkpoint (Ctrl+P)" if can_continue else tip)

    def refresh_icons(self) -> None:
        """Paint the icons in the theme's colour."""
        self.play.setIcon(icon("pause" if self._stage == "running" else "play"))
        self.step.setIcon(icon("step"))
        self.stop.setIcon(icon("stop"))

    def show_page(self, name: str) -> None:
        """Turn to a page."""
        self.pages.set_current(name)
        self._stack.setCurrentIndex(PAGES.index(name))
        self._stack.updateGeometry()

    @property
    def more_epochs(self) -> int:
        """How many epochs more a training has that is trained on: as many as the page Set-up tells."""
        return self.setup.form.epochs.value()

    @property
    def page(self) -> str:
        """The page that is shown."""
        return PAGES[self._stack.currentIndex()]

    @property
    def numbers(self) -> str:
        """The figures at the left."""
        return self._numbers.text()

    @property
    def ended(self) -> str:
        """Why the training ended."""
        return self._ended.text()

    def toggle_running(self) -> None:
        """Pause, or go on."""
        if self.play.isEnabled():
            self.play.click()

    # ---- building

    def _build_controls(self) -> None:
        self._title = ElidedLabel(self, role="name")
        self._title.set_text("Train a network")
        self._stage_text = label("", self)
        self._progress = ProgressLine(self)
        self._progress.setFixedHeight(6)
        self._progress.setAccessibleName("Progress of the training")
        self._step_text = label("", self)
        self.play = self._button("Start with the page Set-up", self._on_play)
        self.step = self._button("Take one step, and pause", self.stepRequested.emit)
        self.stop = self._button("Stop, with a checkpoint to go on from", self.stopRequested.emit)
        self.rate = self._build_rate()
        self._numbers = label("", self)
        self._numbers.setWordWrap(True)
        self._ended = ElidedLabel(self, role="name")
        self.train_on = QPushButton(self)
        self.train_on.clicked.connect(self._on_train_on)
        self.train_on.hide()
        self.live = QCheckBox("Live panels", self)
        self.live.setChecked(True)
        self.live.setToolTip("Record the chosen image anew with the weights of now, again and again")
        self.live.toggled.connect(self.liveToggled)
        self.shown = Segmented([shown.value for shown in WeightsShown], self, _SHOWN_TIPS)
        self.shown.chosen.connect(self._on_shown_chosen)
        self._controls = QVBoxLayout()
        self._controls.setSpacing(5)
        for row in (
            (self._title, self._stage_text),
            (self._progress,),
            (self.play, self.step, self.stop, self._step_text),
            (label("Learning rate", self), self.rate),
        ):
            self._controls.addLayout(_row(*row))
        self._controls.addWidget(self._numbers)
        self._controls.addLayout(_row(self._ended, self.train_on))
        self._controls.addStretch(1)
        self._controls.addLayout(_row(label("Filters", self), self.shown))
        self._controls.addWidget(self.live)
        for widget in (self._title, self._ended):
            widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._numbers.setFixedWidth(_CONTROLS_WIDTH)

    def _build_rate(self) -> NumberField:
        tip = "The learning rate, before the schedule lowers it; it may be changed while the training runs"
        name = "Learning rate of the running training"
        rate = NumberField(self, *RATES, USUAL_RATES[Optimiser.SGD], name=name, tip=tip)
        rate.setKeyboardTracking(False)  # a number that is half typed goes to no training
        rate.setMinimumWidth(94)
        rate.valueChanged.connect(self._on_rate_changed)
        return rate

    def _build_pages(self) -> None:
        self.setup = SetupPage(self)
        self.curves = CurvesPage(self)
        self.mistakes = MistakesPage(self)
        self.steps = StepsPage(self)
        self.film = FilmPage(self)
        self.setup.form.epochs.valueChanged.connect(self._show_more_epochs)
        self.steps.trainOnRequested.connect(self._on_train_step_by_step)
        self.note = NoteBanner(self)
        self._show_more_epochs()
        self.pages = Segmented(PAGES, self, _TIPS)
        self.pages.chosen.connect(self.show_page)
        self._stack = _Pages(self)
        for page in (self.setup, self.curves, self.mistakes, self.steps, self.film):
            self._stack.addWidget(page)
        head = QHBoxLayout()
        head.addWidget(self.pages)
        head.addStretch(1)
        self._right = QVBoxLayout()
        self._right.setSpacing(2)
        self._right.addLayout(head)
        self._right.addWidget(self.note)
        self._right.addWidget(self._stack, stretch=1)

    def _button(self, tip: str, clicked: object) -> QToolButton:
        button = QToolButton(self)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setIconSize(QSize(16, 16))
        button.clicked.connect(clicked)
        return button

    # ---- showing

    def _show_evaluation(self, evaluation: Evaluation, told: Told) -> None:
        self._validation = evaluation_text(evaluation)
        if len(evaluation.confusion):
            self.mistakes.show_evaluation(evaluation, told.mistakes.get((evaluation.split, evaluation.step)))

    def _show_progress(self) -> None:
        progress = self._last
        if progress is None:
            return
        self._progress.show_progress(progress.step, max(progress.steps, 1))
        self._step_text.setText(step_text(progress))
        has_ended = self._stage == "ended"
        self._numbers.setText(figures_text(progress, self._validation, self._speed, has_ended=has_ended))

    @Slot()
    def _show_more_epochs(self) -> None:
        count = self.more_epochs
        epochs = f"{count:,} epochs" if count > 1 else "1 epoch"
        self.train_on.setText("Train on")
        self.train_on.setToolTip(f"Train on for {epochs} more, as many as the page Set-up tells")

    # ---- user

    @Slot()
    def _on_train_on(self) -> None:
        self.trainOnRequested.emit(False)

    @Slot()
    def _on_train_step_by_step(self) -> None:
        self.trainOnRequested.emit(True)

    @Slot()
    def _on_play(self) -> None:
        if self._stage == "running":
            self.pauseRequested.emit()
        elif self._stage == "paused":
            self.resumeRequested.emit()
        else:
            self.continueRequested.emit()

    @Slot(float)
    def _on_rate_changed(self, rate: float) -> None:
        if self.rate.isEnabled():
            self.learningRateChanged.emit(rate)

    @Slot(str)
    def _on_shown_chosen(self, shown: str) -> None:
        self.weightsShownChanged.emit(WeightsShown(shown))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take a folder: images to learn from, or a training. Whether it is one the disk is asked later."""
        if _paths_in(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Tell what was dropped."""
        paths = _paths_in(event)
        if paths:
            event.acceptProposedAction()
            self.pathsDropped.emit(paths)


class _Pages(QStackedWidget):
    """Shows one page at a time; one that is not shown needs no room."""

    def minimumSizeHint(self) -> QSize:
        """Return room for the page that is shown."""
        page = self.currentWidget()
        return super().minimumSizeHint() if page is None else page.minimumSizeHint()


def _paths_in(event: QDropEvent) -> tuple[Path, ...]:
    return tuple(Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile())


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(6)
    for widget in widgets:
        row.addWidget(widget, stretch=1 if isinstance(widget, (ElidedLabel, ProgressLine, NumberField)) else 0)
    if not isinstance(widgets[0], (ElidedLabel, ProgressLine)):
        row.addStretch(1)
    return row
