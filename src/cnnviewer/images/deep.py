"""Colours of 16 bits, of which PIL keeps the upper 8."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["both_bytes", "has_two_bytes"]

_OTHER = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
"""The other order of bytes, by the letter with which PIL's raw modes end: N is the machine's own."""


def has_two_bytes(image: Image.Image) -> bool:
    """Whether PIL keeps one byte of two of each colour of an image that it has opened and not loaded."""
    tiles = getattr(image, "tile", ())
    return image.mode in ("RGB", "RGBA") and bool(tiles) and all(";16" in _raw_mode(tile.args) for tile in tiles)


def both_bytes(image: Image.Image, file: IO[bytes]) -> NDArray[np.uint16]:
    """Return the colours of 16 bits of an image that PIL has opened in a file and not loaded, uint16 ``(H, W, C)``.

    It is decoded twice: once as if its bytes came in the other order, which gives the lower ones, and once as it is.
    """
    place = file.tell()
    file.seek(0)
    with Image.open(file, formats=[str(image.format)]) as other:
        other.seek(image.tell())
        other.tile = [tile._replace(args=_swapped(tile.args)) for tile in other.tile]
        lower = np.asarray(other)
    file.seek(place)
    colors: NDArray[np.uint16] = np.asarray(image).astype(np.uint16) << 8 | lower
    return colors


def _raw_mode(arguments: Any) -> str:
    return str(arguments[0] if isinstance(arguments, tuple) else arguments)


def _swapped(arguments: Any) -> Any:
    mode = _raw_mode(arguments)
    swapped = mode[:-1] + _OTHER[mode[-1]]
    return (swapped, *arguments[1:]) if isinstance(arguments, tuple) else swapped
