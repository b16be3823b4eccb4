"""Pictures of frames are rendered beside the network, as soon as the layers are there that they show."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import cnnviewer
from cnnviewer.engine.frame_pictures import FramePictures
from cnnviewer.errors import CnnviewerError
from cnnviewer.messages import MapRequest, Order, PhotoRequest, PhotoView, ScaleChoice, Scope, TilesRequest, View
from cnnviewer.resources import resource

USUAL, EVERYWHERE = ScaleChoice(), ScaleChoice(scope=Scope.NETWORK)


def tiles(layer, view=View.MAPS, scale=USUAL):
    return TilesRequest(layer, view, 16, 16, 0, 4, Order.CHANNEL, scale)


# Layers of lenet5: c1, relu1, s2, ...
WANTED = [
    ("last", tiles(3)),
    ("all", tiles(0, scale=EVERYWHERE)),
    ("first", tiles(0)),
    ("pooled", tiles(2, View.POOLED)),
    ("map", MapRequest(1, 0, ScaleChoice())),
    ("photo", PhotoRequest(PhotoView.PHOTO, 0, ScaleChoice())),
]


@pytest.fixture(scope="module")
def recording():
    return cnnviewer.record(cnnviewer.load_network("lenet5"), resource("samples", "digit-3.png"))


@pytest.fixture
def pool():
    with ThreadPoolExecutor(1) as made:
        yield made


def test_each_begins_when_its_layers_are_there(recording, pool):
    begun = []

    def render(request, of):
        begun.append((request, threading.current_thread()))
        return request

    pictures = FramePictures(WANTED, render, pool)
    named = dict(WANTED)
    expected = {0: ["first", "photo"], 1: ["map"], 2: ["pooled"]}
    for layer, names in expected.items():
        pictures.begin(recording, layer)
        pictures._job.result()
        assert [request for request, _ in begun] == [named[name] for name in names]
        assert threading.current_thread() not in {thread for _, thread in begun}
        begun.clear()
    answers = pictures.finish(recording)
    assert {request for request, _ in begun} == {named["last"], named["all"]}
    assert answers == tuple((name, request, request) for name, request in WANTED)


def test_all_are_rendered_where_nothing_was_told(recording, pool):
    answers = FramePictures(WANTED, lambda request, of: request, pool).finish(recording)
    assert [answer for _, _, answer in answers] == [request for _, request in WANTED]


def test_what_fails_beside_the_network_is_told(recording, pool):
    (_, failing), _ = wanted = WANTED[0], WANTED[2]

    def render(request, of):
        if request == failing:
            raise CnnviewerError("There is no such map.")
        return request

    pictures = FramePictures(wanted, render, pool)
    pictures.begin(recording, 3)
    assert pictures._job.exception() is not None
    pictures.begin(recording, 0)  # what comes later does not hide it
    with pytest.raises(CnnviewerError, match="no such map"):
        pictures.finish(recording)
