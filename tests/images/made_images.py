"""Images as files, and what a sentence on one that can't be read is like."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    import pytest

    from cnnviewer.errors import ImageError


def encoded(image: Image.Image, format: str, **options: object) -> bytes:  # noqa: A002 - PIL's own name
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def colors(height: int = 20, width: int = 30) -> Image.Image:
    """A photo that no flip or turn leaves as it is."""
    rows, columns = np.mgrid[:height, :width]
    pixels = np.stack([rows * 255 // height, columns * 255 // width, (rows + 2 * columns) * 2], axis=-1)
    return Image.fromarray(pixels.astype(np.uint8))


def png(width: int, height: int, bit_depth: int, color_type: int, rows: bytes, *chunks: bytes) -> bytes:
    """A PNG written by hand, for what PIL does not write."""
    header = struct.pack(">IIBBBBB", width, height, bit_depth, color_type, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *chunks, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def assert_sentence(error: pytest.ExceptionInfo[ImageError], *words: str) -> None:
    text = str(error.value)
    assert text[-1] == "."
    assert "\n" not in text
    assert "<_io" not in text
    for word in words:
        assert word in text
