"""Weights in several files: one network's tensors, cut into shards, with a list of them. No torch here.

The list is JSON, Hugging Face's ``model.safetensors.index.json``: under ``weight_map`` each tensor's file. Where it is
missing, or names no files, the files' own names tell: ``model-00001-of-00002.safetensors``.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from cnnviewer.errors import NetworkError
from cnnviewer.files import parsed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["is_index", "listed_name", "shards_of", "whole_of"]

_INDEX = ".index.json"
_SHARD = re.compile(r"(.+)-(\d{1,6})-of-(\d{1,6})(\.\w+)")
_LARGEST_INDEX = 64_000_000
_MOST = 1000


def is_index(path: Path) -> bool:
    """Whether the name of a path is that of a list of shards."""
    return path.name.lower().endswith(_INDEX)


def listed_name(path: Path) -> str:
    """Return what a file's network would be called in one file: "model.safetensors" for a list, and for a shard."""
    shard = _SHARD.fullmatch(path.name)
    if shard is not None:
        return f"{shard[1]}{shard[4]}"
    return path.name[: -len(_INDEX)] if is_index(path) else path.name


def whole_of(paths: Sequence[Path]) -> Path | None:
    """Return the file that stands for some, where they are one network: their list, or the first; else None.

    Raises
    ------
    NetworkError
        If a list can't be read, or a file of it is missing.
    """
    lists, shards = [path for path in paths if is_index(path)], [path for path in paths if not is_index(path)]
    if len(lists) == 1:
        listed = shards_of(lists[0])
        return lists[0] if all(path in listed for path in shards) else None
    found = [_SHARD.fullmatch(path.name) for path in shards]
    wholes = {(shard[1], shard[3], shard[4]) for shard in found if shard}
    return shards[0] if not lists and all(found) and len(wholes) == 1 else None


def shards_of(path: Path) -> tuple[Path, ...]:
    """Return the files among which the tensors are shared out, where a path is a list of them, or one of them.

    Returns
    -------
    tuple of Path
        In their order; empty for any other path.

    Raises
    ------
    NetworkError
        If the list can't be read, or a file is missing, or lies outside of the folder.
    """
    shard = _SHARD.fullmatch(path.name)
    if shard is None and not is_index(path):
        return ()
    names = _listed(path) if is_index(path) else ()
    if not names and shard is None:
        stem = listed_name(path).rpartition(".")[0]
        shards = (_SHARD.fullmatch(file.name) for file in sorted(path.parent.iterdir()))
        shard = next((file for file in shards if file and file[1] == stem), None)
    if not names and shard is not None:
        count = int(shard[3])
        if not 1 <= count <= _MOST:
            raise NetworkError(f"{path.name} is none of {count:,} files of one network: nobody writes as many.")
        digits = len(shard[2])
        names = tuple(f"{shard[1]}-{place:0{digits}}-of-{shard[3]}{shard[4]}" for place in range(1, count + 1))
    if not names:
        raise NetworkError(f"{path.name} lists no files with weights.")
    return tuple(_file(path, name) for name in names)


def _listed(path: Path) -> tuple[str, ...]:
    """Return the names of the files that a list tells, each once."""
    try:
        if path.stat().st_size > _LARGEST_INDEX:
            raise NetworkError(f"{path.name} is no list of files with weights: it is larger than any.")
        stored = parsed(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NetworkError(f"The list {path.name} can't be read as JSON: {error}. Get it once more.") from error
    files = stored.get("weight_map") if isinstance(stored, dict) else None
    if not isinstance(files, dict) or not all(isinstance(name, str) for name in files.values()):
        raise NetworkError(f'{path.name} is no list of files with weights: it has no "weight_map".')
    names = tuple(dict.fromkeys(name for name in files.values() if name))
    if len(names) > _MOST:
        raise NetworkError(f"{path.name} lists {len(names):,} files: nobody writes as many.")
    return names


def _file(path: Path, name: str) -> Path:
    """Return a file of a list, which must lie beside it."""
    if name in ("", ".", "..") or any(sign in name for sign in "/\\:\0"):
        raise NetworkError(f"{path.name} is refused: it names {name!r}, which is no file beside it.")
    file = path.with_name(name)
    is_there = False
    with suppress(OSError, ValueError):
        is_there = file.is_file()
    if not is_there:
        raise NetworkError(f"{name} is missing, one of the files with the weights that {path.name} is of. Get it, too.")
    return file
