"""Links, back and forth, against a table of which unit feeds which."""

from types import MappingProxyType

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviewer.analysis.links.copies import copy_links, copy_sources
from cnnviewer.analysis.links.links import AxisLink, IndexLink, WholeLink, elementwise
from cnnviewer.analysis.links.relations import Blocks, Mixed, Same, Taps, affine_taps, transposed_window, window
from cnnviewer.analysis.links.unit_sets import UnitSet
from cnnviewer.recording import Call
from cnnviewer.slots import Slot

torch.set_num_threads(1)

SEEDS = st.integers(0, 2**31 - 1)


def cases(count):
    return settings(max_examples=count, deadline=None, derandomize=True)


def check_link(link, table, after, before, random):
    """Compare a link with a table ``(*after, *before)`` of which unit feeds which."""
    table = table.reshape(int(np.prod(after)), int(np.prod(before)))
    for density in (0.0, 0.15, 0.5, 1.0):
        for find in (_product, _mask):
            found = find(random, after, density)
            wanted = table[found.mask.reshape(-1)].any(0).reshape(before)
            np.testing.assert_array_equal(link.back(found).mask, wanted)
            found = find(random, before, density)
            wanted = table[:, found.mask.reshape(-1)].any(1).reshape(after)
            np.testing.assert_array_equal(link.forth(found).mask, wanted)


def _product(random, shape, density):
    return UnitSet(tuple(random.random(length) <= max(density, 0.3) for length in shape))


def _mask(random, shape, density):
    return UnitSet(None, np.asarray(random.random(shape) < density))


def random_relation(draw, random):
    """Return a relation, its lengths, and the matrix of it."""
    kind = draw(st.sampled_from(["same", "mixed", "blocks", "taps"]))
    after, before = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    if kind == "same":
        return Same(), after, after, np.eye(after, dtype=bool)
    if kind == "mixed":
        return Mixed(after, before), after, before, np.ones((after, before), bool)
    if kind == "blocks":
        groups = draw(st.integers(1, 3))
        after, before = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
        matrix = np.kron(np.eye(groups, dtype=bool), np.ones((after // groups, before // groups), bool))
        return Blocks(groups, after, before), after, before, matrix
    matrix = random.random((after, before)) < 0.4
    return Taps(matrix), after, before, matrix


@cases(150)
@given(st.data())
def test_axis_links(data):
    draw, seed = data.draw, data.draw(SEEDS)
    random = np.random.default_rng(seed)
    relations = [random_relation(draw, random) for _ in range(draw(st.integers(0, 3)))]
    free_after = [draw(st.integers(1, 3)) for _ in range(draw(st.integers(0, 2)))]
    free_before = [draw(st.integers(1, 3)) for _ in range(draw(st.integers(0, 2)))]
    mine = list(random.permutation(len(relations) + len(free_after)))
    others = list(random.permutation(len(relations) + len(free_before)))
    after, before = [0] * len(mine), [0] * len(others)
    pairs = []
    table = np.ones((), bool)
    names = []  # the axes of the table, in the order in which they are made
    for number, (relation, long, short, matrix) in enumerate(relations):
        after[mine[number]], before[others[number]] = long, short
        pairs.append((int(mine[number]), int(others[number]), relation))
        table = np.multiply.outer(table, matrix)
        names += [int(mine[number]), len(mine) + int(others[number])]
    only_after, only_before = {}, {}
    for places, lengths, shape, only, shift in [
        (mine, free_after, after, only_after, 0),
        (others, free_before, before, only_before, len(mine)),
    ]:
        for place, length in zip(places[len(relations) :], lengths, strict=True):
            shape[place] = length
            matters = np.ones(length, bool)
            if draw(st.booleans()):
                matters = only[int(place)] = random.random(length) < 0.7
            table = np.multiply.outer(table, matters)
            names.append(shift + int(place))
    table = table.transpose(np.argsort(names)) if names else table
    link = AxisLink(tuple(after), tuple(before), tuple(pairs), only_after, only_before)
    check_link(link, table, tuple(after), tuple(before), random)


@cases(150)
@given(st.data())
def test_index_links(data):
    draw, seed = data.draw, data.draw(SEEDS)
    random = np.random.default_rng(seed)
    if draw(st.booleans()):  # whole maps, some of them of zeros
        maps, size = draw(st.integers(1, 4)), (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
        before, lead = (maps, *size), tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=2)))
        first = random.integers(-1, maps, lead)
        area = size[0] * size[1]
        within = np.arange(area).reshape(size)
        index = np.where(first[..., None, None] >= 0, first[..., None, None] * area + within, -1)
    else:
        before = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
        after = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
        index = random.integers(-1, int(np.prod(before)), after)
    table = index[..., None] == np.arange(int(np.prod(before)))
    check_link(IndexLink(index, before), table, index.shape, before, random)


@cases(30)
@given(SEEDS, st.sampled_from([((2, 3), (4,)), ((1,), (2, 2, 2))]))
def test_whole_links(seed, shapes):
    after, before = shapes
    table = np.ones((*after, *before), bool)
    link = WholeLink(after, before)
    assert link.spans(((0, 1),) * len(after)) == (None,) * len(before)
    check_link(link, table, after, before, np.random.default_rng(seed))


@cases(60)
@given(st.data())
def test_elementwise_links_repeat_axes_of_one(data):
    draw = data.draw
    after = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=4)))
    before = tuple(draw(st.sampled_from([1, length])) for length in after[draw(st.integers(0, len(after))) :])
    table = np.zeros((*after, *before), bool)
    for unit in np.ndindex(after):
        own = unit[len(after) - len(before) :]
        fed = tuple(0 if length == 1 else place for place, length in zip(own, before, strict=True))
        table[(*unit, *fed)] = True
    check_link(elementwise(after, before), table, after, before, np.random.default_rng(draw(SEEDS)))


# ---- copies: the link that is told axis by axis is the one of all places

COPIES = [
    lambda x: x.permute(0, 2, 1, 3),
    lambda x: x[:, 1:, ::2],
    lambda x: x[..., 1],
    lambda x: x[:, :, None],
    lambda x: x.flip(1, 3),
    lambda x: x.flip(2)[:, :, 1:].transpose(1, 3),
    lambda x: x.roll(1, 2),
    lambda x: x.repeat(1, 2, 1, 1),
    lambda x: x[:, :1].expand(-1, 3, -1, -1),
    lambda x: x.flatten(1),
    lambda x: x.reshape(1, -1, 2),
    lambda x: torch.nn.functional.pad(x, (1, 0, 2, -1)),
    lambda x: torch.nn.functional.pixel_unshuffle(x, 2),
    lambda x: x[:, [2, 0, 0]],
    lambda x: x[:, :, [0, 1], [1, 0]],
    lambda x: x.diagonal(dim1=2, dim2=3),
    lambda x: x[:, 1, 2],
    lambda x: x.unfold(2, 2, 1),
    lambda x: x.squeeze(0).unflatten(0, (3, 1)),
    lambda x: torch.zeros(2, 2, dtype=x.dtype),
]


@cases(100)
@given(st.sampled_from(COPIES), SEEDS)
def test_copies(function, seed):
    before = (1, 3, 4, 2)
    call = Call(function, {}, {}, (Slot(0),), MappingProxyType({}), ("input",))
    sources = copy_sources(call, [before])
    numbers = torch.arange(24.0).reshape(before)
    wanted = function(numbers + 1).long().numpy() - 1
    np.testing.assert_array_equal(sources, wanted)
    (link,) = copy_links(call, [before])
    table = sources[..., None] == np.arange(24)
    check_link(link, table, sources.shape, before, np.random.default_rng(seed))


@pytest.mark.parametrize("index", range(len(COPIES)))
def test_copies_along_axes_are_told_axis_by_axis(index):
    call = Call(COPIES[index], {}, {}, (Slot(0),), MappingProxyType({}), ("input",))
    (link,) = copy_links(call, [(1, 3, 4, 2)])
    is_axes = index in (0, 1, 2, 3, 4, 5, 6, 8, 11, 13, 16, 18)
    assert isinstance(link, AxisLink) or not is_axes


# ---- spans: without ends


WINDOWS = st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(0, 3), st.integers(1, 3))


@cases(120)
@given(WINDOWS, st.integers(-5, 8), st.integers(1, 4))
def test_the_span_of_a_window(settings, low, count):
    kernel, stride, padding, dilation = settings
    relation = window(3, 30, *settings)
    places = [o * stride - padding + dilation * k for o in range(low, low + count) for k in range(kernel)]
    assert relation.span((low, low + count)) == (min(places), max(places) + 1)


@cases(120)
@given(WINDOWS, st.integers(-5, 8), st.integers(1, 4))
def test_the_span_of_a_transposed_window(settings, low, count):
    kernel, stride, padding, dilation = settings
    relation = transposed_window(30, 9, *settings)
    span = relation.span((low, low + count))
    fed = [
        i
        for i in range(-60, 60)
        if any(low <= i * stride - padding + dilation * k < low + count for k in range(kernel))
    ]
    if fed:
        assert span[0] <= min(fed)
        assert span[1] >= max(fed) + 1
    first = -(-(low + padding - dilation * (kernel - 1)) // stride)
    assert span == (first, (low + count - 1 + padding) // stride + 1)


@cases(60)
@given(st.sampled_from([-3, -1, 1, 2]), st.integers(-4, 4), st.integers(-3, 5), st.integers(1, 3))
def test_the_span_of_an_affine_copy(step, start, low, count):
    relation = affine_taps(np.zeros((4, 4), bool), step, start)
    places = [step * o + start for o in range(low, low + count)]
    assert relation.span((low, low + count)) == (min(places), max(places) + 1)
