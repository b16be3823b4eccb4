"""MNIST: 60,000 training and 10,000 test digits (LeCun, Cortes, Burges), as the four IDX files.

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

__all__ = ["CATEGORIES", "read_idx", "read_mnist"]

CATEGORIES = tuple("0123456789")
"""The names of the ten classes."""

_PREFIXES = {"train": "train", "test": "t10k"}
_UNSIGNED_BYTES = 8


def read_mnist(folder: str | Path, split: Literal["train", "test"]) -> LabelledImages:
    """Read the training or the test digits.

    Parameters
    ----------
    folder
        Where the IDX files lie, for example ``train-images-idx3-ubyte`` and ``train-labels-idx1-ubyte``,
        plain or with the suffix ``.gz``.
    split
        "train" (60,000 digits) or "test" (10,000).

    Returns
    -------
    LabelledImages
        Images uint8 ``(N, 28, 28)``, white on black; labels uint8 ``(N,)``, 0..9.

    Raises
    ------
    DatasetError
        If a file is missing, damaged, or does not fit the other.
    """
    prefix = _PREFIXES[split]
    images_path = _find(Path(folder), f"{prefix}-images-idx3-ubyte")
    labels_path = _find(Path(folder), f"{prefix}-labels-idx1-ubyte")
    images, labels = read_idx(images_path, axes=3), read_idx(labels_path, axes=1)
    if len(images) != len(labels):
        raise DatasetError(
            f"{images_path.name} has {len(images)} images, {labels_path.name} {len(labels)} labels; "
            "copy both files from the same set."
        )
    if labels.numel() and int(labels.max()) >= len(CATEGORIES):
        raise DatasetError(f"{labels_path.name} has the label {int(labels.max())}; digits go from 0 to 9.")
    return LabelledImages(images, labels, CATEGORIES)


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
        raise DatasetError(f"{path.name} is no IDX file of unsigned bytes with {axes} axes; download it again.")
    shape = struct.unpack(f">{axes}I", data[4:start])
    expected, found = math.prod(shape), len(data) - start
    if found != expected:
        raise DatasetError(
            f"{path.name} holds {found} bytes of values where its header tells of {expected}; download it again."
        )
    # frombuffer refuses an empty buffer, and warns of one that can't be written.
    values = torch.frombuffer(bytearray(data[start:]), dtype=torch.uint8) if found else torch.empty(0).byte()
    return values.reshape(shape)


def _find(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise DatasetError(f"{folder} lacks the file {name} (or {name}.gz); name a folder with MNIST's four files.")


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if path.suffix == ".gz" else data
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DatasetError(f"{path.name} is damaged and can't be unpacked; download it again.") from error
    except OSError as error:
        raise DatasetError(f"{path} can't be read: {error.strerror or error}.") from error
