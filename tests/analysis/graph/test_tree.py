"""The tree of modules, and what is folded of it."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviewer.analysis.graph.tree import Group, count_boxes, default_folded, module_tree


def layers_of(*names: str):
    return [SimpleNamespace(name=name, index=index, inputs=()) for index, name in enumerate(names)]


def test_names_are_paths_of_modules():
    root = module_tree(layers_of("stem.conv", "stem.relu", "body.0.conv", "body.0.add", "body.1.conv", "fc"))
    assert [group.path for group in root.groups()] == ["stem", "body", "body.0"]  # none of one layer
    body = next(group for group in root.groups() if group.path == "body")
    assert [layer.name for layer in body.layers] == ["body.0.conv", "body.0.add", "body.1.conv"]


def test_a_layer_with_the_name_of_a_module_lies_in_it():
    root = module_tree(layers_of("attention.q", "attention", "attention#2", "fc"))
    attention = next(root.groups())
    assert [layer.name for layer in attention.layers] == ["attention.q", "attention", "attention#2"]


def test_whole_levels_are_open_by_default():
    blocks = [f"body.{block}.{part}" for block in range(5) for part in ("conv", "norm", "relu", "add")]
    root = module_tree(layers_of("stem", *blocks, "fc"))
    assert default_folded(root, 23) == frozenset()  # the image, and 22 layers
    assert default_folded(root, 22) == {f"body.{block}" for block in range(5)}
    assert default_folded(root, 7) == {"body", *(f"body.{block}" for block in range(5))}
    assert default_folded(root, 1) == {"body", *(f"body.{block}" for block in range(5))}


paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(".".join)


@given(st.lists(paths, min_size=1, max_size=60), st.integers(1, 40))
def test_the_default_fold_keeps_to_the_number_where_it_can(modules, most):
    root = module_tree(layers_of(*(f"{path}.layer#{place + 2}" for place, path in enumerate(modules))))
    folded = default_folded(root, most)
    fewest = count_boxes(root, frozenset(group.path for group in root.groups()))
    assert count_boxes(root, folded) <= max(most, fewest)


@pytest.mark.parametrize("names", [["a"], ["a.b"], ["a.b.c", "a.b.d"]])
def test_each_layer_is_one_leaf(names):
    def leaves(group):
        for child in group.children:
            yield from leaves(child) if isinstance(child, Group) else [child]

    found = [leaf.layer for leaf in leaves(module_tree(layers_of(*names)))]
    assert found[0] is None
    assert [layer.name for layer in found[1:]] == names


def test_a_module_that_others_run_between_is_no_module_of_the_tree():
    names = ("cat", "steps.0.conv", "steps.0.relu", "cat#2", "steps.1.conv", "steps.1.relu")
    layers = layers_of(*names)
    for before, layer in pairwise(layers):
        layer.inputs = (before.name,)
    root = module_tree(layers)
    assert [group.path for group in root.groups()] == ["steps.0", "steps.1"]
    assert all(group.parent is root for group in root.groups())


def test_a_module_beside_which_others_run_is_one():
    layers = layers_of("side.a", "other", "side.b", "add")
    layers[2].inputs, layers[3].inputs = ("side.a", "other"), ("side.b", "other")
    assert [group.path for group in module_tree(layers).groups()] == ["side"]
