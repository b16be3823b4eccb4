"""Files of tensors under names that are no UTF-8, which the libraries that read them do not take."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from safetensors import safe_open
from safetensors.torch import load, load_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import torch

__all__ = ["count_tensors", "load_tensors", "read_metadata", "torch_source"]

_LENGTH = 8
"""So many bytes tell how long the table of a safetensors file is."""


def count_tensors(path: Path) -> int:
    """Return how many tensors the table of a safetensors file lists, without making anything of it.

    Raises
    ------
    OSError
        If it can't be read.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH), "little")
        return file.read(min(length, path.stat().st_size)).count(b'"data_offsets"')


def load_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a safetensors file by name, whatever the file is called.

    Raises
    ------
    OSError, safetensors.SafetensorError
        If it can't be read, or is damaged.
    """
    return load_file(path) if _is_utf_8(path) else load(path.read_bytes())


def read_metadata(path: Path) -> dict[str, str]:
    """Return the texts that a safetensors file tells beside its tensors; none of one whose name is no UTF-8.

    Raises
    ------
    OSError, safetensors.SafetensorError
        If it can't be read, or is damaged.
    """
    if not _is_utf_8(path):
        return {}
    with safe_open(path, "pt") as file:
        return dict(file.metadata() or {})


@contextmanager
def torch_source(path: Path) -> Iterator[str | BinaryIO]:
    """Give what torch reads a file from: its path, or where that is no UTF-8 the open file."""
    if _is_utf_8(path):
        yield str(path)
    else:
        with path.open("rb") as file:
            yield file


def _is_utf_8(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True
