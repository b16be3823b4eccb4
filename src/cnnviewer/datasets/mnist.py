"""MNIST (LeCun, Cortes, Burges): 28 x 28 handwritten digits in IDX files."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import torch

from cnnviewer.errors import DatasetError

__all__ = ["read_idx", "read_mnist"]


def read_mnist(folder: str | Path, split: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Read one split of MNIST.

    Parameters
    ----------
    folder
        Where the four IDX files lie, as they are or gzipped.
    split
        "train" (60,000 digits) or "test" (10,000).

    Returns
    -------
    images, labels
        uint8 ``(N, 28, 28)``, 0 (black) to 255, and int64 ``(N,)``.

    Raises
    ------
    DatasetError
        If a file is missing, damaged, or does not fit the other.
    """
    prefix = {"train": "train", "test": "t10k"}[split]
    images = read_idx(_find(Path(folder), f"{prefix}-images-idx3-ubyte"), axes=3)
    labels = read_idx(_find(Path(folder), f"{prefix}-labels-idx1-ubyte"), axes=1)
    if len(images) != len(labels):
        raise DatasetError(f"MNIST in {folder} has {len(images)} {split} images but {len(labels)} labels.")
    return images, labels.long()


def read_idx(path: Path, axes: int) -> torch.Tensor:
    """Return the uint8 array of an IDX file with this many axes.

    The format: two zero bytes, 8 (for unsigned bytes), the number of axes, each axis' length as a big-endian
    32-bit number, then the values.

    Raises
    ------
    DatasetError
        If the file is no such file.
    """
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError) as error:
        raise DatasetError(f"{path} can't be read: {error}.") from error
    start = 4 + 4 * axes
    if len(data) < start or data[:4] != bytes((0, 0, 8, axes)):
        raise DatasetError(f"{path} is no IDX file of bytes with {axes} axes.")
    shape = np.frombuffer(data, ">i4", axes, 4).astype(int)
    if len(data) - start != shape.prod():
        raise DatasetError(f"{path} is cut short: it should hold {shape.prod()} values, and has {len(data) - start}.")
    return torch.from_numpy(np.frombuffer(data, np.uint8, offset=start).reshape(shape).copy())


def _find(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz", folder / name.replace("-idx", ".idx")):
        if path.exists():
            return path
    raise DatasetError(f"The folder {folder} lacks MNIST's file {name} (or {name}.gz).")
