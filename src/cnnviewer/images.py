"""Reading images: whatever comes, a photo of mode "L" or "RGB", or a sentence that says why not."""

from __future__ import annotations

import io
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from cnnviewer.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["LARGEST", "ImageLike", "as_image", "decode_image", "read_image"]

ImageLike = str | Path | Image.Image | np.ndarray[Any, Any]
"""A path, a PIL image, or uint8 pixels ``(H, W)``, ``(H, W, 3)`` or ``(H, W, 4)``."""

LARGEST = 200_000_000
"""Images of more pixels are refused: they would fill the memory, as decompression bombs are made to."""

_DEEP_MODES = {"I", "F", "I;16", "I;16L", "I;16B", "I;16N"}


def as_image(image: ImageLike) -> Image.Image:
    """Return an image as a photo.

    Parameters
    ----------
    image
        A path, a PIL image, or uint8 pixels ``(H, W)``, ``(H, W, 3)`` or ``(H, W, 4)``.

    Returns
    -------
    PIL.Image.Image
        Loaded, of mode "L" where it is grey, else "RGB", upright as its EXIF data say, and over white where it
        was transparent.

    Raises
    ------
    ImageError
        If it can't be read, or is no image.
    """
    if isinstance(image, (str, Path)):
        return read_image(image)
    if isinstance(image, Image.Image):
        with _told("the image"):
            return _as_photo(image)
    if isinstance(image, np.ndarray):
        return _from_pixels(image)
    raise ImageError(f"An image is a path, a PIL image or an array of pixels, not {type(image).__name__}.")


def read_image(path: str | Path) -> Image.Image:
    """Return the photo in a file; see `as_image`.

    Raises
    ------
    ImageError
        If there is no such file, it can't be read, or it holds no whole image.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise ImageError(f"{path} is a folder; choose an image in it.")
        size = path.stat().st_size
        if size == 0:
            raise ImageError(f"{path.name} is empty (0 bytes); it may not have been copied to its end.")
        data = path.read_bytes()
    except FileNotFoundError:
        raise ImageError(f"There is no file {path}. Check the path.") from None
    except PermissionError:
        raise ImageError(f"{path.name} may not be read: you have no permission for it.") from None
    except (OSError, ValueError) as error:
        raise ImageError(f"{path.name} can't be read: {getattr(error, 'strerror', None) or error}.") from error
    return decode_image(data, path.name)


def decode_image(data: bytes, name: str) -> Image.Image:
    """Return the photo that the bytes of an image file hold; `name` is what messages call it.

    Raises
    ------
    ImageError
        If they hold no whole image.
    """
    with _told(name):
        image = Image.open(io.BytesIO(data))
        width, height = image.size
        if width * height > LARGEST:
            raise ImageError(
                f"{name} has {width} × {height} pixels, more than {LARGEST // 10**6} million; make it smaller first."
            )
        return _as_photo(image)


def _from_pixels(pixels: NDArray[Any]) -> Image.Image:
    fits = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))
    if pixels.dtype != np.uint8 or not fits or not pixels.size:
        raise ImageError(
            "Pixels are an array of dtype uint8 and shape (H, W), (H, W, 3) or (H, W, 4); "
            f"this one is {pixels.dtype} of shape {pixels.shape}."
        )
    return _as_photo(Image.fromarray(np.ascontiguousarray(pixels)))


def _as_photo(image: Image.Image) -> Image.Image:
    """Return an image upright, opaque, in 8 bits, of mode "L" or "RGB"."""
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.mode in _DEEP_MODES:
        return _to_8_bits(image)
    if image.mode in ("L", "RGB"):
        return image.copy()
    if image.mode == "1":
        return image.convert("L")
    if image.has_transparency_data:
        return _over_white(image)
    return image.convert("RGB")


def _to_8_bits(image: Image.Image) -> Image.Image:
    """Return 16-bit and floating point grey as 8-bit grey.

    Integers go from 0..65535 (0..255 where none is larger) to 0..255; floats from their own range, 0..1 or
    0..255 where they lie within it.
    """
    values = np.asarray(image, dtype=np.float64)
    largest = float(np.finfo(np.float32).max)
    values = np.nan_to_num(values, posinf=largest, neginf=-largest)
    low, high = min(float(values.min()), 0.0), float(values.max())
    if image.mode == "F":
        high = 1.0 if high <= 1 else 255.0 if high <= 255 else high
    else:
        high = 255.0 if high <= 255 else max(high, 65535.0)
    return Image.fromarray(np.round((values - low) * (255 / (high - low))).astype(np.uint8))


def _over_white(image: Image.Image) -> Image.Image:
    is_grey = image.mode in ("LA", "La")
    colors = image.convert("RGBA")
    white = Image.new("RGBA", colors.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, colors).convert("L" if is_grey else "RGB")


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Turn whatever PIL raises into a sentence."""
    try:
        with warnings.catch_warnings():
            # PIL warns of large images and of damaged metadata; the limit is ours, metadata do not matter.
            warnings.simplefilter("ignore")
            yield
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(f"{name} is no image, or of a format that is not known.") from None
    except (Image.DecompressionBombError, MemoryError) as error:
        raise ImageError(f"{name} is too large to be opened; make it smaller first.") from error
    except Exception as error:
        # PIL's decoders raise OSError, SyntaxError, ValueError, struct.error, IndexError and others on damage.
        reason = "it ends too early" if "truncated" in str(error).lower() else str(error) or type(error).__name__
        raise ImageError(f"{name} is damaged and can't be shown: {reason}.") from error
