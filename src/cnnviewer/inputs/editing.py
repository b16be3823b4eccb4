"""A photo that is moved, turned, scaled and partly covered."""

from __future__ import annotations

from math import cos, radians, sin
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from cnnviewer.messages import ImageEdit

__all__ = ["COVER", "edited", "fill_color", "shrunk"]

COVER = (128, 128, 128)
"""The colour of what is covered, RGB."""
_LONGEST = 1280
"""Of the photo that is changed, in pixels: more than a network sees, and few enough to follow the mouse."""


def shrunk(photo: Image.Image) -> Image.Image:
    """Return a photo as large as `edited` returns it: itself, or a smaller one of the same mode."""
    if max(photo.size) <= _LONGEST:
        return photo
    small = photo.copy()
    small.thumbnail((_LONGEST, _LONGEST))
    return small


def edited(photo: Image.Image, edit: ImageEdit) -> Image.Image:
    """Return a photo as an edit changes it; what it leaves free has the colour that `fill_color` tells.

    Parameters
    ----------
    photo
        Of mode "L" or "RGB".
    edit
        See `ImageEdit`.

    Returns
    -------
    PIL.Image.Image
        Of the same mode, and as large as the photo, but at most 1,280 pixels wide and high.
    """
    photo = shrunk(photo)
    if edit.moves:
        photo = photo.transform(
            photo.size,
            Image.Transform.AFFINE,
            _backwards(edit, *photo.size),
            resample=Image.Resampling.BILINEAR,
            fillcolor=fill_color(photo),
        )
    else:
        photo = photo.copy()
    painter = ImageDraw.Draw(photo)
    width, height = photo.size
    for left, top, right, bottom in edit.covers:
        corners = round(left * width), round(top * height), round(right * width) - 1, round(bottom * height) - 1
        if corners[2] >= corners[0] and corners[3] >= corners[1]:
            painter.rectangle(corners, fill=COVER[0] if photo.mode == "L" else COVER)
    return photo


def fill_color(photo: Image.Image) -> int | tuple[int, ...]:
    """Return the colour, of the photo's mode, that lies in the middle of those of its border."""
    values = np.asarray(photo)
    border = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    middle = np.median(border, axis=0)
    return int(middle) if photo.mode == "L" else tuple(int(value) for value in middle)


def _backwards(edit: ImageEdit, width: int, height: int) -> tuple[float, ...]:
    """Return from which place of the photo each place of the result comes, as Pillow wants it: a b c, d e f."""
    across, down = (cos(radians(edit.angle)) / edit.scale, sin(radians(edit.angle)) / edit.scale)
    middle_x, middle_y = width / 2, height / 2
    # The place that comes to lie in the middle.
    x, y = middle_x + edit.shift[0] * width, middle_y + edit.shift[1] * height
    return (
        across, down, middle_x - across * x - down * y,
        -down, across, middle_y + down * x - across * y,
    )  # fmt: skip
