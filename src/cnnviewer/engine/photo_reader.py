"""The photo that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.errors import CnnviewerError
from cnnviewer.images import Photo, as_photo, decode_photo, from_packed, of_pixels
from cnnviewer.inputs.editing import edited, shrunk

if TYPE_CHECKING:
    from cnnviewer.messages import ImageRequest

__all__ = ["PhotoReader", "read_photo"]


class PhotoReader:
    """Reads photos and changes them as asked; one that is changed again and again is read once."""

    def __init__(self) -> None:
        self._original: tuple[ImageRequest, Photo] | None = None

    def read(self, request: ImageRequest) -> Photo:
        """Return the photo that is asked for, with its changes.

        Raises
        ------
        ImageError
            If it can't be read.
        """
        if request.edit is None:
            self._original = None
            return read_photo(request)
        if self._original is None or not self._original[0].is_of(request):
            self._original = request, read_photo(request).each(shrunk)
        edit = request.edit
        return self._original[1].each(lambda image: edited(image, edit))


def read_photo(request: ImageRequest) -> Photo:
    """Read the photo that is asked for, as it is before it is changed.

    Raises
    ------
    ImageError
        If it can't be read.
    """
    if request.path is not None:
        return as_photo(request.path, request.reading)
    if request.data is not None:
        return decode_photo(request.data, request.title, request.reading)
    if request.pixels is not None:
        return of_pixels(request.pixels, request.reading)
    if request.packed is not None:
        return Photo(from_packed(request.packed))
    raise CnnviewerError("There is no image to open: the request is empty.")
