"""Which file a path means: itself, or the one network in a folder. No torch here: the window asks what was dropped.

Hugging Face's folders hold one network in several formats, and beside it what its training needs to go on.
"""

from __future__ import annotations

import re
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from cnnviewer.errors import NetworkError
from cnnviewer.kinds import IMAGES, NETWORKS, ending_of
from cnnviewer.networks.files.foreign import foreign_network
from cnnviewer.networks.files.formats import is_network_file
from cnnviewer.networks.files.shards import is_index, listed_name, whole_of

__all__ = ["CARD", "find_network", "has_network", "is_factory", "is_network", "other_formats"]

CARD = "card.json"
"""The file beside a network's own that tells how it wants its input."""
_HUGGING_FACE = frozenset(["pytorch_model", "tf_model"])
"""What a network's file is called there that in safetensors is "model"."""
_TRAINING = re.compile(r"(training_args|optimizer|scheduler|scaler|rng_state(_\d+)?)\.(bin|pt|pth)")
_FIRST, _LAST = (".safetensors", ".onnx", ".keras"), (".h5", ".hdf5", ".pt2")
"""The formats that are taken before others, and after them: of the same network, what tells more and runs nothing."""


def is_factory(text: str) -> bool:
    """Whether a text names a function: ``package.module:function`` or ``file.py:function``; torch is not imported."""
    place, colon, function = text.rpartition(":")
    if not colon or not function.isidentifier() or not place:
        return False
    if place.lower().endswith(".py"):
        return True
    return all(part.isidentifier() for part in place.split(".")) and not (len(place) == 1 and Path(text).exists())


def is_network(path: Path) -> bool:
    """Whether a path looks like a network: a file whose name says so, or a folder with one and no images beside it."""
    with suppress(OSError, ValueError):  # a name that no file can have
        if path.is_dir():
            return has_network(path) and ((path / CARD).is_file() or not _has_images(path))
        return path.is_file() and (is_network_file(path) or is_index(path))
    return False


def has_network(folder: Path) -> bool:
    """Whether a folder holds a file whose name is that of a network, or is one of another program, which is told."""
    return any(_is_network(path) for path in folder.iterdir()) or bool(foreign_network(folder))


def find_network(path: Path) -> Path:
    """Return the file with the network: the path itself, or the only one in a folder.

    Of a network in several formats, which its files' names tell, safetensors is taken.

    Raises
    ------
    NetworkError
        If a folder holds none, or several.
    """
    if not path.is_dir():
        return path
    found = _networks(path)
    if all(ending_of(file) == ".bin" for file in found) and (foreign := foreign_network(path)):
        raise NetworkError(foreign)  # whose numbers lie in files that are called as PyTorch's are
    formats = _formats(found)
    whole = whole_of(found) if formats is None else formats[0]
    if whole is not None:
        return whole
    if not found:
        raise NetworkError(f"The folder {path} holds no network ({', '.join(sorted(NETWORKS))}); choose another.")
    if len(found) > 1:
        names = ", ".join(file.name for file in found[:3]) + ("…" if len(found) > 3 else "")
        raise NetworkError(f"The folder {path} holds {len(found)} networks ({names}): open one of the files.")
    return found[0]


def other_formats(path: Path) -> tuple[str, ...]:
    """Return the names of the files in a folder that hold the network as well which `find_network` finds there."""
    formats = _formats(_networks(path)) if path.is_dir() else None
    return () if formats is None else tuple(file.name for file in formats[1:])


def _networks(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if _is_network(path))
    return [path for path in found if not _TRAINING.fullmatch(path.name)] or found


def _formats(found: list[Path]) -> list[Path] | None:
    """Return the files that stand for one network in several formats, the one to take first; None where it is not so.

    Raises
    ------
    NetworkError
        If a list of shards can't be read, or a file of it is missing.
    """
    formats: dict[str, list[Path]] = defaultdict(list)
    stems = set()
    for path in found:
        name = listed_name(path)
        ending = ending_of(name)
        stem = name[: len(name) - len(ending)]
        stems.add("model" if stem in _HUGGING_FACE else stem)
        formats[ending].append(path)
    if len(stems) != 1 or len(formats) < 2:
        return None
    endings = sorted(formats, key=_rank)
    wholes = [formats[ending][0] if len(formats[ending]) == 1 else whole_of(formats[ending]) for ending in endings]
    return [whole for whole in wholes if whole is not None] if None not in wholes else None


def _rank(ending: str) -> tuple[int, bool, str]:
    return _FIRST.index(ending) if ending in _FIRST else len(_FIRST), ending in _LAST, ending


def _is_network(path: Path) -> bool:
    """Whether a path in a folder is a network's file; Python files lie in many folders."""
    # The name first: asking the disk takes long in a folder of many images.
    is_named = (is_network_file(path) and ending_of(path) != ".py") or is_index(path)
    return is_named and not path.name.startswith(".") and path.is_file()


def _has_images(folder: Path) -> bool:
    return any(ending_of(path) in IMAGES for path in folder.iterdir())
