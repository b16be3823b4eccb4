"""The last minute, and the frames that excite a map most."""

import types

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviewer.analysis.excitation import COUNT, BestFrames, activation_of, cut_out
from cnnviewer.analysis.minute import BINS, Minute
from cnnviewer.frames import Activation, Chosen, Frame
from cnnviewer.layouts import plain_layout
from cnnviewer.operations import Kind
from cnnviewer.places import on_photo


def layer(output, kind=Kind.ACTIVATION):
    layout = plain_layout(tuple(output.shape), is_pooled=kind is Kind.POOLING)
    return types.SimpleNamespace(output=output, kind=kind, layout=layout)


# ---- the minute


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 30), st.floats(-5, 5)), max_size=30), st.floats(0, 90))
def test_a_minute_is_the_newest_value_of_each_tenth_of_a_second(steps, later):
    minute, expected, now = Minute(), {}, 0.0
    for pause, value in steps:
        now += pause
        minute.add(now, [value])
        expected[int(now * 10)] = value
    now += later
    found = minute.values(now)[:, 0]
    newest = int(now * 10)
    for place in range(BINS):
        moment = newest - BINS + 1 + place
        if moment in expected:
            assert found[place] == np.float32(expected[moment])
        else:
            assert np.isnan(found[place])


def test_several_numbers_belong_to_one_moment():
    minute = Minute(3)
    minute.add(5.0, [1, 2, 3])
    minute.add(5.2, [4, 5, 6])
    values = minute.values(5.2)
    assert values.shape == (BINS, 3)
    assert values[-1].tolist() == [4, 5, 6]
    assert values[-3].tolist() == [1, 2, 3]
    assert np.isnan(values[-2]).all()


# ---- activation


def test_the_activation_of_a_map():
    maps = torch.arange(24.0).reshape(2, 3, 4)
    found = activation_of(layer(maps), Chosen(7, 1))
    assert found == Activation(Chosen(7, 1), 17.5, 23.0, (2, 3))
    vector = activation_of(layer(torch.tensor([3.0, -1.0, 5.0])), Chosen(0, 1))
    assert (vector.mean, vector.maximum, vector.unit) == (-1.0, -1.0, (0, 0))
    pooled = activation_of(layer(torch.tensor([3.0, -1.0, 5.0]), Kind.POOLING), Chosen(0, 2))
    assert pooled.maximum == 5.0
    assert activation_of(layer(torch.full((1, 2, 2), float("nan"))), Chosen(0, 0)) is None


# ---- the best frames


def frame(number, height=40, width=60, arrived=None):
    pixels = np.arange(height * width, dtype=np.uint32).reshape(height, width)
    return Frame(number, f"frame {number}", pixels, float(number) if arrived is None else arrived)


def offer(best, number, value, arrived=None):
    return best.offer(frame(number, arrived=arrived), Activation(Chosen(0, 0), 0.0, value, (0, 0)), (0, 0, 10, 10))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-10, 10), max_size=40))
def test_the_best_of_frames_that_lie_apart_are_the_largest(values):
    best = BestFrames()
    for number, value in enumerate(values):
        offer(best, number, value)
    assert [entry.value for entry in best.best] == sorted(values, reverse=True)[:COUNT]


def test_of_neighbouring_frames_only_the_best_is_kept():
    best = BestFrames()
    assert offer(best, 1, 5.0, arrived=0.0)
    assert not offer(best, 2, 4.0, arrived=0.1)
    assert offer(best, 3, 6.0, arrived=0.2)
    assert offer(best, 4, 1.0, arrived=0.9)
    assert [(entry.frame, entry.value) for entry in best.best] == [(3, 6.0), (4, 1.0)]


@settings(max_examples=150, deadline=None)
@given(
    *(st.integers(1, 300), st.integers(1, 300)),
    *(st.floats(-50, 350), st.floats(-50, 350), st.floats(0.1, 400), st.floats(0.1, 400)),
)
def test_a_cut_out_is_small_and_lies_in_the_frame(height, width, left, top, wide, high):
    pixels, (box_left, box_top, box_right, box_bottom) = cut_out(
        frame(1, height, width), (left, top, left + wide, top + high)
    )
    assert 1 <= pixels.shape[0] <= 96
    assert 1 <= pixels.shape[1] <= 96
    assert pixels.base is None or pixels.base.nbytes <= 4 * 96 * 96  # not the whole frame behind it
    assert 0 <= box_left <= box_right <= pixels.shape[1] + 1
    assert 0 <= box_top <= box_bottom <= pixels.shape[0] + 1


def test_a_cut_out_shows_the_place():
    shown = frame(1, 100, 200)
    pixels, box = cut_out(shown, (100.0, 50.0, 104.0, 54.0))
    assert pixels.shape == (20, 20)  # a fifth of the shorter side
    left, top = (round(edge) for edge in box[:2])
    assert pixels[top, left] == shown.pixels[50, 100]


def test_a_place_of_the_input_on_the_photo():
    # A crop of 100x100 at (20, 10), fed as 28x28 with two rows and columns of padding on each side.
    size, padding = (32, 32), (2, 2)
    crop = (20.0, 10.0, 120.0, 110.0)
    whole = on_photo((2 / 32, 2 / 32, 30 / 32, 30 / 32), crop, padding, size)
    assert np.allclose(whole, crop)
    assert np.allclose(on_photo((0.5, 0.5, 0.5, 0.5), crop, padding, size), (70, 60, 70, 60))
    assert on_photo((0, 0, 1, 1), crop, padding, size)[0] < 20
