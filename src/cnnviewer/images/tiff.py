"""TIFF files: what their tags tell, and the kinds that PIL does not read: floats of colours, many bands."""

from __future__ import annotations

import logging
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from cnnviewer.errors import ImageError
from cnnviewer.images.limits import check_size
from cnnviewer.images.numbers import Numbers, turned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["band_count", "is_deep", "is_planar", "is_signed_wrongly", "is_tiff", "read_page", "told_range"]

_BITS, _PHOTOMETRIC, _ORIENTATION, _SAMPLES, _LARGEST_SAMPLE = 258, 262, 274, 277, 281
_PLANES, _SEPARATE = 284, 2
_EXTRA, _FORMAT, _SMALLEST, _LARGEST = 338, 339, 340, 341
"""The numbers of TIFF's tags; SMinSampleValue and SMaxSampleValue are the last two."""
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB = 0, 1, 2
_ASSOCIATED, _UNASSOCIATED = 1, 2
_UNSIGNED, _SIGNED = 1, 2


def is_tiff(head: bytes) -> bool:
    """Whether a file that begins so is a TIFF, of the small or the big kind."""
    return head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def told_range(tags: Mapping[int, Any]) -> tuple[float, float] | None:
    """Return the numbers that are black and white, as tags tell it; None where they don't.

    SMinSampleValue and SMaxSampleValue do, and BitsPerSample where it is no whole number of bytes. MaxSampleValue is
    the largest that occurs; where all bits of it are set it tells how many bits are used.
    """
    low, high = _extreme(tags, _SMALLEST, min), _extreme(tags, _LARGEST, max)
    if high is not None and (low or 0.0) < high:
        return low or 0.0, high
    if _extreme(tags, _FORMAT, max) not in (None, _UNSIGNED):
        return None
    bits = _extreme(tags, _BITS, max)
    if bits is not None and 8 < bits < 32 and bits % 8:
        return 0.0, float((1 << int(bits)) - 1)
    largest = int(_extreme(tags, _LARGEST_SAMPLE, max) or 0)
    if 255 < largest < 65535 and not largest & (largest + 1):
        return 0.0, float(largest)
    return None


def band_count(tags: Mapping[int, Any]) -> int:
    """Return how many numbers a pixel has."""
    return int(_extreme(tags, _SAMPLES, max) or 1)


def is_planar(tags: Mapping[int, Any]) -> bool:
    """Whether each band lies on its own, and not pixel beside pixel."""
    return _extreme(tags, _PLANES, max) == _SEPARATE


def is_deep(tags: Mapping[int, Any]) -> bool:
    """Whether its numbers have more than 8 bits."""
    return (_extreme(tags, _BITS, max) or 8) > 8


def is_signed_wrongly(tags: Mapping[int, Any]) -> bool:
    """Whether PIL takes unsigned numbers for signed ones, or the other way round: of 32 bits, and of 8."""
    bits, is_signed = _extreme(tags, _BITS, max), _extreme(tags, _FORMAT, max) == _SIGNED
    return (bits == 8 and is_signed) or (bits == 32 and _extreme(tags, _FORMAT, max) in (None, _UNSIGNED))


def _extreme(tags: Mapping[int, Any], tag: int, choose: Any) -> float | None:
    value = tags.get(tag)
    numbers = [float(number) for number in (value if isinstance(value, tuple) else (value,)) if number is not None]
    return choose(numbers) if numbers and all(map(np.isfinite, numbers)) else None


def read_page(file: IO[bytes], name: str, page: int) -> tuple[Numbers, int]:
    """Return the numbers of a page, from 1 on, and how many pages there are.

    Raises
    ------
    ImageError
        If it can't be read.
    """
    # Not above: few images need it, and it takes a fifth of a second.
    import tifffile

    logging.getLogger("tifffile").addHandler(logging.NullHandler())  # what is wrong is told in a sentence
    file.seek(0)
    with tifffile.TiffFile(file) as opened:
        count = len(opened.pages)
        if not count:
            raise ImageError(f"{name} is a TIFF without an image; it may not have been written to its end.")
        if page > count:
            raise ImageError(f"{name} has {count} {'page' if count == 1 else 'pages'}: there is no page {page}.")
        found = opened.pages[page - 1]
        if not isinstance(found, tifffile.TiffPage):
            found = found.aspage()
        _check(found, file, name)
        tags = {tag.code: tag.value for tag in found.tags}
        return turned(_numbers(_values(found, name), tags), int(_extreme(tags, _ORIENTATION, max) or 1)), count


def _check(page: Any, file: IO[bytes], name: str) -> None:
    """Raise where the page is not read: too large, cut off, of several planes or in colours of another kind."""
    check_size(name, page.imagewidth, page.imagelength, page.samplesperpixel)
    if page.imagedepth != 1 or int(page.photometric) not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB):
        raise ImageError(
            f"{name} is a TIFF of a kind that can't be read ({page.photometric.name}, {page.samplesperpixel} channels "
            f"of {page.bitspersample} bits); save it as RGB, or as grey channels."
        )
    end = file.seek(0, 2)
    if any(offset + length > end for offset, length in zip(page.dataoffsets, page.databytecounts, strict=False)):
        raise ImageError(f"{name} ends too early; copy or download it again.")


def _values(page: Any, name: str) -> NDArray[Any]:
    """Return the numbers of a page, ``(H, W, C)``."""
    try:
        values: NDArray[Any] = page.asarray(maxworkers=1)
    except (ValueError, KeyError, NotImplementedError) as error:
        if "imagecodecs" not in str(error):
            raise
        raise ImageError(
            f"{name} has {page.samplesperpixel} channels and is compressed with {page.compression.name}: install "
            "imagecodecs (pip install imagecodecs), or save it uncompressed or with Deflate."
        ) from error
    size, samples = (page.imagelength, page.imagewidth), page.samplesperpixel
    if samples > 1 and int(page.planarconfig) == _SEPARATE:
        return np.moveaxis(values.reshape(samples, *size), 0, 2)
    return values.reshape(*size, samples)


def _numbers(values: NDArray[Any], tags: Mapping[int, Any]) -> Numbers:
    extra = tags.get(_EXTRA) or ()
    kinds = tuple(int(kind) for kind in (extra if isinstance(extra, tuple) else (extra,)))
    photometric = int(_extreme(tags, _PHOTOMETRIC, max) or 0)
    has_alpha = kinds in ((_ASSOCIATED,), (_UNASSOCIATED,)) and values.shape[2] in (2, 4)
    if kinds == (_ASSOCIATED,) and has_alpha:
        values = _unassociated(values)
    return Numbers(
        values,
        is_color=photometric == _RGB and values.shape[2] >= 3,
        has_alpha=has_alpha,
        told=told_range(tags),
        is_inverted=photometric == _WHITE_IS_ZERO,
    )


def _unassociated(values: NDArray[Any]) -> NDArray[Any]:
    """Return numbers whose colours were multiplied with the last channel without that."""
    is_float = values.dtype.kind == "f"
    opaque = 1.0 if is_float else float(np.iinfo(values.dtype).max)
    alpha = values[..., -1:].astype(np.float64)
    plain = np.divide(values[..., :-1] * opaque, alpha, out=np.zeros(values[..., :-1].shape), where=alpha > 0)
    made = np.concatenate([np.clip(plain, 0, None if is_float else opaque), alpha], axis=2)
    return made.astype(values.dtype) if is_float else np.rint(made).astype(values.dtype)
