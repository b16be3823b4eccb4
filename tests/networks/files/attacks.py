"""Pickles as an attacker writes them, by hand: opcodes, put into the files that torch.save makes."""

from __future__ import annotations

import pickle
import struct
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MAGIC = 0x1950A86A20F9469CFC6C


def reference(module: str, name: str) -> bytes:
    """Return the opcode that asks for a class or function."""
    return f"c{module}\n{name}\n".encode()


def text(value: str) -> bytes:
    """Return the opcode of a string."""
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def call(module: str, name: str, *arguments: bytes) -> bytes:
    """Return the opcodes that call a function."""
    return reference(module, name) + b"(" + b"".join(arguments) + b"tR"


def mapping(**values: bytes) -> bytes:
    """Return the opcodes of a dictionary."""
    return b"}" + b"".join(text(key) + value + b"s" for key, value in values.items())


def instance(module: str, name: str, **state: bytes) -> bytes:
    """Return the opcodes of an object that is filled with a state."""
    return reference(module, name) + b")\x81" + mapping(**state) + b"b"


def module_state(**others: bytes) -> dict[str, bytes]:
    """Return the state of a plain module, with something changed."""
    empty = reference("collections", "OrderedDict") + b")R"
    return {"training": b"\x89", "_parameters": empty, "_buffers": empty, "_modules": empty, **others}


def write_zipped(path: Path, opcodes: bytes, **entries: bytes) -> Path:
    """Write a file as torch.save does today."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net/data.pkl", b"\x80\x02" + opcodes + b".")
        archive.writestr("net/byteorder", "little")
        archive.writestr("net/version", "3\n")
        for name, content in entries.items():
            archive.writestr(f"net/data/{name}", content)
    return path


def write_legacy(path: Path, opcodes: bytes) -> Path:
    """Write a file as torch.save did before PyTorch 1.6."""
    sizes = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    first = b"".join(pickle.dumps(part, protocol=2) for part in (MAGIC, 1001, sizes))
    path.write_bytes(first + b"\x80\x02" + opcodes + b"." + pickle.dumps([], protocol=2))
    return path
