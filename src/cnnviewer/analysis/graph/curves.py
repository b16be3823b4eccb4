"""Lines of straight pieces and Bézier curves: moved, joined, and with round corners."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.graphs import Curve

__all__ = ["bounds", "joined", "moved", "rounded", "transposed"]

_RADIUS = 7.0


def moved(curve: Curve, x: float, y: float) -> Curve:
    """Return a curve moved by so much."""
    found: list[tuple[float, ...]] = []
    for segment in curve:  # written out: there are tens of thousands in a large picture
        if len(segment) == 2:
            found.append((segment[0] + x, segment[1] + y))
        else:
            x1, y1, x2, y2, x3, y3 = segment
            found.append((x1 + x, y1 + y, x2 + x, y2 + y, x3 + x, y3 + y))
    return tuple(found)


def transposed(curve: Curve) -> Curve:
    """Return a curve with x and y exchanged."""
    found: list[tuple[float, ...]] = []
    for segment in curve:
        if len(segment) == 2:
            found.append((segment[1], segment[0]))
        else:
            x1, y1, x2, y2, x3, y3 = segment
            found.append((y1, x1, y2, x2, y3, x3))
    return tuple(found)


def joined(curves: Sequence[Curve]) -> Curve:
    """Return one curve of several, each of which begins where the one before ends, or nearly."""
    found = list(curves[0])
    for curve in curves[1:]:
        (x, y), begin = found[-1][-2:], curve[0]
        if abs(x - begin[0]) > 0.01 or abs(y - begin[1]) > 0.01:
            found.append(begin)
        found += curve[1:]
    return tuple(found)


def rounded(corners: Sequence[tuple[float, float]]) -> Curve:
    """Return the line along some corners, each of which is rounded."""
    found: list[tuple[float, ...]] = [tuple(corners[0])]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        begin, end = _towards(corner, before), _towards(corner, after)
        found += [begin, (*_between(begin, corner), *_between(end, corner), *end)]
    return (*found, tuple(corners[-1]))


def bounds(curve: Curve) -> tuple[float, float, float, float]:
    """Return the least x and y, and the largest, of a curve's points and handles; it lies between them."""
    xs = [value for segment in curve for value in segment[::2]]
    ys = [value for segment in curve for value in segment[1::2]]
    return min(xs), min(ys), max(xs), max(ys)


def _towards(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """Return the point where the round part of a corner begins on the side of another."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy)  # lines are level or upright
    share = min(_RADIUS, length / 2) / length if length else 0.0
    return corner[0] + share * dx, corner[1] + share * dy


def _between(end: tuple[float, float], corner: tuple[float, float]) -> tuple[float, float]:
    """Return the handle of an arc that is a quarter of a circle, nearly."""
    return end[0] + 0.55 * (corner[0] - end[0]), end[1] + 0.55 * (corner[1] - end[1])
