"""Drawings: strokes, undo, the picture, and how it is put into the middle."""

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from cnnviewer import load_network, record
from cnnviewer.inputs.drawing import Drawing, Stroke

share = st.floats(0, 1)
points = st.lists(st.tuples(share, share), min_size=1, max_size=8)


def drawn(*lines, width=0.08):
    return Drawing(tuple(Stroke(tuple(line), width) for line in lines))


def test_strokes_are_begun_led_on_and_undone():
    drawing = Drawing().begun((0.1, 0.2), 0.1).drawn((0.3, 0.4)).begun((0.5, 0.5), 0.2)
    assert [stroke.points for stroke in drawing.strokes] == [((0.1, 0.2), (0.3, 0.4)), ((0.5, 0.5),)]
    assert [stroke.width for stroke in drawing.strokes] == [0.1, 0.2]
    assert drawing.undone().strokes == drawing.strokes[:1]
    assert drawing.undone().undone().undone() == Drawing() == Drawing().drawn((0.5, 0.5))


def test_a_line_is_white_on_black_and_as_wide_as_its_stroke():
    pixels = drawn([(0.2, 0.5), (0.8, 0.5)], width=0.1).pixels()
    assert pixels.shape == (280, 280)
    assert pixels.dtype == np.uint8
    assert abs(int((pixels[:, 140] == 255).sum()) - 28) <= 2
    assert pixels[:100].max() == 0
    # Round ends reach half a width further.
    assert pixels[140, round(0.16 * 280)] == 255
    assert pixels[140, round(0.14 * 280)] == 0


def test_a_dot_and_an_empty_sheet():
    dot = drawn([(0.25, 0.75)], width=0.1).pixels()
    assert dot[210, 70] == 255
    assert int((dot > 0).sum()) == pytest.approx(np.pi * 14**2, rel=0.1)
    assert Drawing().pixels().max() == 0
    assert Drawing().centred() == Drawing()


@settings(max_examples=60, deadline=None)
@given(st.lists(points, min_size=1, max_size=3), st.floats(0.03, 0.2))
@example([[(0.0, 0.0)], [(0.5, 1.0)]], 0.03125)  # two dots, between pixels in different ways
@example([[(0.0, 0.0)], [(1.0, 1.0)]], 0.03125)
@example([[(0.7435, 1.0)], [(0.5, 1.0)], [(0.7441, 1.0)]], 0.03)  # two dots that are nearly one
def test_the_mass_of_a_centred_drawing_lies_in_the_middle(lines, width):
    centred = drawn(*lines, width=width).centred()
    places = np.array([point for stroke in centred.strokes for point in stroke.points])
    assume(width / 2 < places.min() and places.max() < 1 - width / 2)  # what lies outside the sheet has no mass
    pixels = centred.pixels().astype(float)
    middles = (np.arange(280) + 0.5) / 280
    assert abs(pixels.sum(0) @ middles / pixels.sum() - 0.5) < 0.02
    assert abs(pixels.sum(1) @ middles / pixels.sum() - 0.5) < 0.02


def test_a_small_drawing_becomes_as_large_as_a_digit_of_mnist():
    small = drawn([(0.1, 0.1), (0.2, 0.1), (0.2, 0.3)], width=0.08).centred()
    rows = np.flatnonzero(small.pixels().any(axis=1))
    assert (rows[-1] - rows[0] + 1) / 280 == pytest.approx(20 / 28, abs=0.03)
    assert {stroke.width for stroke in small.strokes} == {0.08}


DIGITS = {
    1: [[(0.5, 0.2), (0.5, 0.8)]],
    7: [[(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]],
    0: [[(0.5 + 0.18 * np.cos(a), 0.5 + 0.3 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 30)]],
    3: [
        [(0.3, 0.3), (0.5, 0.2), (0.65, 0.3), (0.55, 0.45), (0.45, 0.48)],
        [(0.45, 0.48), (0.6, 0.55), (0.65, 0.7), (0.5, 0.8), (0.3, 0.72)],
    ],
    4: [[(0.35, 0.2), (0.3, 0.5), (0.7, 0.5)], [(0.65, 0.25), (0.62, 0.85)]],
}


@pytest.mark.parametrize("digit", DIGITS)
@pytest.mark.parametrize("place", [(1.0, 0.0, 0.0), (0.4, 0.05, 0.5)])
def test_lenet_knows_digits_wherever_they_are_drawn(digit, place):
    scale, right, down = place
    lines = [[(x * scale + right, y * scale + down) for x, y in line] for line in DIGITS[digit]]
    recording = record(load_network("lenet5"), drawn(*lines).centred().pixels())
    assert recording.top(1)[0][0] == str(digit)
