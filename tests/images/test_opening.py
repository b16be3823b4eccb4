"""Every kind of image file becomes a photo."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from made_images import assert_sentence, colors, encoded
from PIL import Image, ImageOps

from cnnviewer.errors import ImageError
from cnnviewer.images import as_image, as_photo, decode_image, read_image

WHITE = (255, 255, 255)


# Formats


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize(
    ("extension", "options"),
    [
        (".png", {}),
        (".bmp", {}),
        (".tif", {}),
        (".tiff", {"compression": "tiff_lzw"}),
        (".tif", {"compression": "tiff_adobe_deflate"}),
        (".jpg", {"quality": 95, "subsampling": 0}),
        (".jpeg", {"quality": 95, "subsampling": 0, "progressive": True}),
        (".webp", {"lossless": True}),
        (".webp", {"quality": 95}),
    ],
)
def test_every_format(tmp_path, mode, extension, options):
    photo = colors().convert(mode)
    path = tmp_path / f"photo{extension}"
    photo.save(path, **{key: value for key, value in options.items() if mode == "RGB" or key != "subsampling"})
    read = read_image(path)
    lossy = "quality" in options
    # WebP knows no grey: what is kept in it is RGB.
    assert read.mode == ("RGB" if extension == ".webp" else mode)
    difference = np.abs(np.asarray(read, int) - np.asarray(photo.convert(read.mode), int))
    assert difference.max() <= (40 if lossy else 0)
    assert difference.mean() <= (4 if lossy else 0)


def test_name_does_not_matter(tmp_path):
    path = tmp_path / "photo.txt"
    path.write_bytes(encoded(colors(), "PNG"))
    assert read_image(str(path)).tobytes() == colors().tobytes()


def test_gif(tmp_path):
    path = tmp_path / "photo.gif"
    colors().quantize(256).save(path)
    assert read_image(path).tobytes() == colors().quantize(256).convert("RGB").tobytes()


@pytest.mark.parametrize("format", ["GIF", "TIFF", "PNG", "WEBP"])
def test_first_frame(format):  # noqa: A002
    frames = [Image.new("RGB", (9, 7), color) for color in ("red", "lime", "blue")]
    options = {"lossless": True} if format == "WEBP" else {}
    data = encoded(frames[0], format, save_all=True, append_images=frames[1:], **options)
    assert Image.open(io.BytesIO(data)).n_frames == 3
    read = decode_image(data, "animated")
    assert read.getcolors() == [(63, (255, 0, 0))]


def test_result_is_loaded_and_independent(tmp_path):
    path = tmp_path / "photo.png"
    colors().save(path)
    read = read_image(path)
    path.unlink()
    assert type(read) is Image.Image
    assert read.resize((3, 2)).size == (3, 2)


# Modes


def test_black_and_white():
    image = Image.fromarray(np.eye(6, dtype=bool))
    assert image.mode == "1"
    read = decode_image(encoded(image, "PNG"), "bits.png")
    assert read.mode == "L"
    np.testing.assert_array_equal(np.asarray(read), np.eye(6, dtype=np.uint8) * 255)


def test_16_bits_big_endian():
    values = np.arange(0, 65536, 656, dtype=">u2").reshape(10, 10)
    image = Image.frombytes("I;16B", (10, 10), values.tobytes())
    np.testing.assert_array_equal(np.asarray(as_image(image)), np.rint(values / 257))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 100, 255], [0, 100, 255]),
        ([0, 257, 65535], [0, 1, 255]),
        ([0, 1_000_000, 2_000_000], [0, 128, 255]),
        ([-100, 0, 100], [0, 128, 255]),
        ([7, 7, 7], [7, 7, 7]),
        ([-7, -7, -7], [0, 0, 0]),
        ([-(2**31), 0, 2**31 - 1], [0, 128, 255]),
    ],
)
def test_32_bit_integers(values, expected):
    read = decode_image(encoded(Image.fromarray(np.array([values], np.int32)), "TIFF"), "deep.tif")
    assert read.mode == "L"
    assert np.asarray(read).tolist() == [expected]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.1, 0.2, 0.4], [26, 51, 102]),
        ([0.0, 100.0, 255.0], [0, 100, 255]),
        ([300.0, 550.0, 800.0], [0, 128, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([1000.0, 1000.0, 1000.0], [0, 0, 0]),
        ([np.nan, 0.5, 1.0], [128, 128, 255]),
        ([-np.inf, 0.5, np.inf], [0, 128, 255]),
        ([np.nan, np.nan, np.nan], [0, 0, 0]),
        ([-3.4e38, 0.0, 3.4e38], [0, 128, 255]),
    ],
)
def test_floats(values, expected):
    read = decode_image(encoded(Image.fromarray(np.array([values], np.float32)), "TIFF"), "float.tif")
    assert read.mode == "L"
    if np.isnan(values).any():
        expected = [0 if np.isnan(value) else grey for value, grey in zip(values, expected, strict=True)]
    assert np.asarray(read).tolist() == [expected]


@pytest.mark.parametrize(("alpha", "expected"), [(0, WHITE), (255, (200, 100, 0)), (51, (244, 224, 204))])
@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
def test_transparent_colors_lie_over_white(format, alpha, expected):  # noqa: A002
    options = {"lossless": True, "exact": True} if format == "WEBP" else {}
    data = encoded(Image.new("RGBA", (3, 2), (200, 100, 0, alpha)), format, **options)
    assert decode_image(data, "transparent").getcolors() == [(6, expected)]


@pytest.mark.parametrize(("alpha", "expected"), [(0, 255), (255, 100), (51, 224)])
def test_transparent_grey_stays_grey(alpha, expected):
    read = decode_image(encoded(Image.new("LA", (3, 2), (100, alpha)), "PNG"), "transparent.png")
    assert read.mode == "L"
    assert read.getcolors() == [(6, expected)]


@pytest.mark.parametrize(("mode", "expected"), [("La", 224), ("RGBa", (244, 224, 204))])
def test_premultiplied(mode, expected):
    plain = Image.new("LA", (3, 2), (100, 51)) if mode == "La" else Image.new("RGBA", (3, 2), (200, 100, 0, 51))
    (_, color), *others = as_image(plain.convert(mode)).getcolors()
    assert not others
    np.testing.assert_allclose(color, expected, atol=1)


def test_palette():
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    read = decode_image(encoded(image, "PNG"), "palette.png")
    assert read.mode == "RGB"
    assert list(read.tobytes()) == [255, 0, 0, 0, 0, 255]


@pytest.mark.parametrize("transparency", [1, b"\xff\x00"])
def test_transparent_palette(transparency):
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    for format in ("PNG", "GIF") if transparency == 1 else ("PNG",):  # noqa: A001
        read = decode_image(encoded(image, format, transparency=transparency), "palette")
        assert list(read.tobytes()) == [255, 0, 0, *WHITE]


@pytest.mark.parametrize(
    ("image", "transparency", "expected"),
    [(Image.new("RGB", (2, 1), (9, 8, 7)), (9, 8, 7), WHITE), (Image.new("L", (2, 1), 9), 9, 255)],
)
def test_transparent_color_key(image, transparency, expected):
    read = decode_image(encoded(image, "PNG", transparency=transparency), "key.png")
    assert read.mode == image.mode
    assert read.getcolors() == [(2, expected)]


def test_palette_with_alpha():
    image = Image.new("PA", (2, 1))
    image.putpalette([255, 0, 0])
    assert as_image(image).getcolors() == [(2, WHITE)]


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_cmyk(format):  # noqa: A002
    data = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), format)
    (_, color), *others = decode_image(data, "print").getcolors()
    assert not others
    np.testing.assert_allclose(color, (255, 0, 0), atol=2)


@pytest.mark.parametrize("mode", ["YCbCr", "HSV"])
def test_other_color_spaces(mode):
    read = as_image(colors().convert(mode))
    assert read.mode == "RGB"
    np.testing.assert_allclose(np.asarray(read), np.asarray(colors()), atol=12)


def test_lab():
    data = encoded(Image.new("LAB", (4, 4), (255, 128, 128)), "TIFF")
    (_, color), *others = decode_image(data, "lab.tif").getcolors()
    assert not others
    np.testing.assert_allclose(color, WHITE, atol=2)


def test_colors_without_conversion(monkeypatch):
    def refuse(image: Image.Image, mode: str) -> None:
        raise ValueError(f"conversion from {image.mode} to {mode} not supported")

    monkeypatch.setattr(Image.Image, "convert", refuse)
    with pytest.raises(ImageError) as error:
        as_image(Image.new("CMYK", (4, 4)))
    assert_sentence(error, "The image", "CMYK")


# EXIF


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_exif_orientation(format, orientation):  # noqa: A002
    # How a camera stores an upright scene so that the tag's turn makes it upright again.
    stored = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    scene = colors()
    image = scene.transpose(stored[orientation]) if orientation > 1 else scene
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}.get(format, {})
    read = decode_image(encoded(image, format, exif=exif, **options), "turned")
    assert read.size == scene.size
    np.testing.assert_allclose(np.asarray(read, int), np.asarray(scene, int), atol=6 if format == "JPEG" else 0)
    assert ImageOps.exif_transpose(read).tobytes() == read.tobytes(), "turned once, not again"


@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0nonsense", b"Exif\0\0II*\0\xff\xff\xff\xff", b"\0" * 40])
@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_damaged_exif_does_not_matter(format, exif):  # noqa: A002
    assert decode_image(encoded(colors(), format, exif=exif), "photo").size == (30, 20)


# Inputs that are no files


def test_pil_image_is_not_changed():
    image = colors()
    image.getexif()[0x0112] = 6
    before = image.tobytes()
    result = as_image(image)
    assert result is not image
    result.paste("black", (0, 0, *result.size))
    assert image.tobytes() == before


def test_path_as_text(tmp_path):
    path = tmp_path / "photo.png"
    colors().save(path)
    assert as_image(str(path)).tobytes() == as_image(path).tobytes() == colors().tobytes()


@pytest.mark.parametrize(
    ("shape", "mode"),
    [((5, 4), "L"), ((5, 4, 3), "RGB"), ((5, 4, 4), "RGB"), ((1, 1), "L"), ((3, 3, 3), "RGB")],
)
def test_pixels(shape, mode):
    pixels = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    if shape[-1] == 4 and len(shape) == 3:
        pixels[..., 3] = 255
    read = as_image(pixels)
    assert read.mode == mode
    np.testing.assert_array_equal(np.asarray(read), pixels[..., :3] if mode == "RGB" else pixels)


def test_pixels_are_copied():
    pixels = np.zeros((4, 4, 3), np.uint8)
    read = as_image(pixels)
    pixels[:] = 255
    assert read.getcolors() == [(16, (0, 0, 0))]


def test_strided_pixels():
    pixels = np.asarray(colors())[::-2, ::3, ::-1]
    np.testing.assert_array_equal(np.asarray(as_image(pixels)), pixels)


@given(
    npst.arrays(
        dtype=st.one_of(npst.scalar_dtypes(), st.just(np.dtype(np.uint8))),
        shape=npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
        fill=st.nothing(),
        elements=None,
    )
)
def test_any_array(pixels):
    if pixels.dtype == np.uint8 and pixels.ndim in (2, 3) and pixels.size:
        assert as_photo(pixels).size == pixels.shape[1::-1]
        return
    with pytest.raises(ImageError) as error:
        as_image(pixels)
    assert_sentence(error, str(pixels.dtype), str(pixels.shape))


@pytest.mark.parametrize("nothing", [None, 3, b"bytes", [[1, 2]]])
def test_not_an_image(nothing):
    with pytest.raises(ImageError) as error:
        as_image(nothing)
    assert_sentence(error, type(nothing).__name__)


@pytest.mark.parametrize("size", [(0, 0), (0, 5), (5, 0)])
def test_no_pixels(size):
    with pytest.raises(ImageError) as error:
        as_image(Image.new("RGB", size))
    assert_sentence(error, "no pixels")


def test_closed_image(tmp_path):
    colors().save(tmp_path / "photo.png")
    image = Image.open(tmp_path / "photo.png")
    image.close()
    with pytest.raises(ImageError) as error:
        as_image(image)
    assert_sentence(error, "The image")
