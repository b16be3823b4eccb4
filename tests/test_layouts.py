"""Layouts: a unit's place on a map and back, against tensors that hold their own index."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnnviewer.analysis.statistics import laid_out
from cnnviewer.layouts import Layout, plain_layout

SIZES = st.integers(1, 5)


@st.composite
def layouts(draw):
    axes = tuple(tuple(draw(st.lists(SIZES, min_size=1, max_size=2))) for _ in range(draw(st.integers(2, 4))))
    numbers = draw(st.permutations(range(sum(map(len, axes)))))
    first, second = sorted(draw(st.integers(0, len(numbers))) for _ in range(2))
    channels, rows, columns = map(tuple, (numbers[:first], numbers[first:second], numbers[second:]))
    plain = Layout(axes, channels, rows, columns)
    # Tokens before a grid: an axis of their own, on which no channel lies.
    starts = [sum(map(len, axes[:number])) for number in range(len(axes))]
    free = [
        number
        for number, start in enumerate(starts)
        if not set(range(start, start + len(axes[number]))) & set(channels)
    ]
    if not free or draw(st.booleans()):
        return plain
    return Layout(axes, channels, rows, columns, draw(st.integers(1, 3)), draw(st.sampled_from(free)))


@given(layouts(), st.data())
def test_a_place_on_a_map_is_the_unit_that_is_painted_there(layout, data):
    output = torch.arange(math.prod(layout.shape)).reshape(layout.shape)
    maps = laid_out(output, layout)
    assert maps.shape == (layout.maps, *layout.map_shape)
    channel, row, column = (data.draw(st.integers(0, length - 1)) for length in maps.shape)
    unit = layout.unit_at(channel, (row, column))
    assert output[unit] == maps[channel, row, column]
    assert layout.place_of(unit) == (channel, (row, column))


@given(layouts(), st.data())
def test_each_unit_has_one_place_and_is_found_from_it(layout, data):
    unit = tuple(data.draw(st.integers(0, length - 1)) for length in layout.shape)
    channel, cell = layout.place_of(unit)
    is_token = bool(layout.skipped) and unit[layout.skipped_axis] < layout.skipped
    assert (cell[0] == -1) == is_token
    if is_token:
        assert layout.unit_at(channel, cell)[layout.skipped_axis] == unit[layout.skipped_axis] == cell[1]
    else:
        assert layout.unit_at(channel, cell) == unit


@pytest.mark.parametrize(
    ("shape", "channel", "cell"),
    [((3, 4, 5), 1, None), ((3, 4, 5), 1, (4, 0)), ((3, 4, 5), 1, (0, 5)), ((3, 4, 5), 3, (0, 0)), ((3, 4, 5), 1,
     (-1, 0)), ((7,), 7, None), ((), 0, None)],
)  # fmt: skip
def test_no_unit_is_meant_outside_of_a_map(shape, channel, cell):
    assert plain_layout(shape).unit_at(channel, cell) is None


@given(st.lists(SIZES, min_size=1, max_size=5), st.data())
def test_where_only_the_shape_is_known_the_last_axes_are_rows_and_columns(shape, data):
    layout = plain_layout(tuple(shape))
    unit = tuple(data.draw(st.integers(0, length - 1)) for length in shape)
    channel, cell = layout.place_of(unit)
    assert layout.unit_at(channel, cell) == unit
    if len(shape) > 1:
        assert cell == unit[-2:]
        assert channel == int(torch.arange(math.prod(shape[:-2])).reshape(shape[:-2])[unit[:-2]])
    assert layout.keeps_order


def test_a_class_token_is_chosen_by_the_row_minus_one():
    layout = Layout(((14, 14), (192,)), (2,), (0,), (1,), skipped=1, skipped_axis=0)
    assert layout.shape == (197, 192)
    assert (layout.maps, layout.map_shape) == (192, (14, 14))
    assert layout.unit_at(5, (-1, 0)) == (0, 5)
    assert layout.unit_at(5, (0, 0)) == (1, 5)
    assert layout.place_of((0, 5)) == (5, (-1, 0))
    assert layout.unit_at(5, (-1, 1)) is None
