"""Fashion-MNIST: 60,000 training and 10,000 test pieces of clothing (Xiao, Rasul, Vollgraf), as four IDX files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from torchvision.datasets import FashionMNIST

from cnnviewer.datasets import DATASETS
from cnnviewer.datasets.idx_sets import IdxSet

if TYPE_CHECKING:
    from cnnviewer.datasets.labelled import Dataset
    from cnnviewer.downloads import ProgressCallback

__all__ = ["CATEGORIES", "DEBIAN", "load"]

CATEGORIES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
"""The names of the ten classes."""

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package dataset-fashion-mnist has the files."""


_SET = IdxSet(
    info=DATASETS["fashion-mnist"],
    categories=CATEGORIES,
    source="Fashion-MNIST, by Han Xiao, Kashif Rasul and Roland Vollgraf, Zalando; MIT",
    published=FashionMNIST,
    elsewhere=DEBIAN,
)


def load(*, folder: Path | None = None, download: bool = False, progress: ProgressCallback | None = None) -> Dataset:
    """Return Fashion-MNIST; see `cnnviewer.datasets.load_dataset`."""
    return _SET.load(folder, download, progress)
