"""The engine answers with the graph of the network that is open."""

from __future__ import annotations

import sys

import pytest

from cnnviewer.engine import Engine
from cnnviewer.errors import CnnviewerError
from cnnviewer.graphs import GraphRequest
from cnnviewer.messages import ImageRequest, NetworkRequest


@pytest.fixture
def engine(samples):
    engine = Engine()
    engine.open_network(NetworkRequest("lenet5"))
    engine.open_image(ImageRequest("3", path=samples / "digit-3.png"))
    yield engine
    engine.close()


def test_the_graph_is_of_the_very_layers_that_the_summary_tells(engine):
    answer = engine.picture(GraphRequest())
    assert answer.layers is engine.layers
    assert [box.members for box in answer.picture.boxes[1:]] == [(layer.name,) for layer in engine.layers]
    assert answer.picture.boxes[0].shape == (1, 32, 32)


def test_there_is_no_graph_without_a_recording():
    engine = Engine()
    with pytest.raises(CnnviewerError, match="no recording"):
        engine.picture(GraphRequest())
    engine.close()


def test_a_graphviz_that_does_not_load_is_told(engine, monkeypatch):
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    for name in ("dot", "frame", "drawing"):
        monkeypatch.delitem(sys.modules, f"cnnviewer.analysis.graph.{name}", raising=False)
    with pytest.raises(CnnviewerError, match="Install pygraphviz"):
        engine.picture(GraphRequest())
