"""A small picture of an image."""

from __future__ import annotations

from cnnviewer.engine.photo_reader import read_photo
from cnnviewer.errors import ImageError
from cnnviewer.images import to_packed
from cnnviewer.messages import ThumbnailAnswer, ThumbnailRequest

__all__ = ["thumbnail"]


def thumbnail(request: ThumbnailRequest) -> ThumbnailAnswer:
    """Return a small picture; where the image can't be read, the reason instead."""
    try:
        photo = read_photo(request.image).picture
    except ImageError as error:
        return ThumbnailAnswer(None, str(error))
    photo.thumbnail((request.size, request.size))
    return ThumbnailAnswer(to_packed(photo))
