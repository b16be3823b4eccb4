"""The input: the photo with the crop, the tensor really fed in, and each of its channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from cnnviewer.messages import PhotoRequest, PhotoView, ScaleChoice
from cnnviewer.names import isolated, steady
from cnnviewer.qt.panels.input_view import InputView
from cnnviewer.qt.widgets.color_legend import ColorLegend
from cnnviewer.qt.widgets.color_strip import color_strip
from cnnviewer.qt.widgets.hint import Hint
from cnnviewer.qt.widgets.kind_badge import KindBadge
from cnnviewer.qt.widgets.numbers import shape_text, value_text
from cnnviewer.qt.widgets.segmented import Segmented
from cnnviewer.qt.widgets.styling import label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.messages import ImageRequest, NetworkSummary, PhotoAnswer, RecordingSummary
    from cnnviewer.qt.widgets.drawing_pad import DrawingPad
    from cnnviewer.qt.widgets.live_bar import LiveBar
    from cnnviewer.qt.widgets.reading_bar import ReadingBar
    from cnnviewer.qt.widgets.thumbnail_strip import ThumbnailStrip
    from cnnviewer.questions import EffectiveAnswer, FieldAnswer

__all__ = ["InputPanel"]

_PHOTO, _FED = PhotoView.PHOTO.value, PhotoView.FED.value
_EFFECT_TIP = "Lay over the picture how much each pixel changes the chosen unit"
_EFFECT_TEXT = (
    "How much each pixel changes the chosen unit: the amount of its gradient over all channels, without a sign; "
    "nothing is smoothed."
)
_PIXELS, _NORMALISED = "0–255", "as taken"
_MOST_BESIDE = 3
"""More channels than colours have no room beside each other."""
_CHANNEL_TIP = "Channel {} of what is fed in: its pixels 0 to 255, or the numbers that the network takes"


class InputPanel(QWidget):
    """Shows what went into the network.

    `thumbnailsWanted` tells the images on the screen that are still without a small picture;
    `pixelHovered` tells the pixel (row, column) of the network's input under the mouse, or None; `effectiveToggled`
    that it is wanted, or no more, how much each pixel changes the chosen unit; `readingChosen` how the image is to be
    read.
    """

    imageChosen = Signal(int)
    pictureRequested = Signal(object)
    thumbnailsWanted = Signal(object)
    pixelHovered = Signal(object)
    effectiveToggled = Signal()
    readingChosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._answer: PhotoAnswer | None = None
        self._wanted: PhotoRequest | None = None
        self._shown = _PHOTO
        self._scale = ScaleChoice()
        self._title = self._preprocessing = ""
        self._views = Segmented((_PHOTO, _FED), self, _TIPS)
        self._views.chosen.connect(self._on_view_chosen)
        self.numbers = Segmented((_PIXELS, _NORMALISED), self, _NUMBER_TIPS)
        self.numbers.chosen.connect(self._on_view_chosen)
        self.legend = ColorLegend(self)
        self.effect_legend = ColorLegend(self)
        self.effect_text = label(_EFFECT_TEXT, self)
        self.effect_text.setWordWrap(True)
        self._map = InputView(self)
        self._map.pixelHovered.connect(self.pixelHovered)
        self._build_texts()
        self.hint = Hint(self)
        """What is offered where the image does not suit the network."""
        self._strip: ThumbnailStrip | None = None
        self._reading: ReadingBar | None = None
        self._live_bar: LiveBar | None = None
        self._pad: DrawingPad | None = None
        self._is_live = self._is_drawing = False
        self._build_column()
        self._show_scale()
        self.show_effective(None)

    def _build_texts(self) -> None:
        self._text = label("", self)
        self._text.setWordWrap(True)
        # Two lines: a wrapped label asks for one only, and the photo above would cover the second.
        self._text.setMinimumHeight(2 * self._text.fontMetrics().lineSpacing() + 2)
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._warning = label("", self, "warning")
        self._warning.setWordWrap(True)
        self._warning.hide()

    def _build_column(self) -> None:
        layout = self._column = QVBoxLayout(self)
        layout.setContentsMargins(9, 8, 9, 8)
        layout.setSpacing(5)
        layout.addLayout(self._build_top())
        self._picture = QStackedLayout()
        self._picture.addWidget(self._map)
        layout.addLayout(self._picture, stretch=1)
        scale = QHBoxLayout()
        scale.addWidget(self.numbers)
        scale.addWidget(self.legend, stretch=1)
        layout.addLayout(scale)
        for widget in (self.effect_legend, self.effect_text, self._text, self._warning, self.hint):
            layout.addWidget(widget)

    def _build_top(self) -> QHBoxLayout:
        self.effective = QToolButton(self)
        self.effective.setText("Effect")
        self.effective.setCheckable(True)
        self.effective.setProperty("segment", True)
        self.effective.setToolTip(_EFFECT_TIP)
        self.effective.setAccessibleName("Effective receptive field")
        self.effective.toggled.connect(self.effectiveToggled)
        row = QHBoxLayout()
        row.addWidget(self._views)
        row.addStretch(1)
        row.addWidget(self.effective)
        self.words = KindBadge(self)
        self.words.show_kind("input", "")
        self.words.setText("?")
        row.addWidget(self.words)
        return row

    def show_recording(self, recording: RecordingSummary, network: NetworkSummary | None) -> None:
        """Show the texts that belong to a recording, and ask for its picture."""
        preprocessing = "" if network is None else network.preprocessing
        self._title, self._preprocessing = recording.image, preprocessing
        if recording.read.is_in_question or self._reading is not None:
            self.reading.show_read(recording.read)
            self.reading.setVisible(recording.read.is_in_question)
        self._warning.setText(recording.caution)
        self._warning.setVisible(bool(recording.caution))
        self._wanted = None
        self.ask(self._scale)

    def ask(self, scale: ScaleChoice) -> None:
        """Ask for the picture that is to be shown."""
        self._scale, name = scale, self._views.current
        view = PhotoView(name) if name in (_PHOTO, _FED) else PhotoView.CHANNEL
        channel = self._views.options.index(name) - 2 if view is PhotoView.CHANNEL else 0
        request = PhotoRequest(view, channel, scale, self._longest(), self.in_pixels)
        if request != self._wanted:
            self._wanted = request
            self.pictureRequested.emit(request)

    def show_answer(self, request: PhotoRequest, answer: PhotoAnswer) -> None:
        """Show the picture asked for last; an older one is dropped."""
        if request != self._wanted:
            return
        self._answer, self._shown = answer, self._views.current
        names = answer.channel_names
        tips = (*_TIPS, *(_CHANNEL_TIP.format(name) for name in names))
        fold_from = len(_TIPS) if len(names) > _MOST_BESIDE else None
        self._views.set_options((_PHOTO, _FED, *names), tips, fold_from, "Channel")
        if self._shown in self._views.options:
            self._views.set_current(self._shown)
            self._map.show_answer(request, answer)
            self._show_caption()
            self._show_scale()
        else:
            self.ask(self._scale)

    def _longest(self) -> int:
        """Return how large a picture is needed: of frames no larger than they are shown."""
        return (self._map.fitted_size() if self._is_live else None) or PhotoRequest.longest

    def show_frame(self, title: str) -> None:
        """Show the title of a frame, whose picture comes with it."""
        self._title = title
        self._show_caption()  # at once: the picture came with the frame
        self.ask(self._scale)

    @property
    def caption(self) -> str:
        """What is told below the picture."""
        return self._text.text()

    def _show_caption(self) -> None:
        if self._answer is not None:
            width, height = self._answer.full_size
            size = f"{width}×{height}" if self._shown == _PHOTO else shape_text(self._answer.fed.shape)
            self._text.setText(steady(f"{isolated(self._title)} · {size} · {self._preprocessing}"))

    def set_live(self, is_live: bool, is_drawing: bool = False) -> None:
        """Show frames, with the controls of their source; or photos."""
        self._is_live, self._is_drawing = is_live, is_drawing
        if is_live or self._live_bar is not None:
            self.live_bar.setVisible(is_live)
        self._show_pad()

    def refresh_icons(self) -> None:
        """Paint the icons in the theme's colour."""
        self.hint.refresh_icons()
        if self._live_bar is not None:
            self._live_bar.refresh_icons()

    @property
    def reading(self) -> ReadingBar:
        """How the image is read, made when that is first in question."""
        if self._reading is None:
            from cnnviewer.qt.widgets.reading_bar import ReadingBar

            self._reading = ReadingBar(self)
            self._reading.readingChosen.connect(self.readingChosen)
            self._column.insertWidget(self._column.indexOf(self._warning), self._reading)
        return self._reading

    @property
    def live_bar(self) -> LiveBar:
        """The controls of a source, made when there is first one."""
        if self._live_bar is None:
            from cnnviewer.qt.widgets.live_bar import LiveBar

            self._live_bar = LiveBar(self)
            self._live_bar.setVisible(self._is_live)  # the live panel may be opened before a source
            self._column.insertWidget(2, self._live_bar)
        return self._live_bar

    @property
    def pad(self) -> DrawingPad:
        """The drawing pad, made when it is first wanted."""
        if self._pad is None:
            from cnnviewer.qt.widgets.drawing_pad import DrawingPad

            self._pad = DrawingPad(self)
            self._picture.addWidget(self._pad)
        return self._pad

    @property
    def is_drawing(self) -> bool:
        """Whether the drawing pad is the source."""
        return self._is_drawing

    @property
    def is_blank(self) -> bool:
        """Whether the drawing pad is the source, and nothing is drawn on it."""
        return self._is_drawing and not self.pad.drawing.strokes

    def _show_pad(self) -> None:
        """Show the paper where a drawing is the photo."""
        if self._is_drawing or self._pad is not None:
            is_shown = self._is_drawing and self._views.current == _PHOTO
            self._picture.setCurrentWidget(self.pad if is_shown else self._map)

    def show_field(self, field: FieldAnswer | None, *, makes_room: bool = True) -> None:
        """Draw a receptive field; None draws none. See `MapView.set_field`."""
        self._map.show_field(field, makes_room=makes_room)

    def set_effective_possible(self, is_possible: bool) -> None:
        """Let the effect be asked for, or tell why it can't be."""
        self.effective.setEnabled(is_possible)
        self.effective.setToolTip(_EFFECT_TIP if is_possible else "Freeze the frame (F) to see what each pixel changes")

    def show_effective(self, answer: EffectiveAnswer | None) -> None:
        """Lay over the picture how much each pixel changes the chosen unit; None takes it away."""
        self._map.show_effective(answer)
        self._text.setHidden(answer is not None)  # there is room for one of them
        for widget in (self.effect_legend, self.effect_text):
            widget.setVisible(answer is not None)
        if answer is not None:
            self.effect_legend.show_pixels(answer.colors, "effect 0", value_text(answer.largest))

    @property
    def thumbnails(self) -> ThumbnailStrip:
        """The strip of thumbnails, made when there is first more than one image."""
        if self._strip is None:
            from cnnviewer.qt.widgets.thumbnail_strip import ThumbnailStrip

            self._strip = ThumbnailStrip(self)
            self._strip.chosen.connect(self.imageChosen)
            self._strip.picturesWanted.connect(self.thumbnailsWanted)
            self._column.addWidget(self._strip)
        return self._strip

    def show_images(self, images: Sequence[ImageRequest], position: int) -> None:
        """Show which images there are."""
        if len(images) > 1 or self._strip is not None:
            self.thumbnails.show_images(images, position)

    @property
    def in_pixels(self) -> bool:
        """Whether the numbers of the input are shown as pixels 0..255; else as the network takes them."""
        return self.numbers.current == _PIXELS

    def show_pixels(self) -> None:
        """Show the numbers of the input as pixels 0..255."""
        self.numbers.set_current(_PIXELS)
        self.ask(self._scale)

    @property
    def view(self) -> InputView:
        """The picture."""
        return self._map

    @property
    def views(self) -> Segmented:
        """The switch between photo, tensor and channels."""
        return self._views

    def _show_scale(self) -> None:
        """Tell what the colours and the numbers of the picture mean."""
        answer = self._answer
        is_channel = answer is not None and self._shown not in (_PHOTO, _FED)
        self.numbers.setVisible(answer is not None and self._shown != _PHOTO)
        self.legend.setVisible(is_channel)
        if answer is not None and is_channel:
            ends = (str(round(end)) if self.in_pixels else value_text(end) for end in (answer.low, answer.high))
            self.legend.show_strip(color_strip(answer.colormap), *ends)

    @Slot(str)
    def _on_view_chosen(self, view: str) -> None:
        del view
        self._show_pad()
        self.ask(self._scale)


_TIPS = (
    "The photo, with the part that the network sees",
    "What is really fed in, after resizing, cropping and normalising; its numbers are written in the cells",
)
_NUMBER_TIPS = (
    "Pixels: the numbers after cropping and resizing, 0 for black to 255 for full, before they are normalised",
    "The numbers that the network takes: normalised; red above 0, blue below",
)
