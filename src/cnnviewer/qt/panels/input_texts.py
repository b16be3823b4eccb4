"""The numbers of the input as they are written in its cells, and told under the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.qt.widgets.numbers import value_text

if TYPE_CHECKING:
    from cnnviewer.messages import PhotoAnswer

__all__ = ["channel_text", "fed_text", "hovered_text", "photo_text"]


def photo_text(answer: PhotoAnswer, row: int, column: int) -> str:
    """Return the numbers of red, green and blue of a photo's pixel, a line each; one where all are equal."""
    pixel = int(answer.pixels[row, column])
    red, green, blue = pixel >> 16 & 255, pixel >> 8 & 255, pixel & 255
    return str(red) if red == green == blue else f"{red}\n{green}\n{blue}"


def fed_text(answer: PhotoAnswer, row: int, column: int, *, in_pixels: bool) -> str:
    """Return the numbers of all channels at a place, a line each: pixels 0..255, or as the network takes them."""
    return "\n".join(
        channel_text(answer, channel, row, column, in_pixels=in_pixels) for channel in range(len(answer.fed))
    )


def channel_text(answer: PhotoAnswer, channel: int, row: int, column: int, *, in_pixels: bool) -> str:
    """Return the number of one channel at a place."""
    if in_pixels and answer.given is not None:
        return str(int(answer.given[channel, row, column]))
    return value_text(float(answer.fed[channel, row, column]))


def hovered_text(answer: PhotoAnswer, channels: range, row: int, column: int) -> str:
    """Return both numbers of some channels at a place: ``R 154 → 0.21, G 109 → −0.14 as fed in``."""
    told = []
    for channel in channels:
        fed = channel_text(answer, channel, row, column, in_pixels=False)
        given = channel_text(answer, channel, row, column, in_pixels=True)
        told.append(f"{answer.channel_names[channel]} {given} → {fed}")
    return f"{', '.join(told)} as fed in"
