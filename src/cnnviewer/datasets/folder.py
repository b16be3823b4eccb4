"""The user's own images: a folder a class, or such folders in ``train``, ``val`` and ``test``.

Where there is no ``test``, a fixed 15 % of each class is the test split: it does not depend on the seed, so that no
training learns from what another one is measured on.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import torch

from cnnviewer.datasets.class_folders import find_class_folders
from cnnviewer.datasets.decoding import decode_files
from cnnviewer.datasets.folder_names import first_of
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
        If the folder is not laid out so, or there are fewer than two classes of which an image can be read.
    """
    found = find_class_folders(folder, progress)
    splits, unread, remarks = _decode(found, fit or _SMALL.pixels, progress)
    if "test" not in splits:
        splits |= _with_test(splits["train"])
    return Dataset(
        name=folder.resolve().name or str(folder),
        train=splits["train"],
        validation=splits.get("validation"),
        test=splits.get("test"),
        source=f"the images in {folder.resolve()}",
        left_out=(*found.left_out, *unread),
        remarks=(*found.remarks, *remarks),
    )


def _decode(
    found: ClassFolders, fit: Fit, progress: ProgressCallback | None
) -> tuple[dict[str, LabelledImages], tuple[LeftOut, ...], list[str]]:
    """Return the images of each split, the files that can't be read, and what is missing for that, in sentences."""
    classes = len(found.categories)
    groups = [files for split in found.splits.values() for files in split]
    images, is_good, unread = decode_files(list(chain(*groups)), fit, progress)
    group_of = torch.arange(len(groups)).repeat_interleave(torch.tensor([len(files) for files in groups]))[is_good]
    counts = torch.bincount(group_of, minlength=len(groups)).reshape(-1, classes)
    is_kept = counts[list(found.splits).index("train")] > 0
    _check(found, is_kept, unread)
    remarks = _remarks(found, counts, is_kept)
    split_of, labels = group_of // classes, group_of % classes
    categories = tuple(name for name, kept in zip(found.categories, is_kept.tolist(), strict=True) if kept)
    everything = LabelledImages(images, (is_kept.cumsum(0) - 1)[labels], categories)
    chosen = {split: (split_of == number) & is_kept[labels] for number, split in enumerate(found.splits)}
    return {split: take(everything, mask) for split, mask in chosen.items() if mask.any()}, unread, remarks


def _check(found: ClassFolders, is_kept: torch.Tensor, unread: tuple[LeftOut, ...]) -> None:
    """Raise a `DatasetError` where there are fewer than two classes of which an image can be read."""
    if is_kept.sum() < 2:
        label = int(is_kept.logical_not().nonzero()[0])
        reasons = {left.path: left.reason for left in unread}
        raise DatasetError(
            f"No image of the class {found.categories[label]} can be read. {reasons[found.splits['train'][label][0]]}"
        )


def _remarks(found: ClassFolders, counts: torch.Tensor, is_kept: torch.Tensor) -> list[str]:
    """Return which classes and splits are missing as none of their images can be read."""
    remarks = []
    for (split, files), row in zip(found.splits.items(), counts, strict=True):
        is_lost = [bool(paths) and not count for paths, count in zip(files, row.tolist(), strict=True)]
        told = is_kept if split != "train" else torch.ones_like(is_kept)
        lost = [found.categories[label] for label in told.nonzero().flatten().tolist() if is_lost[label]]
        if not lost:
            continue
        if split == "train":
            remarks.append(f"No image of {first_of(lost)} can be read: no class is made of it.")
        elif row[is_kept].any():
            remarks.append(f"For {split} no image of {first_of(lost)} can be read: nothing is measured on them there.")
        else:
            remarks.append(f"No image for {split} can be read: what was found for it is left out.")
    return remarks


def _with_test(data: LabelledImages) -> dict[str, LabelledImages]:
    """Return images divided into training and test; empty where they are too few."""
    is_test = draw(data.labels, len(data.categories), _TEST_SHARE, seed=0)
    return {"train": take(data, ~is_test), "test": take(data, is_test)} if is_test.any() else {}
