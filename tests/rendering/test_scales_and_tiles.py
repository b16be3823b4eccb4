"""From values to pixels, against formulas written out per pixel."""

import types
from fractions import Fraction
from math import floor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cnnviewer.analysis.statistics import MapStatistics
from cnnviewer.errors import CnnviewerError
from cnnviewer.layouts import plain_layout
from cnnviewer.messages import ScaleChoice
from cnnviewer.operations import Kind
from cnnviewer.rendering.colormaps import DIVERGING, NOT_FINITE, SEQUENTIAL, color_table, diverging
from cnnviewer.rendering.mosaic import arrange, render, unpack
from cnnviewer.rendering.scales import levels, map_scale, shared_scale
from cnnviewer.rendering.tiles import color_filters, nearest, paint_tiles

torch.set_num_threads(1)

REACH = st.floats(2.0**-60, 2.0**60, width=32)


def layer(output, kind=Kind.CONVOLUTION):
    layout = plain_layout(tuple(output.shape), is_pooled=kind is Kind.POOLING)
    return types.SimpleNamespace(output=output, kind=kind, layout=layout)


def level(value, low, high, gamma=1.0):
    return levels(np.array([[[value]]], np.float32), torch.tensor([low]), torch.tensor([high]), gamma).item()


# ---- levels


@settings(max_examples=200, deadline=None)
@given(REACH, st.sampled_from([1.0, 0.5, 2.0, 0.2]))
def test_zero_is_the_centre_of_a_signed_scale(reach, gamma):
    # 256 levels have two in the middle.
    assert level(0.0, -reach, reach, gamma) in (127, 128)
    assert level(reach, -reach, reach, gamma) == 255
    assert level(-reach, -reach, reach, gamma) == 0


@settings(max_examples=200, deadline=None)
@given(REACH, st.sampled_from([1.0, 0.5, 2.0]))
def test_the_ends_of_an_unsigned_scale(high, gamma):
    assert level(0.0, 0.0, high, gamma) == 0
    assert level(high, 0.0, high, gamma) == 255
    assert level(high * 4, 0.0, high, gamma) == 255


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=30), st.floats(0.2, 2.0), st.booleans())
def test_a_larger_value_has_no_lower_level(values, gamma, signed):
    ordered = torch.tensor(sorted(values if signed else map(abs, values)))
    low = -1.0 if signed else 0.0
    found = levels(ordered[None, None].numpy(), torch.tensor([low]), torch.tensor([1.0]), gamma)
    assert (np.diff(found.astype(int)) >= 0).all()
    assert int(found.min()) >= 0
    assert int(found.max()) <= 255


@settings(max_examples=200, deadline=None)
@given(st.floats(-1.5, 1.5, width=32), st.sampled_from([0.2, 0.5, 1.0, 1.7]), st.booleans())
def test_the_level_is_the_bent_share_of_the_scale(value, gamma, signed):
    bent = np.sign(value) * min(abs(value), 1) ** gamma
    share = (bent + 1) / 2 if signed else max(bent, 0)
    found = level(value, -1.0 if signed else 0.0, 1.0, gamma)
    assert abs(found - share * 255) <= 0.5 + 1e-3


def test_a_small_gamma_shows_small_values():
    small = [level(0.1, 0.0, 1.0, gamma) for gamma in (2.0, 1.0, 0.5, 0.2)]
    assert small == sorted(small)
    assert small[0] < small[1] < small[2] < small[3]
    signed = [level(-0.1, -1.0, 1.0, gamma) for gamma in (2.0, 1.0, 0.5)]
    assert signed[0] > signed[1] > signed[2]


@pytest.mark.parametrize("gamma", [1.0, 0.5])
@pytest.mark.parametrize("low", [0.0, -2.0])
def test_values_that_are_not_finite_have_their_own_level(gamma, low):
    values = np.array([[[np.nan, np.inf, -np.inf, 2.0]]], np.float32)
    found = levels(values, torch.tensor([low]), torch.tensor([2.0]), gamma)
    assert found.tolist() == [[[NOT_FINITE, NOT_FINITE, NOT_FINITE, 255]]]


def test_levels_do_not_change_the_values():
    values = torch.randn(2, 3, 3, generator=torch.Generator().manual_seed(0)).numpy()
    before = values.copy()
    levels(values, torch.tensor([-1.0, -1.0]), torch.tensor([1.0, 1.0]))
    levels(values, torch.tensor([-1.0, -1.0]), torch.tensor([1.0, 1.0]), 0.5)
    assert np.array_equal(values, before)


def test_a_map_of_zeros():
    assert level(0.0, 0.0, 0.0) == 0
    scale = map_scale(MapStatistics(torch.tensor([[[0.0, 0.0]], [[-1.0, 2.0]]])))
    assert scale.is_signed
    assert level(0.0, float(scale.low[0]), float(scale.high[0])) in (127, 128)


def test_huge_values_keep_their_order():
    high = 3e38
    assert level(high, -high, high) == 255
    assert level(-high, -high, high) == 0


# ---- scales


def test_each_map_has_its_own_scale():
    maps = torch.tensor([[[0.0, 4.0]], [[0.0, 1.0]]])
    scale = map_scale(MapStatistics(maps))
    assert (scale.low.tolist(), scale.high.tolist(), scale.is_signed) == ([0, 0], [4, 1], False)
    scale = map_scale(MapStatistics(maps - 3))
    assert (scale.low.tolist(), scale.high.tolist(), scale.is_signed) == ([-3, -3], [3, 3], True)
    assert scale.colormap(ScaleChoice(dark=True)) == diverging(True) == "berlin"
    assert scale.colormap(ScaleChoice(dark=False)) == "vik"


def test_a_shared_scale():
    scale = shared_scale(-1.0, 5.0, True, 3)
    assert (scale.low.tolist(), scale.high.tolist()) == ([-5, -5, -5], [5, 5, 5])
    scale = shared_scale(0.5, 5.0, False, 2)
    assert (scale.low.tolist(), scale.high.tolist()) == ([0, 0], [5, 5])
    assert scale.colormap(ScaleChoice(sequential="viridis")) == "viridis"


# ---- colour maps


@pytest.mark.parametrize("name", [*SEQUENTIAL, *DIVERGING])
def test_color_tables(name):
    table = color_table(name)
    assert (table.shape, table.dtype) == ((257,), np.uint32)
    assert (table >> 24 == 255).all()
    assert int(table[NOT_FINITE]) not in table[:256].tolist()
    channels = unpack(table[None])[0, :256].astype(int)
    steps = np.abs(np.diff(channels, axis=0)).max()
    assert steps <= 12  # no jumps
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 0


def test_the_centre_of_a_diverging_map():
    pale, dark = unpack(color_table("vik")[None])[0], unpack(color_table("berlin")[None])[0]
    assert pale[127].min() > 200
    assert dark[127].max() < 60
    assert np.abs(pale[127].astype(int) - pale[128]).max() <= 6


def test_magma_is_matplotlibs():
    table = color_table("magma")
    assert [hex(int(table[index])) for index in (0, 128, 255)] == ["0xff000004", "0xffb73779", "0xfffcfdbf"]


def test_an_unknown_color_map():
    with pytest.raises(CnnviewerError, match=r"no colour map named 'jet'; there are magma, inferno"):
        color_table("jet")


# ---- nearest neighbour


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 400), st.integers(1, 400))
def test_nearest_takes_the_cell_under_the_pixels_centre(length, shown):
    expected = [floor((Fraction(i) + Fraction(1, 2)) * length / shown) for i in range(shown)]
    assert nearest(length, shown).tolist() == expected


@settings(max_examples=80, deadline=None)
@given(
    hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=3, max_dims=3, max_side=7),
        elements=st.one_of(st.floats(-8, 8, width=32), st.sampled_from([float("nan"), float("inf")])),
    ),
    st.integers(1, 15),
    st.integers(1, 15),
    st.sampled_from([1.0, 0.5]),
)
def test_tiles_equal_a_loop_over_pixels(values, height, width, gamma):
    maps = torch.from_numpy(values.copy())
    scale = map_scale(MapStatistics(maps))
    name = "vik" if scale.is_signed else "magma"
    found = paint_tiles(maps, scale.low, scale.high, (height, width), name, gamma)
    assert (found.shape, found.dtype) == ((len(values), height, width), np.uint32)
    table = color_table(name)
    rows, columns = values.shape[1:]
    for index in range(len(values)):
        low, high = float(scale.low[index]), float(scale.high[index])
        for y in range(height):
            for x in range(width):
                value = float(values[index, (2 * y + 1) * rows // (2 * height), (2 * x + 1) * columns // (2 * width)])
                assert int(found[index, y, x]) == int(table[level(value, low, high, gamma)])


def test_no_tiles():
    found = paint_tiles(torch.empty(0, 3, 3), torch.empty(0), torch.empty(0), (5, 6), "magma")
    assert found.shape == (0, 5, 6)


def test_color_filters():
    weight = torch.tensor([[[[0.0]], [[1.0]], [[-1.0]]], [[[0.5]], [[0.0]], [[4.0]]]])
    found = unpack(color_filters(weight, (2, 3), torch.tensor([1.0, 1.0]))[:, 0])
    assert found.shape == (2, 3, 3)
    assert found[0, 0].tolist() == [128, 255, 0]
    assert found[1, 2].tolist() == [191, 128, 255]
    assert color_filters(torch.zeros(1, 3, 2, 2), (2, 2), torch.zeros(1)).tolist() == [[[0xFF808080] * 2] * 2]


# ---- mosaics


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 4), st.integers(1, 12), st.integers(0, 3))
def test_arrange_puts_each_tile_in_its_cell(count, height, width, columns, gap):
    tiles = np.arange(1, count * height * width + 1, dtype=np.uint32).reshape(count, height, width)
    found = arrange(tiles, columns, gap, 0)
    across = min(columns, count)
    down = -(-count // across)
    assert found.shape == (gap + down * (height + gap), gap + across * (width + gap))
    for index, tile in enumerate(tiles):
        row, column = divmod(index, across)
        top, left = gap + row * (height + gap), gap + column * (width + gap)
        assert (found[top : top + height, left : left + width] == tile).all()
    assert np.count_nonzero(found) == tiles.size  # the rest is background


def test_unpack():
    assert unpack(np.array([[0xFF123456]], dtype=np.uint32)).tolist() == [[[0x12, 0x34, 0x56]]]


def maps(count=6, rows=4, columns=5):
    return torch.rand(count, rows, columns, generator=torch.Generator().manual_seed(0)) + 0.1


def test_render_shape_and_pixels():
    output = maps()
    picture = render(layer(output), columns=3, tile=5, gap=1)
    assert (picture.shape, picture.dtype) == ((1 + 2 * 5, 1 + 3 * 6, 3), np.uint8)
    table = unpack(color_table("magma")[None])[0]
    for index in range(6):
        row, column = divmod(index, 3)
        for y in range(4):
            for x in range(5):
                expected = table[level(float(output[index, y, x]), 0.0, float(output[index].max()))]
                assert (picture[1 + row * 5 + y, 1 + column * 6 + x] == expected).all()
    assert (picture[0] == 255).all()


def test_render_of_one_scale_for_the_layer():
    output = maps()
    output[0, 0, 0] = 10.0
    own, shared = (render(layer(output), channels=[1], tile=5, gap=0, scope=scope) for scope in ("map", "layer"))
    table = unpack(color_table("magma")[None])[0]
    assert (shared[2, 2] == table[level(float(output[1, 2, 2]), 0.0, 10.0)]).all()
    assert (own[2, 2] == table[level(float(output[1, 2, 2]), 0.0, float(output[1].max()))]).all()
    assert (own != shared).any()


def test_render_of_chosen_channels_in_their_order():
    output = maps()
    picture = render(layer(output), channels=[4, 1], columns=1, tile=5, gap=0)
    assert (picture[:4] == render(layer(output), channels=[4], tile=5, gap=0)).all()
    assert (picture[4:] == render(layer(output), channels=[1], tile=5, gap=0)).all()
    assert (picture[:4] != picture[4:]).any()


def test_render_of_signed_values_and_the_dark_background():
    output = maps() - 0.6
    assert (render(layer(output), dark=True)[0, 0] == [0x1B, 0x1F, 0x27]).all()
    flat = torch.zeros(1, 1, 2)
    flat[0, 0, 1] = -1.0
    for dark, name in ((False, "vik"), (True, "berlin")):
        picture = render(layer(flat), tile=2, gap=0, dark=dark)
        table = unpack(color_table(name)[None])[0]
        assert (picture[0, 1] == table[0]).all()
        assert any((picture[0, 0] == table[index]).all() for index in (127, 128))


def test_render_of_vectors_and_scalars():
    assert render(layer(torch.rand(10)), tile=20, gap=1).shape == (4, 22, 3)
    assert render(layer(torch.rand(12), Kind.POOLING), columns=4, tile=3, gap=0).shape == (9, 12, 3)
    assert render(layer(torch.tensor(3.0)), tile=4, gap=0).shape == (4, 4, 3)
    assert render(layer(torch.tensor([[True, False]])), gap=0).shape == (8, 16, 3)


@pytest.mark.parametrize("shape", [(0, 4, 4), (4, 0, 4), (4, 4, 0), (0,)])
def test_render_of_nothing_is_told(shape):
    with pytest.raises(CnnviewerError):
        render(layer(torch.empty(shape)))


@pytest.mark.parametrize("channels", [[6], [-1], [0, 99], []])
def test_render_of_channels_that_do_not_exist(channels):
    with pytest.raises(CnnviewerError, match="The layer has the channels 0 to 5; asked for were"):
        render(layer(maps()), channels=channels)


@pytest.mark.parametrize("scope", ["network", "Map", ""])
def test_render_in_a_scope_that_does_not_exist(scope):
    with pytest.raises(CnnviewerError, match="is 'map' or 'layer', not"):
        render(layer(maps()), scope=scope)


def test_render_in_colours_that_do_not_exist():
    with pytest.raises(CnnviewerError, match="no colour map named 'rainbow'"):
        render(layer(maps()), colormap="rainbow")
