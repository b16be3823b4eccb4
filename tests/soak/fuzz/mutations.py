"""Changes of valid files: of bytes, and of the fields of JSON, of archives, of safetensors' headers and of ONNX."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

__all__ = ["mutated"]

_LARGEST = 4_000_000
"""Larger inputs than these are cut, in bytes."""

_NUMBERS = (0, 1, -1, 2, 7, 127, 128, 255, 256, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**53, 2**63 - 1, 2**63)
_ODD: tuple[Any, ...] = (
    *_NUMBERS, -(2**31), -(2**63), 10**30, 0.5, -0.0, 1e-320, 1e308, float("nan"), float("inf"), float("-inf"),
    None, True, False, "", "0", "1.5", "x" * 5000, "\u202e\u0000\ud800", "../../etc/passwd", "é" * 40, "NaN", "1e999",
    [], {}, [[]], [None], [0] * 2000, {"": {}}, {"a": [1, {"b": None}]},
)  # fmt: skip


def mutated(data: bytes, ending: str, random: Random, others: list[bytes]) -> bytes:
    """Return a file with some changes, of its fields where its ending tells what they are.

    Parameters
    ----------
    others
        Other files, of which parts may be put in.
    """
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        change = _FIELDS.get(ending)
        with suppress(Exception):  # what is no archive any more is changed in its bytes
            if change is not None and random.random() < 0.7:
                data = change(data, random)
                continue
        data = _bytes(data, random, others)
    return data[:_LARGEST]


def _bytes(data: bytes, random: Random, others: list[bytes]) -> bytes:
    """Change bytes, lengths or the end."""
    changed = bytearray(data or b"\0")
    # What stands at the beginning and the end counts most: headers and directories.
    places = (
        random.randrange(len(changed)),
        random.randrange(min(len(changed), 64)),
        -random.randint(1, min(len(changed), 64)),
    )
    place = random.choice(places) % len(changed)
    sort = random.randrange(9)
    if sort <= 1:
        changed[place] ^= 1 << random.randrange(8)
    elif sort == 2:
        changed[place] = random.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF))
    elif sort == 3:
        form = random.choice(("<I", ">I", "<Q", ">Q", "<H", ">H"))
        number = random.choice(_NUMBERS) % (1 << 8 * struct.calcsize(form))
        changed[place : place + struct.calcsize(form)] = struct.pack(form, number)
    elif sort == 4:
        del changed[place:]
    elif sort == 5:
        del changed[place : place + random.choice((1, 2, 4, 16, 256))]
    elif sort == 6:
        changed[place:place] = random.randbytes(random.choice((1, 2, 4, 16, 256)))
    elif sort == 7:
        end = place + random.choice((8, 64, 1024))
        changed[place:place] = changed[place:end] * random.choice((1, 2, 50))
    else:
        other = random.choice(others)
        begin = random.randrange(max(len(other), 1))
        changed[place:place] = other[begin : begin + random.choice((16, 256, 4096))]
    return bytes(changed)


def _json(data: bytes, random: Random) -> bytes:
    """Change a field of a JSON text, or its nesting or encoding."""
    sort = random.randrange(12)
    if sort == 0:
        depth = random.choice((50, 1000, 100_000))
        return b"[" * depth + b"]" * depth
    if sort == 1:
        return data.decode().encode(random.choice(("utf-16", "utf-8-sig", "utf-32")))
    if sort == 2:
        place = random.randrange(len(data))
        return data[:place] + b"\xff\xfe" + data[place:]
    tree = json.loads(data)
    if sort == 3:
        text = json.dumps(tree)
        return text.replace("{", '{"size": 1, "size": [], ', 1).encode()
    return json.dumps(_changed(tree, random)).encode("utf-8", "surrogatepass")


def _changed(tree: Any, random: Random) -> Any:
    """Return a tree of which one node is another one."""
    nodes = list(_nodes(tree))
    if not nodes or random.random() < 0.03:
        return random.choice(_ODD)
    holder, key = random.choice(nodes)
    sort = random.randrange(6)
    if sort == 0:
        del holder[key]
    elif sort == 1:
        holder[key] = _deep(holder[key], random.choice((3, 200)))
    elif sort == 2:
        other, place = random.choice(nodes)
        with suppress(LookupError):
            holder[key] = json.loads(json.dumps(other[place]))
    elif sort == 3 and isinstance(holder, list):
        holder.extend(holder[key : key + 1] * random.choice((1, 5, 1000)))
    elif sort == 4 and isinstance(holder[key], (int, float)):
        holder[key] = holder[key] * random.choice((-1, 2, 0.5, 1000, 10**9))
    else:
        holder[key] = random.choice(_ODD)
    return tree


def _nodes(tree: Any) -> list[tuple[Any, Any]]:
    """Return each node of a tree as what holds it, and its key there."""
    keys = list(tree) if isinstance(tree, dict) else list(range(len(tree))) if isinstance(tree, list) else []
    return [(tree, key) for key in keys] + [node for key in keys for node in _nodes(tree[key])]


def _deep(value: Any, depth: int) -> Any:
    for _ in range(depth):
        value = [value]
    return value


def _json_lines(data: bytes, random: Random) -> bytes:
    lines = data.split(b"\n")
    place = random.randrange(len(lines))
    lines[place] = _json(lines[place], random)
    return b"\n".join(lines)


def _safetensors(data: bytes, random: Random) -> bytes:
    """Change the header, and tell its length, right or wrong."""
    length = int.from_bytes(data[:8], "little")
    header = _json(data[8 : 8 + length], random)
    told = random.choice((len(header), len(header), len(header), *_NUMBERS)) % 2**64
    return told.to_bytes(8, "little") + header + data[8 + length :]


def _archive(data: bytes, random: Random) -> bytes:
    """Change an entry of a zip archive, its name, or which there are."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        entries = [(info.filename, source.read(info)) for info in source.infolist()]
    place = random.randrange(len(entries))
    name, content = entries[place]
    sort = random.randrange(8)
    if sort == 0:
        del entries[place]
    elif sort == 1:
        entries.append((random.choice((name, "../x", "x" * 300, "a/" * 60 + "b")), content))
    elif sort == 2:
        entries[place] = (name, b"\0" * random.choice((0, 10**6, 3 * 10**7)))
    else:
        change = _FIELDS.get(name.rpartition(".")[2], _of_bytes)
        entries[place] = (name, change(content, random))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return target.getvalue()


def _of_bytes(data: bytes, random: Random) -> bytes:
    return _bytes(data, random, [data or b"\0"])


def _gzip(data: bytes, random: Random) -> bytes:
    return gzip.compress(_of_bytes(gzip.decompress(data), random), 1)


def _onnx(data: bytes, random: Random) -> bytes:
    """Change a field of the messages."""
    import onnx

    model = onnx.ModelProto.FromString(data)
    message = random.choice(_messages(model))
    field = random.choice(message.DESCRIPTOR.fields)
    if _is_repeated(field):
        values = getattr(message, field.name)
        sort = random.randrange(4)
        if len(values) and sort == 0:
            del values[random.randrange(len(values))]
        elif len(values) and sort == 1:
            values.extend([values[random.randrange(len(values))]] * random.choice((1, 3, 100)))
        elif field.type == field.TYPE_MESSAGE:
            values.add()
        elif len(values) and sort == 2:
            values[random.randrange(len(values))] = _value(field, random)
        else:
            values.append(_value(field, random))
    elif field.type == field.TYPE_MESSAGE:
        message.ClearField(field.name) if random.random() < 0.5 else getattr(message, field.name).SetInParent()
    elif random.random() < 0.15:
        message.ClearField(field.name)
    else:
        setattr(message, field.name, _value(field, random))
    return model.SerializeToString()


def _is_repeated(field: Any) -> bool:
    """Whether a field is a list; newer versions of protobuf have no label for that."""
    return field.is_repeated if hasattr(field, "is_repeated") else field.label == field.LABEL_REPEATED


def _messages(message: Any) -> list[Any]:
    found = [message]
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for inner in value if _is_repeated(field) else [value]:
                found += _messages(inner)
    return found


def _value(field: Any, random: Random) -> Any:
    if field.type == field.TYPE_STRING:
        return random.choice(("", "x" * 5000, "image", "Conv", "If", "Loop", "com.microsoft", "a/b\0c", "../weights"))
    if field.type == field.TYPE_BYTES:
        return random.choice((b"", b"\xff" * 7, bytes(64), b"float32"))
    if field.type == field.TYPE_ENUM:
        return random.choice(list(field.enum_type.values_by_number))
    if field.type in (field.TYPE_FLOAT, field.TYPE_DOUBLE):
        return random.choice((0.0, -1.0, 1e30, float("nan"), float("inf")))
    bits = 32 if field.type in (field.TYPE_INT32, field.TYPE_UINT32) else 64
    number = random.choice((*_NUMBERS, -5, -(2**31))) % 2**bits
    is_signed = field.type in (field.TYPE_INT32, field.TYPE_INT64)
    return number - 2**bits if is_signed and number >= 2 ** (bits - 1) else number


_FIELDS: dict[str, Callable[[bytes, Random], bytes]] = {
    "json": _json,
    "jsonl": _json_lines,
    "safetensors": _safetensors,
    "pth": _archive,
    "ckpt": _archive,
    "keras": _archive,
    "npz": _archive,
    "zip": _archive,
    "gz": _gzip,
    "onnx": _onnx,
}
"""How the fields of a file are changed, by its ending."""
