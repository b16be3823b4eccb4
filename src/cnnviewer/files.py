"""Writing files so that a reader, or the next start, meets the old one or the new one and nothing between."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from contextlib import contextmanager, suppress
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["PARTIAL", "file_hash", "json_text", "new_file", "new_folder", "parsed", "partial_path", "write_text"]

PARTIAL = ".partial-"
"""How the names of unfinished files and folders begin; what a killed program leaves of them may be deleted."""


def partial_path(path: Path) -> Path:
    """Return a name beside `path` that nobody has, for what is to take its place when it is whole."""
    return path.with_name(f"{PARTIAL}{uuid.uuid4().hex}-{path.name}")


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def new_file(path: Path, *, is_durable: bool = True) -> Iterator[Path]:
    """Give a name to write to; the file takes the place of `path` when the `with` ends well.

    Parameters
    ----------
    path
        The file.
    is_durable
        Whether to wait until the disk holds it, as what must outlast a power cut needs. That may take long; a program
        that is killed loses nothing either way.

    Raises
    ------
    OSError
        If it can't be written; `path` is as it was, and nothing else is left.
    """
    partial = partial_path(path)
    try:
        yield partial
        if is_durable:
            _flush(partial)
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    if is_durable:
        _flush_folder(path.parent)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder to write files into; it takes the name `path` when the `with` ends well.

    A folder that has this name already is replaced.

    Raises
    ------
    OSError
        If it can't be written; `path` is as it was, and nothing else is left.
    """
    partial = partial_path(path)
    try:
        partial.mkdir(parents=True)
        yield partial
        for file in partial.iterdir():
            _flush(file)
        _flush_folder(partial)
        if path.exists():
            shutil.rmtree(path)
        partial.replace(path)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    _flush_folder(path.parent)


def write_text(path: Path, text: str, *, is_durable: bool = True) -> None:
    """Write a text file in UTF-8; see `new_file`."""
    with new_file(path, is_durable=is_durable) as partial:
        partial.write_text(text, encoding="utf-8", errors="backslashreplace")


def parsed(text: str | bytes) -> Any:
    """Return what a JSON text says.

    Raises
    ------
    ValueError
        If it is none, or is nested more deeply than can be read.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def json_text(value: Any, *, indent: int | None = None, is_ascii: bool = False) -> str:
    """Return a value as JSON, which knows no NaN and no infinity: they become the texts "nan", "inf" and "-inf".

    `float` reads those as it reads numbers.

    Parameters
    ----------
    value
        What `json.dumps` takes.
    indent
        As there.
    is_ascii
        Whether all other letters are escaped, as a console may need it; those of names that are no text always are.
    """
    finite = _finite(value)
    text = json.dumps(finite, indent=indent, ensure_ascii=is_ascii, allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(finite, indent=indent, allow_nan=False)
    return text


def _finite(value: Any) -> Any:
    """Return a value with its numbers that are none as texts."""
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    return [_finite(part) for part in value] if isinstance(value, (list, tuple)) else value


def _flush(path: Path) -> None:
    """Have the disk hold what was written, before the name tells that it does."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _flush_folder(path: Path) -> None:
    if os.name == "posix":  # elsewhere a folder can't be opened
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
