"""How large an image may be."""

from __future__ import annotations

from cnnviewer.errors import ImageError

__all__ = ["LARGEST", "MOST_CHANNELS", "check_size", "too_large"]

LARGEST = 160_000_000
"""Images of more pixels are refused: they would fill the memory, as decompression bombs are made to.

The largest cameras stay below; PIL's own limit, 179 million by default, lies above.
"""
MOST_CHANNELS = 4096
"""More are no channels: the axes are meant otherwise."""


def check_size(name: str, width: int, height: int, channels: int = 1) -> None:
    """Raise where an image has no pixels, or too many.

    Raises
    ------
    ImageError
        A sentence that tells it.
    """
    if not width or not height or not channels:
        raise ImageError(f"{name} has no pixels: it is {width} × {height}.")
    if channels > MOST_CHANNELS:
        raise ImageError(f"{name} has {channels:,} channels, more than the {MOST_CHANNELS:,} that can be read.")
    # Colours are no more than pixels are: of many channels each counts a third.
    pixels = width * height * max(1, -(-channels // 3))
    if pixels > LARGEST:
        raise too_large(name, pixels)


def too_large(name: str, pixels: int) -> ImageError:
    """Return what is told of an image of too many pixels."""
    return ImageError(
        f"{name} has {pixels:,} pixels, more than the {LARGEST:,} that can be opened; make it smaller first."
    )
