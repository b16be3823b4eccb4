"""An image is numbers: a photo in few pixels, and the numbers of some of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnviewer.lessons.messages import PixelsAnswer
from cnnviewer.rendering.packing import packed_rgb

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cnnviewer.lessons.context import LessonContext
    from cnnviewer.lessons.messages import Numbers, PixelsRequest
    from cnnviewer.messages import Pixels

__all__ = ["show_pixels"]


def show_pixels(request: PixelsRequest, context: LessonContext) -> PixelsAnswer:
    """Return the photo in few pixels with the numbers of some of them; edits outside of it are left out."""
    photo = context.small_photo(request.longest)
    values = np.array(photo.convert("L").convert("RGB") if request.is_grey else photo)
    height, width = values.shape[:2]
    for (row, column, color), value in request.edits:
        if row < height and column < width:
            values[row, column, slice(None) if request.is_grey else color] = value
    top = min(max(request.top, 0), max(height - request.side, 0))
    left = min(max(request.left, 0), max(width - request.side, 0))
    window = values[top : top + request.side, left : left + request.side]
    return PixelsAnswer(
        picture=_pixels(values),
        top=top,
        left=left,
        window=_pixels(window),
        planes=(_numbers(window[..., 0]), _numbers(window[..., 1]), _numbers(window[..., 2])),
        plane_pixels=(
            (_pixels(window),) * 3 if request.is_grey else (_only(window, 0), _only(window, 1), _only(window, 2))
        ),
    )


def _pixels(values: NDArray[np.uint8]) -> Pixels:
    return np.ascontiguousarray(packed_rgb(values[..., 0], values[..., 1], values[..., 2]))


def _only(values: NDArray[np.uint8], color: int) -> Pixels:
    """Return a picture of one colour alone."""
    return _pixels(np.where(np.arange(3) == color, values, 0))


def _numbers(values: NDArray[np.uint8]) -> Numbers:
    return tuple(tuple(float(value) for value in row) for row in values)
