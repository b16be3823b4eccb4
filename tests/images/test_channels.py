"""Images of many channels: bands, alpha, NumPy's files and pages, and the networks that take them."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

import cnnviewer
from cnnviewer.errors import ImageError
from cnnviewer.images import arrays, as_photo, decode_photo, read_image
from cnnviewer.preprocessing import Preprocessing
from cnnviewer.readings import ALL_PAGES, Reading


def network(channels: int):
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Conv2d(channels, 4, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    return cnnviewer.from_module(module)


def bands(count: int, dtype: type = np.uint8) -> np.ndarray:
    values = np.random.default_rng(0).integers(0, 256, (40, 50, count))
    return (values / 255 if np.issubdtype(dtype, np.floating) else values).astype(dtype)


def tiff(values: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, values, **options)
    return file.getvalue()


def read_bands(photo) -> np.ndarray:
    return np.stack([np.asarray(band) for band in photo.bands], axis=2)


@pytest.mark.parametrize("count", [2, 4, 5, 13])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_bands_of_a_tiff(tmp_path, count, dtype, planar):
    values = bands(count, dtype)
    laid = values if planar == "contig" else np.moveaxis(values, 2, 0)
    path = tmp_path / "bands.tif"
    path.write_bytes(tiff(laid, photometric="minisblack", planarconfig=planar))
    photo = as_photo(path)
    np.testing.assert_array_equal(read_bands(photo), bands(count))
    assert photo.names == tuple(f"channel {number}" for number in range(1, count + 1)) or count == 2
    recording = cnnviewer.record(network(count), path)
    assert recording.input.shape[0] == count
    assert recording.channel_names == photo.names


def test_colors_of_floats():
    values = bands(3, np.float32)
    photo = decode_photo(tiff(values, photometric="rgb"), "float.tif")
    np.testing.assert_array_equal(np.asarray(photo.picture), bands(3))
    assert not photo.bands


def test_a_band_beside_the_colors_is_kept_and_not_in_the_way():
    values = bands(4)
    photo = decode_photo(tiff(values, photometric="rgb", extrasamples=["unspecified"]), "infrared.tif")
    assert photo.names == ("R", "G", "B", "channel 4")
    np.testing.assert_array_equal(np.asarray(photo.picture), values[..., :3])
    np.testing.assert_array_equal(read_bands(photo), values)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_bands_are_upright(orientation):
    values = bands(5)
    turned = np.stack([read_turned(values[..., band], orientation) for band in range(5)], axis=2)
    data = tiff(values, photometric="minisblack", planarconfig="contig", extratags=[(274, "H", 1, orientation, True)])
    np.testing.assert_array_equal(read_bands(decode_photo(data, "turned.tif")), turned)


def read_turned(values: np.ndarray, orientation: int) -> np.ndarray:
    """What PIL makes of the same picture with the same tag."""
    exif = Image.Exif()
    exif[274] = orientation
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG", exif=exif)
    return np.asarray(decode_photo(file.getvalue(), "turned.png").picture)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("is_first", [False, True])
@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_numpy_files(tmp_path, count, is_first, suffix):
    values = np.moveaxis(bands(count), 2, 0) if is_first else bands(count)
    path = tmp_path / f"image{suffix}"
    (np.save if suffix == ".npy" else np.savez)(path, values)
    photo = as_photo(path)
    found = read_bands(photo) if photo.bands else np.asarray(photo.picture).reshape(bands(count).shape)
    np.testing.assert_array_equal(found, bands(count))
    assert cnnviewer.record(network(count), path).input.shape[0] == count


def test_arrays_of_an_archive_are_its_pages(tmp_path):
    path = tmp_path / "two.npz"
    np.savez_compressed(path, first=bands(1), second=255 - bands(1))
    assert as_photo(path).read.pages == 2
    np.testing.assert_array_equal(np.asarray(as_photo(path, Reading(page=2)).picture), 255 - bands(1)[..., 0])
    both = as_photo(path, Reading(page=ALL_PAGES))
    np.testing.assert_array_equal(read_bands(both), np.concatenate([bands(1), 255 - bands(1)], axis=2))


def test_python_objects_are_not_unpickled(tmp_path):
    path = tmp_path / "objects.npy"
    np.save(path, np.array([[{}]], object), allow_pickle=True)
    with pytest.raises(ImageError, match=r"objects\.npy holds Python objects, which are not read"):
        as_photo(path)


@pytest.mark.parametrize("shape", [(1 << 20, 1 << 20), (1 << 40, 1), (3, 1 << 15, 1 << 15)])
def test_a_huge_array_is_refused_before_it_is_read(tmp_path, shape):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": shape})
    (tmp_path / "huge.npy").write_bytes(header.getvalue())
    with zipfile.ZipFile(tmp_path / "huge.npz", "w") as archive:
        archive.writestr("image.npy", header.getvalue())
    for name in ("huge.npy", "huge.npz"):
        with pytest.raises(ImageError, match="more than the 1,024 MB that can be opened"):
            as_photo(tmp_path / name)


@pytest.mark.parametrize("values", [np.zeros(5), np.zeros((2, 2, 2, 2)), np.zeros((3, 3), complex), np.zeros((0, 4))])
def test_arrays_that_are_no_images(tmp_path, values):
    np.save(tmp_path / "no.npy", values)
    with pytest.raises(ImageError, match=r"^no\.npy"):
        as_photo(tmp_path / "no.npy")


@pytest.mark.parametrize("share", [0.01, 0.3, 0.95])
def test_a_torn_array(tmp_path, share):
    np.save(tmp_path / "torn.npy", bands(5))
    data = (tmp_path / "torn.npy").read_bytes()
    (tmp_path / "torn.npy").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ImageError, match=r"^torn\.npy"):
        as_photo(tmp_path / "torn.npy")


def test_alpha_is_the_fourth_channel():
    pixels = bands(4)
    preprocessing = Preprocessing((40, 50), 40, (0.0,) * 4, (1.0,) * 4, channels=4, divisor=1)
    tensor = preprocessing(as_photo(pixels))
    np.testing.assert_array_equal(tensor[0].numpy(), np.moveaxis(pixels, 2, 0))
    swapped = Preprocessing((40, 50), 40, (0.0,) * 4, (1.0,) * 4, channels=4, divisor=1, order="BGR")
    np.testing.assert_array_equal(swapped(as_photo(pixels))[0].numpy(), np.moveaxis(pixels, 2, 0)[[2, 1, 0, 3]])


def test_colors_on_a_network_of_four_channels_are_told(tmp_path):
    Image.fromarray(bands(3)).save(tmp_path / "colors.png")
    photo = as_photo(tmp_path / "colors.png")
    taken = network(4)
    assert cnnviewer.record(taken, tmp_path / "colors.png").input.shape[0] == 4
    assert "R, G, B, R2" in taken.preprocessing.channel_caution(photo)
    assert not taken.preprocessing.channel_caution(as_photo(bands(4)))


@pytest.mark.parametrize("taken", [1, 3, 4, 6])
def test_channels_that_do_not_fit_are_told(tmp_path, taken):
    np.save(tmp_path / "five.npy", bands(5))
    with pytest.raises(ImageError, match=rf"^five\.npy has 5 channels .*, and the network takes {taken}"):
        cnnviewer.record(network(taken), tmp_path / "five.npy")


def test_five_bands_are_no_picture(tmp_path):
    np.save(tmp_path / "five.npy", bands(5))
    with pytest.raises(ImageError, match="choose a network that takes 5"):
        read_image(tmp_path / "five.npy")


def test_an_array_of_another_type_needs_a_range():
    values = bands(3, np.float32)
    with pytest.raises(ImageError, match="value_range"):
        cnnviewer.record(network(3), values)
    recording = cnnviewer.record(network(3), values, value_range=(0, 1))
    torch.testing.assert_close(recording.input, cnnviewer.record(network(3), bands(3)).input)


def test_a_page_that_is_not_there(tmp_path):
    first, second = (Image.new("L", (8, 8), grey) for grey in (10, 200))
    first.save(tmp_path / "two.tif", save_all=True, append_images=[second])
    with pytest.raises(ImageError, match=r"^two\.tif has 2 pages: there is no page 3"):
        as_photo(tmp_path / "two.tif", Reading(page=3))
    assert read_bands(as_photo(tmp_path / "two.tif", Reading(page=ALL_PAGES)))[0, 0].tolist() == [10, 200]


def test_the_axis_of_the_channels():
    assert arrays.channels_last(np.zeros((5, 40, 50))).shape == (40, 50, 5)
    assert arrays.channels_last(np.zeros((40, 50, 5))).shape == (40, 50, 5)
    assert arrays.channels_last(np.zeros((1, 5, 40, 50))).shape == (40, 50, 5)
    assert arrays.channels_last(np.zeros((2, 5, 40, 50))) is None
