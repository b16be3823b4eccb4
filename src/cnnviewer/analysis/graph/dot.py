"""Where the nodes of a small graph lie: Graphviz's ``dot`` (Gansner et al., 1993), as pygraphviz brings it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache

import pygraphviz

__all__ = ["NODE_GAP", "RANK_GAP", "Placed", "place"]

NODE_GAP, RANK_GAP = 22.0, 30.0
"""Between nodes side by side, and between one rank and the next, in pixels."""
_INCH = 72.0
_lock = threading.Lock()  # Graphviz keeps its state in global variables


@dataclass(frozen=True, eq=False)
class Placed:
    """Centres ``(x, y)`` of the nodes, y down, and for each edge its points: a chain of cubic Béziers."""

    centers: tuple[tuple[float, float], ...]
    routes: tuple[tuple[tuple[float, float], ...], ...]


@lru_cache(512)  # blocks of a network are often alike, and a fold leaves most of them as they are
def place(
    sizes: tuple[tuple[float, float], ...],
    edges: tuple[tuple[int, int], ...],
    first: tuple[int, ...] = (),
    last: tuple[int, ...] = (),
) -> Placed:
    """Lay out a graph without cycles, from top to bottom.

    Parameters
    ----------
    sizes
        Width and height of each node.
    edges
        The numbers of the two nodes of each; no pair twice.
    first, last
        Nodes that lie in the first rank, and in the last.
    """
    with _lock:
        graph = _graph(sizes, edges, first, last)
        try:
            graph.layout(prog="dot")
            centers = [_point(graph.get_node(number).attr["pos"]) for number in range(len(sizes))]
            routes = [_route(graph.get_edge(*edge).attr["pos"]) for edge in edges]
        finally:
            graph.close()
    return Placed(tuple(centers), tuple(routes))


def _graph(
    sizes: tuple[tuple[float, float], ...],
    edges: tuple[tuple[int, int], ...],
    first: tuple[int, ...],
    last: tuple[int, ...],
) -> pygraphviz.AGraph:
    graph = pygraphviz.AGraph(directed=True, strict=True)
    graph.graph_attr.update(nodesep=NODE_GAP / _INCH, ranksep=RANK_GAP / _INCH, splines="polyline")
    # Without a label no font is looked for, which takes long, and warns on some machines.
    graph.node_attr.update(shape="box", label="", fixedsize="true")
    graph.edge_attr.update(dir="none", headport="n", tailport="s")
    for number, (width, height) in enumerate(sizes):
        graph.add_node(number, width=width / _INCH, height=height / _INCH)
    graph.add_edges_from(edges)
    for nodes, rank in ((first, "min"), (last, "max")):
        if nodes:
            graph.add_subgraph(nodes, rank=rank)
    return graph


def _point(text: str) -> tuple[float, float]:
    x, y = text.split(",")
    return float(x), -float(y)


def _route(text: str) -> tuple[tuple[float, float], ...]:
    return tuple(_point(point) for point in text.split())
