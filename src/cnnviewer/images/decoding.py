"""Decoding image files: the content decides how, not the name."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cache
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from cnnviewer.errors import ImageError
from cnnviewer.images import arrays, png, tiff
from cnnviewer.images.deep import both_bytes, has_two_bytes
from cnnviewer.images.flattening import over_white, straight
from cnnviewer.images.limits import check_size
from cnnviewer.images.numbers import Numbers, photo_of, turned
from cnnviewer.images.photo import Photo, band_names
from cnnviewer.images.raw import camera_raw
from cnnviewer.kinds import HEAD, TEXT, Kind, ending_of, refusal, type_of_head
from cnnviewer.readings import ALL_PAGES, Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["FORMATS", "decode", "photo_of_image"]

logging.getLogger("PIL").addHandler(logging.NullHandler())  # what is wrong is told in a sentence

FORMATS = (
    *("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM", "ICO", "PSD"),
    *("CUR", "DDS", "DIB", "ICNS", "PCX", "QOI", "SGI", "SUN"),
)
"""PIL's names of the formats that are told by their content; of its further ones some run a program (EPS)."""
_NAMED = "TGA"
"""A format that takes any bytes for an image: only where the name says so."""
_PAGED = frozenset({"TIFF", "GIF", "WEBP", "PNG", "AVIF"})
"""The formats that have pages or frames; those of others are sizes, layers or previews."""
_OTHER_COLORS = frozenset({"CMYK", "LAB", "YCbCr", "P", "PA"})
"""Modes whose channels PIL converts, with all that the file has beside them."""
_FULL = {"PPM": (0.0, 65535.0), "JPEG2000": (0.0, 65535.0)}
"""The range of the formats whose deep numbers PIL scales to 16 bits."""


def decode(file: IO[bytes], name: str, reading: Reading) -> Photo:
    """Return the photo in an open file.

    Raises
    ------
    ImageError
        If it is of no known kind, or can't be read so. Decoders raise further errors.
    """
    head = file.read(HEAD)
    file.seek(0)
    if arrays.is_npy(head):
        return _of_pages(("",), lambda _: arrays.read_npy(file, name), reading, name)
    if head.startswith(b"PK") and (names := arrays.array_names(file)):
        return _of_pages(names, lambda member: arrays.read_npz(file, name, member), reading, name)
    try:
        with _open(file, name) as image:
            if image.format == "TIFF" and (sentence := camera_raw(head, name, getattr(image, "tag_v2", {}))):
                raise ImageError(sentence)
            return _of_image_file(image, file, name, reading)
    except UnidentifiedImageError:
        raw = camera_raw(head, name, {})
        if raw or not tiff.is_tiff(head):
            raise ImageError(raw or _unknown(head, name)) from None
    return _of_odd_tiff(file, name, reading)


def photo_of_image(image: Image.Image, reading: Reading, name: str, told: tuple[float, float] | None = None) -> Photo:
    """Return the photo of an image of PIL's; the numbers of deep ones have the range that is told, or guessed."""
    check_size(name, *image.size)
    image.load()
    image = _upright(image)
    if _is_deep(image) or reading.value_range is not None:
        return photo_of(_numbers_of_image(image, told), reading, name)
    if image.has_transparency_data:
        plain = straight(image)
        names = band_names(len(plain.getbands()), is_color=plain.mode == "RGBA", has_alpha=True)
        return Photo(over_white(plain), plain.split(), names, name=name)
    return Photo(_plain(image), name=name)


def _is_deep(image: Image.Image) -> bool:
    return image.mode in ("I", "F") or image.mode.startswith("I;16")


def _numbers_of_image(image: Image.Image, told: tuple[float, float] | None = None) -> Numbers:
    """Return the numbers of an image of PIL's that is loaded."""
    if _is_deep(image):
        return Numbers(np.asarray(image)[..., None], told=told)
    has_alpha = image.has_transparency_data
    plain = straight(image) if has_alpha else _plain(image)
    values = np.asarray(plain)
    return Numbers(values if values.ndim == 3 else values[..., None], plain.mode.startswith("RGB"), has_alpha)


def _plain(image: Image.Image) -> Image.Image:
    """Return an opaque image of 8 bits in mode "L" or "RGB"."""
    if image.mode in ("L", "RGB"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _upright(image: Image.Image) -> Image.Image:
    """Return a copy turned as its EXIF data say; as it is where they are damaged."""
    try:
        return ImageOps.exif_transpose(image)
    except MemoryError:
        raise
    except Exception:
        # A photo with damaged metadata is still a photo.
        return image.copy()


def _open(file: IO[bytes], name: str) -> ImageFile.ImageFile:
    try:
        return Image.open(file, formats=_known_formats())
    except UnidentifiedImageError:
        if Image.registered_extensions().get(ending_of(name)) != _NAMED:
            raise
        file.seek(0)
        return Image.open(file, formats=(_NAMED,))


def _unknown(head: bytes, name: str) -> str:
    """Return what is told of a file that no decoder knows."""
    known = type_of_head(head, name)
    if known is not None and known is not TEXT and not known.is_read:
        return refusal(name, known)
    if known is not None and known.kind is not Kind.IMAGE and known.matches(head):
        return f"{name} is {known.name}, and no image."
    return (
        f"{name} is no image, is damaged, or has an unknown format; JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF and "
        ".npy are known."
    )


@cache
def _known_formats() -> tuple[str, ...]:
    """Return those of `FORMATS` that this PIL knows: older ones lack AVIF, and stumble over its name."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


# Pages


def _of_image_file(image: ImageFile.ImageFile, file: IO[bytes], name: str, reading: Reading) -> Photo:
    pages = int(getattr(image, "n_frames", 1)) if image.format in _PAGED else 1
    if reading.page == ALL_PAGES and pages > 1:
        check_size(name, *image.size, pages)
        parts = []
        for page in range(pages):
            image.seek(page)
            parts.append(_page_numbers(image, file, name))
        return _stacked(parts, reading, name)
    _check_page(reading.page, pages, name)
    if reading.page > 1:
        image.seek(reading.page - 1)
    check_size(name, *image.size)
    numbers, told = _deep_numbers(image, file, name)
    photo = photo_of_image(image, reading, name, told) if numbers is None else photo_of(numbers, reading, name)
    return _with_pages(photo, max(reading.page, 1), pages)


def _page_numbers(image: ImageFile.ImageFile, file: IO[bytes], name: str) -> Numbers:
    numbers, told = _deep_numbers(image, file, name)
    if numbers is not None:
        return numbers
    image.load()
    return _numbers_of_image(_upright(image), told)


def _deep_numbers(
    image: ImageFile.ImageFile, file: IO[bytes], name: str
) -> tuple[Numbers | None, tuple[float, float] | None]:
    """Return the numbers of what PIL opens with fewer bits or bands than it has, upright; else None and their range."""
    if image.format == "PNG":
        numbers = png.deep_numbers(image, file)
        return (None if numbers is None else turned(numbers, image.getexif().get(274, 1))), None
    if image.format != "TIFF":
        return None, _FULL.get(image.format or "")
    tags = getattr(image, "tag_v2", {})
    told, bands = tiff.told_range(tags), tiff.band_count(tags)
    lacks_bands = image.mode not in _OTHER_COLORS and bands != len(image.getbands())
    if lacks_bands or tiff.is_signed_wrongly(tags):
        return tiff.read_page(file, name, image.tell() + 1)[0], told
    if has_two_bytes(image) and not tiff.is_planar(tags):
        values = both_bytes(image, file)
        numbers = Numbers(values, is_color=True, has_alpha=values.shape[2] == 4, told=told)
        return turned(numbers, image.getexif().get(274, 1)), told
    if image.mode in ("RGB", "RGBA") and tiff.is_deep(tags):
        return tiff.read_page(file, name, image.tell() + 1)[0], told
    return None, told


def _of_odd_tiff(file: IO[bytes], name: str, reading: Reading) -> Photo:
    """Return the photo in a TIFF that PIL does not know."""
    numbers, pages = tiff.read_page(file, name, max(reading.page, 1))
    if reading.page != ALL_PAGES:
        return _with_pages(photo_of(numbers, reading, name), reading.page, pages)
    check_size(name, numbers.values.shape[1], numbers.values.shape[0], pages)
    others = [tiff.read_page(file, name, page)[0] for page in range(2, pages + 1)]
    return _stacked([numbers, *others], reading, name)


def _of_pages(names: tuple[str, ...], read: Callable[[str], NDArray[Any]], reading: Reading, name: str) -> Photo:
    """Return the photo in one of NumPy's files, whose arrays are its pages."""
    if reading.page == ALL_PAGES and len(names) > 1:
        return _stacked([arrays.numbers_of(read(member), name) for member in names], reading, name)
    _check_page(reading.page, len(names), name)
    page = max(reading.page, 1)
    photo = photo_of(arrays.numbers_of(read(names[page - 1]), name), reading, name)
    return _with_pages(photo, page, len(names))


def _stacked(parts: list[Numbers], reading: Reading, name: str) -> Photo:
    """Return the photo whose channels are those of all pages."""
    if len({(part.values.shape[:2], part.values.dtype) for part in parts}) > 1:
        raise ImageError(f"The pages of {name} have different sizes or types: they can't be the channels of one image.")
    first = parts[0]
    values = np.concatenate([part.values[..., : part.plain] for part in parts], axis=2)
    photo = photo_of(Numbers(values, told=first.told, is_inverted=first.is_inverted), reading, name)
    return _with_pages(photo, ALL_PAGES, len(parts))


def _check_page(page: int, pages: int, name: str) -> None:
    if page > pages or page < 0:
        raise ImageError(f"{name} has {pages} {'page' if pages == 1 else 'pages'}: there is no page {page}.")


def _with_pages(photo: Photo, page: int, pages: int) -> Photo:
    return replace(photo, read=replace(photo.read, page=page, pages=pages))
