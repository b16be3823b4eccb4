"""Texts of a card, ready values, and what is said of them: no window."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cnnviewer.card import Card, from_json, to_json
from cnnviewer.preprocessing import Preprocessing
from cnnviewer.qt.panels.network_file.card_values import (
    KNOWN_LISTS,
    categories_sentence,
    judged,
    merged,
    numbers_from,
    numbers_text,
    pixel_sentence,
)
from cnnviewer.qt.panels.network_file.presets import PRESETS, preset_of

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(NUMBERS, min_size=1, max_size=5))
def test_numbers_are_typed_as_exactly_as_they_are(numbers):
    read = numbers_from(numbers_text(numbers))
    assert read == (numbers[:1] if len(set(numbers)) == 1 else numbers)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("0.5", [0.5]),
        ("0.485 0.456;0.406", [0.485, 0.456, 0.406]),
        (" −1,  2 ,", [-1.0, 2.0]),
        ("", []),
        ("1, x", [1.0, "x"]),
    ],
)
def test_numbers_are_read_as_people_type_them(text, numbers):
    assert numbers_from(text) == numbers


def test_what_is_wrong_is_told_with_its_field():
    stored = to_json(Card(Preprocessing((8, 8), 8, (0.0,) * 3, (1.0,) * 3)))
    assert judged(stored)[1:] == ("", "")
    for key, wrong in (
        ("mean", [1.0, "x", 2.0]),
        ("deviation", [0.0, 1.0, 1.0]),
        ("padding", 4),
        ("size", [0, 8]),
        ("range", -1),
        ("order", "RGBA"),
        ("categories", 3),
    ):
        card, field, sentence = judged(stored | {key: wrong})
        assert card is None
        assert field == key
        assert sentence.startswith(f'"{key}"')


def test_what_the_user_changed_outlasts_another_guess():
    old = {"size": [224, 224], "mean": [0.5], "order": "RGB"}
    edited = old | {"order": "BGR"}
    assert merged({"size": [299, 299], "mean": [0.0], "order": "RGB"}, old, edited) == {
        "size": [299, 299],
        "mean": [0.0],
        "order": "BGR",
    }


def make(preset, order, channels):
    """Return the preprocessing of ready values."""
    values = preset.values(order, channels)
    return from_json({"size": [1, 1], "channels": channels} | values).preprocessing


def test_ready_values_do_to_a_pixel_what_their_names_say():
    """Against the formulas themselves, on one pixel of three different colours."""
    red, green, blue = 200, 100, 50
    image = Image.new("RGB", (1, 1), (red, green, blue))
    inet, signed, unit, raw, caffe = PRESETS
    expected = [
        (inet, "RGB", [
            (red / 255 - 0.485) / 0.229, (green / 255 - 0.456) / 0.224, (blue / 255 - 0.406) / 0.225,
        ]),
        (inet, "BGR", [
            (blue / 255 - 0.406) / 0.225, (green / 255 - 0.456) / 0.224, (red / 255 - 0.485) / 0.229,
        ]),
        (signed, "RGB", [value / 127.5 - 1 for value in (red, green, blue)]),
        (unit, "BGR", [value / 255 for value in (blue, green, red)]),
        (raw, "RGB", [red, green, blue]),
        (caffe, "RGB", [blue - 104, green - 117, red - 123]),
    ]  # fmt: skip
    for preset, order, values in expected:
        tensor = make(preset, order, 3)(image)
        torch.testing.assert_close(tensor.flatten(), torch.tensor(values, dtype=torch.float32))


@pytest.mark.parametrize("preset", PRESETS, ids=[preset.title for preset in PRESETS])
@pytest.mark.parametrize(("order", "channels"), [("RGB", 3), ("BGR", 3), ("RGB", 5), ("L", 1), ("L", 4)])
def test_ready_values_are_known_again(preset, order, channels):
    if not preset.suits(order):
        assert order == "L"  # colours have means, grey has none
        return
    stored = to_json(Card(make(preset, order, channels)))
    assert preset_of(stored) is preset
    assert preset_of(stored | {"mean": [0.123] * channels}) is None


def test_numbers_of_names_are_told_and_doubted():
    assert categories_sentence(1000, 1000) == ("1,000 names for 1,000 class scores.", False)
    sentence, is_warning = categories_sentence(10, 1000)
    assert is_warning
    assert sentence.startswith("10 names for 1,000 class scores")
    assert categories_sentence(11, 10)[1]
    assert categories_sentence(0, 10) == ("No names for 10 class scores: they are numbered.", False)
    assert categories_sentence(1, 0) == ("1 name", False)
    assert categories_sentence(None, 0) == ("", False)


def test_lists_that_are_known_have_so_many_names():
    from torchvision.models._meta import _IMAGENET_CATEGORIES

    from cnnviewer.networks import load_network
    from cnnviewer.networks.cifar_resnet import CATEGORIES

    assert KNOWN_LISTS["ImageNet-1k"] == len(_IMAGENET_CATEGORIES)
    assert KNOWN_LISTS["CIFAR-10"] == len(CATEGORIES)
    assert KNOWN_LISTS["digits"] == len(load_network("lenet5").categories)
    assert KNOWN_LISTS["Fashion-MNIST"] == len(load_network("fashion-cnn").categories)


@given(
    white=st.sampled_from([1.0, 255.0, 2.0]),
    mean=st.lists(st.floats(-2, 2), min_size=3, max_size=3),
    deviation=st.floats(0.1, 2),
)
def test_black_and_white_become_what_the_preprocessing_makes_of_them(white, mean, deviation):
    how = Preprocessing((1, 1), 1, tuple(mean), (deviation,) * 3, divisor=255 / white)
    made = [how(Image.new("RGB", (1, 1), (level,) * 3)).flatten().tolist() for level in (0, 255)]
    words = pixel_sentence(how).removesuffix(".").replace("−", "-").removeprefix("A black pixel becomes ")
    for told, values in zip(words.split(", a white one "), made, strict=True):
        numbers = [float(number) for number in told.strip("()").split(", ")]
        numbers = numbers * 3 if len(numbers) == 1 else numbers
        assert numbers == pytest.approx(values, rel=6e-3, abs=1e-5)
