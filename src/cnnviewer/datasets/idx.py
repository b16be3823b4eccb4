"""IDX files, the form of MNIST and of the sets made after it, and where they are found or downloaded.

An IDX file is two zero bytes, a byte for the type (8: unsigned bytes), a byte for the number of axes, each
axis's length as a big-endian 32-bit integer, and the values, the last axis fastest.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import Literal

import torch

from cnnviewer.datasets.labelled import LabelledImages
from cnnviewer.errors import DatasetError

__all__ = ["file_names", "find_file", "read_idx", "read_split"]

_PREFIXES = {"train": "train", "test": "t10k"}
_UNSIGNED_BYTES = 8
_SIDE = 28

Split = Literal["train", "test"]


def file_names(split: Split) -> tuple[str, str]:
    """Return the names of the files with the images and the labels of a split, unpacked."""
    return f"{_PREFIXES[split]}-images-idx3-ubyte", f"{_PREFIXES[split]}-labels-idx1-ubyte"


def find_file(folder: Path, name: str) -> Path | None:
    """Return a file, plain or with the suffix ``.gz``; None where there is neither."""
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def read_split(folder: Path, split: Split, categories: tuple[str, ...]) -> LabelledImages:
    """Read the training or the test images of a set in the form of MNIST.

    Parameters
    ----------
    folder
        Where the IDX files lie, for example ``train-images-idx3-ubyte`` and ``train-labels-idx1-ubyte``,
        plain or with the suffix ``.gz``.
    split
        "train" or "test".
    categories
        The names of the classes.

    Returns
    -------
    LabelledImages
        Images uint8 ``(N, 1, 28, 28)``; labels int64 ``(N,)``.

    Raises
    ------
    DatasetError
        If a file is missing, damaged, or does not fit the other.
    """
    images_path, labels_path = (_need(folder, name) for name in file_names(split))
    images, labels = read_idx(images_path, axes=3), read_idx(labels_path, axes=1)
    if len(images) != len(labels):
        raise DatasetError(
            f"{images_path.name} has {len(images)} images, {labels_path.name} {len(labels)} labels; "
            "copy both files from the same set."
        )
    if tuple(images.shape[1:]) != (_SIDE, _SIDE) or not len(images):
        raise DatasetError(
            f"{images_path.name} has {len(images)} images of {images.shape[1]} × {images.shape[2]} pixels, where "
            f"{_SIDE} × {_SIDE} are expected; copy the files of the right set."
        )
    if int(labels.max()) >= len(categories):
        raise DatasetError(
            f"{labels_path.name} has the label {int(labels.max())}; the classes go from 0 to {len(categories) - 1}."
        )
    return LabelledImages(images[:, None], labels.long(), categories)


def read_idx(path: str | Path, *, axes: int) -> torch.Tensor:
    """Read an IDX file of unsigned bytes.

    Parameters
    ----------
    path
        The file; one that ends in ``.gz`` is unpacked.
    axes
        How many axes it must have: 3 for images ``(N, H, W)``, 1 for labels ``(N,)``.

    Returns
    -------
    torch.Tensor
        uint8.

    Raises
    ------
    DatasetError
        If it can't be read, or is no such file.
    """
    path = Path(path)
    data = _read(path)
    start = 4 + 4 * axes
    if len(data) < start or data[:4] != bytes((0, 0, _UNSIGNED_BYTES, axes)):
        raise DatasetError(
            f"{path.name} is no IDX file of unsigned bytes with {axes} axes; delete it and download it again."
        )
    shape = struct.unpack(f">{axes}I", data[4:start])
    expected, found = math.prod(shape), len(data) - start
    if found != expected:
        raise DatasetError(
            f"{path.name} holds {found} bytes of values where its header tells of {expected}; "
            "delete it and download it again."
        )
    # frombuffer refuses an empty buffer, and warns of one that can't be written.
    values = torch.frombuffer(bytearray(data[start:]), dtype=torch.uint8) if found else torch.empty(0).byte()
    return values.reshape(shape)


def _need(folder: Path, name: str) -> Path:
    path = find_file(folder, name)
    if path is None:
        raise DatasetError(f"{folder} lacks the file {name} (or {name}.gz); name a folder with all four files.")
    return path


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if path.suffix == ".gz" else data
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DatasetError(f"{path.name} is damaged and can't be unpacked; delete it and download it again.") from error
    except OSError as error:
        raise DatasetError(f"{path} can't be read: {error.strerror or error}.") from error
