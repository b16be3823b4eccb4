"""From the layers of a recording to the picture of its graph."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeGuard

import networkx

from cnnviewer.analysis.graph.curves import joined, moved, transposed
from cnnviewer.analysis.graph.frame import Margins, Rect, lay_out_frame
from cnnviewer.analysis.graph.runs import gather_runs
from cnnviewer.analysis.graph.sizes import box_size, channels_and_side
from cnnviewer.analysis.graph.tree import Group, default_folded, module_tree, own_name
from cnnviewer.analysis.graph.wiring import Port, layer_of, wire
from cnnviewer.graphs import Direction, GraphBox, GraphEdge, GraphFrame, GraphPicture, Wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.analysis.graph.frame import Frame
    from cnnviewer.analysis.graph.wiring import Box, Local, Node, Wiring
    from cnnviewer.graphs import Curve, GraphRequest
    from cnnviewer.messages import LayerSummary

__all__ = ["graph_picture"]

_ROOM = 12.0
_TITLE = 26.0
_AROUND = Margins(18.0, 18.0, 18.0, 18.0)
_PER_LETTER, _BESIDE_TITLE = 6.6, 64.0
_BESIDE_NAME = 34.0
_PER_SMALL_LETTER, _BESIDE_WORDS, _MOST_WORDS = 5.9, 14.0, 160.0
"""How wide the words on a layer are, and at most how wide a box becomes for their sake."""
_STRIP = 9.0
"""How much higher a folded module is than a layer: it shows the kinds of its layers."""


def graph_picture(layers: Sequence[LayerSummary], input_shape: tuple[int, ...], request: GraphRequest) -> GraphPicture:
    """Return the picture of a network as a graph.

    Parameters
    ----------
    layers
        All layers of a recording.
    input_shape
        That of the image as the network is fed it, ``(C, H, W)``.
    request
        What is folded, and which way the computation runs.
    """
    root = gather_runs(module_tree(layers))
    foldable = tuple(group.path for group in root.groups())
    folded = default_folded(root) if request.folded is None else request.folded & frozenset(foldable)
    wiring = wire(root, folded)
    return _Composer(folded, wiring, tuple(input_shape), request.direction).picture(root, foldable)


class _Composer:
    """Lays out modules from the innermost outwards, then gives everything its place in the picture.

    Lengths are of a computation that runs down; at the end x and y are exchanged where it runs across.
    """

    def __init__(
        self, folded: frozenset[str], wiring: Wiring, input_shape: tuple[int, ...], direction: Direction
    ) -> None:
        self._folded, self._wiring, self._input_shape = folded, wiring, input_shape
        self._direction, self._is_down = direction, direction is Direction.DOWN
        self._boxes: dict[Box, Rect] = {}
        self._frames: list[tuple[Group, Rect]] = []
        self._curves: dict[tuple[Group, Local], Curve] = {}
        self._skips: set[tuple[Group, Local]] = set()
        self._wires: list[Wire] = []

    def picture(self, root: Group, foldable: tuple[str, ...]) -> GraphPicture:
        frame = self._lay_out(root)
        self._spread(frame, 0.0, 0.0)
        width, height = (frame.width, frame.height) if self._is_down else (frame.height, frame.width)
        boxes = sorted(self._boxes, key=lambda box: box.order)
        return GraphPicture(
            boxes=tuple(self._box(box) for box in boxes),
            frames=tuple(self._frame(group, rect) for group, rect in self._frames),
            edges=self._edges({box: place for place, box in enumerate(boxes)}),
            wires=tuple(Wire(self._turned(wire.curve), wire.is_skip, wire.has_arrow) for wire in self._wires),
            width=width,
            height=height,
            direction=self._direction,
            folded=self._folded,
            foldable=foldable,
        )

    # ---- inner modules first

    def _lay_out(self, group: Group) -> Frame:
        lines = tuple(self._wiring.lines.get(group, ()))
        ends = dict.fromkeys(end for line in lines for end in (line.source, line.target) if isinstance(end, Port))
        entries, exits = ([port for port in ends if port.is_entry is side] for side in (True, False))
        inside = sorted(group.children, key=lambda child: child.order)
        frames: dict[Node, Frame] = {child: self._lay_out(child) for child in inside if self._is_open(child)}
        sizes: dict[Node, tuple[float, float]] = {}
        for child in inside:
            frame = frames.get(child)
            sizes[child] = self._size(child) if frame is None else (frame.width, frame.height)
        is_root = group.parent is None
        title = 0.0 if is_root else _PER_LETTER * len(group.name) + _BESIDE_TITLE
        return lay_out_frame(
            group,
            _onward([*entries, *inside, *exits], lines),
            lines,
            sizes,
            frames,
            _AROUND if is_root else self._margins(),
            (title, 0.0) if self._is_down else (0.0, title),
        )

    def _is_open(self, child: Box) -> TypeGuard[Group]:
        return isinstance(child, Group) and child.path not in self._folded

    def _margins(self) -> Margins:
        if self._is_down:
            return Margins(_ROOM, _TITLE, _ROOM, _ROOM)
        return Margins(_TITLE, _ROOM, _ROOM, _ROOM)

    def _size(self, box: Box) -> tuple[float, float]:
        layer = layer_of(box)
        shape = self._input_shape if layer is None else layer.shape
        width, height = box_size(*channels_and_side(shape, layer), self._direction)
        if isinstance(box, Group):
            height += _STRIP
            width = max(width, _PER_LETTER * len(box.name) + _BESIDE_NAME)
        elif layer is not None:
            width = max(width, _words_width(layer))
        return (width, height) if self._is_down else (height, width)

    # ---- then outer places

    def _spread(self, frame: Frame, x: float, y: float) -> None:
        """Give all that lies in a module its place in the picture."""
        for node, rect in frame.rects.items():
            if isinstance(node, Port):
                continue
            at = Rect(rect.x + x, rect.y + y, rect.width, rect.height)
            inner = frame.frames.get(node)
            if inner is None:
                self._boxes[node] = at
            else:
                self._frames.append((inner.group, at))
                self._spread(inner, at.x, at.y)
        for line, curve in frame.curves.items():
            self._curves[frame.group, line] = moved(curve, x, y)
        self._skips.update((frame.group, line) for line in frame.skips)
        self._wires += [Wire(moved(wire.curve, x, y), wire.is_skip, wire.has_arrow) for wire in frame.wires]

    def _turned(self, curve: Curve) -> Curve:
        return curve if self._is_down else transposed(curve)

    def _sides(self, rect: Rect) -> tuple[float, float, float, float]:
        if self._is_down:
            return rect.x, rect.y, rect.width, rect.height
        return rect.y, rect.x, rect.height, rect.width

    def _edges(self, places: dict[Box, int]) -> tuple[GraphEdge, ...]:
        found = []
        for (source, target), way in self._wiring.edges.items():
            curve = self._turned(joined([self._curves[step] for step in way]))
            is_skip = any(step in self._skips for step in way)
            found.append(GraphEdge(places[source], places[target], curve, is_skip))
        return tuple(found)

    def _box(self, box: Box) -> GraphBox:
        x, y, width, height = self._sides(self._boxes[box])
        if isinstance(box, Group):
            return _module_box(box, x, y, width, height)
        layer = box.layer
        if layer is None:
            return GraphBox("input", "input", x, y, width, height, self._input_shape, "the image", 0, ())
        name = own_name(layer.name)
        words = layer.settings
        return GraphBox(name, layer.kind, x, y, width, height, layer.shape, words, layer.parameters, (layer.name,))

    def _frame(self, group: Group, rect: Rect) -> GraphFrame:
        x, y, width, height = self._sides(rect)
        return GraphFrame(group.path, group.name, x, y, width, height, group.depth, len(group.layers))


def _onward(nodes: Sequence[Node], lines: Sequence[Local]) -> list[Node]:
    """Return nodes in an order in which each line leads onward, else as they are."""
    graph = networkx.DiGraph([(line.source, line.target) for line in lines])
    graph.add_nodes_from(nodes)
    places = {node: place for place, node in enumerate(nodes)}
    return list(networkx.lexicographical_topological_sort(graph, key=places.__getitem__))


def _module_box(group: Group, x: float, y: float, width: float, height: float) -> GraphBox:
    kinds = Counter(layer.kind for layer in group.layers)
    return GraphBox(
        name=group.name,
        kind="module",
        x=x,
        y=y,
        width=width,
        height=height,
        shape=group.layers[-1].shape,
        settings=_what_it_holds(group),
        parameters=_parameter_count(group.layers),
        members=tuple(layer.name for layer in group.layers),
        module=group.path,
        kinds=tuple(kinds.most_common()),
    )


def _parameter_count(layers: Sequence[LayerSummary]) -> int:
    """Return how many parameters layers have together; what several of them use counts once."""
    return sum({key: count for layer in layers for key, count in layer.learnt}.values())


def _words_width(layer: LayerSummary) -> float:
    """Return how wide a layer's box is for its name and its settings to be read."""
    words = max(_PER_LETTER * len(own_name(layer.name)), _PER_SMALL_LETTER * len(layer.settings))
    return min(_MOST_WORDS, words + _BESIDE_WORDS)


def _what_it_holds(group: Group) -> str:
    if not group.title:
        return f"{len(group.layers)} layers"
    return f"{own_name(group.layers[0].name)} … {own_name(group.layers[-1].name)}"
