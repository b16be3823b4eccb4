"""The user's own images: a folder a class, or such folders in ``train``, ``val`` and ``test``.

Where there is no ``test``, a fixed 15 % of each class is the test split: it does not depend on the seed, so that no
training learns from what another one is measured on.
"""

from __future__ import annotations

from itertools import chain, product
from typing import TYPE_CHECKING

import torch

from cnnviewer.datasets.class_folders import find_class_folders
from cnnviewer.datasets.decoding import decode_files
from cnnviewer.datasets.labelled import Dataset, LabelledImages
from cnnviewer.datasets.splits import draw, take
from cnnviewer.errors import DatasetError
from cnnviewer.preprocessing import Preprocessing

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.datasets.class_folders import ClassFolders
    from cnnviewer.datasets.decoding import Fit
    from cnnviewer.datasets.labelled import LeftOut
    from cnnviewer.downloads import ProgressCallback

__all__ = ["load_folder"]

_TEST_SHARE = 0.15
_SMALL = Preprocessing(size=(64, 64), resize=64, mean=(0.0, 0.0, 0.0), deviation=(1.0, 1.0, 1.0))


def load_folder(folder: Path, *, fit: Fit | None = None, progress: ProgressCallback | None = None) -> Dataset:
    """Return the images in a folder as a dataset.

    Parameters
    ----------
    folder
        Holds the class folders, or the splits.
    fit
        Makes uint8 pixels ``(C, H, W)`` of a photo, all of one size; by default the middle, 64 x 64, RGB.
    progress
        Called with how many files were seen, and then with how many images are done. It may raise `Cancelled`.

    Returns
    -------
    Dataset
        Its validation split is None where there is no folder for it; its test split is None where there is none
        and the images are too few for one.

    Raises
    ------
    DatasetError
        If the folder is not laid out so, or no image of a class can be read.
    """
    found = find_class_folders(folder, progress)
    splits, unread = _decode(found, fit or _SMALL.pixels, progress)
    if "test" not in splits:
        splits |= _with_test(splits["train"])
    return Dataset(
        name=folder.resolve().name or str(folder),
        train=splits["train"],
        validation=splits.get("validation"),
        test=splits.get("test"),
        source=f"the images in {folder.resolve()}",
        left_out=(*found.left_out, *unread),
        remarks=found.remarks,
    )


def _decode(
    found: ClassFolders, fit: Fit, progress: ProgressCallback | None
) -> tuple[dict[str, LabelledImages], tuple[LeftOut, ...]]:
    """Return the images of each split, and the files that can't be read."""
    groups = [files for classes in found.splits.values() for files in classes]
    images, is_good, unread = decode_files(list(chain(*groups)), fit, progress)
    group_of = torch.arange(len(groups)).repeat_interleave(torch.tensor([len(files) for files in groups]))[is_good]
    _check_groups(found, torch.bincount(group_of, minlength=len(groups)).tolist(), unread)
    split_of, labels = group_of // len(found.categories), group_of % len(found.categories)
    everything = LabelledImages(images, labels, found.categories)
    return {split: take(everything, split_of == number) for number, split in enumerate(found.splits)}, unread


def _check_groups(found: ClassFolders, counts: list[int], unread: tuple[LeftOut, ...]) -> None:
    """Raise a `DatasetError` where no image of a class in a split can be read."""
    reasons = {left.path: left.reason for left in unread}
    for (split, label), count in zip(product(found.splits, range(len(found.categories))), counts, strict=True):
        if not count:
            where = f" in {split}" if len(found.splits) > 1 else ""
            raise DatasetError(
                f"No image of the class {found.categories[label]}{where} can be read. "
                f"{reasons[found.splits[split][label][0]]}"
            )


def _with_test(data: LabelledImages) -> dict[str, LabelledImages]:
    """Return images divided into training and test; empty where they are too few."""
    is_test = draw(data.labels, len(data.categories), _TEST_SHARE, seed=0)
    return {"train": take(data, ~is_test), "test": take(data, is_test)} if is_test.any() else {}
