"""NumPy's files: ``.npy``, and ``.npz`` with an array a page."""

from __future__ import annotations

import zipfile
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.lib import format as npy

from cnnviewer.errors import ImageError
from cnnviewer.images.limits import check_size
from cnnviewer.images.numbers import Numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["array_names", "channels_last", "is_npy", "numbers_of", "read_npy", "read_npz"]

_LARGEST_BYTES = 1 << 30
"""Of an array in a file."""


def is_npy(head: bytes) -> bool:
    """Whether a file that begins so is NumPy's."""
    return head.startswith(npy.MAGIC_PREFIX)


def array_names(file: IO[bytes]) -> tuple[str, ...]:
    """Return what the arrays of an ``.npz`` file are called; empty where it is none."""
    try:
        with zipfile.ZipFile(file) as archive:
            return tuple(name for name in archive.namelist() if name.endswith(".npy"))
    except (zipfile.BadZipFile, NotImplementedError):
        return ()


def read_npy(file: IO[bytes], name: str) -> NDArray[Any]:
    """Return the array in an ``.npy`` file, whose size is known before it is read; no code of it runs.

    Raises
    ------
    ImageError
        If it can't be read, is too large, or holds Python objects.
    """
    start = file.tell()
    shape, _, dtype = _header(file)
    if dtype.hasobject:
        raise ImageError(f"{name} holds Python objects, which are not read: they may run code. Save it as float32.")
    count = int(np.prod([1, *shape], dtype=object))
    if count * dtype.itemsize > _LARGEST_BYTES:
        raise ImageError(
            f"{name} holds {count:,} numbers, {count * dtype.itemsize >> 20:,} MB, more than the "
            f"{_LARGEST_BYTES >> 20:,} MB that can be opened; make it smaller first."
        )
    file.seek(start)
    return npy.read_array(file, allow_pickle=False)


def read_npz(file: IO[bytes], name: str, member: str) -> NDArray[Any]:
    """Return one of the arrays in an ``.npz`` file; see `read_npy`."""
    with zipfile.ZipFile(file) as archive, archive.open(member) as inner:
        return read_npy(inner, f"{name}, {member.removesuffix('.npy')},")


def numbers_of(array: NDArray[Any], name: str) -> Numbers:
    """Return the numbers of an image in an array ``(H, W)``, ``(H, W, C)`` or ``(C, H, W)``.

    Raises
    ------
    ImageError
        If it has another shape, or holds no numbers.
    """
    if array.dtype.kind not in "biuf":
        raise ImageError(f"{name} holds no real numbers, but {array.dtype}; save it as float32 or uint8.")
    values = channels_last(array)
    if values is None:
        raise ImageError(
            f"{name} has the shape {array.shape}; an image has (height, width), (height, width, channels) or "
            "(channels, height, width)."
        )
    check_size(name, values.shape[1], values.shape[0], values.shape[2])
    return Numbers(values, is_color=values.shape[2] == 3)


def channels_last(array: NDArray[Any]) -> NDArray[Any] | None:
    """Return an array as ``(H, W, C)``: of three axes the first or the last is the channels, whichever is shorter.

    A batch of one image is that image; None where there are other axes.
    """
    if array.ndim == 4 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == 2:
        return array[..., None]
    if array.ndim != 3:
        return None
    return np.moveaxis(array, 0, 2) if array.shape[0] < array.shape[2] else array


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, is_fortran, dtype = read(file)
    return shape, is_fortran, dtype
