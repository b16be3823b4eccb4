"""The page "Convolution"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from cnnviewer.lessons.messages import ConvolutionAnswer, KernelAnswer
from cnnviewer.qt.panels.learn.convolution_numbers import ConvolutionNumbers
from cnnviewer.qt.panels.learn.convolution_photo import ConvolutionPhoto
from cnnviewer.qt.panels.learn.page import Page, Place
from cnnviewer.qt.widgets.segmented import Segmented

if TYPE_CHECKING:
    from cnnviewer.messages import LessonAnswer, LessonRequest

__all__ = ["ConvolutionPage"]

_NUMBERS, _PHOTO = "Zeros and ones", "A photo"


class ConvolutionPage(Page):
    """A small image under a filter, step by step; and a photo under a kernel of choice."""

    title = "Convolution"
    text = """
    <p>A <b>filter</b> (its grid of weights is called a <b>kernel</b>) lies on a corner of the image. Each pixel is
    multiplied by the weight that lies on it; the sum of all products is one number of the result. Then the filter
    moves on by one pixel. All sums together are a <b>feature map</b>.</p>
    <p><b>Zeros and ones.</b> Play it, or take single steps. Point at a cell of the result to see how it is made. Each
    pixel and each weight can be changed: choose it and type. The sum is largest where the image looks like the
    filter.</p>
    <p><b>A photo.</b> The same, with the photo of the window, or what the webcam sees. Blurring takes the mean of
    nine pixels. Sharpening takes five times a pixel and subtracts its neighbours: where all are alike, nothing
    changes. Where the weights add up to 0, even regions vanish, and edges stay: red where the sum is positive, blue
    where it is negative. Around the
    photo its last pixels are repeated, so that its border is no edge.</p>
    <p>In an image editor, somebody chose the weights. A network learns them.</p>
    """
    place = Place("convolution", view="Filters", what="convolution")
    follows_photo = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mode = Segmented((_NUMBERS, _PHOTO), self, ("A 5×5 image under a 3×3 filter", "The photo under a kernel"))
        self.mode.chosen.connect(self._on_mode_chosen)
        self.numbers, self.photo = ConvolutionNumbers(self), ConvolutionPhoto(self)
        self._stack = QStackedLayout()
        for playground in (self.numbers, self.photo):
            playground.requested.connect(self.requested)
            self._stack.addWidget(playground)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.mode, alignment=Qt.AlignmentFlag.AlignLeft)
        column.addLayout(self._stack, stretch=1)

    def refresh(self) -> None:
        """Ask for what is shown."""
        if self.mode.current == _NUMBERS:
            self.numbers.ask()
        else:
            self.photo.ask()

    def end(self) -> None:
        """Stop playing."""
        self.numbers.pause()

    def show_answer(self, request: LessonRequest, answer: LessonAnswer) -> None:
        """Show what came."""
        if isinstance(answer, ConvolutionAnswer):
            self.numbers.show_answer(answer)
        elif isinstance(answer, KernelAnswer):
            self.photo.show_answer(answer)

    @Slot(str)
    def _on_mode_chosen(self, mode: str) -> None:
        self.numbers.pause()
        self._stack.setCurrentWidget(self.numbers if mode == _NUMBERS else self.photo)
        self.refresh()
