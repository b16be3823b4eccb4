"""PNG files of 16 bits, of which PIL gives the upper 8 only."""

from __future__ import annotations

import struct
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from cnnviewer.images.deep import both_bytes
from cnnviewer.images.numbers import Numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile

__all__ = ["deep_numbers"]

_SIGNATURE = 8
_WHITE = 65535
_GREY, _RGB, _GREY_ALPHA, _RGB_ALPHA = 0, 2, 4, 6
"""The types of colour of the PNG specification, section 11.2.1."""


def deep_numbers(image: ImageFile, file: IO[bytes]) -> Numbers | None:
    """Return the numbers of a PNG file of 16 bits, which PIL has opened and not loaded; None where it has fewer.

    A key for transparent pixels (tRNS) becomes a channel. The significant bits (sBIT) tell the range, where the numbers
    are those of so many bits; the specification has them scaled to all 16.
    """
    chunks = dict(_chunks(file))
    header = chunks.get(b"IHDR", b"")
    if len(header) < 10 or header[8] != 16 or getattr(image, "n_frames", 1) > 1:
        return None
    kind = header[9]
    values = _values(image, file, kind)
    has_alpha = kind in (_GREY_ALPHA, _RGB_ALPHA)
    key = chunks.get(b"tRNS", b"")
    if not has_alpha and len(key) == 2 * values.shape[2]:
        is_clear = (values == np.frombuffer(key, ">u2")).all(axis=2, keepdims=True)
        values, has_alpha = np.concatenate([values, np.where(is_clear, 0, _WHITE).astype(np.uint16)], axis=2), True
    colors = values[..., : values.shape[2] - has_alpha]
    return Numbers(values, kind in (_RGB, _RGB_ALPHA), has_alpha, told=_told(chunks.get(b"sBIT", b""), colors))


def _values(image: ImageFile, file: IO[bytes], kind: int) -> NDArray[np.uint16]:
    """Return the numbers, ``(H, W, C)``."""
    if kind == _GREY:
        return np.asarray(image).astype(np.uint16)[..., None]
    if kind == _GREY_ALPHA:
        # Its four bytes a pixel, read as if they were red, green, blue and alpha.
        image.tile = [tile._replace(args="RGBA") for tile in image.tile]
        parts = np.asarray(image).astype(np.uint16)
        values: NDArray[np.uint16] = parts[..., 0::2] << np.uint16(8) | parts[..., 1::2]
        return values
    return both_bytes(image, file)


def _told(significant: bytes, values: NDArray[Any]) -> tuple[float, float] | None:
    if not significant or not 1 <= max(significant) <= 16:
        return None
    white = (1 << max(significant)) - 1
    return 0.0, float(white if values.max(initial=0) <= white else _WHITE)


def _chunks(file: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the chunks before the pixels; the file is then where it was."""
    before = file.tell()
    file.seek(_SIGNATURE)
    try:
        while len(start := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", start)
            if kind == b"IDAT" or length > 1 << 16:
                break
            yield kind, file.read(length)
            file.seek(4, 1)  # the check sum
    finally:
        file.seek(before)
