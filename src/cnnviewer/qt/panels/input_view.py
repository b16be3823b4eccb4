"""The picture of the input: cells with their numbers, and what is drawn over them in the network's coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Signal, Slot

from cnnviewer.messages import PhotoView
from cnnviewer.places import on_input, on_photo
from cnnviewer.qt.panels.input_texts import channel_text, fed_text, hovered_text, photo_text
from cnnviewer.qt.theme import current_place_color
from cnnviewer.qt.widgets.images import to_image
from cnnviewer.qt.widgets.map_view import MapView
from cnnviewer.qt.widgets.styling import literal

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from cnnviewer.messages import PhotoAnswer, PhotoRequest
    from cnnviewer.questions import EffectiveAnswer, FieldAnswer

__all__ = ["InputView"]

_CROP_COLOR = "#ffffff"


class InputView(MapView):
    """Shows the photo, the tensor really fed in, or one of its channels.

    `pixelHovered` tells the pixel (row, column) of the network's input under the mouse, or None.
    """

    pixelHovered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Input image")
        self._request: PhotoRequest | None = None
        self._answer: PhotoAnswer | None = None
        self._receptive: FieldAnswer | None = None
        self._effective: EffectiveAnswer | None = None
        self.hovered.connect(self._on_hovered)

    def show_answer(self, request: PhotoRequest, answer: PhotoAnswer) -> None:
        """Show a picture, with the numbers in its cells and what is marked on it."""
        self._request, self._answer = request, answer
        text_of = {PhotoView.PHOTO: self._photo_text, PhotoView.FED: self._fed_text}.get(
            request.view, self._channel_text
        )
        self.show_image(to_image(answer.pixels), text_of, is_photo=self._is_photo)
        is_cut = self._is_photo and not _is_whole(answer)
        self.set_marks(((_box(answer.crop, _shrink(answer)), _CROP_COLOR),) if is_cut else ())
        self._show_field()
        self._show_effective()

    def show_field(self, field: FieldAnswer | None, *, makes_room: bool = True) -> None:
        """Draw a receptive field; None draws none. See `MapView.set_field`."""
        self._receptive = field
        self._show_field(makes_room=makes_room)

    def show_effective(self, answer: EffectiveAnswer | None) -> None:
        """Lay over the picture how much each pixel changes the chosen unit; None takes it away."""
        self._effective = answer
        self._show_effective()

    def fitted_size(self) -> int | None:
        """Return how many pixels of the screen the longer side of the picture takes; None where it is zoomed."""
        if not self.is_fitted or self._answer is None:
            return None
        width, height = self._answer.full_size
        fitted = min(self.width() / width, self.height() / height)
        return max(1, round(max(width, height) * fitted * self.devicePixelRatioF()))

    @property
    def _is_photo(self) -> bool:
        return self._request is not None and self._request.view is PhotoView.PHOTO

    def _show_field(self, *, makes_room: bool = True) -> None:
        answer, field = self._answer, self._receptive
        if answer is None or field is None:
            self.set_field(None, makes_room=makes_room)
            return
        inside = self._on_picture(answer, (0, 0, *answer.fed.shape[1:]))
        if self._is_photo:  # what the network sees around the crop is padding too
            inside = _box(answer.crop, _shrink(answer))
        self.set_field(self._on_picture(answer, field.box), inside, current_place_color(), makes_room=makes_room)

    def _show_effective(self) -> None:
        answer, effective = self._answer, self._effective
        if answer is None or effective is None:
            self.set_overlay(None)
            return
        whole = self._on_picture(answer, (0, 0, *answer.fed.shape[1:]))
        self.set_overlay(to_image(effective.pixels, has_alpha=True), whole)

    def _on_picture(self, answer: PhotoAnswer, box: tuple[int, int, int, int]) -> QRectF:
        """Return a box (top, left, bottom, right) of the network's input in cells of the picture that is shown."""
        _, height, width = answer.fed.shape
        top, left, bottom, right = box
        if not self._is_photo:
            return QRectF(left, top, right - left, bottom - top)
        shares = left / width, top / height, right / width, bottom / height
        return _box(on_photo(shares, answer.crop, answer.padding, (height, width)), _shrink(answer))

    def _pixel_at(self, answer: PhotoAnswer, cell: tuple[int, int]) -> tuple[int, int] | None:
        """Return the pixel of the network's input that a cell of the picture shows."""
        if not self._is_photo:
            return cell
        shrink, size = _shrink(answer), answer.fed.shape[1:]
        point = (cell[1] + 0.5) / shrink, (cell[0] + 0.5) / shrink
        return on_input(point, answer.crop, answer.padding, (size[0], size[1]))

    # ---- the numbers in the cells

    def _photo_text(self, row: int, column: int) -> str:
        assert self._answer is not None
        return photo_text(self._answer, row, column)

    def _fed_text(self, row: int, column: int) -> str:
        assert self._answer is not None
        assert self._request is not None
        return fed_text(self._answer, row, column, in_pixels=self._request.in_pixels)

    def _channel_text(self, row: int, column: int) -> str:
        assert self._answer is not None
        assert self._request is not None
        channel, in_pixels = self._request.channel, self._request.in_pixels
        return channel_text(self._answer, channel, row, column, in_pixels=in_pixels)

    @Slot(object)
    def _on_hovered(self, cell: tuple[int, int] | None) -> None:
        answer, request = self._answer, self._request
        if cell is None or answer is None or request is None:
            self.setToolTip("")
            self.pixelHovered.emit(None)
            return
        self.pixelHovered.emit(self._pixel_at(answer, cell))
        self.setToolTip(literal(f"row {cell[0]}, column {cell[1]}: {_told_of(request, answer, cell)}"))


def _told_of(request: PhotoRequest, answer: PhotoAnswer, cell: tuple[int, int]) -> str:
    if request.view is PhotoView.PHOTO:
        return photo_text(answer, *cell).replace("\n", ", ")
    channels = range(len(answer.fed))
    return hovered_text(answer, channels if request.view is PhotoView.FED else channels[request.channel :][:1], *cell)


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
