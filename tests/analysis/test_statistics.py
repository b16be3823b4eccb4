"""Statistics of maps against numpy."""

import types

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cnnviewer.analysis.statistics import MapStatistics, feature_maps, histogram
from cnnviewer.layouts import plain_layout
from cnnviewer.operations import Kind

torch.set_num_threads(1)

ARRAYS = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=3, max_dims=3, max_side=6),
    elements=st.one_of(
        st.floats(-1e6, 1e6, width=32), st.sampled_from([0.0, -0.0, float("nan"), float("inf"), -float("inf")])
    ),
)


@settings(max_examples=200, deadline=None)
@given(ARRAYS)
def test_they_equal_numpy(values):
    statistics = MapStatistics(torch.from_numpy(values.copy()))
    for index, one in enumerate(values):
        finite = one[np.isfinite(one)]
        assert bool(statistics.finite[index]) is bool(np.isfinite(one).all())
        assert float(statistics.minimum[index]) == (finite.min() if finite.size else 0)
        assert float(statistics.maximum[index]) == (finite.max() if finite.size else 0)
        expected = finite.astype(np.float64).mean() if finite.size else 0.0
        reach = float(np.abs(finite).max()) if finite.size else 0.0
        assert float(statistics.mean[index]) == pytest.approx(expected, rel=1e-5, abs=1e-6 * reach + 1e-30)
        assert float(statistics.zero_share[index]) == pytest.approx((one == 0).mean())
    usual = np.where(np.isfinite(values), values, 0)
    assert statistics.is_signed is bool((usual < 0).any())


@settings(max_examples=100, deadline=None)
@given(ARRAYS)
def test_badges(values):
    statistics = MapStatistics(torch.from_numpy(values.copy()))
    for index, one in enumerate(values):
        if not np.isfinite(one).all():
            expected = "not finite" if np.isnan(one).any() else "holds infinity"
        elif one.size == 1 or (one != one.flat[0]).any():
            expected = ""
        else:
            expected = "constant" if one.flat[0] else "dead"
        assert statistics.badge(index) == expected


def test_badges_of_each_kind():
    maps = torch.zeros(5, 2, 2)
    maps[1] = 3
    maps[2, 0, 0] = 1
    maps[3, 0, 0] = float("nan")
    maps[4] = float("-inf")
    assert MapStatistics(maps).dead.tolist() == [True, False, False, False, False]
    assert [MapStatistics(maps).badge(index) for index in range(5)] == [
        "dead",
        "constant",
        "",
        "not finite",
        "holds infinity",
    ]


@pytest.mark.parametrize("first", ["finite", "mean", "minimum", "zero_share"])
def test_the_order_in_which_they_are_asked_does_not_matter(first):
    maps = torch.tensor([[[1.0, float("nan")]], [[2.0, 4.0]]])
    statistics = MapStatistics(maps)
    getattr(statistics, first)
    assert statistics.finite.tolist() == [False, True]
    assert statistics.minimum.tolist() == [1, 2]
    assert statistics.maximum.tolist() == [1, 4]
    assert statistics.mean.tolist() == [1, 3]


def test_no_values_at_all():
    statistics = MapStatistics(torch.empty(3, 0, 5))
    assert statistics.minimum.tolist() == statistics.maximum.tolist() == [0, 0, 0]
    assert statistics.zero_share.tolist() == [0, 0, 0]
    assert not statistics.is_signed


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_floats_give_float32(dtype):
    statistics = MapStatistics(torch.tensor([[[-2.0, 0.0, 4.0]]], dtype=dtype))
    assert (statistics.minimum.dtype, statistics.mean.dtype) == (torch.float32, torch.float32)
    assert (float(statistics.minimum), float(statistics.maximum)) == (-2, 4)
    assert float(statistics.mean) == pytest.approx(2 / 3, rel=1e-2)


def test_the_histogram_equals_numpy():
    values = torch.randn(40, 50, generator=torch.Generator().manual_seed(0)).double().clamp(-3, 3).float()
    values[0, 0], values[0, 1], values[0, 2] = float("nan"), float("inf"), -float("inf")
    found = histogram(values, -2.0, 2.0, bins=16)  # edges are whole quarters: exact in floats
    finite = values[torch.isfinite(values)].numpy()
    counts, _ = np.histogram(finite, bins=16, range=(-2.0, 2.0))
    assert found.counts == tuple(counts)
    assert (found.low, found.high) == (-2.0, 2.0)
    assert sum(found.counts) == int((np.abs(finite) <= 2).sum())


def test_the_histogram_of_one_value():
    found = histogram(torch.full((7,), 3.0), 3.0, 3.0, bins=4)
    assert (found.low, found.high) == (2.5, 3.5)
    assert found.counts == (0, 0, 7, 0)
    assert sum(histogram(torch.empty(0), 0.0, 1.0).counts) == 0


def layer(output, kind=Kind.OTHER):
    layout = plain_layout(tuple(output.shape), is_pooled=kind is Kind.POOLING)
    return types.SimpleNamespace(output=output, kind=kind, layout=layout)


def test_outputs_as_maps():
    values = torch.arange(24.0)
    assert torch.equal(feature_maps(layer(values.view(2, 3, 4))), values.view(2, 3, 4))
    assert torch.equal(feature_maps(layer(values.view(2, 2, 2, 3))), values.view(4, 2, 3))
    assert torch.equal(feature_maps(layer(values.view(4, 6))), values.view(1, 4, 6))
    assert torch.equal(feature_maps(layer(values)), values.view(1, 1, 24))
    assert torch.equal(feature_maps(layer(values, Kind.POOLING)), values.view(24, 1, 1))
    assert feature_maps(layer(torch.tensor(5.0))).shape == (1, 1, 1)


def test_numbers_that_are_no_floats():
    assert feature_maps(layer(torch.tensor([[True, False]]))).tolist() == [[[1.0, 0.0]]]
    assert feature_maps(layer(torch.tensor([[3, -4]]))).tolist() == [[[3.0, -4.0]]]
    assert feature_maps(layer(torch.tensor([[3 + 4j]]))).tolist() == [[[5.0]]]
