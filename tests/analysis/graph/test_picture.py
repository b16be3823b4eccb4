"""The whole picture: who feeds whom as the recording tells it, whatever is folded; and where all of it lies."""

from __future__ import annotations

import pytest
from graph_networks import NETWORKS, layers_of
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviewer.analysis.graph.drawing import graph_picture
from cnnviewer.graphs import Direction, GraphRequest

_KNOWN = {name: layers_of(name) for name in NETWORKS}


def picture_of(name, folded=None, direction=Direction.DOWN):
    return graph_picture(*_KNOWN[name], GraphRequest(None if folded is None else frozenset(folded), direction))


def feeding(picture):
    """Return which layers each box feeds, and is fed by, as pairs of the boxes' members."""
    return {(picture.boxes[edge.source].members, picture.boxes[edge.target].members) for edge in picture.edges}


def expected(picture, layers):
    """Return the same, from the layers' own inputs."""
    owner = {name: box.members for box in picture.boxes for name in box.members} | {"input": ()}
    pairs = {(owner[source], owner[layer.name]) for layer in layers for source in layer.inputs}
    return {(one, other) for one, other in pairs if one != other}


def overlaps(one, other, gap=0.5):
    return (
        one.x < other.x + other.width - gap
        and other.x < one.x + one.width - gap
        and one.y < other.y + other.height - gap
        and other.y < one.y + one.height - gap
    )


def holds(outer, inner):
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and outer.x + outer.width >= inner.x + inner.width
        and outer.y + outer.height >= inner.y + inner.height
    )


@pytest.mark.parametrize("name", NETWORKS)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_whatever_is_folded_the_picture_tells_the_truth(name, data):
    layers, shape = _KNOWN[name]
    foldable = picture_of(name).foldable
    folded = frozenset(data.draw(st.sets(st.sampled_from(foldable))) if foldable else ())
    direction = data.draw(st.sampled_from(Direction))
    picture = graph_picture(layers, shape, GraphRequest(folded, direction))
    # Every layer is in one box; the first box is the image.
    assert sorted(name for box in picture.boxes for name in box.members) == sorted(layer.name for layer in layers)
    assert (picture.boxes[0].kind, picture.boxes[0].shape) == ("input", shape)
    assert feeding(picture) == expected(picture, layers)
    # A module that is folded shows itself only where nothing around it is folded.
    shown = {box.module for box in picture.boxes if box.module}
    assert shown == {path for path in folded if not any(path.startswith(f"{other}.") for other in folded)}
    # Boxes lie apart, in the frames of their modules, in the picture.
    for place, box in enumerate(picture.boxes):
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= picture.width
        assert box.y + box.height <= picture.height
        assert not any(overlaps(box, other) for other in picture.boxes[:place])
        for frame in picture.frames:
            inside = all(name.startswith(f"{frame.module}.") for name in box.members) and bool(box.members)
            assert holds(frame, box) is inside
            assert overlaps(frame, box) is inside


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("name", NETWORKS)
def test_lines_begin_and_end_at_their_boxes(name, direction):
    picture = picture_of(name, (), direction)
    for edge in picture.edges:
        for (x, y), place in ((edge.curve[0], edge.source), (edge.curve[-1][-2:], edge.target)):
            box = picture.boxes[place]
            assert box.x - 1 <= x <= box.x + box.width + 1
            assert box.y - 1 <= y <= box.y + box.height + 1


def test_a_line_past_others_is_a_skip():
    picture = picture_of("residual", ())
    names = [box.members[0] if box.members else "input" for box in picture.boxes]
    skips = {(names[edge.source], names[edge.target]) for edge in picture.edges if edge.is_skip}
    assert skips == {("input", "0.add"), ("0.add", "1.add")}
    branches = picture_of("branches", ())
    skips = {branches.boxes[edge.target].members[0] for edge in branches.edges if edge.is_skip}
    assert skips == {"1.cat", "2.cat"}  # the way without a layer; the others lie side by side
    wide, narrow = (branches.boxes[branches.box_of[name]] for name in ("1.wide.0", "1.narrow"))
    assert not (wide.x < narrow.x + narrow.width and narrow.x < wide.x + wide.width)


def test_a_dense_block_stays_one_column():
    picture = picture_of("dense", ())
    boxes = picture.boxes
    middles = [box.x + box.width / 2 for box in boxes if box.members and box.members[0].startswith("0.")]
    assert max(middles) - min(middles) < 1
    assert len(picture.edges) > len(boxes) + 12


def test_a_module_that_is_used_again_is_shown_each_time():
    picture = picture_of("again", ())
    assert "0.block" not in picture.foldable
    names = [box.members[0] if box.members else "input" for box in picture.boxes]
    assert {"0.block.conv1", "0.between", "0.block.conv1#2"} <= set(names)
    assert names.index("0.block.add") < names.index("0.between") < names.index("0.block.add#2")


@pytest.mark.parametrize("name", NETWORKS)
def test_all_lines_lead_onward(name):
    for folded in ((), None, picture_of(name).foldable):
        for direction, axis, size in ((Direction.DOWN, "y", "height"), (Direction.ACROSS, "x", "width")):
            picture = picture_of(name, folded, direction)
            for edge in picture.edges:
                source, target = picture.boxes[edge.source], picture.boxes[edge.target]
                assert getattr(source, axis) + getattr(source, size) <= getattr(target, axis)


def test_maps_shrink_and_channels_grow():
    across = {box.name: (box.height, box.width) for box in picture_of("plain", (), Direction.ACROSS).boxes}
    down = {box.name: (box.width, box.height) for box in picture_of("plain", (), Direction.DOWN).boxes}
    for sizes in (across, down):
        assert sizes["input"][0] > sizes["0"][0] > sizes["2.0"][0]  # maps of 16, 14 and 1
        assert sizes["input"][1] < sizes["0"][1]  # 3 channels, and 4


def test_what_a_folded_module_holds_is_told():
    layers, _ = _KNOWN["residual"]
    box = next(box for box in picture_of("residual", ("0",)).boxes if box.module == "0")
    own = [layer for layer in layers if layer.name.startswith("0.")]
    assert box.is_folded
    assert box.parameters == sum(layer.parameters for layer in own) > 0
    assert box.shape == own[-1].shape
    assert dict(box.kinds) == {"convolution": 2, "activation": 1, "addition": 1}
    assert box.settings == "4 layers"


def test_a_block_that_is_used_again_has_its_parameters_once():
    box = next(box for box in picture_of("again", ("0",)).boxes if box.module == "0")
    assert box.parameters == 2 * (3 * 3 * 9 + 3)
