"""`Listing`: what lies in folders, each read once; links that lead in a circle are not followed."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cnnviewer.datasets.folder_names import is_hidden, is_made_by_program, readable
from cnnviewer.inputs.files import in_natural_order
from cnnviewer.kinds import IMAGES, Kind, ending_of, kind_by_name, refusal, type_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnnviewer.downloads import ProgressCallback

__all__ = ["Folder", "Listing", "why_no_image"]

_TEXT = "Looking through the folders"
_BEAT = 500
"""So many files between two calls of the progress."""


@dataclass(frozen=True)
class Folder:
    """What lies directly in a folder; what is hidden is left out.

    Parameters
    ----------
    path
        The folder.
    images
        The files that are images, in no order.
    others
        Its other files, and links to nothing, in natural order.
    folders
        The folders in it that people made, in natural order.
    made_by_programs
        Those that programs made for their own use.
    """

    path: Path
    images: tuple[Path, ...]
    others: tuple[Path, ...]
    folders: tuple[Path, ...]
    made_by_programs: tuple[Path, ...]


class Listing:
    """Reads folders, each once.

    Parameters
    ----------
    root
        Links to it, and to the folders above it, are not followed.
    progress
        Called with how many files were seen. It may raise `Cancelled`.
    """

    def __init__(self, root: Path, progress: ProgressCallback | None = None) -> None:
        self._progress = progress
        self._count = 0
        self._read: dict[Path, Folder] = {}
        self._has_image: dict[Path, bool] = {}
        self.above = frozenset({root.resolve(), *root.resolve().parents})
        """The root and what lies above it, without links."""

    def folder(self, path: Path) -> Folder:
        """Return what lies in a folder.

        Raises
        ------
        OSError
            If it can't be read.
        """
        if path not in self._read:
            self._read[path] = self._scan(path)
        return self._read[path]

    def below(self, path: Path, closed: frozenset[Path] = frozenset()) -> Iterator[Folder]:
        """Yield a folder and those below it, each once; not those whose place, without links, is in `closed`."""
        seen = {*self.above, *closed} - {path.resolve()}
        waiting = [path]
        while waiting:
            inner = waiting.pop()
            place = inner.resolve()
            if place not in seen:
                seen.add(place)
                folder = self.folder(inner)
                yield folder
                waiting += reversed(folder.folders)

    def has_image(self, path: Path) -> bool:
        """Whether an image lies in a folder, or below it."""
        if path not in self._has_image:
            self._has_image[path] = any(folder.images for folder in self.below(path))
        return self._has_image[path]

    def _scan(self, path: Path) -> Folder:
        images: list[Path] = []
        others: list[Path] = []
        folders: list[Path] = []
        made: list[Path] = []
        with os.scandir(path) as entries:
            for entry in entries:
                self._count_one()
                if is_hidden(entry.name):
                    continue
                found = Path(entry.path)
                if found.is_dir():  # unlike the entry, it takes a link that leads round and round for no folder
                    if entry.is_symlink() and found.resolve() in self.above:
                        continue
                    (made if is_made_by_program(entry.name) else folders).append(found)
                elif found.is_file():
                    (images if _is_image(found) else others).append(found)
                elif entry.is_symlink():
                    others.append(found)
        return Folder(path, tuple(images), *(tuple(in_natural_order(paths)) for paths in (others, folders, made)))

    def _count_one(self) -> None:
        self._count += 1
        if self._progress is not None and self._count % _BEAT == 0:
            self._progress(self._count, None, _TEXT)


def _is_image(path: Path) -> bool:
    """Whether a file is an image: by its name, and where that tells nothing, by how it begins."""
    if kind_by_name(path) is not None:
        return ending_of(path) in IMAGES
    try:
        known = type_of(path)
    except OSError:
        return False
    return known is not None and known.kind is Kind.IMAGE and known.is_read


def why_no_image(path: Path) -> str:
    """Return the sentence that tells why a file which is no image is left out."""
    name = readable(path.name)
    if path.is_symlink() and not path.exists():
        return f"{name} is a link to nothing."
    if kind_by_name(path) is Kind.IMAGE:
        with suppress(OSError):
            known = type_of(path)
            if known is not None and not known.is_read:
                return refusal(name, known)
    return f"{name} is no image: its name ends otherwise." if ending_of(path) else f"{name} is no image."
