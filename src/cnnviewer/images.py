"""Reading images: whatever comes, a photo of mode "L" or "RGB", or a sentence that says why not."""

from __future__ import annotations

import io
import re
import stat
import sys
import warnings
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from cnnviewer.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["LARGEST", "ImageLike", "as_image", "decode_image", "from_packed", "read_image"]

ImageLike = str | Path | Image.Image | np.ndarray[Any, Any]
"""A path, a PIL image, or uint8 pixels ``(H, W)``, ``(H, W, 3)`` or ``(H, W, 4)``."""

LARGEST = 160_000_000
"""Images of more pixels are refused: they would fill the memory, as decompression bombs are made to.

The largest cameras stay below; PIL's own limit, 179 million by default, lies above.
"""

# Of PIL's further formats, some run a program (EPS), and some take any text for an image (TGA).
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM", "ICO", "PSD")


def as_image(image: ImageLike) -> Image.Image:
    """Return an image as a photo.

    Parameters
    ----------
    image
        A path, a PIL image, or uint8 pixels ``(H, W)``, ``(H, W, 3)`` or ``(H, W, 4)``, 0..255.

    Returns
    -------
    PIL.Image.Image
        A copy, loaded, of mode "L" where the image is grey, else "RGB", upright as its EXIF data say, and
        over white where it was transparent. Of several frames or pages, a file gives the first, a PIL image
        the current one.

    Raises
    ------
    ImageError
        If it can't be read, or is no image.
    """
    if isinstance(image, (str, Path)):
        return read_image(image)
    if isinstance(image, Image.Image):
        with _told("The image"):
            return _as_photo(image, "The image")
    if isinstance(image, np.ndarray):
        return _from_pixels(image)
    raise ImageError(f"An image is a path, a PIL image or an array of pixels, not {type(image).__name__}.")


def read_image(path: str | Path) -> Image.Image:
    """Return the photo in a file.

    Parameters
    ----------
    path
        A file in any of the usual formats (JPEG, PNG, WebP, GIF, BMP, TIFF and some more), whatever its name.

    Returns
    -------
    PIL.Image.Image
        As `as_image` returns it.

    Raises
    ------
    ImageError
        If there is no such file, it can't be read, or it holds no whole image.
    """
    path = Path(path)
    with _told(path.name or str(path)):
        try:
            _check_file(path)
            with path.open("rb") as file:
                return _decode(file, path.name)
        except (FileNotFoundError, NotADirectoryError):
            raise ImageError(f"There is no file {path}; check the path.") from None
        except PermissionError:
            raise ImageError(f"{path} may not be read: you lack the permission for it.") from None


def decode_image(data: bytes, name: str) -> Image.Image:
    """Return the photo that the bytes of an image file hold.

    Parameters
    ----------
    data
        The content of an image file, as a browser gives it.
    name
        What messages call it.

    Returns
    -------
    PIL.Image.Image
        As `as_image` returns it.

    Raises
    ------
    ImageError
        If they hold no whole image.
    """
    if not data:
        raise ImageError(f"{name} is empty (0 bytes); it may not have been copied to its end.")
    with _told(name):
        return _decode(io.BytesIO(data), name)


def from_packed(pixels: NDArray[np.uint32]) -> Image.Image:
    """Return opaque pixels 0xffRRGGBB, uint32 ``(H, W)``, as a photo of mode "RGB"."""
    height, width = pixels.shape
    # As bytes the word is B, G, R, X where the lowest comes first.
    layout = "BGRX" if sys.byteorder == "little" else "XRGB"
    return Image.frombuffer("RGB", (width, height), np.ascontiguousarray(pixels), "raw", layout, 0, 1)


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


def _decode(file: Any, name: str) -> Image.Image:
    with Image.open(file, formats=_known_formats()) as image:
        return _as_photo(image, name)


@cache
def _known_formats() -> tuple[str, ...]:
    """Return those of `_FORMATS` that this PIL knows: older ones lack AVIF, and stumble over its name."""
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _from_pixels(pixels: NDArray[Any]) -> Image.Image:
    fits = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))
    if pixels.dtype != np.uint8 or not fits or not pixels.size:
        raise ImageError(
            "Pixels are an array of dtype uint8 and shape (H, W), (H, W, 3) or (H, W, 4); "
            f"this one is {pixels.dtype} of shape {pixels.shape}."
        )
    with _told("The array"):
        return _as_photo(Image.fromarray(np.ascontiguousarray(pixels)), "The array")


def _as_photo(image: Image.Image, name: str) -> Image.Image:
    """Return an image upright, opaque, in 8 bits, of mode "L" or "RGB"."""
    if not image.width or not image.height:
        raise ImageError(f"{name} has no pixels: it is {image.width} × {image.height}.")
    if image.width * image.height > LARGEST:
        raise _too_large(name, image.width * image.height)
    image.load()
    return _in_8_bits(_upright(image))


def _upright(image: Image.Image) -> Image.Image:
    """Return a copy turned as its EXIF data say; as it is where they are damaged."""
    try:
        return ImageOps.exif_transpose(image)
    except MemoryError:
        raise
    except Exception:
        # A photo with damaged metadata is still a photo.
        return image.copy()


def _in_8_bits(image: Image.Image) -> Image.Image:
    """Return an image opaque and of mode "L" or "RGB"."""
    if image.mode.startswith("I;16"):
        return Image.fromarray(_from_16_bits(np.asarray(image)))
    if image.mode in ("I", "F"):
        return Image.fromarray(_from_range(np.asarray(image, np.float64), is_integer=image.mode == "I"))
    if image.has_transparency_data:
        return _over_white(image)
    if image.mode in ("L", "RGB"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _from_16_bits(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Return 0..65535 as 0..255, to the nearest."""
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _from_range(values: NDArray[np.float64], *, is_integer: bool) -> NDArray[np.uint8]:
    """Return numbers of an unknown range as 0..255, to the nearest; what is not a number is black.

    The range is the first of 0..1 (floats) or 0..255, 0..255, 0..65535 (integers) and the numbers' own that
    holds them all, so that the common ranges keep their brightness.
    """
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    usual = (255.0, 65535.0) if is_integer else (1.0, 255.0)
    limit = next((limit for limit in usual if low >= 0 and high <= limit), None)
    if limit is not None:
        low, high = 0.0, limit
    # A constant image has no range; and clipping first keeps the infinite out of the arithmetic.
    scaled = (np.clip(np.nan_to_num(values, nan=low), low, high) - low) * 255 / ((high - low) or 1)
    return np.rint(scaled).astype(np.uint8)


def _over_white(image: Image.Image) -> Image.Image:
    is_grey = image.mode in ("1", "L", "LA", "La")
    if image.mode in ("La", "RGBa"):
        # PIL converts premultiplied colours to their own plain mode only.
        image = image.convert(image.mode.upper())
    colors = image.convert("RGBA")
    white = Image.new("RGBA", colors.size, "white")
    return Image.alpha_composite(white, colors).convert("L" if is_grey else "RGB")


def _too_large(name: str, pixels: int) -> ImageError:
    return ImageError(
        f"{name} has {pixels:,} pixels, more than the {LARGEST:,} that can be opened; make it smaller first."
    )


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Turn whatever PIL raises into a sentence, and drop its warnings (of large images, of odd metadata)."""
    try:
        with warnings.catch_warnings():
            # Filters belong to the process, not to the thread: a narrow one can do no harm in others.
            warnings.filterwarnings("ignore", module=r"PIL\.")
            yield
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(
            f"{name} is no image, is damaged, or has an unknown format; JPEG, PNG, WebP, GIF, BMP and TIFF are known."
        ) from None
    except Image.DecompressionBombError as error:
        # PIL tells the size in its message only.
        found = re.search(r"\d+", str(error))
        raise _too_large(name, int(found[0]) if found else LARGEST) from error
    except MemoryError as error:
        raise ImageError(f"{name} needs more memory than there is; make it smaller first.") from error
    except OSError as error:
        # PIL raises OSErrors too, without a number.
        raise ImageError(_unreadable(name, error) if error.errno else _damaged(name, error)) from error
    except Exception as error:
        # PIL's decoders raise SyntaxError, ValueError, struct.error, IndexError and others on damage.
        raise ImageError(_damaged(name, error)) from error


def _unreadable(name: str, error: OSError) -> str:
    return f"{name} can't be read: {error.strerror or error}."


def _damaged(name: str, error: Exception) -> str:
    if "truncated" in str(error).lower():
        return f"{name} ends too early; copy or download it again."
    reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return f"{name} is damaged, or of a kind that can't be read: {reason}."
