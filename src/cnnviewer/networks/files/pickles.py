"""Telling what a pickle holds without running it: its first opcodes alone. No torch here."""

from __future__ import annotations

import io
import pickletools
import zipfile
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.guards import refusing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["is_module", "is_root_pickle", "legacy_globals"]

_LARGEST_PICKLE = 256_000_000
_LEGACY_PREFACE = 3
"""A legacy file has three pickles before that of the object: a magic number, the version, the sizes of types."""

_SKIPPED = frozenset(["PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT", "MARK"])
_PLAIN_ROOTS = frozenset(
    [
        "collections OrderedDict",
        "collections Counter",
        "collections defaultdict",
        "builtins set",
        "__builtin__ set",
        "torch Size",
        "torch device",
    ]
)


def is_module(path: Path, is_zip: bool) -> bool:
    """Whether what `torch.save` wrote is an object of a class, and no dictionary, list or tensor.

    Parameters
    ----------
    path
        The file.
    is_zip
        Whether it is a zip archive, as those of PyTorch since 1.6; else three small pickles come first.

    Raises
    ------
    NetworkError
        If the pickle is damaged.
    """
    with _pickle(path, is_zip) as file:
        for opcode, argument in islice(_opcodes(file), 20):
            if opcode in _SKIPPED or argument == "module":
                continue
            # Newer protocols write two strings and then STACK_GLOBAL.
            if opcode in ("SHORT_BINUNICODE", "BINUNICODE"):
                return True
            return opcode == "GLOBAL" and argument not in _PLAIN_ROOTS and not str(argument).startswith("torch._")
    return False


def legacy_globals(path: Path) -> tuple[str, ...]:
    """Return the names of the classes and functions that a file of before PyTorch 1.6 asks for, each once, in order.

    Raises
    ------
    NetworkError
        If the pickle is damaged.
    """
    with _pickle(path, is_zip=False) as file:
        asked = (str(argument).replace(" ", ".") for opcode, argument in _opcodes(file) if opcode == "GLOBAL")
        return tuple(dict.fromkeys(name.replace("__builtin__.", "builtins.") for name in asked))


def _opcodes(file: BinaryIO) -> Iterator[tuple[str, object]]:
    for opcode, argument, _ in pickletools.genops(file):
        yield opcode.name, argument


@contextmanager
def _pickle(path: Path, is_zip: bool) -> Iterator[BinaryIO]:
    """Open the pickle of the object in a file of `torch.save`; what can't be read becomes a sentence."""
    with refusing(path, "a file of torch.save"), _archived(path) if is_zip else _legacy(path) as file:
        yield file


@contextmanager
def _archived(path: Path) -> Iterator[BinaryIO]:
    with zipfile.ZipFile(path) as archive:
        entry = next(info for info in archive.infolist() if is_root_pickle(info.filename))
        if entry.file_size > _LARGEST_PICKLE:
            raise NetworkError(f"{path.name} is no network: its pickle alone is {entry.file_size:,} bytes.")
        # Not read from the archive as it comes: opcodes are read byte by byte.
        yield io.BytesIO(archive.read(entry))


@contextmanager
def _legacy(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as file:
        for _ in range(_LEGACY_PREFACE):
            for _ in _opcodes(file):
                pass
        yield file


def is_root_pickle(entry: str) -> bool:
    """Whether an entry of a zip archive is the pickle of its object: "data.pkl" in its one folder."""
    return entry == "data.pkl" or (entry.endswith("/data.pkl") and entry.count("/") == 1)
