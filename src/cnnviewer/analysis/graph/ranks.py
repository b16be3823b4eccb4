"""Lines between ranks: upright beside the boxes of a rank, bent only in the gaps between one rank and the next."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cnnviewer.graphs import Curve

__all__ = ["Rank", "find_ranks", "route"]

Point = tuple[float, float]
_SAMPLES = 8
_SAME = 0.5
"""Middles of nodes, and places of lines, that differ by less are the same."""


@dataclass(frozen=True)
class Rank:
    """Nodes that lie side by side: their common middle, and how far up and down they reach."""

    middle: float
    top: float
    bottom: float


def find_ranks(sides: Iterable[tuple[float, float]]) -> tuple[Rank, ...]:
    """Return the ranks of nodes, of each of which the top and the bottom are given, from top to bottom."""
    found: list[Rank] = []
    for top, bottom in sorted(sides, key=sum):
        middle = (top + bottom) / 2
        if found and abs(found[-1].middle - middle) < _SAME:
            last = found.pop()
            found.append(Rank(last.middle, min(last.top, top), max(last.bottom, bottom)))
        else:
            found.append(Rank(middle, top, bottom))
    return tuple(found)


def route(begin: Point, end: Point, beziers: Sequence[Point], ranks: Sequence[Rank]) -> Curve:
    """Return the line from the bottom of a node to the top of another, further down.

    Parameters
    ----------
    begin, end
        Its ends.
    beziers
        The way that a layout has found for it between the nodes: a chain of cubic Béziers.
    ranks
        All ranks; the line keeps the place between the nodes of each that it has on that way.
    """
    middles = [rank.middle for rank in ranks]
    first, last = bisect_left(middles, begin[1] + _SAME) - 1, bisect_left(middles, end[1])
    ways = [(begin[0], begin[1], ranks[max(first, 0)].bottom)]
    if last - first > 1:
        samples = _sampled(beziers)
        ways += [(_at(samples, rank.middle), rank.top, rank.bottom) for rank in ranks[first + 1 : last]]
    ways.append((end[0], ranks[last].top if last < len(ranks) else end[1], end[1]))
    found: list[tuple[float, ...]] = [begin]
    for x, top, bottom in ways:
        _bend_to(found, x, top)
        if bottom > top:
            found.append((x, bottom))
    return tuple(found)


def _bend_to(found: list[tuple[float, ...]], x: float, y: float) -> None:
    """Lead a line down to a point, upright at both ends."""
    here, there = found[-1][-2:]
    if abs(here - x) < _SAME:
        if y > there:
            found.append((x, y))
    else:
        middle = (there + y) / 2
        found.append((here, middle, x, middle, x, y))


def _sampled(beziers: Sequence[Point]) -> list[Point]:
    """Return points on a chain of cubic Béziers, from top to bottom."""
    found = [beziers[0]]
    for place in range(0, len(beziers) - 3, 3):
        four = beziers[place : place + 4]
        for step in range(1, _SAMPLES + 1):
            t = step / _SAMPLES
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            x, y = (sum(w * point[axis] for w, point in zip(weights, four, strict=True)) for axis in (0, 1))
            found.append((x, y))
    return found


def _at(points: Sequence[Point], y: float) -> float:
    """Return the x of a line at a height."""
    for (x0, y0), (x1, y1) in pairwise(points):
        if y0 <= y <= y1:
            return x0 + (x1 - x0) * ((y - y0) / (y1 - y0) if y1 > y0 else 0.0)
    return points[-1][0]
