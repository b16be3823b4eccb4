"""Which file a path means: itself, or the one network in a folder. No torch here: the window asks what was dropped."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.formats import EXTENSIONS, is_network_file

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["find_network", "is_network"]


def is_network(path: Path) -> bool:
    """Whether a path looks like a network: a file whose name says so, or a folder with one and no images beside it."""
    with suppress(OSError, ValueError):  # a name that no file can have
        if path.is_dir():
            return bool(_networks(path)) and ((path / "card.json").is_file() or not _has_images(path))
        return path.is_file() and is_network_file(path)
    return False


def find_network(path: Path) -> Path:
    """Return the file with the network: the path itself, or the only one in a folder.

    Raises
    ------
    NetworkError
        If a folder holds none, or several.
    """
    if not path.is_dir():
        return path
    found = _networks(path)
    if not found:
        raise NetworkError(f"The folder {path} holds no network ({', '.join(EXTENSIONS)}); choose another.")
    if len(found) > 1:
        names = ", ".join(file.name for file in found[:3])
        raise NetworkError(f"The folder {path} holds {len(found)} networks ({names}…): open one of the files.")
    return found[0]


def _networks(folder: Path) -> list[Path]:
    files = (path for path in folder.iterdir() if not path.name.startswith(".") and path.suffix.lower() != ".py")
    return sorted(path for path in files if path.is_file() and is_network_file(path))


def _has_images(folder: Path) -> bool:
    from cnnviewer.inputs.files import EXTENSIONS as IMAGES

    return any(path.suffix.lower() in IMAGES for path in folder.iterdir())
