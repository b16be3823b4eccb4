"""What the first bytes of a file tell; nothing of it is run, and torch is not imported."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
from typing import TYPE_CHECKING, BinaryIO

from cnnviewer.errors import NetworkError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "HDF5_MAGIC",
    "LEGACY_MAGIC",
    "check_file",
    "entry_names",
    "is_onnx",
    "is_safetensors",
]

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
LEGACY_MAGIC = bytes.fromhex("8a0a6cfc9c46f9206aa85019")
"""The number that files of `torch.save` begin with, those of before PyTorch 1.6; behind two bytes of the protocol."""

_LARGEST_HEADER = 100_000_000
# Of a ModelProto: the number of each field, and whether it is a number (0) or has a length (2).
_ONNX_FIELDS = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}
_ONNX_GRAPH = 7
_MOST_FIELDS = 10_000


def check_file(path: Path) -> int:
    """Return the size of a file in bytes.

    Raises
    ------
    NetworkError
        If there is no such file, it is empty, a folder, a device or a pipe, or it may not be read.
    """
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise NetworkError(f"There is no file {path}. Check the path.") from None
    except (OSError, ValueError) as error:
        raise NetworkError(f"{path} can't be read: {getattr(error, 'strerror', None) or error}.") from error
    if stat.S_ISDIR(found.st_mode):
        raise NetworkError(f"{path} is a folder; choose a network's file in it.")
    if not stat.S_ISREG(found.st_mode):
        raise NetworkError(f"{path} is no file but a device or a pipe; choose a network's file.")
    if not os.access(path, os.R_OK):
        raise NetworkError(f"{path} can't be read; check its permissions.")
    if not found.st_size:
        raise NetworkError(f"{path.name} is empty.")
    return found.st_size


def is_safetensors(head: bytes, size: int) -> bool:
    """Whether a file of `size` bytes begins as safetensors do: the length of a JSON header, and a brace."""
    if len(head) < 9 or head[8:9] != b"{":
        return False
    length: int = struct.unpack("<Q", head[:8])[0]
    return length <= min(_LARGEST_HEADER, size - 8)


def entry_names(path: Path) -> tuple[str, ...]:
    """Return the names of the entries of a zip archive.

    Raises
    ------
    NetworkError
        If it is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return tuple(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise NetworkError(
            f"{path.name} is damaged, or only a part of a file: it begins as a zip archive, and its list of entries "
            "can't be read. Get it once more."
        ) from error


def is_onnx(file: BinaryIO, size: int) -> bool:
    """Whether a file is built of the fields of an ONNX model, to its last byte, with a graph among them."""
    file.seek(0)
    seen: set[int] = set()
    for _ in range(_MOST_FIELDS):
        if file.tell() == size:
            return _ONNX_GRAPH in seen
        tag = _varint(file)
        if tag is None or _ONNX_FIELDS.get(tag >> 3) != tag & 7:
            return False
        seen.add(tag >> 3)
        value = _varint(file)
        if value is None:
            return False
        if tag & 7 == 2:
            if value > size - file.tell():
                return False
            file.seek(value, os.SEEK_CUR)
    return False


def _varint(file: BinaryIO) -> int | None:
    """Read a number of protobuf; None where there is none."""
    number = 0
    for place in range(10):
        byte = file.read(1)
        if not byte:
            return None
        number |= (byte[0] & 0x7F) << (7 * place)
        if byte[0] < 0x80:
            return number
    return None
