"""Which numbers of a deep image are black and white: what the file tells, else a guess, else what was chosen."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image

from cnnviewer.errors import ImageError
from cnnviewer.images import as_photo, decode_photo
from cnnviewer.images.ranges import in_8_bits, read_range
from cnnviewer.readings import Origin, Reading


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def deep_png(values: np.ndarray, kind: int, *chunks: bytes) -> bytes:
    """A PNG of 16 bits written by hand: PIL writes grey ones only."""
    height, width = values.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + b"".join([header, *chunks, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")])


def tiff(values: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, values, **options)
    return file.getvalue()


def up_to(highest: int, *shape: int) -> np.ndarray:
    values = np.linspace(0, highest, int(np.prod(shape or (20, 30)))).astype(np.uint16)
    return values.reshape(shape or (20, 30))


@pytest.mark.parametrize(("highest", "white"), [(200, 255), (1000, 1023), (4000, 4095), (16000, 16383), (60000, 65535)])
@pytest.mark.parametrize("make", [tiff, lambda values: deep_png(values, 0)])
def test_16_bits_are_guessed_by_the_bits_that_are_used(make, highest, white):
    values = up_to(highest)
    photo = decode_photo(make(values), "deep")
    found = photo.read.value_range
    assert (found.low, found.high, found.origin) == (0, white, Origin.GUESS)
    np.testing.assert_array_equal(np.asarray(photo.picture), np.rint(values * 255.0 / white))


@pytest.mark.parametrize("kind", [2, 4, 6])
def test_all_16_bits_of_colors_and_grey_with_alpha_are_read(kind):
    count = {2: 3, 4: 2, 6: 4}[kind]
    values = np.random.default_rng(0).integers(0, 4096, (9, 7, count), dtype=np.uint16)
    if count != 3:
        values[..., -1] = 65535
    photo = decode_photo(deep_png(values, kind), "deep.png")
    assert photo.read.value_range.high == 4095
    colors = values[..., : count - (count != 3)]
    found = np.asarray(photo.picture).reshape(colors.shape)
    np.testing.assert_array_equal(found, np.rint(colors * 255.0 / 4095))


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_all_16_bits_of_tiff_colors_are_read(compression, order, planar):
    values = np.random.default_rng(0).integers(0, 1024, (9, 7, 3), dtype=np.uint16)
    laid = values if planar == "contig" else np.moveaxis(values, 2, 0)
    data = tiff(laid, photometric="rgb", planarconfig=planar, compression=compression, byteorder=order)
    photo = decode_photo(data, "deep.tif")
    np.testing.assert_array_equal(np.asarray(photo.picture), np.rint(values * 255.0 / 1023))


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ([(340, "H", 1, 100, True), (341, "H", 1, 3000, True)], (100, 3000)),
        ([(341, "H", 1, 3000, True)], (0, 3000)),
        ([(281, "H", 1, 4095, True)], (0, 4095)),
        ([(281, "H", 1, 1000, True)], None),  # the largest that occurs tells no range
        ([(340, "H", 1, 3000, True), (341, "H", 1, 100, True)], None),
    ],
)
def test_what_a_tiff_tells(tags, expected):
    found = decode_photo(tiff(up_to(1000), extratags=tags), "told.tif").read.value_range
    if expected is None:
        assert (found.high, found.origin) == (1023, Origin.GUESS)
    else:
        assert ((found.low, found.high), found.origin) == (expected, Origin.FILE)


def test_bits_per_sample_tell_the_range():
    packed = np.array([[0x01, 0x23, 0xFF]], np.uint8)  # two numbers of 12 bits: 0x012 and 0x3ff
    entries = [
        (256, 3, 2),
        (257, 3, 1),
        (258, 3, 12),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 200),
        (277, 3, 1),
        (278, 3, 1),
    ]
    entries.append((279, 4, 3))
    rows = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    data = b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + rows + bytes(4)
    photo = decode_photo(data.ljust(200, b"\0") + packed.tobytes(), "twelve.tif")
    assert (photo.read.value_range.high, photo.read.value_range.origin) == (4095, Origin.FILE)
    assert np.asarray(photo.picture).tolist() == [[round(0x012 * 255 / 4095), round(0x3FF * 255 / 4095)]]


@pytest.mark.parametrize(("highest", "white"), [(900, 1023), (65000, 65535)])
def test_what_a_png_tells(highest, white):
    found = decode_photo(deep_png(up_to(highest), 0, chunk(b"sBIT", b"\x0a")), "told.png").read.value_range
    assert (found.high, found.origin) == (white, Origin.FILE)


def test_a_transparent_number_of_a_deep_png_is_white():
    values = np.array([[0, 4000], [65535, 300]], np.uint16)
    photo = decode_photo(deep_png(values, 0, chunk(b"tRNS", struct.pack(">H", 300))), "key.png")
    assert np.asarray(photo.picture).tolist() == [[0, 16], [255, 255]]
    assert photo.names == ("grey", "alpha")


def test_large_unsigned_numbers_are_not_negative():
    values = np.array([[0, 1 << 31, (1 << 32) - 1]], np.uint32)
    assert np.asarray(decode_photo(tiff(values), "u32.tif").picture).tolist() == [[0, 128, 255]]


def test_numbers_that_are_none_are_told():
    values = np.array([[0.0, np.nan, np.inf, 1.0]], np.float32)
    photo = decode_photo(tiff(values), "odd.tif")
    assert photo.read.nonfinite == 2
    assert (photo.read.value_range.low, photo.read.value_range.high) == (0, 1)
    assert np.asarray(photo.picture).tolist() == [[0, 0, 255, 255]]


@pytest.mark.parametrize("image", [Image.new("RGB", (3, 3)), Image.new("RGBA", (3, 3)), Image.new("P", (3, 3))])
def test_8_bits_are_not_in_question(image):
    assert as_photo(image).read.value_range is None


def test_a_chosen_range_is_taken():
    photo = decode_photo(tiff(up_to(1000)), "deep.tif", Reading((500, 1000)))
    assert photo.read.value_range.origin is Origin.USER
    assert np.asarray(photo.picture).flat[0] == 0
    assert np.asarray(photo.picture).flat[-1] == 255


@pytest.mark.parametrize("chosen", [(1, 1), (2, 1), (0, np.nan), (-np.inf, 0)])
def test_no_range(chosen):
    with pytest.raises(ImageError, match="range of values goes from a number to a larger one"):
        decode_photo(tiff(up_to(1000)), "deep.tif", Reading(chosen))


numbers = npst.arrays(
    dtype=st.sampled_from([np.int8, np.uint16, np.int16, np.int32, np.uint32, np.float16, np.float32, np.float64]),
    shape=npst.array_shapes(min_dims=1, max_dims=3, max_side=6),
)


@given(numbers)
def test_any_numbers_have_a_range_and_keep_their_order(values):
    read = read_range(values)
    found = read.value_range
    shown = in_8_bits(values, found.low, found.high).astype(int)
    finite = np.isfinite(values)
    order = np.argsort(values[finite], kind="stable")
    assert (np.diff(shown[finite][order]) >= 0).all()
    assert read.nonfinite == (~finite).sum()
    assert (shown[np.isnan(values)] == 0).all()


@given(st.integers(0, 65535), st.integers(1, 65535), npst.arrays(np.uint16, 70_000))
def test_the_table_of_large_images_is_the_arithmetic_of_small_ones(low, span, values):
    np.testing.assert_array_equal(in_8_bits(values, low, low + span)[:500], in_8_bits(values[:500], low, low + span))
