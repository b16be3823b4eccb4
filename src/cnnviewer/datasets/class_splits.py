"""Bringing classes and splits together: splits within the classes, and splits that do not have the same classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviewer.datasets.folder_names import SPLITS, class_key, first_of, readable, split_in
from cnnviewer.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cnnviewer.datasets.listing import Listing

    Files = dict[str, tuple[Path, ...]]
    """The image files of each class."""

__all__ = ["SplitsInClasses", "agreed", "learnable", "splits_in_classes"]


@dataclass(frozen=True)
class SplitsInClasses:
    """The class folders of each split that lies within the classes, and what was read as what, in sentences."""

    classes: dict[str, dict[str, Path]]
    remarks: tuple[str, ...]


def splits_in_classes(folders: dict[str, Path], listing: Listing) -> SplitsInClasses | None:
    """Return the splits that lie within class folders: ``cat/train`` and ``cat/test``.

    For training is the whole folder of a class but for its other splits.

    Parameters
    ----------
    folders
        The class folders by name.
    listing
        What lies in them.

    Returns
    -------
    SplitsInClasses or None
        None where no class has images for training and for another split.

    Raises
    ------
    DatasetError
        If a class has two folders for a split.
    """
    within = {name: _splits_in(path, listing) for name, path in folders.items()}
    if not any("train" in splits and len(splits) > 1 for splits in within.values()):
        return None
    classes = {
        split: {name: splits[split] for name, splits in within.items() if split in splits} for split in SPLITS[1:]
    }
    told = [(readable(splits[split].name), split) for split in SPLITS for splits in within.values() if split in splits]
    remarks = [f"In them, {', '.join(f'{name} is read as {split}' for name, split in dict(told).items())}."]
    apart = [name for name, splits in within.items() if _has_other_images(folders[name], splits, listing)]
    if apart:
        remarks.append(f"Images of {first_of(apart)} that lie in no split are read as train.")
    return SplitsInClasses(
        {"train": folders, **{split: found for split, found in classes.items() if found}}, tuple(remarks)
    )


def agreed(
    train: Mapping[str, Path], classes: Mapping[str, Path], leave_out: Callable[[Path, str], None]
) -> dict[str, Path]:
    """Return the class folders of another split under the names that they have in train.

    Parameters
    ----------
    train, classes
        The class folders of both splits.
    leave_out
        Told which folder is of no class of train, and why.
    """
    by_key = {class_key(name): name for name in train}
    own: dict[str, Path] = {}
    for name in sorted(classes, key=lambda name: name not in train):  # the same spelling goes before another one
        known = name if name in train else by_key.get(class_key(name))
        if known is None:
            leave_out(classes[name], "is left out: train has no class of this name")
        elif known in own:
            leave_out(classes[name], f"is left out: {readable(own[known].name)} is that class already")
        else:
            own[known] = classes[name]
    return own


def learnable(
    classes: Mapping[str, Mapping[str, Path]],
    images: Mapping[str, Files],
    leave_out: Callable[[Path, str], None],
    remark: Callable[[str], None],
) -> dict[str, Files]:
    """Return the images of the classes that can be learnt: those with images in train; and tell what others lack.

    Parameters
    ----------
    classes, images
        The folder and the images of each class in each split.
    leave_out
        Told which folder is no class, and why.
    remark
        Told what a split lacks.

    Raises
    ------
    DatasetError
        If there are fewer than two such classes.
    """
    empty = [name for name, files in images["train"].items() if not files]
    if len(images["train"]) - len(empty) < 2:
        place = classes["train"][empty[0]]
        raise DatasetError(
            f"The class {empty[0]} has no images, and there must be two classes with images at least: "
            f"put some into {place}."
        )
    found: dict[str, Files] = {}
    for split, files in images.items():
        for name in empty:
            if split == "train" or files.get(name):
                leave_out(classes[split][name], f"is no class: {'it' if split == 'train' else 'train'} has no images")
        found[split] = {name: paths for name, paths in files.items() if paths and name not in empty}
        missing = [name for name in found["train"] if name not in found[split]]
        if not found[split]:
            remark(f"There are no images for {split}: what was found for it is left out.")
            del found[split]
        elif missing:
            remark(f"For {split} there are no images of {first_of(missing)}: nothing is measured on them there.")
    return found


def _splits_in(path: Path, listing: Listing) -> dict[str, Path]:
    """Return the folders in a class folder that are called like splits, and hold images."""
    splits: dict[str, Path] = {}
    for folder in listing.folder(path).folders:
        split, rest = split_in(folder.name) or ("", "")
        if split and not rest and listing.has_image(folder):
            if split in splits:
                raise DatasetError(
                    f"{path} has two folders for {split}, {splits[split].name} and {folder.name}; keep one."
                )
            splits[split] = folder
    return splits


def _has_other_images(path: Path, splits: Mapping[str, Path], listing: Listing) -> bool:
    """Whether images lie in a class folder that are in none of its splits."""
    closed = frozenset(folder.resolve() for folder in splits.values())
    return any(folder.images for folder in listing.below(path, closed))
