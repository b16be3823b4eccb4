"""Where a place of the network's input lies on the photo: numbers only."""

from __future__ import annotations

__all__ = ["Box", "on_input", "on_photo"]

Box = tuple[float, float, float, float]
"""(left, top, right, bottom)."""


def on_photo(place: Box, crop: Box, padding: tuple[int, int], size: tuple[int, int]) -> Box:
    """Return a place of the network's input in pixels of the photo.

    Parameters
    ----------
    place
        Shares 0..1 of the input's width and height.
    crop
        The part of the photo that the network sees, in pixels of the photo.
    padding
        How many rows at the top and at the bottom, and columns at the left and at the right, of the input are no photo.
    size
        The input's height and width.
    """
    (left, top, right, bottom), (crop_left, crop_top, crop_right, crop_bottom) = place, crop
    (pad_y, pad_x), (height, width) = padding, size
    # Padding lies around the crop: a share of the input is put into pixels of the crop first.
    across = (crop_right - crop_left) / (width - 2 * pad_x)
    down = (crop_bottom - crop_top) / (height - 2 * pad_y)
    return (
        crop_left + (left * width - pad_x) * across,
        crop_top + (top * height - pad_y) * down,
        crop_left + (right * width - pad_x) * across,
        crop_top + (bottom * height - pad_y) * down,
    )


def on_input(
    point: tuple[float, float], crop: Box, padding: tuple[int, int], size: tuple[int, int]
) -> tuple[int, int] | None:
    """Return the pixel (row, column) of the network's input that shows a point (x, y) of the photo.

    None where the network does not see it; `crop`, `padding` and `size` are as for `on_photo`.
    """
    (x, y), (left, top, right, bottom) = point, crop
    (pad_y, pad_x), (height, width) = padding, size
    column = pad_x + (x - left) / (right - left) * (width - 2 * pad_x)
    row = pad_y + (y - top) / (bottom - top) * (height - 2 * pad_y)
    return (int(row), int(column)) if 0 <= row < height and 0 <= column < width else None
