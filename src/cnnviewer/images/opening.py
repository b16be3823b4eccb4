"""Reading images: whatever comes, a photo, or a sentence that says why not."""

from __future__ import annotations

import io
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from cnnviewer.errors import ImageError
from cnnviewer.images.decoding import decode, photo_of_image
from cnnviewer.images.failures import told
from cnnviewer.images.numbers import Numbers, photo_of
from cnnviewer.images.photo import Photo
from cnnviewer.readings import Reading

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "ImageLike",
    "as_image",
    "as_photo",
    "decode_image",
    "decode_photo",
    "decode_picture",
    "from_packed",
    "of_pixels",
    "read_image",
    "to_packed",
]

ImageLike = str | Path | Image.Image | np.ndarray[Any, Any]
"""A path, a PIL image, or pixels ``(H, W)``, or ``(H, W, C)``: grey, grey and alpha, RGB, RGBA, or of more channels."""

_USUAL = Reading()


def as_photo(image: ImageLike | Photo, reading: Reading = _USUAL) -> Photo:
    """Return an image as a photo.

    Parameters
    ----------
    image
        A path, a PIL image, or pixels ``(H, W)`` or ``(H, W, C)``, uint8 0..255, or with a range of any type.
    reading
        How a file or deep numbers are read.

    Returns
    -------
    Photo
        A copy, loaded, upright as its EXIF data say, its picture over white where it was transparent. Of several frames
        or pages, a file gives the one of the reading, a PIL image the current one.

    Raises
    ------
    ImageError
        If it can't be read, or is no image.
    """
    if isinstance(image, Photo):
        return image
    if isinstance(image, (str, Path)):
        return _read(image, reading)
    if isinstance(image, Image.Image):
        with told("The image"):
            return photo_of_image(image, reading, "The image")
    if isinstance(image, np.ndarray):
        return _from_pixels(image, reading)
    raise ImageError(f"An image is a path, a PIL image or an array of pixels, not {type(image).__name__}.")


def as_image(image: ImageLike) -> Image.Image:
    """Return the picture of an image, opaque, of mode "L" where it is grey, else "RGB"; see `as_photo`.

    Raises
    ------
    ImageError
        If it can't be read, is no image, or has channels that are no colours.
    """
    return as_photo(image).flat()


def read_image(path: str | Path) -> Image.Image:
    """Return the picture in a file in any of the usual formats, whatever its name; see `as_image`."""
    return as_photo(Path(path)).flat()


def decode_image(data: bytes, name: str) -> Image.Image:
    """Return the picture that the bytes of an image file hold; see `decode_photo`."""
    return decode_photo(data, name).flat()


def decode_photo(data: bytes, name: str, reading: Reading = _USUAL) -> Photo:
    """Return the photo that the bytes of an image file hold.

    Parameters
    ----------
    data
        The content of an image file, as a browser gives it.
    name
        What messages call it.
    reading
        How it is read.

    Raises
    ------
    ImageError
        If they hold no whole image.
    """
    if not data:
        raise ImageError(f"{name} is empty (0 bytes); it may not have been copied to its end.")
    with told(name):
        return decode(io.BytesIO(data), name, reading)


def decode_picture(image: Image.Image, name: str) -> Image.Image:
    """Return the current frame of an image of PIL's as a picture; see `as_image`."""
    with told(name):
        return photo_of_image(image, _USUAL, name).flat()


def from_packed(pixels: NDArray[np.uint32]) -> Image.Image:
    """Return opaque pixels 0xffRRGGBB, uint32 ``(H, W)``, as a picture of mode "RGB"."""
    height, width = pixels.shape
    # As bytes the word is B, G, R, X where the lowest comes first.
    layout = "BGRX" if sys.byteorder == "little" else "XRGB"
    return Image.frombuffer("RGB", (width, height), np.ascontiguousarray(pixels), "raw", layout, 0, 1)


def to_packed(picture: Image.Image) -> NDArray[np.uint32]:
    """Return an opaque picture's pixels, uint32 ``(H, W)``, 0xffRRGGBB."""
    # As bytes the word is B, G, R, A where the lowest comes first.
    layout = "BGRX" if sys.byteorder == "little" else "XRGB"
    data = np.frombuffer(picture.convert("RGB").tobytes("raw", layout), np.uint32)
    return data.reshape(picture.height, picture.width) | np.uint32(0xFF000000)


def _read(path: str | Path, reading: Reading) -> Photo:
    path = Path(path)
    with told(path.name or str(path)):
        try:
            _check_file(path)
            with path.open("rb") as file:
                return decode(file, path.name, reading)
        except (FileNotFoundError, NotADirectoryError):
            raise ImageError(f"There is no file {path}; check the path.") from None
        except PermissionError:
            raise ImageError(f"{path} may not be read: you lack the permission for it.") from None


def _check_file(path: Path) -> None:
    """Raise an ImageError where there is nothing to be decoded; a pipe or a device might never end."""
    try:
        status = path.stat()
    except ValueError:
        # No system has names with a null character in them.
        raise ImageError(f"There is no file {str(path)!r}; check the path.") from None
    if stat.S_ISDIR(status.st_mode):
        raise ImageError(f"{path} is a folder; choose an image in it.")
    if not stat.S_ISREG(status.st_mode):
        raise ImageError(f"{path} is no regular file; save the image to one first.")
    if status.st_size == 0:
        raise ImageError(f"{path.name} is empty (0 bytes); it may not have been copied to its end.")


def of_pixels(pixels: NDArray[Any], reading: Reading = _USUAL) -> Photo:
    """Return pixels ``(H, W)`` or ``(H, W, C)`` as a photo; of more than 8 bits with a range that is a guess.

    Raises
    ------
    ImageError
        If they can't be shown.
    """
    with told("The image"):
        # A copy: the caller's may change.
        values = np.array(pixels if pixels.ndim == 3 else pixels[..., None])
        return photo_of(_meant(values), reading, "The image")


def _from_pixels(pixels: NDArray[Any], reading: Reading) -> Photo:
    fits = pixels.ndim in (2, 3) and pixels.size > 0 and pixels.dtype.kind in "biuf"
    if not fits or (pixels.dtype != np.uint8 and reading.value_range is None):
        raise ImageError(
            "Pixels are an array of dtype uint8 and shape (H, W), (H, W, 3), (H, W, 4), or (H, W, C) for networks of "
            "C channels; numbers of another type need value_range=(black, white). "
            f"This one is {pixels.dtype} of shape {pixels.shape}."
        )
    return of_pixels(pixels, reading)


def _meant(values: NDArray[Any]) -> Numbers:
    """Return an array's numbers as what so many channels usually are."""
    count = values.shape[2]
    return Numbers(values, is_color=count in (3, 4), has_alpha=count == 4)
