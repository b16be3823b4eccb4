"""Preprocessing is compared with torchvision's presets, to the bit, and with numbers worked out by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image
from torchvision.models import get_model_weights
from torchvision.transforms import InterpolationMode
from torchvision.transforms._presets import ImageClassification

from cnnviewer.card import Card, from_json, to_json
from cnnviewer.errors import NetworkError
from cnnviewer.networks import list_networks, load_network
from cnnviewer.networks.torchvision_networks import recipe
from cnnviewer.preprocessing import Preprocessing

torch.set_num_threads(1)

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
IMAGENET = Preprocessing(size=(224, 224), resize=256, mean=MEAN, deviation=DEVIATION)
GREY = Preprocessing(size=(32, 32), resize=28, padding=2, channels=1, order="L", mean=(0.1,), deviation=(0.5,))


def photo(width, height, mode="RGB", seed=0):
    channels = {"L": (), "RGB": (3,)}[mode]
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, *channels), dtype=np.uint8)
    return Image.fromarray(pixels)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(2, 700),
    st.integers(2, 700),
    st.sampled_from(["L", "RGB"]),
    st.sampled_from([(224, 256, "bilinear"), (224, 232, "bilinear"), (64, 64, "bicubic"), (33, 47, "bicubic")]),
)
def test_it_equals_torchvision(width, height, mode, numbers):
    assume(max(width, height) <= 8 * min(width, height))
    crop, resize, interpolation = numbers
    image = photo(width, height, mode)
    ours = Preprocessing((crop, crop), resize, MEAN, DEVIATION, interpolation=interpolation)(image)
    theirs = ImageClassification(crop_size=crop, resize_size=resize, interpolation=InterpolationMode(interpolation))(
        image.convert("RGB")
    )
    assert ours.dtype == torch.float32
    assert torch.equal(ours, theirs[None])


@pytest.mark.parametrize("name", list_networks()["torchvision"])
def test_each_network_of_torchvision_has_its_own_preset(name):
    image = photo(301, 402, seed=3)
    preset = get_model_weights(name)["DEFAULT"].transforms()
    assert torch.equal(recipe(name).preprocessing(image), preset(image)[None])


def test_lenet5_pads_a_digit_with_black():
    network = load_network("lenet5", weights=None)
    preprocessing = network.preprocessing
    image = photo(28, 28, "L", seed=4)
    tensor = network.preprocess(image)[0, 0]
    assert tensor.shape == (32, 32)
    pixels = torch.from_numpy(np.array(image)).float()
    mean, deviation = preprocessing.mean[0], preprocessing.deviation[0]
    expected = (pixels / preprocessing.divisor - mean) / deviation
    assert torch.allclose(tensor[2:30, 2:30], expected, atol=1e-6)
    black = (0 - mean) / deviation
    border = torch.cat([tensor[:2].flatten(), tensor[30:].flatten(), tensor[:, :2].flatten(), tensor[:, 30:].flatten()])
    assert torch.allclose(border, torch.full_like(border, black))


def test_a_colour_photo_becomes_grey_for_a_grey_network():
    image = photo(28, 28, seed=5)
    assert torch.equal(GREY(image), GREY(image.convert("L")))
    assert GREY(image).shape == (1, 1, 32, 32)


def test_bgr_turns_the_channels_and_has_the_mean_in_its_own_order():
    image = photo(224, 224, seed=6)
    numbers = {"size": (224, 224), "resize": 224, "divisor": 1.0, "deviation": (1.0, 1.0, 1.0)}
    tensor = Preprocessing(mean=(103.0, 116.0, 123.0), order="BGR", **numbers)(image)
    rgb = torch.from_numpy(np.array(image)).permute(2, 0, 1).float()
    for channel, (source, mean) in enumerate([(2, 103.0), (1, 116.0), (0, 123.0)]):
        assert torch.equal(tensor[0, channel], rgb[source] - mean)


@pytest.mark.parametrize("size", [(1, 1), (20000, 3), (3, 20000), (2, 5000), (1, 17), (223, 1)])
@pytest.mark.parametrize("preprocessing", [IMAGENET, GREY], ids=["colour", "grey"])
def test_odd_shapes_give_a_tensor(size, preprocessing):
    image = photo(*size)
    tensor = preprocessing(image)
    assert tensor.shape == (1, preprocessing.channels, *preprocessing.size)
    assert bool(torch.isfinite(tensor).all())
    crop = preprocessing.crop(*size)
    assert 0 <= crop.left < crop.right <= size[0]
    assert 0 <= crop.top < crop.bottom <= size[1]
    assert preprocessing.caution(*size) != ""


def test_a_single_pixel_fills_the_input():
    image = Image.new("RGB", (1, 1), (10, 200, 30))
    expected = [(value / 255 - mean) / dev for value, mean, dev in zip((10, 200, 30), MEAN, DEVIATION, strict=True)]
    for plane, value in zip(IMAGENET(image)[0], expected, strict=True):
        assert torch.allclose(plane, torch.full_like(plane, value), atol=1e-5)


def test_a_photo_that_pil_warns_of_is_seen_without_a_warning(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100_000)
    assert IMAGENET(Image.new("RGB", (400, 300))).shape == (1, 3, 224, 224)  # warnings are errors here


def test_the_middle_of_a_long_strip_is_seen():
    pixels = np.zeros((3, 20000, 3), dtype=np.uint8)
    pixels[:, 9995:10005] = 255
    tensor = IMAGENET.invert(IMAGENET(Image.fromarray(pixels))[0])
    assert int(tensor[:, 112, 112].min()) == 255
    assert IMAGENET.crop(20000, 3).left == pytest.approx(10000 - 3 * 224 / 256 / 2, abs=1)


@settings(max_examples=60, deadline=None)
@given(st.integers(16, 3000), st.integers(16, 3000))
def test_the_crop_is_where_the_pixels_come_from(width, height):
    assume(max(width, height) <= 8 * min(width, height))
    crop = IMAGENET.crop(width, height)
    scale = 256 / min(width, height)
    assert crop.right - crop.left == pytest.approx(224 / scale)
    assert crop.bottom - crop.top == pytest.approx(224 / scale)
    # torchvision rounds to whole pixels of the resized photo.
    across, down = (int(256 * length / min(width, height)) for length in (width, height))
    left, top = round((across - 224) / 2), round((down - 224) / 2)
    assert crop.left * scale == pytest.approx(left, abs=1.01)
    assert crop.top * scale == pytest.approx(top, abs=1.01)


def test_the_crop_by_hand():
    crop = IMAGENET.crop(512, 1024)
    assert (crop.left, crop.top, crop.right, crop.bottom) == (32, 288, 480, 736)
    # 28 of 28, the padding left out
    crop = GREY.crop(280, 280)
    assert (crop.left, crop.top, crop.right, crop.bottom) == (0, 0, 280, 280)


def test_cautions():
    assert IMAGENET.caution(640, 480) == ""
    assert IMAGENET.caution(224, 224) == ""
    # 1000 x 10: the network sees 8.75 x 8.75 pixels of 10 000.
    assert IMAGENET.caution(1000, 10) == "The network sees only the middle 0.77% of this 1000 × 10 image."
    assert IMAGENET.caution(16, 16) == "The image has only 16 × 16 pixels: it is enlarged 16 times."
    assert IMAGENET.caution(17, 17) == ""
    assert GREY.caution(28, 28) == ""


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["RGB", "BGR", "L"]), st.sampled_from([1.0, 255.0]), st.integers(0, 9))
def test_invert_gives_the_pixels_back(order, divisor, seed):
    channels = 1 if order == "L" else 3
    preprocessing = Preprocessing(
        size=(24, 24), resize=20, padding=2, channels=channels, order=order, divisor=divisor,
        mean=(0.4, 0.5, 0.6)[:channels], deviation=(0.2, 0.3, 0.25)[:channels],
    )  # fmt: skip
    image = photo(20, 20, "L" if order == "L" else "RGB", seed)
    pixels = preprocessing.invert(preprocessing(image)[0])
    assert pixels.dtype == torch.uint8
    expected = torch.from_numpy(np.array(image)).reshape(20, 20, channels).permute(2, 0, 1)
    assert torch.equal(pixels[:, 2:22, 2:22], expected)
    pixels[:, 2:22, 2:22] = 0
    assert not pixels.any()


def test_invert_of_what_is_no_photo():
    tensor = torch.tensor([float("nan"), float("inf"), -float("inf"), 1e9]).repeat(3, 1).reshape(3, 1, 4)
    assert IMAGENET.invert(tensor)[0, 0].tolist() == [0, 255, 0, 255]


SQUASHED = Preprocessing((60, 30), 36, (0.0,) * 3, (1.0,) * 3, crop_mode="squash")
BORDERED = Preprocessing((100, 100), 100, (0.5, 0.25, 0.0), (1.0,) * 3, crop_mode="border")


def test_a_squashed_photo_fills_the_input():
    # 72 x 36 pixels, of which the middle 60 x 30 are taken: five sixths of each side.
    image = photo(480, 120, seed=8)
    crop = SQUASHED.crop(480, 120)
    assert (crop.left, crop.top, crop.right, crop.bottom) == pytest.approx((40, 10, 440, 110))
    small = image.resize((36, 72), Image.Resampling.BILINEAR)
    expected = torch.from_numpy(np.array(small)).permute(2, 0, 1)[:, 6:66, 3:33]
    assert torch.equal(SQUASHED.pixels(image), expected)
    whole = replace(SQUASHED, resize=30).crop(20000, 3)
    assert (whole.left, whole.top, whole.right, whole.bottom) == pytest.approx((0, 0, 20000, 3))
    assert SQUASHED(photo(20000, 3)).shape == (1, 3, 60, 30)


def test_a_photo_in_a_border_is_seen_whole():
    image = photo(200, 100, seed=9)
    pixels = BORDERED.pixels(image)
    for channel, mean in enumerate(BORDERED.mean):
        for border in (pixels[channel, :25], pixels[channel, 75:]):
            assert bool((border == round(255 * mean)).all())
    small = torch.from_numpy(np.array(image.resize((100, 50), Image.Resampling.BILINEAR))).permute(2, 0, 1)
    assert torch.equal(pixels[:, 25:75], small)
    crop = BORDERED.crop(200, 100)
    assert (crop.left, crop.top, crop.right, crop.bottom) == pytest.approx((0, -50, 200, 150))
    assert BORDERED.caution(200, 100) == ""
    assert BORDERED(photo(3, 20000)).shape == (1, 3, 100, 100)


@pytest.mark.parametrize(
    ("order", "mean", "white"),
    [
        ("RGB", (0.2, 0.4, 0.6), 1),
        ("BGR", (104.0, 117.0, 123.0), 255),
        ("GBR", (0.2, 0.4, 0.6), 1),
        ("BGR", (104.0, 117.0, 123.0, 104.0), 255),
        ("B", (0.2,), 1),
        ("L", (0.4,), 1),
    ],
)
def test_the_border_is_the_mean_in_the_networks_order_of_channels(order, mean, white):
    how = Preprocessing(
        (64, 64), 64, mean, (1.0,) * len(mean), channels=len(mean), divisor=255 / white, order=order, crop_mode="border"
    )
    tensor = how(Image.new("RGB", (200, 100), "red"))
    assert tensor[0, :, 0, 0].abs().max() <= 0.5 * white / 255 + 1e-6
    assert tensor[0, :, 32, 32].abs().max() > 0.1 * white


def test_a_mean_that_is_no_pixel_makes_a_border_of_the_nearest_one():
    how = Preprocessing((8, 8), 8, (-3.0, 2.0, 0.5), (1.0,) * 3, crop_mode="border")
    assert how.pixels(Image.new("RGB", (16, 8), "red"))[:, 0, 0].tolist() == [0, 255, 128]


@pytest.mark.parametrize("preprocessing", [SQUASHED, BORDERED, IMAGENET])
def test_a_card_keeps_how_it_is_cropped(preprocessing):
    card = Card(preprocessing)
    assert from_json(json.loads(json.dumps(to_json(card)))) == replace(card, categories=())
    with pytest.raises(NetworkError, match='"crop_mode" must be'):
        from_json(to_json(card) | {"crop_mode": "stretch"})


def test_one_line_for_people():
    assert SQUASHED.describe().startswith("crop 60×30 of 36 · not in its own shape · ")
    assert BORDERED.describe().startswith("resized to 100 · whole, in a border · ")
    assert load_network("lenet5", weights=None).preprocessing.describe().startswith("resized to 28 · padded to 32")
    assert IMAGENET.describe() == "crop 224 of 256 · (x / 255 − (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)"


@pytest.mark.parametrize(
    ("divisor", "mean", "deviation", "told"),
    [
        (255, 0, 1, "x / 255"),
        (1, 0, 1, "x"),
        (1, 127, 128, "(x − 127) / 128"),
        (255, 0, 0.5, "(x / 255) / 0.5"),
        (1, 0, 2, "x / 2"),
        (255, 0.5, 1, "x / 255 − 0.5"),
    ],
)
def test_what_changes_nothing_is_not_described(divisor, mean, deviation, told):
    how = replace(IMAGENET, divisor=divisor, mean=(mean,) * 3, deviation=(deviation,) * 3)
    assert how.describe() == f"crop 224 of 256 · {told}"
