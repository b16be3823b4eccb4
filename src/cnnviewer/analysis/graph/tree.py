"""The tree of a network's modules and layers, and which of its modules are folded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnnviewer.messages import LayerSummary

__all__ = ["MOST_BOXES", "Group", "Leaf", "default_folded", "module_tree", "own_name"]

MOST_BOXES = 70
"""So many boxes are shown before the user unfolds more."""


@dataclass(eq=False)
class Leaf:
    """A layer in the tree; None stands for the image that feeds the network."""

    layer: LayerSummary | None
    parent: Group

    @property
    def order(self) -> int:
        """When it ran: the layer's index, -1 for the image."""
        return -1 if self.layer is None else self.layer.index


@dataclass(eq=False)
class Group:
    """A module in the tree, with what lies in it in the order in which that first ran; the path '' is the network.

    `layers` are all layers below it. A run of layers that is no module has a `title`, and a path that names its ends.
    """

    path: str
    parent: Group | None = None
    children: list[Group | Leaf] = field(default_factory=list)
    layers: list[LayerSummary] = field(default_factory=list)
    title: str = ""

    @property
    def name(self) -> str:
        """What it is called: its title, else the end of its path."""
        return self.title or own_name(self.path)

    @property
    def order(self) -> int:
        """When the first of its layers ran."""
        return self.layers[0].index

    @property
    def depth(self) -> int:
        """How many modules it lies in; 0 for the network."""
        return 0 if self.parent is None else self.parent.depth + 1

    def groups(self) -> Iterator[Group]:
        """Yield the modules below it, outer ones first."""
        below = [child for child in self.children if isinstance(child, Group)]
        while below:
            yield from below
            below = [child for group in below for child in group.children if isinstance(child, Group)]


def module_tree(layers: Sequence[LayerSummary]) -> Group:
    """Return the tree of layers by their names, which are the paths of modules: ``layer1.0.conv1``.

    Its first leaf is the image. Left out are modules of one layer, and those whose layers do not run together, and what
    lies in them is put where they were: other layers take from such a module and feed it, as those between two calls
    of it, or between the parts of a list.
    """
    root = Group("")
    root.children.append(Leaf(None, root))
    groups = {"": root}
    for layer in layers:
        _group(layer.name.rpartition(".")[0], groups)
    for layer in layers:
        parent = _module_of(layer.name, groups)
        parent.children.append(Leaf(layer, parent))
        above: Group | None = parent
        while above is not None:
            above.layers.append(layer)
            above = above.parent
    _leave_out(root)
    return root


def _module_of(name: str, groups: dict[str, Group]) -> Group:
    """Return where a layer lies: one of a module that has others below it too, as an attention, is among those."""
    own = name.partition("#")[0]
    return groups.get(own) or groups[name.rpartition(".")[0]]


def _leave_out(root: Group) -> None:
    """Leave out modules of one layer, and those that a way through the network leaves and comes back to."""
    before, after = _reached(root.layers)
    for group in list(root.groups()):
        own, fed, feeding = 0, 0, 0
        for layer in group.layers:
            own |= 1 << layer.index
            fed |= after[layer.index]
            feeding |= before[layer.index]
        parent = group.parent
        if parent is not None and (len(group.layers) < 2 or fed & feeding & ~own):
            place = parent.children.index(group)
            parent.children[place : place + 1] = group.children
            for child in group.children:
                child.parent = parent


def _reached(layers: Sequence[LayerSummary]) -> tuple[list[int], list[int]]:
    """Return for each layer which others it is made of, and which are made of it, as the bits of numbers."""
    places = {layer.name: layer.index for layer in layers}
    before, after = [0] * len(layers), [0] * len(layers)
    for layer in layers:
        for source in (places[name] for name in layer.inputs if name in places):
            before[layer.index] |= 1 << source | before[source]
    for layer in reversed(layers):
        for source in (places[name] for name in layer.inputs if name in places):
            after[source] |= 1 << layer.index | after[layer.index]
    return before, after


def _group(path: str, groups: dict[str, Group]) -> Group:
    found = groups.get(path)
    if found is None:
        parent = _group(path.rpartition(".")[0], groups)
        found = groups[path] = Group(path, parent)
        parent.children.append(found)
    return found


def default_folded(root: Group, most: int = MOST_BOXES) -> frozenset[str]:
    """Return what is folded so that whole levels of modules are open, and there are at most `most` boxes.

    Runs of operations are folded before modules are. Where even the outermost modules are too many, each of them is
    folded.
    """
    foldable = list(root.groups())
    runs = frozenset(group.path for group in foldable if group.title)
    deepest = max((group.depth for group in foldable), default=0)
    for depth in range(deepest + 1, 0, -1):
        below = frozenset(group.path for group in foldable if group.depth >= depth)
        for folded in (below, below | runs):
            if count_boxes(root, folded) <= most:
                return folded
    return frozenset(group.path for group in foldable)


def own_name(path: str) -> str:
    """Return what a module or a layer is called: the end of its path, from the last name that is no mere number."""
    names = path.split(".")
    place = len(names) - 1
    while place and names[place].partition("#")[0].isdigit():
        place -= 1
    return ".".join(names[place:])


def count_boxes(group: Group, folded: frozenset[str]) -> int:
    """Return how many boxes stand for a module, itself unfolded."""
    return sum(
        1 if isinstance(child, Leaf) or child.path in folded else count_boxes(child, folded) for child in group.children
    )
