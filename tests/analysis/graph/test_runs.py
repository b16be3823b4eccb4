"""Long runs of operations in boxes: each layer stays where it ran, and no way leaves a box and comes back."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cnnviewer import from_module, record
from cnnviewer.analysis.graph.drawing import graph_picture
from cnnviewer.analysis.graph.runs import MOST_LOOSE, gather_runs
from cnnviewer.analysis.graph.tree import Group, Leaf, default_folded, module_tree
from cnnviewer.engine.summaries import layer_summaries
from cnnviewer.graphs import GraphRequest


def layers_of(names, inputs=None):
    return [
        SimpleNamespace(name=name, index=index, inputs=() if inputs is None else inputs[index], parameters=0)
        for index, name in enumerate(names)
    ]


def tree_of(*names: str) -> Group:
    return gather_runs(module_tree(layers_of(names)))


def leaves(group: Group):
    for child in group.children:
        assert child.parent is group
        yield from leaves(child) if isinstance(child, Group) else [child]


def many(count: int, path: str = "") -> list[str]:
    return [f"{path}op#{place + 2}" for place in range(count)]


def test_few_operations_stay_as_they_are():
    root = tree_of(*many(MOST_LOOSE - 1))  # and the image
    assert all(isinstance(child, Leaf) for child in root.children)


def test_many_are_one_box_of_boxes():
    root = tree_of("stem.conv", "stem.norm", *many(1_500), "fc.one", "fc.two")
    titles = [child.name for child in root.children[1:]]
    assert titles == ["stem", "1,500 operations", "fc"]
    run = root.children[2]
    assert len(run.layers) == 1_500
    for group in (run, *run.groups()):
        assert len(group.children) <= 40
    assert [leaf.order for leaf in leaves(root)] == list(range(-1, 1_504))
    paths = [group.path for group in root.groups()]
    assert len(set(paths)) == len(paths)


def test_a_module_that_holds_nothing_else_is_not_shown_twice():
    root = tree_of("stem", *many(100, "body."))
    body = root.children[2]
    assert [child.name for child in body.children] == ["34 operations", "34 operations", "32 operations"]


def test_runs_are_folded_first():
    blocks = [f"blocks.{block}.{part}" for block in range(4) for part in ("conv", "add")]
    root = tree_of(*blocks, *many(200))
    folded = default_folded(root)
    assert not any(path.startswith("blocks") for path in folded)
    assert root.children[2].path in folded


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_no_way_leaves_a_box_and_comes_back(data):
    names, inputs = [], []
    for _ in range(data.draw(st.integers(1, 8))):
        path = data.draw(st.sampled_from(["", "a.", "b.", "a.c."]))
        for _ in range(data.draw(st.integers(1, 60))):
            place = len(names)
            names.append(f"{path}op#{place + 2}")
            sources = data.draw(st.sets(st.integers(0, place - 1), max_size=2)) if place else set()
            inputs.append(tuple(names[source] for source in sorted(sources)))
    layers = layers_of(names, inputs)
    root = gather_runs(module_tree(layers))
    assert sorted(leaf.order for leaf in leaves(root)) == list(range(-1, len(layers)))
    for group in root.groups():
        own = {layer.name for layer in group.layers}
        assert own == {leaf.layer.name for leaf in leaves(group)}
        left: set[str] = set()  # what is made of the box's output outside it
        for layer in layers:
            takes = set(layer.inputs)
            if layer.name in own:
                assert not takes & left
            elif takes & (own | left):
                left.add(layer.name)


class Loops(nn.Module):
    """Ends as a detector does: the same small steps for each class, and all beside each other."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)

    def forward(self, x):
        x = self.stem(x).mean((2, 3))
        return torch.cat([(x + step).sigmoid() * x for step in range(60)], 1)


@pytest.mark.parametrize("state", ["folded", "usual", "unfolded"])
def test_the_picture_of_loops_tells_the_truth(state):
    recording = record(from_module(Loops().eval(), name="loops"), torch.rand(1, 3, 12, 12))
    layers = layer_summaries(recording)
    usual = graph_picture(layers, (3, 12, 12), GraphRequest())
    folded = {"folded": frozenset(usual.foldable), "usual": None, "unfolded": frozenset()}[state]
    picture = graph_picture(layers, (3, 12, 12), GraphRequest(folded))
    assert (state != "unfolded") == (len(picture.boxes) < len(layers) / 2)
    owner = {name: box for box in picture.boxes for name in box.members} | {"input": picture.boxes[0]}
    expected = {(owner[source], owner[layer.name]) for layer in layers for source in layer.inputs}
    found = {(picture.boxes[edge.source], picture.boxes[edge.target]) for edge in picture.edges}
    assert found == {(one, other) for one, other in expected if one is not other}
    assert sorted(owner) == sorted(["input", *(layer.name for layer in layers)])
