"""The graph of a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.errors import CnnviewerError
from cnnviewer.graphs import GraphAnswer

if TYPE_CHECKING:
    from cnnviewer.engine.scene import Scene
    from cnnviewer.graphs import GraphRequest
    from cnnviewer.messages import LayerSummary

__all__ = ["graph"]


def graph(request: GraphRequest, scene: Scene, layers: tuple[LayerSummary, ...]) -> GraphAnswer:
    """Draw the layers of a recording as a graph.

    Raises
    ------
    CnnviewerError
        If Graphviz does not load.
    """
    # Not above: it loads Graphviz, which few sessions need.
    try:
        from cnnviewer.analysis.graph.drawing import graph_picture
    except ImportError as error:
        told = f"The graph can't be drawn, for Graphviz does not load ({error}). Install pygraphviz anew."
        raise CnnviewerError(told) from error

    return GraphAnswer(graph_picture(layers, tuple(scene.recording.input.shape), request), layers)
