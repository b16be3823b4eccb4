"""Sets of units against plain masks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviewer.analysis.links.unit_sets import UnitSet

SHAPES = st.lists(st.integers(1, 4), min_size=0, max_size=4).map(tuple)
SEEDS = st.integers(0, 2**31 - 1)
DENSITIES = st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0])


def cases(count):
    return settings(max_examples=count, deadline=None, derandomize=True)


def random_set(random, shape, density, form):
    """Return a set that is a product, or a mask, or the one that a mask is found to be, and its plain mask."""
    axes = tuple(random.random(length) < density for length in shape)
    product = UnitSet(axes)
    plain = np.ones((), bool)
    for axis in axes:
        plain = np.multiply.outer(plain, axis)
    if form == "product":
        return product, plain
    mask = random.random(shape) < density
    return (UnitSet(None, np.asarray(mask)), np.asarray(mask)) if form == "mask" else (UnitSet.of_mask(plain), plain)


FORMS = st.sampled_from(["product", "mask", "found"])


def check_equal(found, mask):
    assert found.mask.shape == mask.shape
    np.testing.assert_array_equal(found.mask, mask)
    assert found.size == mask.sum()
    assert found.is_empty == (not mask.any())
    for axis, projection in enumerate(found.projections):
        others = tuple(other for other in range(mask.ndim) if other != axis)
        np.testing.assert_array_equal(projection, mask.any(others))
        if mask.any():
            places = np.nonzero(mask)[axis]
            assert found.bounds(axis) == (places.min(), places.max() + 1)


@cases(150)
@given(SHAPES, SEEDS, DENSITIES, FORMS)
def test_one_set(shape, seed, density, form):
    found, mask = random_set(np.random.default_rng(seed), shape, density, form)
    check_equal(found, mask)


@cases(300)
@given(SHAPES, SEEDS, DENSITIES, DENSITIES, FORMS, FORMS)
def test_either(shape, seed, first, second, form, other_form):
    random = np.random.default_rng(seed)
    (one, mask), (other, other_mask) = (
        random_set(random, shape, first, form),
        random_set(random, shape, second, other_form),
    )
    check_equal(one | other, mask | other_mask)
    check_equal(one, mask)  # and neither was changed
    check_equal(other, other_mask)


@cases(100)
@given(SEEDS, st.sampled_from([(3, 4), (2, 3, 4)]))
def test_either_of_products_that_lie_alike(seed, shape):
    """One within the other, or both alike along all axes but one."""
    random = np.random.default_rng(seed)
    axes = [random.random(length) < 0.6 for length in shape]
    others = [axis.copy() for axis in axes]
    for axis in random.choice(len(shape), random.integers(0, 3)):
        others[axis] = random.random(shape[axis]) < 0.5
    one, other = UnitSet(tuple(axes)), UnitSet(tuple(others))
    check_equal(one | other, one.mask | other.mask)


def test_products_stay_products():
    one, other = (UnitSet((np.array(rows), np.ones(3, bool))) for rows in ([True, False, False], [False, True, False]))
    assert (one | other).axes is not None
    rows = UnitSet.of_mask(np.array([[True, True], [True, True], [False, False]]))
    assert rows.axes is not None
    assert UnitSet.of_mask(np.eye(3, dtype=bool)).axes is None
    crossing = UnitSet((np.array([True, False]), np.array([True, True]))) | UnitSet(
        (np.array([True, True]), np.array([True, False]))
    )
    assert crossing.axes is None
    assert crossing.mask.tolist() == [[True, True], [True, False]]


@pytest.mark.parametrize("shape", [(2, 3), (1,), (2, 1, 4), ()])
def test_single_whole_none(shape):
    for unit in np.ndindex(shape):
        mask = np.zeros(shape, bool)
        mask[unit] = True
        check_equal(UnitSet.single(shape, unit), mask)
    check_equal(UnitSet.whole(shape), np.ones(shape, bool))
    check_equal(UnitSet.none(shape), np.zeros(shape, bool))
