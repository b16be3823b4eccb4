"""The page "The whole network"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, QTimer, Slot
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from cnnviewer.lessons.network_messages import NetworkPicture, WholeNetworkRequest
from cnnviewer.qt.panels.learn.page import Page, Place
from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.drawing_pad import DrawingPad
from cnnviewer.qt.widgets.elided_label import ElidedLabel
from cnnviewer.qt.widgets.network_view import NetworkView
from cnnviewer.qt.widgets.segmented import Segmented
from cnnviewer.qt.widgets.styling import scrolled

if TYPE_CHECKING:
    from cnnviewer.inputs.drawing import Drawing
    from cnnviewer.messages import LessonAnswer, LessonRequest

__all__ = ["STEP_PAGES", "WholePage"]

STEP_PAGES = {
    "convolution": "Convolution",
    "activation": "ReLU",
    "pooling": "Pooling",
    "linear": "Fully connected and softmax",
    "softmax": "Fully connected and softmax",
}
"""The title of the page that explains each step."""
_HINT = "Point at a map or a unit: its links lead to what it is made of and what it feeds: red adds, blue subtracts."
_PAD = 140
_LEAST_WIDTH = 420
_LENET, _OPEN = "LeNet-5 on your digit", "The open network"


class WholePage(Page):
    """LeNet-5 on a digit, or the network that is open, where it is small: all of its maps in one picture."""

    title = "The whole network"
    text = """
    <p>A whole network, all of it, at work on one image: from left to right the image, all layers with their maps, and
    last the probabilities of the classes.</p>
    <p>In <b>LeNet-5</b> these are two rounds of convolution, ReLU and pooling, a last convolution whose maps are single
    numbers, two fully connected layers, and the softmax of the ten digits. On the way the maps become <b>smaller and
    more</b>: 6 maps of 28×28 know where a line lies, 120 single numbers know only what there is.</p>
    <p><b>Point at a map or a unit.</b> Lines lead to what it is made of, and to what it feeds. The thicker a line,
    the larger the weights; red ones add, blue ones subtract. A click holds the lines, and the next one lets go. The
    arrow keys move the pointer, too.</p>
    <p><b>Draw a digit</b>, slowly, and see when the network changes its mind. A click on a coloured label opens the
    page on that step.</p>
    <p>Each column has one scale for all of its maps: bright is large, and black is 0. What can be negative is red
    above 0 and blue below.</p>
    <p><b>The open network</b> is shown in the same way, with the image of the window or with your digit, where
    it is small enough: TinyVGG, or one of your own.</p>
    """
    place = Place("convolution", view="Maps", is_last=True, what="convolution")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sample = "digit-3"
        self.pad = DrawingPad(self)
        self.pad.setFixedWidth(_PAD)
        self.pad.setMinimumHeight(_PAD - 36)
        self.pad.setMaximumHeight(_PAD)
        self.pad.line_width = 0.1
        self.pad.drawn.connect(self._on_drawn)
        self.samples = [Segmented(digits, self, [f"The sample digit {digit}" for digit in digits]) for digits in _ROWS]
        for row in self.samples:
            row.setStyleSheet("QToolButton { padding: 2px 0; min-width: 22px; }")
            row.chosen.connect(self._on_sample_chosen)
        self.clear = QPushButton("New sheet", self)
        self.clear.setToolTip(_CLEAR_TIPS[False])
        self.clear.clicked.connect(self._on_cleared)
        self.apart = QCheckBox("ReLU apart", self)
        self.apart.setToolTip("Show what goes into each ReLU, too, in a column of its own")
        self.apart.toggled.connect(self.refresh)
        self.which = Segmented(
            (_LENET, _OPEN), self, ("Show LeNet-5", "Show the network of the window, with its image or your digit")
        )
        self.which.setStyleSheet("QToolButton { font-weight: 600; }")  # the chosen one is as wide as the others
        self.which.chosen.connect(self._on_which_chosen)
        self.view = NetworkView(self, STEP_PAGES)
        self.view.stepClicked.connect(self._on_step_clicked)
        self.view.described.connect(self._on_described)
        self.view.stepped.connect(self._on_stepped)
        self.view.installEventFilter(self)
        # Many columns are scrolled; the pad and what is told stay where they are.
        self.area = scrolled(self.view, self)
        self.area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setMinimumSize(
            _LEAST_WIDTH, self.view.minimumHeight() + self.area.horizontalScrollBar().sizeHint().height()
        )
        self.shown = ElidedLabel(self, role="name")
        self.readout = ElidedLabel(self, role="muted")
        self.readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._on_described("")
        # Many small movements of the pen make one request.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.refresh)
        self._mark_sample()
        self._lay_out()

    @property
    def is_open(self) -> bool:
        """Whether the network that is open is shown."""
        return self.which.current == _OPEN

    @Slot()
    def refresh(self) -> None:
        """Ask for the picture."""
        drawing = self.pad.drawing
        self.requested.emit(
            WholeNetworkRequest(
                drawing=drawing if drawing.strokes else None,
                sample=self._sample,
                is_open=self.is_open,
                is_folded=not self.apart.isChecked(),
                is_dark=current_theme().is_dark,
            )
        )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the wheel scroll the columns, which lie side by side."""
        if isinstance(event, QWheelEvent) and watched is self.view:
            bar, turned = self.area.horizontalScrollBar(), event.angleDelta()
            if bar.maximum() > 0:
                bar.setValue(bar.value() - (turned.y() or turned.x()))
                return True
        return super().eventFilter(watched, event)

    def show_answer(self, request: LessonRequest, answer: LessonAnswer) -> None:
        """Show the picture."""
        if isinstance(answer, NetworkPicture) and isinstance(request, WholeNetworkRequest):
            if request.is_open is not self.is_open:
                return  # the other network has been chosen since
            self.view.show_picture(answer)
            self.shown.set_text(answer.network if request.is_open else "")

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(4)
        left.addWidget(self.pad, stretch=1)
        left.addWidget(self.clear)
        for digits in self.samples:
            left.addWidget(digits)
        left.addWidget(self.apart)
        left.addStretch(1)
        top = QHBoxLayout()
        top.addWidget(self.which)
        top.addWidget(self.shown)
        top.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(4)
        right.addLayout(top)
        right.addWidget(self.area, stretch=1)
        right.addWidget(self.readout)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addLayout(left)
        row.addLayout(right, stretch=1)

    def _mark_sample(self) -> None:
        """Mark the sample that is shown; none where a drawing is."""
        shown = "" if self.pad.drawing.strokes else self._sample[-1:]
        for row in self.samples:
            row.set_current(shown)

    @Slot(object)
    def _on_drawn(self, drawing: Drawing) -> None:
        self._mark_sample()
        self._soon.start()

    @Slot(str)
    def _on_which_chosen(self, which: str) -> None:
        self.follows_photo = which == _OPEN
        self._sample = "" if self.is_open else "digit-3"
        self.clear.setToolTip(_CLEAR_TIPS[self.is_open])
        self._mark_sample()
        self.refresh()

    @Slot()
    def _on_cleared(self) -> None:
        if self.is_open:
            self._sample = ""
        if self.pad.drawing.strokes:
            self.pad.clear()
        self._mark_sample()
        self.refresh()

    @Slot(str)
    def _on_sample_chosen(self, digit: str) -> None:
        self._sample = f"digit-{digit}"
        if self.pad.drawing.strokes:
            self.pad.clear()
        self._mark_sample()
        self.refresh()

    @Slot(str)
    def _on_step_clicked(self, kind: str) -> None:
        if kind in STEP_PAGES:
            self.pageRequested.emit(STEP_PAGES[kind])

    @Slot(str)
    def _on_described(self, text: str) -> None:
        picture = self.view.picture
        is_told = picture is None or bool(picture.columns)  # there is nothing to point at beside a note
        self.readout.set_text(text or (_HINT if is_told else ""))

    @Slot(QRectF)
    def _on_stepped(self, tile: QRectF) -> None:
        middle = tile.center().toPoint()
        self.area.ensureVisible(middle.x(), middle.y(), round(tile.width()) + 40, 0)


_CLEAR_TIPS = {
    False: "Clear the paper; the sample is shown again (Delete)",
    True: "Clear the paper; the image of the window is shown again (Delete)",
}
_ROWS = ("01234", "56789")
