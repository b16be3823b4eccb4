"""Finding the classes of a folder of images, its splits, and the image files of each; nothing is decoded here."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviewer.datasets.labelled import LeftOut
from cnnviewer.errors import DatasetError, ImageError
from cnnviewer.inputs.files import find_images, in_natural_order
from cnnviewer.kinds import IMAGES, ending_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["ClassFolders", "find_class_folders"]

_SPLITS = {"train": "train", "val": "validation", "valid": "validation", "validation": "validation", "test": "test"}


@dataclass(frozen=True)
class ClassFolders:
    """The image files of a dataset.

    Parameters
    ----------
    categories
        The names of the class folders, in natural order.
    splits
        For "train", and for "validation" and "test" where there are folders for them, the files of each class,
        in natural order.
    left_out
        What lies there and is no image of a class.
    """

    categories: tuple[str, ...]
    splits: dict[str, tuple[tuple[Path, ...], ...]]
    left_out: tuple[LeftOut, ...]


def find_class_folders(folder: Path) -> ClassFolders:
    """Return the images of a folder that holds a folder a class, or such folders in ``train``, ``val`` and ``test``.

    What is hidden is passed over, and so are links that lead back up. A class folder without images directly in it
    gives those in the folders below.

    Raises
    ------
    DatasetError
        If the folder can't be read, there are fewer than two classes, one is empty, or the splits do not have the
        same classes.
    """
    try:
        return _find(folder)
    except OSError as error:
        raise DatasetError(f"{error.filename or folder} can't be read: {error.strerror or error}.") from error


def _find(folder: Path) -> ClassFolders:
    folders = _subfolders(folder)
    if not _has_splits(folders):
        classes = _classes(folder, folders)
        return _listed({"train": classes}, _strays(folder, "lies in no class folder"))
    splits = _split_folders(folder, folders)
    left_out = _strays(folder, "lies in no split") + tuple(
        LeftOut(path, f"{name} is no split: those are train, val and test.")
        for name, path in folders.items()
        if name.casefold() not in _SPLITS
    )
    for path in splits.values():
        left_out += _strays(path, "lies in no class folder")
    return _listed({split: _classes(path, _subfolders(path)) for split, path in splits.items()}, left_out)


def _listed(splits: dict[str, dict[str, Path]], left_out: tuple[LeftOut, ...]) -> ClassFolders:
    """Return the images in the class folders of each split."""
    categories = tuple(splits["train"])
    for split, classes in splits.items():
        odd = [name for name in (*categories, *classes) if name not in classes or name not in categories]
        if odd:
            raise DatasetError(
                f"The classes of train and {split} differ ({_told(odd)}); both need a folder for each class."
            )
    for classes in splits.values():
        for path in classes.values():
            left_out += _strays(path, "is no image: its name ends otherwise", IMAGES)
    images = {split: tuple(_images(classes[name]) for name in categories) for split, classes in splits.items()}
    return ClassFolders(categories, images, left_out)


def _has_splits(folders: dict[str, Path]) -> bool:
    """Return whether folders are splits: a class may be called "train", but it holds images, not folders."""
    names = {name.casefold(): path for name, path in folders.items()}
    if names.keys() <= _SPLITS.keys():
        return bool(names)
    return "train" in names and bool(_subfolders(names["train"])) and not _has_image(names["train"])


def _split_folders(folder: Path, folders: dict[str, Path]) -> dict[str, Path]:
    """Return the folder of each split that there is, train first."""
    splits: dict[str, Path] = {}
    for name, path in folders.items():
        split = _SPLITS.get(name.casefold())
        if split in splits:
            raise DatasetError(f"{folder} has two folders for {split}, {splits[split].name} and {name}; keep one.")
        if split:
            splits[split] = path
    if "train" not in splits:
        raise DatasetError(f"{folder} has {_told(folders)}, but no folder train; add one, with a folder a class.")
    return {split: splits[split] for split in ("train", "validation", "test") if split in splits}


def _classes(folder: Path, classes: dict[str, Path]) -> dict[str, Path]:
    """Return class folders, if a network can learn to tell them apart."""
    if not classes:
        raise DatasetError(
            f"{folder} holds no folders; put the images of each class into a folder of its own, named like the class."
        )
    if len(classes) == 1:
        raise DatasetError(
            f"{folder} holds one class folder only, {next(iter(classes))}; a network needs at least two classes to "
            "tell apart. Add a folder, or choose the folder inside if that holds the classes."
        )
    return classes


def _subfolders(folder: Path) -> dict[str, Path]:
    """Return the folders in a folder by readable name, in natural order."""
    above = {folder.resolve(), *folder.resolve().parents}
    paths = [path for path in _shown(folder) if path.is_dir() and path.resolve() not in above]
    named = {_readable(path.name): path for path in in_natural_order(paths)}
    if len(named) < len(paths):
        raise DatasetError(f"Two folders in {folder} have names that look alike; rename one.")
    return named


def _images(folder: Path) -> tuple[Path, ...]:
    try:
        return find_images([folder])
    except ImageError as error:
        if isinstance(error.__cause__, OSError):
            raise DatasetError(f"The class folder {folder} can't be read; you may lack the permission.") from error
        raise DatasetError(
            f"The class {_readable(folder.name)} has no images: put some into {folder}, or take the folder away."
        ) from error


def _has_image(folder: Path) -> bool:
    return any(ending_of(path) in IMAGES and path.is_file() for path in _shown(folder))


def _strays(folder: Path, why: str, wanted: Iterable[str] = ()) -> tuple[LeftOut, ...]:
    """Return the files directly in a folder whose names have none of the wanted endings."""
    files = in_natural_order(path for path in _shown(folder) if path.is_file())
    return tuple(LeftOut(path, f"{_readable(path.name)} {why}.") for path in files if ending_of(path) not in wanted)


def _shown(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if not path.name.startswith(".")]


def _readable(name: str) -> str:
    """Return a name that can be compared, and shown: composed, and with a sign for each byte that is no UTF-8."""
    return unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "replace"))


def _told(names: Iterable[str]) -> str:
    """Return the first of some names, for a sentence."""
    names = list(dict.fromkeys(names))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
