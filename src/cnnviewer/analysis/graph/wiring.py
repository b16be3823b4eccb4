"""Which boxes feed which, and the ports through which lines pass the frames of unfolded modules."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviewer.analysis.graph.tree import Group, Leaf

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnnviewer.messages import LayerSummary

__all__ = ["Box", "Local", "Port", "Wiring", "wire"]

_IMAGE = "input"
"""The name under which the image feeds layers."""

Box = Leaf | Group
"""What is one box: a layer, or a folded module."""


@dataclass(frozen=True)
class Port:
    """A place on a module's frame through which lines pass.

    Lines come in at one port where they lead to the same boxes in there; they leave by one where they come from the
    same box.

    Parameters
    ----------
    is_entry
        Whether lines come in by it.
    boxes
        The boxes in the module that they lead to, or the one that they come from.
    """

    is_entry: bool
    boxes: frozenset[Box]


Node = Group | Leaf | Port
"""What a module's own graph is of: what lies in it, and its own ports."""


@dataclass(frozen=True)
class Local:
    """A line in the graph of one module, from a node to a node; ports tell where it ends on unfolded modules."""

    source: Node
    target: Node
    tail: Port | None = None
    head: Port | None = None


class Wiring:
    """The edges between boxes, and for each the lines that it is made of, module by module.

    `lines` are for each open module the lines in its own graph, `edges` the pairs of boxes of which the one feeds the
    other, with the `Local` lines on the way.
    """

    def __init__(self, pairs: Sequence[tuple[Box, Box]]) -> None:
        self._fed = _fed_from_outside(pairs)
        self._entries: dict[tuple[Group, Box], Port] = {}
        self.lines: dict[Group, dict[Local, None]] = defaultdict(dict)
        self.edges: dict[tuple[Box, Box], tuple[tuple[Group, Local], ...]] = {}
        for source, target in pairs:
            way = tuple(self._way(source, target))
            self.edges[source, target] = way
            for group, line in way:
                self.lines[group][line] = None

    def _way(self, source: Box, target: Box) -> Iterator[tuple[Group, Local]]:
        """Yield the lines from a box to another: out of modules, across, and into modules."""
        outward, inward = _above(source), _above(target)
        shared = next(group for group in outward if group in inward)
        below, tail = source, None
        leaving = Port(False, frozenset([source]))
        for group in outward[: outward.index(shared)]:
            yield group, Local(below, leaving, tail)
            below, tail = group, leaving
        steps = inward[: inward.index(shared)]
        top: Node = steps[-1] if steps else target
        head = self._entry(steps[-1], source) if steps else None
        yield shared, Local(below, top, tail, head)
        for place in range(len(steps) - 1, -1, -1):
            inner: Node = steps[place - 1] if place else target
            entry = self._entry(steps[place], source)
            yield steps[place], Local(entry, inner, None, self._entry(steps[place - 1], source) if place else None)

    def _entry(self, group: Group, source: Box) -> Port:
        found = self._entries.get((group, source))
        if found is None:
            found = self._entries[group, source] = Port(True, frozenset(self._fed[group, source]))
        return found


def wire(root: Group, folded: frozenset[str]) -> Wiring:
    """Return what feeds what in a tree where some modules are folded."""
    image = root.children[0]
    assert isinstance(image, Leaf)
    boxes: dict[str, Box] = {_IMAGE: image}
    _find_boxes(root, folded, boxes)
    pairs: dict[tuple[Box, Box], None] = {}
    for layer in root.layers:
        for name in layer.inputs:
            source, target = boxes[name], boxes[layer.name]
            if source is not target:
                pairs[source, target] = None
    return Wiring(tuple(pairs))


def _find_boxes(group: Group, folded: frozenset[str], boxes: dict[str, Box]) -> None:
    for child in group.children:
        if isinstance(child, Leaf):
            if child.layer is not None:
                boxes[child.layer.name] = child
        elif child.path in folded:
            boxes.update({layer.name: child for layer in child.layers})
        else:
            _find_boxes(child, folded, boxes)


def _fed_from_outside(pairs: Sequence[tuple[Box, Box]]) -> dict[tuple[Group, Box], set[Box]]:
    """Return which boxes in a module a box outside it feeds."""
    found: dict[tuple[Group, Box], set[Box]] = defaultdict(set)
    for source, target in pairs:
        around = set(_above(source))
        for group in _above(target):
            if group not in around:
                found[group, source].add(target)
    return found


def _above(box: Box) -> list[Group]:
    """Return the modules that a box lies in, the innermost first."""
    found, group = [], box.parent
    while group is not None:
        found.append(group)
        group = group.parent
    return found


def layer_of(box: Box) -> LayerSummary | None:
    """Return the layer whose output a box gives on: a folded module's last; None for the image."""
    return box.layers[-1] if isinstance(box, Group) else box.layer
