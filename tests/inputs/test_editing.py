"""A photo moved, turned, scaled and covered, against what Pillow does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cnnviewer.inputs.editing import edited, fill_color
from cnnviewer.messages import ImageEdit


@pytest.fixture(scope="module")
def photo(samples) -> Image.Image:
    image = Image.open(samples / "chelsea.png").convert("RGB")
    return image.resize((120, 80))


def difference(one: Image.Image, other: Image.Image, margin: int = 0) -> float:
    first, second = (np.asarray(image, dtype=float) for image in (one, other))
    inner = slice(margin, first.shape[0] - margin or None), slice(margin, first.shape[1] - margin or None)
    return float(np.abs(first[inner] - second[inner]).max())


def test_no_edit_leaves_the_photo_as_it_is(photo):
    assert difference(edited(photo, ImageEdit()), photo) == 0


def test_a_shift_moves_whole_pixels(photo):
    moved = np.asarray(edited(photo, ImageEdit(shift=(12 / 120, -8 / 80))))
    original = np.asarray(photo)
    assert (moved[:72, 12:] == original[8:, :108]).all()
    assert (moved[:72, :12] == fill_color(photo)).all()
    assert (moved[72:] == fill_color(photo)).all()


def test_it_turns_clockwise_as_pillow_turns_it_the_other_way(photo):
    turned = edited(photo, ImageEdit(angle=30))
    other = photo.rotate(-30, Image.Resampling.BILINEAR, fillcolor=fill_color(photo))
    # The upper left corner goes up and to the right: what was at the left comes to lie above.
    assert difference(turned, other, margin=1) <= 2
    assert difference(turned, photo.rotate(30), margin=1) > 60


def test_it_enlarges_around_the_middle(photo):
    large = edited(photo, ImageEdit(scale=2))
    part = photo.crop((30, 20, 90, 60)).resize((120, 80), Image.Resampling.BILINEAR)
    assert difference(large, part, margin=4) <= 3


def test_turning_comes_before_moving(photo):
    """What lies in the middle lies, whatever the angle and scale, where the shift puts the middle."""
    dotted = Image.new("L", (121, 81))
    dotted.paste(255, (58, 38, 63, 43))
    for angle, scale in ((0, 1), (90, 1), (35, 1.5)):
        values = np.asarray(edited(dotted, ImageEdit(shift=(20 / 121, 10 / 81), angle=angle, scale=scale)), dtype=float)
        rows, columns = np.indices(values.shape)
        assert (values * rows).sum() / values.sum() == pytest.approx(50, abs=0.3)
        assert (values * columns).sum() / values.sum() == pytest.approx(80, abs=0.3)


@given(st.tuples(*[st.floats(0, 1)] * 4))
@settings(max_examples=60, deadline=None)
def test_covers_are_grey_and_nothing_else_changes(box):
    left, right = sorted((box[0], box[2]))
    top, bottom = sorted((box[1], box[3]))
    white = Image.new("RGB", (50, 40), "white")
    values = np.asarray(edited(white, ImageEdit(covers=((left, top, right, bottom),))))
    expected = np.full((40, 50, 3), 255)
    expected[round(top * 40) : round(bottom * 40), round(left * 50) : round(right * 50)] = 128
    assert (values == expected).all()


def test_a_grey_photo_stays_grey_and_a_large_one_is_made_smaller(samples):
    digit = Image.open(samples / "digit-3.png").convert("L")
    turned = edited(digit, ImageEdit(angle=20, covers=((0, 0, 0.2, 0.2),)))
    assert turned.mode == "L"
    assert np.asarray(turned)[-1, -1] == fill_color(digit) == 0
    assert edited(Image.new("RGB", (3000, 1500)), ImageEdit(angle=5)).size == (1280, 640)
    assert edited(Image.new("RGB", (1, 1)), ImageEdit(scale=3, angle=7)).size == (1, 1)
