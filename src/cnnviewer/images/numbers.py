"""`Numbers`: what a file holds of more than 8 bits, or of channels that are no picture; and the photo of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from cnnviewer.errors import ImageError
from cnnviewer.images.flattening import over_white
from cnnviewer.images.limits import check_size
from cnnviewer.images.photo import Photo, band_names
from cnnviewer.images.ranges import in_8_bits, read_range
from cnnviewer.readings import Read, Reading, ValueRange, checked_range

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Numbers", "photo_of", "turned"]


@dataclass(frozen=True, eq=False)
class Numbers:
    """The numbers of an image.

    Parameters
    ----------
    values
        ``(H, W, C)``, whole or floating point numbers, or bool.
    is_color
        Whether the first three channels are red, green and blue.
    has_alpha
        Whether the last channel tells how opaque each pixel is.
    opaque
        The number of that channel that means opaque; None for the largest of its type, or 1.
    told
        What the file says on which numbers are black and white.
    is_inverted
        Whether the smallest number is white.
    """

    values: NDArray[Any]
    is_color: bool = False
    has_alpha: bool = False
    opaque: float | None = None
    told: tuple[float, float] | None = None
    is_inverted: bool = False

    @property
    def plain(self) -> int:
        """How many channels it has besides the one of transparency."""
        return int(self.values.shape[2]) - self.has_alpha


def photo_of(numbers: Numbers, reading: Reading, name: str) -> Photo:
    """Return the photo that an image's numbers make.

    Raises
    ------
    ImageError
        If there are none, too many, or none that can be shown.
    """
    values = numbers.values
    if values.dtype.kind not in "biuf":
        raise ImageError(f"{name} holds no numbers that can be shown, but {values.dtype}; save it as float32 or uint8.")
    check_size(name, values.shape[1], values.shape[0], values.shape[2])
    bands, read = _bands(numbers, reading)
    count = len(bands)
    images = tuple(Image.fromarray(np.ascontiguousarray(band)) for band in bands)
    is_picture = numbers.plain in (1, 3) or (numbers.is_color and numbers.plain > 3)
    picture = _picture(images, numbers, is_picture)
    if count in (1, 3) and not numbers.has_alpha:
        return Photo(picture, read=read, name=name)
    names = band_names(count, is_color=numbers.is_color, has_alpha=numbers.has_alpha)
    return Photo(picture, images, names, is_picture, read, name)


def _bands(numbers: Numbers, reading: Reading) -> tuple[list[NDArray[np.uint8]], Read]:
    """Return each channel in 8 bits, ``(H, W)``, and how they were read; one range for all, so that they compare."""
    values, plain = numbers.values, numbers.plain
    if values.dtype == np.bool_:
        values = values.astype(np.uint8) * np.uint8(255)
    seen = values[..., :plain]
    chosen = None if reading.value_range is None else checked_range(*reading.value_range)
    if values.dtype != np.uint8:
        read = read_range(seen, numbers.told, chosen)
    else:
        read = Read() if chosen is None else read_range(seen, None, chosen)
    bands = [_in_8_bits(values[..., band], read.value_range) for band in range(plain)]
    if numbers.is_inverted:
        bands = [255 - band for band in bands]
    if numbers.has_alpha:
        usual = 1.0 if values.dtype.kind == "f" else float(np.iinfo(values.dtype).max)
        opaque = usual if numbers.opaque is None else numbers.opaque
        bands.append(_in_8_bits(values[..., plain], ValueRange(0.0, opaque)))
    return bands, read


def _in_8_bits(values: NDArray[Any], wanted: ValueRange | None) -> NDArray[np.uint8]:
    if values.dtype == np.uint8 and (wanted is None or (wanted.low, wanted.high) == (0.0, 255.0)):
        return values
    assert wanted is not None
    return in_8_bits(values, wanted.low, wanted.high)


def _picture(bands: tuple[Image.Image, ...], numbers: Numbers, is_picture: bool) -> Image.Image:
    """Return what people see: grey, or the first three channels as red, green and blue."""
    plain = bands[: numbers.plain]
    is_grey = len(plain) < 3
    seen = plain[0] if is_grey else Image.merge("RGB", plain[:3])
    if not (numbers.has_alpha and is_picture):
        return seen
    return over_white(Image.merge("LA" if is_grey else "RGBA", (*seen.split(), bands[-1])))


def turned(numbers: Numbers, orientation: int) -> Numbers:
    """Return numbers upright, as an orientation 1..8 of EXIF and TIFF tells."""
    values = numbers.values
    if orientation in (5, 6, 7, 8):
        values = values.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        values = values[::-1]
    if orientation in (2, 3, 6, 7):
        values = values[:, ::-1]
    return replace(numbers, values=values)
