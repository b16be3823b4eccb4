"""Finding the classes of a folder of images, its splits, and the image files of each; nothing is decoded here.

What a folder is read as
------------------------
- Folders that are called like splits (``train`` and ``test``, ``Training`` and ``Testing``, ``seg_train`` and
  ``seg_test``) are splits where that for training holds folders with images. Else each folder is a class.
- A folder that holds nothing but one folder, which holds the rest, is passed through: archives unpack so.
- Where the classes themselves hold such folders (``cat/train`` and ``cat/test``), the splits are those, and all else
  in a class is for training.
- A split other than that for training whose folders are not its classes has no labels, and is left out. One that
  lacks some of the classes is used for the others.
- All images in a class folder, and in the folders below it, are of that class. A folder without images to learn from
  is no class.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cnnviewer.datasets.class_splits import agreed, learnable, splits_in_classes
from cnnviewer.datasets.folder_names import SPLITS, class_key, first_of, readable, split_in
from cnnviewer.datasets.labelled import LeftOut
from cnnviewer.datasets.listing import Listing, why_no_image
from cnnviewer.errors import DatasetError
from cnnviewer.inputs.files import in_natural_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from cnnviewer.downloads import ProgressCallback

__all__ = ["ClassFolders", "find_class_folders"]


@dataclass(frozen=True)
class ClassFolders:
    """The image files of a dataset.

    Parameters
    ----------
    categories
        The names of the class folders, in natural order.
    splits
        For "train", and for "validation" and "test" where there are images in folders for them, the files of each
        class, in natural order; in train each class has some.
    left_out
        What lies there and is no image of a class.
    remarks
        What was read as what, in sentences.
    """

    categories: tuple[str, ...]
    splits: dict[str, tuple[tuple[Path, ...], ...]]
    left_out: tuple[LeftOut, ...]
    remarks: tuple[str, ...] = ()


def find_class_folders(folder: Path, progress: ProgressCallback | None = None) -> ClassFolders:
    """Return the images of a folder that holds a folder a class, or such folders in ``train``, ``val`` and ``test``.

    What is hidden is passed over, and so are links that lead back up.

    Parameters
    ----------
    folder
        Where they lie.
    progress
        Called with how many files were seen. It may raise `Cancelled`.

    Raises
    ------
    DatasetError
        If the folder can't be read, or there are fewer than two classes with images to learn from.
    """
    try:
        return _Finder(folder, Listing(folder, progress)).find()
    except OSError as error:
        raise DatasetError(f"{error.filename or folder} can't be read: {error.strerror or error}.") from error


@dataclass
class _Finder:
    """Reads one folder of images, and takes notes."""

    folder: Path
    listing: Listing
    left_out: list[LeftOut] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def find(self) -> ClassFolders:
        top = self._passed_through(self.folder)
        folders = self._folders(top)
        splits = self._splits(top, folders)
        reading, classes = self._alone(top, folders) if splits is None else self._in_splits(splits)
        places = frozenset(path.resolve() for found in classes.values() for path in found.values())
        images = {
            split: {name: self._images(path, places) for name, path in found.items()}
            for split, found in classes.items()
        }
        found = learnable(classes, images, self._leave_out, self.remarks.append)
        categories = tuple(found["train"])
        self._note_alike(categories)
        return ClassFolders(
            categories,
            {split: tuple(files.get(name, ()) for name in categories) for split, files in found.items()},
            tuple(self.left_out),
            (f"{reading}: {first_of(categories)}.", *self.remarks),
        )

    # ---- what is what

    def _passed_through(self, folder: Path) -> Path:
        """Return a folder, or the one in it that holds all its folders of images."""
        seen = {folder.resolve()}
        while (inner := self._only_one(folder)) is not None and inner.resolve() not in seen:
            self._note_others(folder, f"lies beside the folder {readable(inner.name)}, which holds the classes")
            for path in self.listing.folder(folder).folders:
                if path != inner:
                    self._leave_out(path, "holds no images")
            folder = inner
            seen.add(folder.resolve())
        return folder

    def _only_one(self, folder: Path) -> Path | None:
        """Return the folder that is the only one with folders of images, where all else holds other files."""
        here = self.listing.folder(folder)
        with_images = [path for path in here.folders if self.listing.has_image(path)]
        if len(with_images) != 1 or here.images:
            return None
        (inner,) = with_images
        holds_classes = not self.listing.folder(inner).images and self._folders_with_images(inner)
        others = [path for path in here.folders if path != inner]
        return inner if holds_classes and all(self._holds_files(path) for path in others) else None

    def _splits(self, top: Path, folders: dict[str, Path]) -> dict[str, Path] | None:
        """Return the folder of each split, train first; None where the folders are classes."""
        told = {name: split for name in folders if (split := split_in(name)) is not None}
        rests = {rest for split, rest in told.values() if split == "train"}
        for rest in sorted(rests, key=lambda rest: (rest != "", rest)):
            group = {name: split for name, (split, other) in told.items() if other in (rest, "")}
            train = next(folders[name] for name, told_here in told.items() if told_here == ("train", rest))
            # A class may be called "train", or "steam train": but it holds images.
            if self._holds_classes(train) and (not rest or len(group) > 1):
                return self._split_folders(top, folders, group)
        if folders and all(told.get(name, ("", "no"))[1] == "" for name in folders):
            group = {name: split for name, (split, _) in told.items()}
            if not rests:
                raise DatasetError(
                    f"{top} has {first_of(folders)}, but no folder train; add one, with a folder a class."
                )
            if len(set(group.values())) == len(group):
                return self._split_folders(top, folders, group)  # which tells what it lacks
        return None

    def _split_folders(self, top: Path, folders: dict[str, Path], group: dict[str, str]) -> dict[str, Path]:
        splits: dict[str, Path] = {}
        for name, split in group.items():
            if split in splits:
                raise DatasetError(f"{top} has two folders for {split}, {splits[split].name} and {name}; keep one.")
            splits[split] = folders[name]
        self._note_others(top, "lies in no split")
        for name, path in folders.items():
            if name not in group:
                self._leave_out(path, "is no split: those are train, val and test")
        return {split: splits[split] for split in SPLITS if split in splits}

    def _alone(self, top: Path, folders: dict[str, Path]) -> tuple[str, dict[str, dict[str, Path]]]:
        """Return how folders were read that are classes, maybe with splits in each, and the classes of each split."""
        self._note_others(top, "lies in no class folder")
        classes = {"train": self._at_least_two(top, self._without_copy(top, folders))}
        within = splits_in_classes(classes["train"], self.listing)
        if within is not None:
            classes = within.classes
            self.remarks += within.remarks
        return f"Each folder in {self._name(top)} is a class", classes

    def _in_splits(self, splits: dict[str, Path]) -> tuple[str, dict[str, dict[str, Path]]]:
        """Return how the folders of splits were read, and the classes of each split that has labels."""
        classes: dict[str, dict[str, Path]] = {}
        told: list[str] = []
        for split, path in splits.items():
            top = self._passed_through(path)
            folders = self._without_copy(top, self._folders(top))
            if split == "train":
                classes[split] = self._at_least_two(top, folders)
            elif _have_common(folders, classes["train"]):
                classes[split] = agreed(classes["train"], folders, self._leave_out)
            else:
                self._leave_out_unlabelled(top)
                continue
            self._note_others(top, "lies in no class folder")
            told.append(f"{self._name(top)} is read as {split}")
        return f"{', '.join(told)}; each folder in {'them' if len(told) > 1 else 'it'} is a class", classes

    def _leave_out_unlabelled(self, top: Path) -> None:
        count = sum(len(folder.images) for folder in self.listing.below(top))
        self._leave_out(
            top, f"has no folder of a class: its {count:,} images have no labels, and nothing can be measured on them"
        )

    def _without_copy(self, top: Path, folders: dict[str, Path]) -> dict[str, Path]:
        """Return the folders in a folder but for a copy of it all that lies among them under its own name."""
        copy = next((name for name in folders if class_key(name) == class_key(top.name)), None)
        if copy is None or self.listing.folder(folders[copy]).images:
            return folders
        others = {name: path for name, path in folders.items() if name != copy}
        if not _have_common(self._folders(folders[copy]), others):
            return folders
        self._leave_out(folders[copy], f"is a copy of {readable(top.name)} within itself")
        return others

    def _at_least_two(self, top: Path, classes: dict[str, Path]) -> dict[str, Path]:
        """Return class folders, if a network can learn to tell them apart."""
        if not classes:
            raise DatasetError(
                f"{top} holds no folders; put the images of each class into a folder of its own, named like the class."
            )
        if len(classes) == 1:
            raise DatasetError(
                f"{top} holds one class folder only, {next(iter(classes))}; a network needs at least two classes to "
                "tell apart. Add a folder, or choose the folder inside if that holds the classes."
            )
        return classes

    def _images(self, path: Path, classes: frozenset[Path]) -> tuple[Path, ...]:
        """Return the images of a class."""
        found: list[Path] = []
        for folder in self.listing.below(path, classes):
            found += folder.images
            self.left_out += (LeftOut(other, why_no_image(other)) for other in folder.others)
            self._note_made(folder.path)
        return tuple(in_natural_order(found))

    # ---- what lies where

    def _folders(self, folder: Path) -> dict[str, Path]:
        """Return the folders in a folder by readable name, in natural order."""
        paths = self.listing.folder(folder).folders
        named = {readable(path.name): path for path in paths}
        if len(named) < len(paths):
            raise DatasetError(f"Two folders in {folder} have names that look alike; rename one.")
        return named

    def _holds_classes(self, path: Path) -> bool:
        """Whether a folder, or the one that it is passed through to, holds folders of images, and no images."""
        inner = _Finder(self.folder, self.listing)._passed_through(path)
        return self._folders_with_images(inner) and not self.listing.folder(inner).images

    def _folders_with_images(self, folder: Path) -> bool:
        return any(self.listing.has_image(path) for path in self.listing.folder(folder).folders)

    def _holds_files(self, path: Path) -> bool:
        return any(folder.others for folder in self.listing.below(path))

    # ---- notes

    def _name(self, path: Path) -> str:
        """Return the place of a folder within that of the dataset, for people."""
        return readable("/".join(path.relative_to(self.folder).parts) or self.folder.resolve().name or str(self.folder))

    def _leave_out(self, path: Path, why: str) -> None:
        self.left_out.append(LeftOut(path, f"{readable(path.name)} {why}."))

    def _note_others(self, folder: Path, why: str) -> None:
        """Note the files that lie directly in a folder which is neither a class's nor below one."""
        here = self.listing.folder(folder)
        for path in in_natural_order((*here.images, *here.others)):
            self._leave_out(path, why)
        self._note_made(folder)

    def _note_made(self, folder: Path) -> None:
        for path in self.listing.folder(folder).made_by_programs:
            self._leave_out(path, "was made by a program: it is no class")

    def _note_alike(self, categories: Sequence[str]) -> None:
        """Note classes whose names differ in case or spaces only."""
        keys: dict[str, str] = {}
        for name in categories:
            other = keys.setdefault(class_key(name), name)
            if other != name:
                self.remarks.append(f"{other} and {name} are two classes, though their names are almost the same.")


def _have_common(some: Iterable[str], others: Iterable[str]) -> bool:
    return bool({class_key(name) for name in some} & {class_key(name) for name in others})
