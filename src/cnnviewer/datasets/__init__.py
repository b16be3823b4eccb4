"""What a network learns from: one file a source, and one line in the table below.

==========================  ========================================================================
`datasets.mnist_5k`         5,000 digits that the program ships
`datasets.mnist`            MNIST, four IDX files
`datasets.fashion_mnist`    Fashion-MNIST, four IDX files
`datasets.cifar10`          CIFAR-10, as torchvision reads it
`datasets.folder`           the user's own images, a folder a class
==========================  ========================================================================

Nothing heavy is imported here: the window lists the names before torch is imported. A source is imported when its
dataset is asked for. It returns all images that may be learnt from as ``train``; what is held back of them as
validation is drawn here, for all sources alike.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from cnnviewer.errors import DatasetError
from cnnviewer.sizes import byte_text
from cnnviewer.suggestions import suggestion

if TYPE_CHECKING:
    from cnnviewer.datasets.decoding import Fit
    from cnnviewer.datasets.labelled import Dataset
    from cnnviewer.downloads import ProgressCallback

__all__ = ["DATASETS", "DEFAULT_DATASET", "DEFAULT_VALIDATION", "DatasetInfo", "list_datasets", "load_dataset"]

DEFAULT_DATASET = "mnist-5k"
"""The dataset that is offered first: it is installed with the program."""

DEFAULT_VALIDATION = 1 / 12
"""The share of the training images that is held back as validation: 5,000 of MNIST's 60,000."""


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a listed dataset before it is read.

    Parameters
    ----------
    name
        What the code and the command line call it; its source is the file of this name, with "_" for "-".
    title
        What people read.
    categories
        How many classes it has.
    image_shape
        Channels, height and width of an image.
    needs_download
        How large the download is: "12 MB"; empty where there is nothing to be downloaded.
    """

    name: str
    title: str
    categories: int
    image_shape: tuple[int, int, int]
    needs_download: str = ""


DATASETS = {
    info.name: info
    for info in (
        DatasetInfo(DEFAULT_DATASET, "5,000 digits of MNIST", 10, (1, 28, 28)),
        DatasetInfo("mnist", "MNIST", 10, (1, 28, 28), byte_text(11_594_722)),
        DatasetInfo("fashion-mnist", "Fashion-MNIST", 10, (1, 28, 28), byte_text(30_878_645)),
        DatasetInfo("cifar10", "CIFAR-10", 10, (3, 32, 32), byte_text(170_498_071)),
    )
}
"""What can be asked for by name."""


def list_datasets() -> tuple[DatasetInfo, ...]:
    """Return what can be asked for by name; torch is not imported."""
    return tuple(DATASETS.values())


def load_dataset(
    name: str | Path,
    *,
    folder: Path | None = None,
    download: bool = False,
    fit: Fit | None = None,
    validation: float = DEFAULT_VALIDATION,
    seed: int = 0,
    progress: ProgressCallback | None = None,
) -> Dataset:
    """Load a dataset.

    Parameters
    ----------
    name
        One of the names that `list_datasets` gives, or a folder of images (see `cnnviewer.datasets.folder`).
    folder
        Where the files of a listed dataset lie, directly or as torchvision lays them out; by default where they
        are downloaded to.
    download
        Whether files that are missing are downloaded, into `folder` where it is given.
    fit
        Makes uint8 pixels ``(C, H, W)`` of a photo, all of one size; of use for a folder of images only.
    validation
        The share of the training images that is held back as validation, 0..1, drawn class by class. Images that
        come as a validation split of their own stay as they are.
    seed
        What the images that are held back depend on.
    progress
        Called as ``progress(done, total, text)`` in this thread, about 20 times a second while there is something
        to wait for. It may raise `Cancelled`; nothing half-written is left on the disk.

    Raises
    ------
    DatasetError
        If there is no such dataset, its files are missing or damaged, or `validation` leaves a split without
        images.
    Cancelled
        If `progress` raised it.
    """
    info = DATASETS.get(name) if isinstance(name, str) else None
    if info is None:
        _check_folder(name)
    from cnnviewer.datasets.splits import check_share, hold_back

    check_share(validation)
    dataset = _folder(name, fit, progress) if info is None else _listed(info, folder, download, progress)
    return hold_back(dataset, validation, seed)


def _folder(name: str | Path, fit: Fit | None, progress: ProgressCallback | None) -> Dataset:
    from cnnviewer.datasets.folder import load_folder

    return load_folder(Path(name), fit=fit, progress=progress)


def _listed(info: DatasetInfo, folder: Path | None, download: bool, progress: ProgressCallback | None) -> Dataset:
    source = import_module(f"{__name__}.{info.name.replace('-', '_')}")
    dataset: Dataset = source.load(folder=folder, download=download, progress=progress)
    return dataset


def _check_folder(name: str | Path) -> None:
    """Raise a `DatasetError` where there is no folder of this name."""
    path = Path(name)
    with suppress(OSError, ValueError):  # a name that no file system would have
        if str(name) and path.is_dir():
            return
        if path.is_file():
            raise DatasetError(f"{name} is a file; choose a folder that holds a folder of images for each class.")
    if isinstance(name, Path) or os.sep in name:
        raise DatasetError(f"There is no folder {name}; check the path.")
    raise DatasetError(f"There is no dataset {name!r}, nor a folder of this name. {suggestion(name, list(DATASETS))}")
