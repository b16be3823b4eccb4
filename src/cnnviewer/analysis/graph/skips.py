"""Lines that lead past boxes: which they are, and the lanes beside the boxes on which they run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

__all__ = ["Lane", "find_lanes", "implied_edges"]

_STEP, _FIRST = 6.0, 12.0
"""How far lanes lie apart, and the first from the boxes."""


def implied_edges(count: int, edges: Iterable[tuple[int, int]]) -> frozenset[tuple[int, int]]:
    """Return the edges that a graph's transitive reduction leaves out: other ways lead from the one end to the other.

    The nodes 0 to `count` - 1 stand in an order in which each edge leads onward. networkx has the reduction too, but
    takes seconds where each of hundreds of layers feeds all later ones; here sets of nodes are the bits of a number.
    """
    after: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        after[source].append(target)
    reached = [0] * count
    found = set()
    for node in range(count - 1, -1, -1):
        seen = 0
        for target in sorted(after[node]):  # a way from one to the other only leads onward
            if seen >> target & 1:
                found.add((node, target))
            seen |= 1 << target | reached[target]
        reached[node] = seen
    return frozenset(found)


@dataclass(frozen=True)
class Lane:
    """A straight line along the way of the computation: `key` tells whose, from `begin` to `end`."""

    key: Hashable
    begin: float
    end: float


def find_lanes(lanes: Sequence[Lane], boxes: Sequence[tuple[float, float, float]]) -> dict[Hashable, float]:
    """Return at which x each lane runs: right of all boxes that it passes, short ones further in than long ones.

    Parameters
    ----------
    lanes
        The lanes.
    boxes
        Top, bottom and right side of each box.
    """
    found: dict[Hashable, float] = {}
    placed: list[tuple[Lane, float]] = []
    for lane in sorted(lanes, key=lambda lane: (lane.end - lane.begin, lane.begin)):
        passed = [right for top, bottom, right in boxes if top < lane.end and bottom > lane.begin]
        x = max(passed, default=0.0) + _FIRST
        beside = sorted(at for other, at in placed if other.begin < lane.end and other.end > lane.begin)
        for taken in beside:
            if abs(taken - x) < _STEP:
                x = taken + _STEP
        placed.append((lane, x))
        found[lane.key] = x
    return found
