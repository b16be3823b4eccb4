"""The input: the photo with the crop, the tensor really fed in, and each of its channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from cnnviewer.messages import PhotoRequest, PhotoView, ScaleChoice
from cnnviewer.names import isolated, steady
from cnnviewer.places import on_input, on_photo
from cnnviewer.qt.panels.input_texts import channel_text, fed_text, hovered_text, photo_text
from cnnviewer.qt.theme import PLACE_COLOR, current_theme
from cnnviewer.qt.widgets.color_legend import ColorLegend
from cnnviewer.qt.widgets.color_strip import color_strip
from cnnviewer.qt.widgets.hint import Hint
from cnnviewer.qt.widgets.images import to_image
from cnnviewer.qt.widgets.kind_badge import KindBadge
from cnnviewer.qt.widgets.map_view import MapView
from cnnviewer.qt.widgets.numbers import shape_text, value_text
from cnnviewer.qt.widgets.segmented import Segmented
from cnnviewer.qt.widgets.styling import label, literal

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
_CROP_COLOR = "#ffffff"
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
        self._field: FieldAnswer | None = None
        self._effective: EffectiveAnswer | None = None
        self._title = self._preprocessing = ""
        self._views = Segmented((_PHOTO, _FED), self, _TIPS)
        self._views.chosen.connect(self._on_view_chosen)
        self.numbers = Segmented((_PIXELS, _NORMALISED), self, _NUMBER_TIPS)
        self.numbers.chosen.connect(self._on_view_chosen)
        self.legend = ColorLegend(self)
        self.effect_legend = ColorLegend(self)
        self.effect_text = label(_EFFECT_TEXT, self)
        self.effect_text.setWordWrap(True)
        self._map = MapView(self)
        self._map.setAccessibleName("Input image")
        self._map.hovered.connect(self._on_hovered)
        self._text = QLabel(self)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setProperty("role", "muted")
        # Two lines: a wrapped label asks for one only, and the photo above would cover the second.
        self._text.setMinimumHeight(2 * self._text.fontMetrics().lineSpacing() + 2)
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._warning = QLabel(self)
        self._warning.setTextFormat(Qt.TextFormat.PlainText)
        self._warning.setWordWrap(True)
        self._warning.setProperty("role", "warning")
        self._warning.hide()
        self.hint = Hint(self)
        """What is offered where the image does not suit the network."""
        self._strip: ThumbnailStrip | None = None
        self._reading: ReadingBar | None = None
        self._live_bar: LiveBar | None = None
        self._pad: DrawingPad | None = None
        self._is_live = self._is_drawing = False
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
        layout.addWidget(self.effect_legend)
        layout.addWidget(self.effect_text)
        self._show_scale()
        self._show_effective()
        for widget in (self._text, self._warning, self.hint):
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
            self._show_view()
        else:
            self.ask(self._scale)

    def _longest(self) -> int:
        """Return how large a picture is needed: of frames no larger than they are shown."""
        if not self._is_live or not self._map.is_fitted or self._answer is None:
            return PhotoRequest.longest
        width, height = self._answer.full_size
        fitted = min(self._map.width() / width, self._map.height() / height)
        return max(1, round(max(width, height) * fitted * self.devicePixelRatioF()))

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
        self._field = field
        self._show_field(makes_room=makes_room)

    def set_effective_possible(self, is_possible: bool) -> None:
        """Let the effect be asked for, or tell why it can't be."""
        self.effective.setEnabled(is_possible)
        self.effective.setToolTip(_EFFECT_TIP if is_possible else "Freeze the frame (F) to see what each pixel changes")

    def show_effective(self, answer: EffectiveAnswer | None) -> None:
        """Lay over the picture how much each pixel changes the chosen unit; None takes it away."""
        self._effective = answer
        self._show_effective()

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
    def view(self) -> MapView:
        """The picture."""
        return self._map

    @property
    def views(self) -> Segmented:
        """The switch between photo, tensor and channels."""
        return self._views

    def _show_view(self) -> None:
        answer, view = self._answer, self._shown
        if answer is None:
            return
        text_of = {_PHOTO: self._photo_text, _FED: self._fed_text}.get(view, self._channel_text)
        self._map.show_image(to_image(answer.pixels), text_of, is_photo=view == _PHOTO)
        self._show_caption()
        self._show_scale()
        self._show_marks()
        self._show_field()
        self._show_effective()

    def _show_scale(self) -> None:
        """Tell what the colours and the numbers of the picture mean."""
        answer = self._answer
        is_channel = answer is not None and self._shown not in (_PHOTO, _FED)
        self.numbers.setVisible(answer is not None and self._shown != _PHOTO)
        self.legend.setVisible(is_channel)
        if answer is not None and is_channel:
            ends = (str(round(end)) if self.in_pixels else value_text(end) for end in (answer.low, answer.high))
            self.legend.show_strip(color_strip(answer.colormap), *ends)

    def _show_marks(self) -> None:
        answer = self._answer
        if answer is None:
            return
        marks: list[tuple[QRectF, str]] = []
        if self._shown == _PHOTO and not _is_whole(answer):
            marks.append((_box(answer.crop, _shrink(answer)), _CROP_COLOR))
        self._map.set_marks(tuple(marks))

    def _show_field(self, *, makes_room: bool = True) -> None:
        answer, field = self._answer, self._field
        if answer is None or field is None:
            self._map.set_field(None, makes_room=makes_room)
            return
        inside = self._on_picture(answer, (0, 0, *answer.fed.shape[1:]))
        if self._shown == _PHOTO:  # what the network sees around the crop is padding too
            inside = _box(answer.crop, _shrink(answer))
        self._map.set_field(self._on_picture(answer, field.box), inside, current_place_color(), makes_room=makes_room)

    def _show_effective(self) -> None:
        answer, effective = self._answer, self._effective
        is_told = answer is not None and effective is not None
        self._text.setHidden(is_told)  # there is room for one of them
        for widget in (self.effect_legend, self.effect_text):
            widget.setVisible(is_told)
        if answer is None or effective is None:
            self._map.set_overlay(None)
            return
        whole = self._on_picture(answer, (0, 0, *answer.fed.shape[1:]))
        self.effect_legend.show_pixels(effective.colors, "effect 0", value_text(effective.largest))
        self._map.set_overlay(to_image(effective.pixels, has_alpha=True), whole)

    def _on_picture(self, answer: PhotoAnswer, box: tuple[int, int, int, int]) -> QRectF:
        """Return a box (top, left, bottom, right) of the network's input in cells of the picture that is shown."""
        _, height, width = answer.fed.shape
        top, left, bottom, right = box
        if self._shown != _PHOTO:
            return QRectF(left, top, right - left, bottom - top)
        shares = left / width, top / height, right / width, bottom / height
        return _box(on_photo(shares, answer.crop, answer.padding, (height, width)), _shrink(answer))

    def _pixel_at(self, cell: tuple[int, int]) -> tuple[int, int] | None:
        """Return the pixel of the network's input that a cell of the picture shows."""
        assert self._answer is not None
        if self._shown != _PHOTO:
            return cell
        shrink, size = _shrink(self._answer), self._answer.fed.shape[1:]
        point = (cell[1] + 0.5) / shrink, (cell[0] + 0.5) / shrink
        return on_input(point, self._answer.crop, self._answer.padding, (size[0], size[1]))

    # ---- the numbers in the cells

    def _photo_text(self, row: int, column: int) -> str:
        assert self._answer is not None
        return photo_text(self._answer, row, column)

    def _fed_text(self, row: int, column: int) -> str:
        assert self._answer is not None
        return fed_text(self._answer, row, column, in_pixels=self.in_pixels)

    def _channel_text(self, row: int, column: int) -> str:
        assert self._answer is not None
        channel = self._answer.channel_names.index(self._shown)
        return channel_text(self._answer, channel, row, column, in_pixels=self.in_pixels)

    @Slot(str)
    def _on_view_chosen(self, view: str) -> None:
        del view
        self._show_pad()
        self.ask(self._scale)

    @Slot(object)
    def _on_hovered(self, cell: tuple[int, int] | None) -> None:
        if cell is None or self._answer is None:
            self._map.setToolTip("")
            self.pixelHovered.emit(None)
            return
        self.pixelHovered.emit(self._pixel_at(cell))
        self._map.setToolTip(literal(f"row {cell[0]}, column {cell[1]}: {self._told_of(self._answer, cell)}"))

    def _told_of(self, answer: PhotoAnswer, cell: tuple[int, int]) -> str:
        if self._shown == _PHOTO:
            return photo_text(answer, *cell).replace("\n", ", ")
        count, names = len(answer.fed), answer.channel_names
        channels = range(count) if self._shown == _FED else range(count)[names.index(self._shown) :][:1]
        return hovered_text(answer, channels, *cell)


_TIPS = (
    "The photo, with the part that the network sees",
    "What is really fed in, after resizing, cropping and normalising; its numbers are written in the cells",
)
_NUMBER_TIPS = (
    "Pixels: the numbers after cropping and resizing, 0 for black to 255 for full, before they are normalised",
    "The numbers that the network takes: normalised; red above 0, blue below",
)


def current_place_color() -> str:
    """Return the colour that marks the chosen unit's place; seen on photos and on colour maps."""
    return PLACE_COLOR if not current_theme().is_dark else "#ffe04d"


def _is_whole(answer: PhotoAnswer) -> bool:
    """Whether the network sees the whole photo."""
    left, top, right, bottom = answer.crop
    width, height = answer.full_size
    return left <= 0 and top <= 0 and right >= width and bottom >= height


def _shrink(answer: PhotoAnswer) -> float:
    """Return how much smaller the photo on the screen is than the one that was read."""
    return float(answer.pixels.shape[1]) / answer.full_size[0]


def _box(corners: tuple[float, float, float, float], scale: float) -> QRectF:
    left, top, right, bottom = (corner * scale for corner in corners)
    return QRectF(left, top, right - left, bottom - top)
