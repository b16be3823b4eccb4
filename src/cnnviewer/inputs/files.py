"""Image files, and folders of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from cnnviewer.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["EXTENSIONS", "find_images"]

EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
"""How the names of image files end, in small letters."""


def find_images(paths: Sequence[Path | str]) -> tuple[Path, ...]:
    """Return the image files among files and folders.

    A file is taken as it is, whatever its name; a folder gives the images directly in it, or, where it has none,
    those in the folders below, "img2" before "img10".

    Raises
    ------
    ImageError
        If a path does not exist, or a folder holds no image.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            found += _in_folder(path)
        elif path.exists():
            found.append(path)
        else:
            raise ImageError(f"There is no file or folder {path}. Check the path.")
    return tuple(found)


def _in_folder(folder: Path) -> list[Path]:
    try:
        images = _images(folder.iterdir()) or _images(folder.rglob("*"))
    except OSError as error:
        raise ImageError(f"The folder {folder} can't be read: {error.strerror or error}.") from error
    if not images:
        endings = ", ".join(sorted(ending.removeprefix(".") for ending in EXTENSIONS))
        raise ImageError(f"The folder {folder} holds no image ({endings}).")
    return images


def _images(paths: object) -> list[Path]:
    files = [path for path in paths if path.suffix.lower() in EXTENSIONS and path.is_file()]  # type: ignore[attr-defined]
    return sorted(files, key=_natural)


def _natural(path: Path) -> list[tuple[int, str]]:
    """Return a key that sorts numbers in names by their value."""
    parts = re.split(r"(\d+)", str(path).lower())
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
