"""The page "Training"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from cnnviewer.lessons.network_messages import BeginningAnswer, BeginningRequest, ExampleAnswer, ExampleRequest
from cnnviewer.qt.panels.learn.page import Page, Place
from cnnviewer.qt.panels.learn.training_steps import TrainingNews, five_steps
from cnnviewer.qt.widgets.elided_label import ElidedLabel
from cnnviewer.qt.widgets.images import to_image
from cnnviewer.qt.widgets.number_field import NumberField
from cnnviewer.qt.widgets.paired_bars import PairedBars
from cnnviewer.qt.widgets.step_cycle import StepCycle
from cnnviewer.qt.widgets.styling import label
from cnnviewer.training.progress import Account, Evaluation, Finished, Progress, Weight

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from cnnviewer.messages import LessonAnswer, LessonRequest, WeightsRequest
    from cnnviewer.qt.training_values import Begun, Told
    from cnnviewer.training.samples import Samples

__all__ = ["TrainingPage"]

_BEAT = 600
"""Milliseconds for which each of the steps is lit."""
_EXAMPLE_SIDE = 76
_LOW = 330
"""Below this height there is little room."""
_LARGEST_ERROR = 2.5
"""A little more than the error of a guess among ten classes, log 10."""
_FIRST, _LAST = 1, 4
"""The steps that are repeated, from 0: forward, error, gradient, check."""
_STAGES = {
    "none": "Ready",
    "preparing": "Getting ready",
    "running": "Learning",
    "paused": "Paused",
    "stopping": "Stopping after this step",
    "ended": "Ended",
    "following": "Following a training that runs elsewhere",
}


class TrainingPage(Page):
    """A real training, told in five steps. Who shows the page connects it with the training.

    `startRequested` tells the target accuracy, 0..1, and whether to wait before the first step.
    """

    startRequested = Signal(float, bool)
    pauseRequested = Signal()
    resumeRequested = Signal()
    stepRequested = Signal()
    stopRequested = Signal()
    watchRequested = Signal(object)

    title = "Training"
    text = """
    <p>A network is not told what a 3 looks like. It finds out, in five steps:</p>
    <p><b>1 Random start.</b> All weights are small random numbers. The answers are guesses.</p>
    <p><b>2 Forward.</b> Some images, a <i>batch</i>, go through. For each come out ten probabilities.</p>
    <p><b>3 Error.</b> The right class should have had probability 1. The error is −log of what it had: 0 where it had
    1, 2.3 where it had a tenth.</p>
    <p><b>4 Backpropagation and gradient descent.</b> Backwards through the layers, it is worked out by how much the
    error would grow with each weight: its <i>gradient</i>. Each weight then moves a little against its gradient; how
    far is the <i>learning rate</i>.</p>
    <p><b>5 Repeat</b> with the next batch. Now and then the network is asked about images that it does not learn
    from: it is done when it has reached the target there.</p>
    <p><b>Try it.</b> Start, and watch the curves; or take single steps and read their numbers. This is a real
    training of LeNet-5 on 5,000 digits: the window shows the network that learns, and the panel Training has more to
    tell.</p>
    """
    place = Place("convolution", view="Filters", what="convolution")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # Not above: it imports a library for plots, and the other pages do without it.
        from cnnviewer.qt.panels.training.curves_page import CurvesPage

        self._stage = "none"
        self._news = TrainingNews()
        self._examples: tuple[ExampleAnswer, ...] = ()
        self._weights: WeightsRequest | None = None
        self._place = 0
        self._has_asked = False
        """Whether the training that is getting ready is the page's own: it begins as was told before it."""
        self.cycle = StepCycle(self)
        self.curves = CurvesPage(self)
        self.bars = PairedBars(self)
        self._build_example()
        self._build_controls()
        self._beat = QTimer(self)
        self._beat.setInterval(_BEAT)
        self._beat.timeout.connect(self._on_beat)
        self._lay_out()
        self.set_stage("none")
        self._show_steps()

    # ---- what is shown

    @property
    def weight(self) -> Weight | None:
        """The weight that the page tells of: in the middle of the first filter of the first layer."""
        if self._news.begun is None:
            return Weight("c1.weight", (0, 0, 2, 2))
        kernels = (item for item in self._news.begun.weights.items() if len(item[1]) == 4)
        name, shape = next(kernels, ("", ()))
        return Weight(name, (0, 0, *(length // 2 for length in shape[2:]))) if name else None

    def refresh(self) -> None:
        """Ask how a training will begin, where there is none."""
        if self._news.begun is None and self.weight is not None:
            self.requested.emit(BeginningRequest(self.weight, self._place))

    def begin(self) -> None:
        """Account for each step of the weight that is told of, from now on."""
        super().begin()
        self.watchRequested.emit(self.weight)
        self._beat_or_not()

    def end(self) -> None:
        """Let the training go on without being told of in numbers."""
        self._beat.stop()
        self.watchRequested.emit(None)

    def show_begun(self, begun: Begun) -> None:
        """Show a training that is ready."""
        self._news = TrainingNews(begun, self._news.beginning if self._has_asked else None)
        self._has_asked = False
        samples = self._samples()
        self._examples, self._weights = (), None
        self._place %= 1 if samples is None else len(samples.labels)
        self.curves.clear(begun.steps)
        self.curves.accuracy.expect(begun.steps, 0, 100)
        target = begun.card["settings"].get("target_accuracy")
        self.curves.accuracy.set_target(None if target is None else 100 * target)
        self._ended.set_text("")
        self._show_example()
        self._show_steps()
        self.cycle.light(0)

    def show_told(self, told: Told) -> None:
        """Show news of the training."""
        self.curves.add(told.news)
        for news in told.news:
            if isinstance(news, Account):
                self._news.account = news
            elif isinstance(news, Progress):
                self._news.progress = news
            elif isinstance(news, Evaluation) and news.split == "validation":
                self._news.validation = news
            elif isinstance(news, Finished):
                self._ended.set_text(news.reason)
        if self._stage == "paused" and any(isinstance(news, Progress) for news in told.news):
            self.cycle.light(_FIRST)
            self._beat_or_not()
        self._show_steps()

    def show_weights(self, weights: WeightsRequest) -> None:
        """Ask what the network says to the example with the weights of now."""
        samples = self._samples()
        if samples is None or self._news.begun is None or weights.run != self._news.begun.folder:
            return
        self._weights = weights
        if self._examples and self._examples[-1].step == weights.step:
            return
        place = self._place
        self.requested.emit(
            ExampleRequest(self._news.begun.folder, weights, samples.images[place], samples.labels[place], place)
        )

    def show_answer(self, request: LessonRequest, answer: LessonAnswer) -> None:
        """Show what the network says to the example."""
        if isinstance(request, BeginningRequest) and isinstance(answer, BeginningAnswer):
            self._show_beginning(request, answer)
        if not isinstance(request, ExampleRequest) or not isinstance(answer, ExampleAnswer):
            return
        begun = self._news.begun
        if begun is None or (request.run, request.number) != (begun.folder, self._place):
            return
        earlier = [example for example in self._examples if example.step != answer.step]
        self._examples = (*earlier[-1:], answer)
        self._show_example()
        self._show_steps()

    def _show_beginning(self, request: BeginningRequest, answer: BeginningAnswer) -> None:
        """Show how a training will begin, where none has begun meanwhile."""
        if self._news.begun is not None or request.number != self._place:
            return
        self._news.beginning, self._examples = answer, (answer.example,)
        self.curves.expect(answer.steps, _LARGEST_ERROR)
        self._show_target()
        self._show_example()
        self._show_steps()

    @Slot()
    def _show_target(self) -> None:
        """Mark the target that is chosen, where no training has one of its own."""
        if self._news.begun is None:
            self.curves.accuracy.set_target(self.target.value())

    def set_stage(self, stage: str) -> None:
        """Show where the training is."""
        self._stage = stage
        is_free, is_ready = stage in ("none", "ended"), stage in ("running", "paused")
        self.start.setText("Pause" if stage == "running" else "Go on" if stage == "paused" else "Start")
        self.start.setEnabled(is_free or is_ready)
        self.step.setEnabled(is_free or is_ready)
        self.stop.setEnabled(is_ready or stage in ("preparing", "following"))
        self.target.setEnabled(is_free)
        self._state.setText(_STAGES[stage])
        if stage == "preparing":
            self._ended.set_text("")
        if is_free:
            self._has_asked = False
        if stage == "ended":
            self.cycle.light(_LAST)
        self._beat_or_not()

    # ---- building

    def _build_example(self) -> None:
        self._picture = QLabel(self)
        self._picture.setFixedSize(_EXAMPLE_SIDE, _EXAMPLE_SIDE)
        self._picture.setAccessibleName("The example")
        self._caption = ElidedLabel(self, role="muted")
        self.other = QPushButton("Another image", self)
        self.other.setToolTip("Look at the next of the images that the network learns from")
        self.other.setEnabled(False)
        self.other.clicked.connect(self._on_other)

    def _build_controls(self) -> None:
        self.start = self._button("Start", "Train LeNet-5 on the digits; or pause it, or let it go on", self._on_start)
        self.start.setObjectName("primary")
        self.step = self._button("One step", "Learn from one batch, and wait", self._on_step)
        self.stop = self._button("Stop", "End the training after the step under way", self.stopRequested.emit)
        self.target = NumberField(self, 20.0, 99.5, 95.0, name="Target accuracy", step=1.0, suffix=" %")
        self.target.setToolTip("The training ends when so many of the images held back are classified rightly")
        self.target.valueChanged.connect(self._show_target)
        self._state = label("", self, "name")
        self._ended = ElidedLabel(self, role="muted")
        self._ended.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def _button(self, text: str, tip: str, slot: object) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(tip)
        button.clicked.connect(slot)
        return button

    def _lay_out(self) -> None:
        controls = QHBoxLayout()
        for widget in (self.start, self.step, self.stop, label("until", self), self.target, label("are right", self)):
            controls.addWidget(widget)
        controls.addSpacing(10)
        controls.addWidget(self._state)
        controls.addWidget(self._ended, stretch=1)
        example = QHBoxLayout()
        side = QVBoxLayout()
        side.setSpacing(4)
        side.addWidget(self._picture, alignment=Qt.AlignmentFlag.AlignHCenter)
        side.addWidget(self.other)
        side.addStretch(1)
        values = QVBoxLayout()
        values.setSpacing(3)
        values.addWidget(self._caption)
        values.addWidget(self.bars, stretch=1)
        example.addLayout(side)
        example.addLayout(values, stretch=1)
        below = QHBoxLayout()
        below.setSpacing(12)
        below.addLayout(example, stretch=4)
        below.addWidget(self.curves, stretch=6)
        for plot in (self.curves.error, self.curves.accuracy):
            plot.set_compact()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(7)
        column.addLayout(controls)
        column.addWidget(self.cycle)
        column.addLayout(below, stretch=1)

    # ---- showing

    def _samples(self) -> Samples | None:
        return None if self._news.dataset is None else self._news.dataset.samples

    def _show_example(self) -> None:
        dataset, samples = self._news.dataset, self._samples()
        self.other.setEnabled(samples is not None)
        if dataset is None or samples is None:
            return
        right = self._news.right = samples.labels[self._place]
        side = QSize(_EXAMPLE_SIDE, _EXAMPLE_SIDE)
        pixels = to_image(samples.pixels[self._place].copy())
        self._picture.setPixmap(QPixmap.fromImage(pixels.scaled(side, Qt.AspectRatioMode.KeepAspectRatio)))
        shown = [example.probabilities for example in self._examples]
        before, now = ((), (), *shown)[-2:]
        name = dataset.categories[right]
        self.bars.show_values(dataset.categories, before, now, right)
        steps = " (pale), ".join(f"{example.step:,}" for example in self._examples)
        self._caption.set_text(f"Right class: {name} · step {steps}" if steps else f"Right class: {name}")

    def _show_steps(self) -> None:
        self._news.example = self._examples[-1] if self._examples else None
        self.cycle.show_steps(five_steps(self._news))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the sentences out where there is little room."""
        super().resizeEvent(event)
        self.cycle.set_compact(event.size().height() < _LOW)

    # ---- what is lit

    def _beat_or_not(self) -> None:
        """Light one step after the other while the training runs, and once after a single step."""
        is_once = self._stage == "paused" and _FIRST <= self.cycle.lit < _LAST
        if self.isVisible() and (self._stage == "running" or is_once):
            if not self._beat.isActive():
                self._beat.start()
        else:
            self._beat.stop()

    @Slot()
    def _on_beat(self) -> None:
        lit = self.cycle.lit
        self.cycle.light(lit + 1 if _FIRST <= lit < _LAST or lit == 0 else _FIRST)
        self._beat_or_not()

    # ---- user

    @Slot()
    def _on_start(self) -> None:
        if self._stage == "running":
            self.pauseRequested.emit()
        elif self._stage == "paused":
            self.resumeRequested.emit()
        else:
            self._ask_to_start(is_paused=False)

    @Slot()
    def _on_step(self) -> None:
        if self._stage in ("running", "paused"):
            self.stepRequested.emit()
        else:
            self._ask_to_start(is_paused=True)

    def _ask_to_start(self, *, is_paused: bool) -> None:
        if self.target.problem:
            self.target.point_out()
            return
        self._has_asked = True
        self.startRequested.emit(self.target.value() / 100, is_paused)

    @Slot()
    def _on_other(self) -> None:
        samples = self._samples()
        if samples is None:
            return
        self._place = (self._place + 1) % len(samples.labels)
        self._examples = ()
        self._show_example()
        self._show_steps()
        self.refresh()
        if self._weights is not None:
            self.show_weights(self._weights)
