"""MNIST: 60,000 training and 10,000 test digits (LeCun, Cortes, Burges), as four IDX files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from torchvision.datasets import MNIST

from cnnviewer.datasets import DATASETS
from cnnviewer.datasets.idx import Split, read_split
from cnnviewer.datasets.idx_sets import IdxSet

if TYPE_CHECKING:
    from cnnviewer.datasets.labelled import Dataset, LabelledImages
    from cnnviewer.downloads import ProgressCallback

__all__ = ["CATEGORIES", "load", "read_mnist"]

CATEGORIES = tuple("0123456789")
"""The names of the ten classes."""

_SET = IdxSet(
    info=DATASETS["mnist"],
    categories=CATEGORIES,
    source="MNIST, by Yann LeCun, Corinna Cortes and Christopher Burges; CC BY-SA 3.0, as commonly stated",
    published=MNIST,
)


def load(*, folder: Path | None = None, download: bool = False, progress: ProgressCallback | None = None) -> Dataset:
    """Return MNIST; see `cnnviewer.datasets.load_dataset`."""
    return _SET.load(folder, download, progress)


def read_mnist(folder: str | Path, split: Split) -> LabelledImages:
    """Read the training or the test digits.

    Parameters
    ----------
    folder
        Where the IDX files lie, plain or with the suffix ``.gz``.
    split
        "train" (60,000 digits) or "test" (10,000).

    Returns
    -------
    LabelledImages
        Images uint8 ``(N, 1, 28, 28)``, white on black; labels int64 ``(N,)``, 0..9.

    Raises
    ------
    DatasetError
        If a file is missing, damaged, or does not fit the other.
    """
    return read_split(Path(folder), split, CATEGORIES)
