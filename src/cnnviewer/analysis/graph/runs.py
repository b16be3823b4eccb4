"""Long runs of operations that lie directly in one module, as the loops of a detector's last steps: boxes that fold."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from cnnviewer.analysis.graph.tree import Group, Leaf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.messages import LayerSummary

__all__ = ["MOST_LOOSE", "gather_runs"]

MOST_LOOSE = 64
"""So much lies directly in a module, or in the network, before its long runs of operations are put into boxes."""
_SHORTEST, _LONGEST = 16, 40
"""How many operations such a box holds at least, and at most before it is divided in its turn."""


def gather_runs(root: Group) -> Group:
    """Put long runs of layers into groups of their own wherever too much lies directly in one module; return the tree.

    A run is of layers that ran one after another with nothing between them, so no way through the network leaves it
    and comes back. Thousands of boxes on one level can't be looked at, and Graphviz takes long to place them.
    """
    for group in (root, *root.groups()):
        group.children.sort(key=lambda child: child.order)
        if len(group.children) > MOST_LOOSE:
            runs = _runs(group.children)
            found = [_gathered(run, group) for run in runs]
            # What would hold all of a module would be that module once more.
            is_all = len(found) == 1 and len(found[0]) == 1
            group.children = [child for part in found for child in (_opened(part[0], group) if is_all else part)]
    return root


def _runs(children: Sequence[Group | Leaf]) -> list[list[Group | Leaf]]:
    """Divide what lies in a module into runs of layers, and what else there is, one by one."""
    found: list[list[Group | Leaf]] = []
    for child in children:
        last = found[-1][-1] if found else None
        if isinstance(last, Leaf) and _follows(child, last):
            found[-1].append(child)
        else:
            found.append([child])
    return found


def _follows(child: Group | Leaf, last: Leaf) -> bool:
    return isinstance(child, Leaf) and last.layer is not None and child.order == last.order + 1


def _gathered(run: list[Group | Leaf], parent: Group) -> list[Group | Leaf]:
    """Return a run as one group, where it is long enough."""
    layers = [child.layer for child in run if isinstance(child, Leaf) and child.layer is not None]
    if len(layers) < _SHORTEST:
        return run
    group = Group(f"{layers[0].name} to {layers[-1].name}", parent, title=_title(layers))
    group.layers = layers
    if len(run) <= _LONGEST:
        group.children = run
    else:
        size = ceil(len(run) / min(ceil(len(run) / _LONGEST), _LONGEST))
        group.children = [
            child for begin in range(0, len(run), size) for child in _gathered(run[begin : begin + size], group)
        ]
    _adopt(group, group.children)
    return [group]


def _opened(child: Group | Leaf, parent: Group) -> list[Group | Leaf]:
    """Return what lies in a group, put where that was."""
    if isinstance(child, Leaf):
        return [child]
    _adopt(parent, child.children)
    return child.children


def _adopt(parent: Group, children: Sequence[Group | Leaf]) -> None:
    for child in children:
        child.parent = parent


def _title(layers: Sequence[LayerSummary]) -> str:
    is_learnt = any(layer.parameters for layer in layers)
    return f"{len(layers):,} {'layers' if is_learnt else 'operations'}"
