"""Animated images: the frames of a GIF, a WebP, an APNG or an AVIF, one by one."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from PIL import Image

from cnnviewer.errors import StreamError
from cnnviewer.images import decode_picture

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Animation", "is_animated"]

_FORMATS = ("GIF", "WEBP", "PNG", "AVIF")
_USUAL = 100.0
"""How long, in milliseconds, a frame is shown whose file tells less than browsers heed."""
_SHORTEST = 10.0


def is_animated(path: Path) -> bool:
    """Whether a file is an image of several frames, whatever its name."""
    Image.init()
    try:
        with Image.open(path, formats=[name for name in _FORMATS if name in Image.OPEN]) as image:
            return bool(getattr(image, "is_animated", False))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, IndexError, struct.error):
        return False  # it is told where it is opened as a photo


class Animation:
    """An open file; its frames are decoded when they are asked for, fastest in their order.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    StreamError
        If it can't be read.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        try:
            self._image = Image.open(path, formats=[name for name in _FORMATS if name in Image.OPEN])
            self.count = int(getattr(self._image, "n_frames", 1))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise self._failure(error) from error
        self._lengths: dict[int, float] = {}

    def frame(self, index: int) -> Image.Image:
        """Return a frame, opaque, of mode "L" or "RGB".

        Raises
        ------
        StreamError
            If it can't be decoded.
        """
        try:
            self._image.seek(index)
            picture = decode_picture(self._image, self._name)
        except Exception as error:  # decoders raise SyntaxError, EOFError, struct.error and others on damage
            raise self._failure(error) from error
        told = float(self._image.info.get("duration", 0) or 0)
        self._lengths[index] = told if told > _SHORTEST else _USUAL
        return picture

    def length(self, index: int) -> float:
        """Return how long a frame is shown, in milliseconds; before it is decoded, the mean of the others."""
        return self._lengths.get(index, self._usual)

    def begin(self, index: int) -> float:
        """Return when a frame begins, in milliseconds."""
        known = [length for number, length in self._lengths.items() if number < index]
        return sum(known) + (index - len(known)) * self._usual

    def at(self, milliseconds: float) -> int:
        """Return the frame that is shown at a place."""
        return next((index for index in range(self.count) if milliseconds < self.begin(index + 1)), self.count - 1)

    def close(self) -> None:
        """Let go of the file."""
        self._image.close()

    @property
    def _usual(self) -> float:
        return sum(self._lengths.values()) / len(self._lengths) if self._lengths else _USUAL

    def _failure(self, error: Exception) -> StreamError:
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        return StreamError(f"{self._name} can't be played: {reason}.")
