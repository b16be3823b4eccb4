"""Image files, and folders of them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from cnnviewer.errors import ImageError
from cnnviewer.kinds import IMAGES, ending_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["find_images", "in_natural_order"]


def find_images(paths: Iterable[Path | str]) -> tuple[Path, ...]:
    """Return the image files among files and folders.

    Parameters
    ----------
    paths
        Files, taken as they are, whatever their names; and folders, each of which gives the images directly
        in it, or, where it has none, those in the folders below. What is hidden in a folder is left out.

    Returns
    -------
    tuple of Path
        In the order of `paths`; within a folder in natural order, "img2" before "img10".

    Raises
    ------
    ImageError
        If a path does not exist or can't be reached, or a folder holds no image.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        try:
            found += _expanded(path)
        except OSError as error:
            raise ImageError(f"{path} can't be read: {error.strerror or error}.") from error
    return tuple(found)


def in_natural_order(paths: Iterable[Path]) -> list[Path]:
    """Return paths sorted by the values of the numbers in their names, folder by folder; the path breaks ties."""
    return sorted(paths, key=lambda path: ([_numbered(part) for part in path.parts], str(path)))


def _expanded(path: Path) -> list[Path]:
    """Return a file as it is, a folder as the images that it holds."""
    if path.is_dir():
        return _in_folder(path)
    if not path.exists():
        raise ImageError(f"There is no file or folder {path}; check the path.")
    return [path]


def _in_folder(folder: Path) -> list[Path]:
    images = _images(folder.iterdir()) or _images(_below(folder))
    if not images:
        endings = ", ".join(sorted(extension.removeprefix(".") for extension in IMAGES))
        raise ImageError(f"The folder {folder} holds no images ({endings}); choose another.")
    return images


def _below(folder: Path) -> Iterator[Path]:
    """Yield the files in all folders below, but not behind links, which may lead in a circle."""
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent, name) for name in files)


def _images(paths: Iterable[Path]) -> list[Path]:
    """Return the images among `paths`, in natural order."""
    # Hidden ones are no photos: macOS keeps "._cat.jpg" beside "cat.jpg" on foreign disks.
    named = (path for path in paths if ending_of(path) in IMAGES and not path.name.startswith("."))
    return in_natural_order(path for path in named if path.is_file())


def _numbered(name: str) -> list[tuple[int, str]]:
    parts = re.split(r"([0-9]+)", name.casefold())
    return [(int(part), "") if index % 2 else (-1, part) for index, part in enumerate(parts)]
