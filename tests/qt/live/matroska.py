"""Matroska files of Motion JPEG and uncompressed sound, written byte by byte: each part as long as a test wants it."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write_video"]

_SIZE, _LENGTH, _SOUND = (96, 64), 40, 8000


def write_video(path: Path, pictures: int = 16, sound: int = 0) -> Path:
    """Write a video, 25 pictures a second, and beside it a sound of so many milliseconds.

    Picture n has n white columns of 16; the rest is a dull red.
    """
    blocks = [(number * _LENGTH, 1, _jpeg(number)) for number in range(pictures)]
    blocks += [(place, 2, bytes(2 * _SOUND // 50)) for place in range(0, sound, 20)]
    length = struct.pack(">d", max(pictures * _LENGTH, sound))
    tracks = _element("AE", _picture_track()) + (_element("AE", _sound_track()) if sound else b"")
    cluster = _element("E7", b"\0") + b"".join(_block(*block) for block in sorted(blocks))
    segment = (
        _element("1549A966", _element("2AD7B1", b"\x0f\x42\x40") + _element("4489", length))
        + _element("1654AE6B", tracks)
        + _element("1F43B675", cluster)
    )
    head = _element("4282", b"matroska") + _element("4287", b"\x02") + _element("4285", b"\x02")
    path.write_bytes(_element("1A45DFA3", head) + _element("18538067", segment))
    return path


def _picture_track() -> bytes:
    size = _element("B0", bytes([_SIZE[0]])) + _element("BA", bytes([_SIZE[1]]))
    return _track(1, b"V_MJPEG") + _element("23E383", struct.pack(">I", _LENGTH * 1_000_000)) + _element("E0", size)


def _sound_track() -> bytes:
    kind = _element("B5", struct.pack(">d", _SOUND)) + _element("9F", b"\1") + _element("6264", b"\x10")
    return _track(2, b"A_PCM/INT/LIT") + _element("E1", kind)


def _track(number: int, codec: bytes) -> bytes:
    one = bytes([number])
    return _element("D7", one) + _element("73C5", one) + _element("83", one) + _element("86", codec)


def _block(place: int, track: int, data: bytes) -> bytes:
    return _element("A3", bytes([0x80 | track]) + struct.pack(">hB", place, 0x80) + data)


def _element(name: str, data: bytes) -> bytes:
    return bytes.fromhex(name) + struct.pack(">Q", len(data) | 1 << 56) + data


def _jpeg(number: int) -> bytes:
    pixels = np.full((_SIZE[1], _SIZE[0], 3), (128, 32, 32), np.uint8)
    pixels[:, : number * _SIZE[0] // 16] = 255
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=95)
    return stream.getvalue()
