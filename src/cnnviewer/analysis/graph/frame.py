"""One module's own graph laid out: its boxes, its ports, and the lines between them."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cnnviewer.analysis.graph.curves import bounds, joined, moved, rounded
from cnnviewer.analysis.graph.dot import place
from cnnviewer.analysis.graph.ranks import find_ranks, route
from cnnviewer.analysis.graph.skips import Lane, find_lanes, implied_edges
from cnnviewer.analysis.graph.wiring import Port
from cnnviewer.graphs import Wire

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnnviewer.analysis.graph.ranks import Rank
    from cnnviewer.analysis.graph.tree import Group
    from cnnviewer.analysis.graph.wiring import Local, Node
    from cnnviewer.graphs import Curve

__all__ = ["Frame", "Margins", "Rect", "lay_out_frame"]

Point = tuple[float, float]
_TURN = 11.0
"""How far from a frame a lane turns."""


@dataclass(frozen=True)
class Rect:
    """Where something lies; the computation runs down, towards larger y."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right side."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The lower side."""
        return self.y + self.height


@dataclass(frozen=True)
class Margins:
    """The room between a frame and what lies in it."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, eq=False)
class Frame:
    """A module laid out, from (0, 0); `curves` are whole lines, `wires` what is drawn of them."""

    group: Group
    width: float
    height: float
    rects: Mapping[Node, Rect]
    frames: Mapping[Node, Frame]
    curves: Mapping[Local, Curve]
    skips: frozenset[Local]
    wires: tuple[Wire, ...]

    def port(self, port: Port) -> float:
        """Return at which x a port lies on the frame."""
        return self.rects[port].x


def lay_out_frame(
    group: Group,
    nodes: Sequence[Node],
    lines: Sequence[Local],
    sizes: Mapping[Node, tuple[float, float]],
    frames: Mapping[Node, Frame],
    margins: Margins,
    least: tuple[float, float],
) -> Frame:
    """Lay out a module.

    Parameters
    ----------
    group
        The module.
    nodes
        What lies in it and its ports, in an order in which each line leads onward.
    lines
        The lines between them.
    sizes
        Width and height of each node that is no port.
    frames
        Those of the unfolded modules among the nodes.
    margins, least
        The room around what lies in it, and the least width and height.
    """
    work = _Work(nodes, lines, sizes, frames)
    work.place()
    work.lead_past()
    return work.framed(group, margins, least)


@dataclass
class _Work:
    """Lays out one module step by step; `curves` are in its own coordinates, which begin anywhere."""

    nodes: Sequence[Node]
    lines: Sequence[Local]
    sizes: Mapping[Node, tuple[float, float]]
    frames: Mapping[Node, Frame]
    rects: dict[Node, Rect] = field(default_factory=dict)
    curves: dict[Local, Curve] = field(default_factory=dict)
    skips: set[Local] = field(default_factory=set)
    wires: list[Wire] = field(default_factory=list)

    def place(self) -> None:
        """Give nodes their places, and the lines that run straight on their curves."""
        numbers = {node: number for number, node in enumerate(self.nodes)}
        pairs = {line: (numbers[line.source], numbers[line.target]) for line in self.lines}
        onward = set(pairs.values())
        implied = implied_edges(len(self.nodes), onward)
        shown = tuple(sorted(onward - implied))
        sizes = tuple(self.sizes.get(node, (1.0, 1.0)) for node in self.nodes)
        ports = [(numbers[node], node.is_entry) for node in self.nodes if isinstance(node, Port)]
        first, last = (tuple(number for number, is_entry in ports if is_entry is side) for side in (True, False))
        placed = place(sizes, shown, first, last)
        for node, (x, y), (width, height) in zip(self.nodes, placed.centers, sizes, strict=True):
            is_port = isinstance(node, Port)
            self.rects[node] = Rect(x, y, 0, 0) if is_port else Rect(x - width / 2, y - height / 2, width, height)
        ranks = find_ranks((rect.y, rect.bottom) for rect in self.rects.values())
        self._straighten(ranks, [(route[0][1], route[-1][1]) for route in placed.routes])
        ways = dict(zip(shown, placed.routes, strict=True))
        for line, pair in pairs.items():
            if pair in ways:
                self._set(line, route(self._begin(line), self._end(line), ways[pair], ranks))
            else:
                self.skips.add(line)

    def _straighten(self, ranks: Sequence[Rank], spans: Sequence[tuple[float, float]]) -> None:
        """Move nodes that have nothing beside them sideways, so that the line through them runs straight."""
        nodes: dict[int, list[Node]] = {}
        middles = [rank.middle for rank in ranks]
        for node, rect in self.rects.items():
            nodes.setdefault(bisect_left(middles, rect.y + rect.height / 2 - 0.5), []).append(node)
        passed = _passed_ranks(middles, spans)
        axis = None
        for number in sorted(nodes):
            if len(nodes[number]) == 1 and number not in passed:
                node = nodes[number][0]
                own = self._main_axis(node)
                axis = self.rects[node].x + own if axis is None else axis
                self.rects[node] = replace(self.rects[node], x=axis - own)

    def _main_axis(self, node: Node) -> float:
        """Return where on a node the first of its lines comes in."""
        heads = (line.head for line in self.lines if line.target is node and line.head is not None)
        head = next(heads, None)
        return self.rects[node].width / 2 if head is None else self._frame(node).port(head)

    def _begin(self, line: Local) -> Point:
        rect = self.rects[line.source]
        x = rect.x + rect.width / 2 if line.tail is None else rect.x + self._frame(line.source).port(line.tail)
        return x, rect.bottom

    def _end(self, line: Local) -> Point:
        rect = self.rects[line.target]
        x = rect.x + rect.width / 2 if line.head is None else rect.x + self._frame(line.target).port(line.head)
        return x, rect.y

    def _frame(self, node: Node) -> Frame:
        return self.frames[node]

    def _set(self, line: Local, curve: Curve) -> None:
        self.curves[line] = curve
        self.wires.append(Wire(curve, False, _has_arrow(line)))

    # ---- lanes

    def lead_past(self) -> None:
        """Give the lines that lead past boxes their lanes: one for all that come from the same place."""
        buses: dict[tuple[Node, Port | None], list[Local]] = {}
        for line in self.lines:
            if line in self.skips:
                buses.setdefault((line.source, line.tail), []).append(line)
        lanes = [
            Lane(key, self._leaves(lines[0])[-1][1], max(self._enters(line)[0][1] for line in lines))
            for key, lines in buses.items()
        ]
        found = find_lanes(lanes, [(rect.y, rect.bottom, rect.right) for rect in self.rects.values()])
        for key, lines in buses.items():
            lines.sort(key=lambda line: -self._enters(line)[0][1])
            for number, line in enumerate(lines):
                self._take_lane(line, found[key], is_longest=number == 0)

    def _take_lane(self, line: Local, x: float, *, is_longest: bool) -> None:
        out, into = self._leaves(line), self._enters(line)
        corners = [*out, (x, out[-1][1]), (x, into[0][1]), *into]
        self.curves[line] = rounded(corners)
        # The lane is drawn once: shorter lines on it only leave it.
        drawn = corners if is_longest else [(x, max(out[-1][1], into[0][1] - _TURN)), (x, into[0][1]), *into]
        self.wires.append(Wire(rounded(drawn), True, _has_arrow(line)))

    def _leaves(self, line: Local) -> list[Point]:
        """Return the corners from where a line leaves a box to the height at which it goes to its lane."""
        rect = self.rects[line.source]
        if isinstance(line.source, Port):
            return [(rect.x, rect.y)]
        if line.tail is not None:
            x, y = self._begin(line)
            return [(x, y), (x, y + _TURN)]
        return [(rect.right, rect.y + 0.72 * rect.height)]

    def _enters(self, line: Local) -> list[Point]:
        rect = self.rects[line.target]
        if isinstance(line.target, Port):
            return [(rect.x, rect.y)]
        if line.head is not None:
            x, y = self._end(line)
            return [(x, y - _TURN), (x, y)]
        return [(rect.right, rect.y + 0.28 * rect.height)]

    # ---- the frame

    def framed(self, group: Group, margins: Margins, least: tuple[float, float]) -> Frame:
        """Return the module with its frame around it, and everything counted from its corner."""
        around = [bounds(curve) for curve in self.curves.values()]
        around += [(rect.x, rect.y, rect.right, rect.bottom) for rect in self.rects.values()]
        left, top = min(box[0] for box in around), min(box[1] for box in around)
        right, bottom = max(box[2] for box in around), max(box[3] for box in around)
        width = max(right - left + margins.left + margins.right, least[0])
        height = max(bottom - top + margins.top + margins.bottom, least[1])
        dx, dy = margins.left - left, margins.top - top
        rects = {node: Rect(rect.x + dx, rect.y + dy, rect.width, rect.height) for node, rect in self.rects.items()}
        curves = {line: moved(curve, dx, dy) for line, curve in self.curves.items()}
        wires = [Wire(moved(wire.curve, dx, dy), wire.is_skip, wire.has_arrow) for wire in self.wires]
        for node, rect in rects.items():
            if isinstance(node, Port):
                y = 0.0 if node.is_entry else height
                wires.append(Wire(((rect.x, min(y, rect.y)), (rect.x, max(y, rect.y))), False, False))
        for line, curve in curves.items():
            curves[line] = _to_the_frame(line, curve, height)
        return Frame(group, width, height, rects, self.frames, curves, frozenset(self.skips), tuple(wires))


def _passed_ranks(middles: Sequence[float], spans: Sequence[tuple[float, float]]) -> set[int]:
    """Return which ranks a line passes that neither begins nor ends there."""
    found: set[int] = set()
    for begin, end in spans:
        found.update(range(bisect_left(middles, begin), bisect_left(middles, end)))
    return found


def _to_the_frame(line: Local, curve: Curve, height: float) -> Curve:
    """Return the curve of a line from the frame on, or up to it."""
    parts = [curve]
    if isinstance(line.source, Port):
        x, y = curve[0]
        parts.insert(0, ((x, 0.0), (x, y)))
    if isinstance(line.target, Port):
        x, y = curve[-1][-2:]
        parts.append(((x, y), (x, height)))
    return joined(parts)


def _has_arrow(line: Local) -> bool:
    return line.head is None and not isinstance(line.target, Port)
