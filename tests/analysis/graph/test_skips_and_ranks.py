"""Lanes beside boxes, and lines between ranks, against plain definitions."""

from __future__ import annotations

from itertools import pairwise

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviewer.analysis.graph.curves import bounds, joined, moved, rounded, transposed
from cnnviewer.analysis.graph.dot import place
from cnnviewer.analysis.graph.ranks import find_ranks, route
from cnnviewer.analysis.graph.skips import Lane, find_lanes, implied_edges

edges = st.sets(st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda pair: pair[0] < pair[1]), max_size=40)


@given(edges)
def test_implied_edges_are_those_that_a_transitive_reduction_leaves_out(found):
    graph = networkx.DiGraph(sorted(found))
    assert implied_edges(12, found) == found - set(networkx.transitive_reduction(graph).edges)


spans = st.tuples(st.floats(0, 100), st.floats(1, 60)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.lists(spans, max_size=12), st.lists(st.tuples(spans, st.floats(0, 80)), max_size=8))
def test_lanes_meet_neither_boxes_nor_each_other(lanes, boxes):
    lanes = [Lane(number, *span) for number, span in enumerate(lanes)]
    boxes = [(*span, right) for span, right in boxes]
    found = find_lanes(lanes, boxes)
    assert set(found) == {lane.key for lane in lanes}
    for lane in lanes:
        for top, bottom, right in boxes:
            if top < lane.end and bottom > lane.begin:
                assert found[lane.key] > right
        for other in lanes:
            if other.key != lane.key and other.begin < lane.end and other.end > lane.begin:
                assert abs(found[other.key] - found[lane.key]) > 5


@settings(max_examples=40, deadline=None)
@given(edges, st.lists(st.tuples(st.integers(10, 120), st.integers(10, 60)), min_size=12, max_size=12))
def test_boxes_do_not_overlap_and_lines_pass_beside_them(found, sizes):
    shown = tuple(sorted(found - implied_edges(12, found)))
    placed = place(tuple((float(w), float(h)) for w, h in sizes), shown)
    rects = [
        (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        for (x, y), (width, height) in zip(placed.centers, sizes, strict=True)
    ]
    for one in range(12):
        for other in range(one):
            a, b = rects[one], rects[other]
            assert a[2] <= b[0] + 1 or b[2] <= a[0] + 1 or a[3] <= b[1] + 1 or b[3] <= a[1] + 1
    ranks = find_ranks((rect[1], rect[3]) for rect in rects)
    for (source, target), way in zip(shown, placed.routes, strict=True):
        begin = (placed.centers[source][0], rects[source][3])
        end = (placed.centers[target][0], rects[target][1])
        curve = route(begin, end, way, ranks)
        assert curve[0] == begin
        assert curve[-1][-2:] == pytest.approx(end)
        for number, rect in enumerate(rects):
            if number not in (source, target):
                assert not any(_crosses(before, segment, rect) for before, segment in pairwise(curve))


def _crosses(before, segment, rect) -> bool:
    """Whether a straight upright piece runs through a box."""
    if len(segment) == 6:
        return False
    (x, y0), (_, y1) = before[-2:], segment
    return rect[0] + 1 < x < rect[2] - 1 and y0 < rect[3] - 1 and y1 > rect[1] + 1


def test_the_same_graph_is_laid_out_once():
    place.cache_clear()
    for _ in range(2):
        place(((10.0, 10.0), (20.0, 10.0)), ((0, 1),))
    assert place.cache_info().misses == 1


def test_no_noise_is_written(capfd):
    place.cache_clear()
    place(((10.0, 10.0), (20.0, 10.0), (1.0, 1.0)), ((0, 1), (1, 2)), (0,), (2,))
    assert capfd.readouterr() == ("", "")


def test_curves_are_moved_turned_joined_and_rounded():
    curve = ((0.0, 0.0), (0.0, 10.0), (0.0, 12.0, 5.0, 13.0, 5.0, 15.0))
    assert moved(curve, 1, 2) == ((1, 2), (1, 12), (1, 14, 6, 15, 6, 17))
    assert transposed(transposed(curve)) == curve
    assert transposed(curve)[2] == (12, 0, 13, 5, 15, 5)
    assert bounds(curve) == (0, 0, 5, 15)
    assert joined([curve, ((5.0, 15.0), (5.0, 20.0))]) == (*curve, (5, 20))
    assert joined([curve, ((6.0, 15.0), (6.0, 20.0))]) == (*curve, (6, 15), (6, 20))
    corner = rounded([(0, 0), (40, 0), (40, 50)])
    assert corner[0] == (0, 0)
    assert corner[-1] == (40, 50)
    assert [len(segment) for segment in corner] == [2, 2, 6, 2]
    assert bounds(corner) == (0, 0, 40, 50)
