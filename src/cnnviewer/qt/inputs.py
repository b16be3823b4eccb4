"""What the network is given: images to step through, or the frames of a stream."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from cnnviewer.messages import ImageRequest
from cnnviewer.qt.album import Album
from cnnviewer.qt.failures import Failure, failure_of_many

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnnviewer.frames import Frame
    from cnnviewer.messages import ImageEdit
    from cnnviewer.qt.job_queue import Opening
    from cnnviewer.qt.live.mailbox import Mailbox
    from cnnviewer.readings import Reading

__all__ = ["Inputs"]

_FRAMES_KEPT = 12
"""How many frames of streams are kept among the images."""


class Inputs(QObject):
    """Holds the images and the stream, and asks for the image that is to be shown."""

    imagesChanged = Signal()
    imageRequested = Signal(object)
    streamLeft = Signal()
    failed = Signal(object)

    def __init__(self, mailbox: Mailbox, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.is_streaming = False
        """Whether frames come and are shown; else it is a photo, or one frame that is studied."""
        self.wishes = 0
        """How often other images or a stream were asked for: what is found for an older wish is not shown."""
        self.way_to_stream: Callable[[], Callable[[], None] | None] = _no_way
        """Returns what lets the stream run again that runs now, once it has ended; None where none can be."""
        self._mailbox = mailbox
        self._album = Album()
        self._is_open_to_frames = False
        self._frame: Frame | None = None

    def wish(self) -> int:
        """Count that something else is asked for, and return its number: what is found for older ones is dropped."""
        self.wishes += 1
        return self.wishes

    # ---- images

    def show_images(self, images: Sequence[ImageRequest], position: int = 0, left_out: Sequence[str] = ()) -> None:
        """Take these images to step through, and show one of them; what is shown stays until that one is read.

        One that can't be read gives way to the next. `failed` tells of such then, and of those that were left out.
        """
        if images:
            self.wish()
            self.imageRequested.emit(self._album.offer(images, position, left_out))

    def lengthen_images(self, images: Sequence[ImageRequest], left_out: Sequence[str] = ()) -> None:
        """Take a longer list of images around the one that is shown, or on its way; others are dropped."""
        if self._album.lengthen(images, left_out):
            self._tell_images(left_out)

    def show_image(self, position: int) -> None:
        """Show one of the images; the first follows the last."""
        photo = self._album.step_to(position)
        if photo is not None:
            if self._is_open_to_frames:
                self.streamLeft.emit()
            self._frame = None
            self._show(photo)

    def step_image(self, steps: int) -> None:
        """Show a later image, or with a negative number an earlier one."""
        self.show_image(self.position + steps)

    def bring_back(self, images: tuple[ImageRequest, ...], position: int, photo: ImageRequest | None) -> None:
        """Show again what was shown before: these images to step through, and a photo, which may be none of them."""
        self.wish()
        self.streamLeft.emit()
        self._album.put_back(images, position, photo)
        self.imagesChanged.emit()
        if photo is not None:
            self.imageRequested.emit(photo)

    def edit_image(self, edit: ImageEdit | None) -> None:
        """Show the photo changed, or with None as it is; others, and it when it is shown again, are as they are."""
        photo = self.photo
        if photo is not None:
            changed = photo if edit is None else replace(photo, title=f"{photo.title}, changed", edit=edit)
            self.imageRequested.emit(changed)

    @Slot(object)
    def read_image(self, reading: Reading) -> None:
        """Show the photo read in another way; among the images it stays so."""
        photo = self.photo
        if photo is not None and photo in self.images:
            photo = replace(photo, reading=reading)
            self._album.replace_photo(photo)
            self._show(photo)

    # ---- frames

    def open_stream(self) -> None:
        """Show the frames that are left in the mailbox, from now on."""
        self._mailbox.clear()
        self._is_open_to_frames, self._album.photo = True, None
        self._album.withdraw()

    def close_stream(self) -> None:
        """Show no more frames."""
        self._is_open_to_frames = self.is_streaming = False
        self._mailbox.clear()

    def take_frame(self, frame: Frame) -> bool:
        """Show a frame; return whether it is shown: the stream may have been left while it was on its way."""
        if self._is_open_to_frames:
            self.is_streaming, self._frame = True, frame
        return self._is_open_to_frames

    def settle(self, frame: Frame) -> None:
        """Show a frame as a photo, whole and exact, until the next one comes."""
        self.is_streaming, self._album.photo, self._frame = False, None, frame
        self.imageRequested.emit(_photo_of(frame))

    def keep_frame(self, frame: Frame) -> None:
        """Show a frame as a photo, and keep it among the images."""
        photo = _photo_of(frame)
        self._album.keep(photo, _FRAMES_KEPT)
        self._show(photo)

    # ---- what became of a request

    def take(self, request: Opening | None) -> bool:
        """Show the images of which this one has been read; return whether it is what the network has been given.

        It is asked for once more where a frame may have come behind it.
        """
        left_out = self._album.take(request) if isinstance(request, ImageRequest) else None
        if left_out is None:
            return True
        was_open, self._frame = self._is_open_to_frames, None
        self.streamLeft.emit()
        self._tell_images(left_out)
        if was_open:
            self.imageRequested.emit(request)
        return not was_open

    @Slot(object)
    def refuse(self, failure: Failure) -> None:
        """Try the next image where one can't be read; `failed` tells all else that failed."""
        answer = self._album.refuse(failure)
        (self.failed if isinstance(answer, Failure) else self.imageRequested).emit(answer)

    # ---- state asked for

    @property
    def images(self) -> tuple[ImageRequest, ...]:
        """What can be stepped through."""
        return self._album.images

    @property
    def position(self) -> int:
        """Which of the images was shown last."""
        return self._album.position

    @property
    def photo(self) -> ImageRequest | None:
        """The one of the images that is shown; None where a stream or its last frame is."""
        return self._album.photo

    @property
    def are_coming(self) -> bool:
        """Whether other images are on their way, which end a stream once one of them is read."""
        return self._album.is_offered

    @property
    def wanted_images(self) -> tuple[ImageRequest, ...]:
        """The images that are stepped through, or will be when one of them has been read."""
        return self._album.wanted

    @property
    def photo_now(self) -> ImageRequest | None:
        """The photo that is shown; of a stream its last frame."""
        return self.photo if self.photo is not None or self._frame is None else _photo_of(self._frame)

    def _show(self, photo: ImageRequest) -> None:
        self.imagesChanged.emit()
        self.imageRequested.emit(photo)

    def _tell_images(self, left_out: Sequence[str]) -> None:
        self.imagesChanged.emit()
        if left_out:
            self.failed.emit(failure_of_many(left_out, None))


def _no_way() -> None:
    return None


def _photo_of(frame: Frame) -> ImageRequest:
    return ImageRequest(frame.title, packed=frame.pixels)
