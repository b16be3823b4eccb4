"""Texts of a card, ready values, and what is said of them: no window."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cnnviewer.card import Card, from_json, to_json
from cnnviewer.networks.files.presets import PRESETS, applied
from cnnviewer.preprocessing import Preprocessing
from cnnviewer.qt.panels.network_file.card_values import (
    categories_sentence,
    judged,
    merged,
    numbers_from,
    numbers_text,
    pixel_sentence,
)
from cnnviewer.qt.panels.network_file.presets import preset_of, preset_values

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None)
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
    values = preset_values(preset, order)
    spread = {key: [values[key][i % len(values[key])] for i in range(channels)] for key in ("mean", "deviation")}
    return from_json({"size": [1, 1], "channels": channels} | values | spread).preprocessing


@pytest.mark.parametrize("preset", PRESETS, ids=[preset.name for preset in PRESETS])
@pytest.mark.parametrize("order", ["RGB", "BGR", "L"])
def test_ready_values_are_known_again_and_do_as_they_say(preset, order):
    """Against the values that `applied` gives a preprocessing."""
    channels = 1 if preset.order == "L" else 3
    how = make(preset, order, channels)
    plain = Preprocessing((1, 1), 1, (0.0,) * channels, (1.0,) * channels, channels)
    wanted = applied(preset, plain)
    assert (how.divisor, how.mean, how.deviation) == (wanted.divisor, wanted.mean, wanted.deviation)
    # One number for all colours asks for no order; other numbers bring theirs.
    is_free = preset.order != "L" and len(preset.mean) == len(preset.deviation) == 1
    assert how.order == (order if is_free else preset.order)
    stored = to_json(Card(how))
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
    assert categories_sentence(7, 7, "multi-label") == ("7 names for 7 labels.", False)
    assert categories_sentence(1, 2, "binary") == ("1 name for 2 classes.", False)
    assert categories_sentence(0, 1, "values") == ("No names for 1 value: they are numbered.", False)
    assert categories_sentence(None, 0) == ("", False)


@settings(deadline=None)  # the first one imports torchvision's transforms
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
