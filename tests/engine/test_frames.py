"""Frames through the engine: their pictures are those of photos, and what is not on the screen is not kept."""

import time
from unittest.mock import patch

import numpy as np
import pytest
import torch
from PIL import Image

import cnnviewer
from cnnviewer.engine import Engine
from cnnviewer.engine.live import layers_for
from cnnviewer.frames import Chosen, Frame, Prepared, Watch
from cnnviewer.images import from_packed, to_packed
from cnnviewer.inputs.samples import list_samples
from cnnviewer.messages import (
    BarsRequest,
    HoldRequest,
    ImageRequest,
    MapRequest,
    MatrixRequest,
    NetworkRequest,
    Order,
    PhotoRequest,
    PhotoView,
    ScaleChoice,
    Scope,
    TilesRequest,
    View,
)
from cnnviewer.preprocessing import Preprocessing

SCALE = ScaleChoice()


def sample(name):
    path = next(sample.path for sample in list_samples() if sample.name == name)
    return to_packed(Image.open(path).convert("RGB"))


def tiles(layer, view=View.MAPS, size=16, count=4, scale=SCALE, order=Order.CHANNEL, **more):
    return TilesRequest(layer, view, size, size, 0, count, order, scale, **more)


@pytest.fixture(scope="module")
def pixels():
    return sample("digit-3")


@pytest.fixture
def engine():
    made = Engine()
    made.open_network(NetworkRequest("lenet5"))
    made.open_image(ImageRequest("seven", packed=sample("digit-7")))
    made.summary()
    return made


def show(engine, pixels, requests=(), chosen=None, number=1, watch=None):
    pictures = tuple((str(place), request) for place, request in enumerate(requests))
    watch = watch or Watch(engine.layers, pictures, chosen)
    return engine.show_frame(Prepared(Frame(number, f"frame {number}", pixels, time.perf_counter())), watch)


def photo(pixels, requests):
    """Return what an engine answers of the same pixels as a photo."""
    other = Engine()
    other.open_network(NetworkRequest("lenet5"))
    summary = other.open_image(ImageRequest("photo", packed=pixels))
    return summary, [other.picture(request) for request in requests]


# Layers of lenet5: c1, relu1, s2, c3, relu3, s4, ...
REQUESTS = [
    tiles(0, size=40),
    tiles(1, size=28),
    tiles(2, View.POOLED, size=30),
    tiles(0, View.FILTERS),
    tiles(3, scale=ScaleChoice(scope=Scope.LAYER)),
    tiles(1, order=Order.MEAN),
    MapRequest(1, 2, SCALE),
    MatrixRequest(9, View.CELLS, 0, 12, SCALE),
    BarsRequest(11, 5),
    PhotoRequest(PhotoView.PHOTO, 0, SCALE),
    PhotoRequest(PhotoView.FED, 0, SCALE),
]


def test_pictures_of_frames_are_those_of_photos(engine, pixels):
    summary, wanted = photo(pixels, REQUESTS)
    for number in range(1, 4):
        answer = show(engine, pixels, REQUESTS, number=number)
        assert np.allclose(answer.recording.probabilities, summary.probabilities, atol=1e-6)
        assert answer.recording.layers is engine.layers
        for (_, request, found), expected in zip(answer.pictures, wanted, strict=True):
            if isinstance(request, BarsRequest):
                assert found.names == expected.names
                assert np.allclose(found.values, expected.values, atol=1e-4)
                continue
            assert found.pixels.shape == expected.pixels.shape
            # A value on the border of two levels may fall to the other side.
            assert (found.pixels != expected.pixels).mean() < 0.002, request


def test_a_map_that_is_cut_down_has_the_scale_of_what_is_shown(engine, pixels):
    show(engine, pixels, [tiles(0)])
    answer = show(engine, pixels, [tiles(0, size=7)])
    picture = answer.pictures[0][2]
    assert picture.pixels.shape == (4, 7, 7)
    whole, _ = photo(pixels, [])
    assert whole is not None
    assert all(low == -high for low, high in zip(picture.lows, picture.highs, strict=True))


def test_only_what_is_looked_at_is_kept(engine, pixels):
    show(engine, pixels, [tiles(1)])
    show(engine, pixels, [tiles(1)])
    layers = engine._scene.recording.layers
    kept = {layer.index for layer in layers if not layer.output.is_meta}
    assert kept == {1, engine._scene.recording.scores_index}


@pytest.mark.parametrize(
    ("requests", "chosen", "wanted"),
    [
        ([], None, set()),
        ([], Chosen(3, 0), {3}),
        ([tiles(2, View.POOLED)], None, {1, 2}),
        ([tiles(0, View.FILTERS), MatrixRequest(9, View.WEIGHTS, 8, 8, SCALE)], None, set()),
        ([MatrixRequest(9, View.CELLS, 0, 8, SCALE), BarsRequest(11, 3), MapRequest(4, 0, SCALE)], None, {4, 9, 11}),
        ([PhotoRequest(PhotoView.PHOTO, 0, SCALE)], None, set()),
        ([tiles(1, scale=ScaleChoice(scope=Scope.NETWORK))], None, set(range(12))),
    ],
)
def test_which_layers_are_needed(engine, requests, chosen, wanted):
    watch = Watch(engine.layers, tuple((str(n), request) for n, request in enumerate(requests)), chosen)
    assert layers_for(watch, engine._scene.recording) == frozenset(wanted)


def test_pictures_of_weights_are_rendered_once(engine, pixels):
    watch = Watch(engine.layers, (("a", tiles(0, View.FILTERS)), ("b", tiles(0))), None)
    found = [[key for key, _, _ in show(engine, pixels, watch=watch).pictures] for _ in range(3)]
    assert found == [["a", "b"], ["b"], ["b"]]


def test_a_frame_for_other_layers_brings_no_pictures(engine, pixels):
    answer = show(engine, pixels, watch=Watch((), (("a", tiles(0)),), Chosen(0, 0)))
    assert answer.pictures == ()
    assert answer.activation is None
    assert len(answer.recording.probabilities) == 10


def test_frames_before_a_network_are_what_it_sees_first(pixels):
    made = Engine()
    assert made.show_frame(Prepared(Frame(1, "first", pixels, 0.0)), Watch()) is None
    made.open_network(NetworkRequest("lenet5"))
    assert made.summary().image == "first"


def test_what_was_prepared_for_another_network_is_prepared_anew(engine, pixels):
    preprocessing = engine.preprocessing
    tensor = preprocessing(from_packed(pixels))
    given = engine.show_frame(Prepared(Frame(1, "a", pixels, 0.0), tensor, preprocessing, 0.001), Watch())
    assert given.times.preprocess >= 0.001
    other = Engine()
    other.open_network(NetworkRequest("fashion-cnn"))
    answer = other.show_frame(Prepared(Frame(1, "a", pixels, 0.0), tensor, preprocessing, 0.0), Watch())
    wanted = other.open_image(ImageRequest("a", packed=pixels))
    assert np.allclose(answer.recording.probabilities, wanted.probabilities, atol=1e-6)


def test_the_chosen_map_and_its_best_frames(engine, pixels):
    requests, chosen = [tiles(1)], Chosen(1, 0)
    first = show(engine, pixels, requests, chosen)
    activation = first.activation
    relu = engine._scene.recording.layers[1].output[0]
    assert activation.mean == pytest.approx(float(relu.mean()))
    assert activation.maximum == pytest.approx(float(relu.max()))
    assert relu[activation.unit] == relu.max()
    assert [best.frame for best in first.best] == [1]
    blank = np.zeros_like(pixels)
    watch = Watch(engine.layers, (), chosen)
    time.sleep(0.6)
    answers = [show(engine, blank, number=number, watch=watch) for number in (2, 3)]
    assert [len(answer.best) if answer.best else None for answer in answers] == [2, None]
    # Another map has its own; and the first is remembered.
    assert [best.frame for best in show(engine, pixels, requests, Chosen(1, 3), number=4).best] == [4]
    assert len(show(engine, blank, requests, chosen, number=5).best) == 2


def test_a_moment_that_is_held_is_compared_in_frames_too(engine, pixels):
    engine.hold(HoldRequest(True))
    answer = show(engine, pixels, [tiles(1, is_paired=True)])
    answer = show(engine, pixels, [tiles(1, is_paired=True)])
    picture = answer.pictures[0][2]
    assert picture.before is not None
    assert (picture.before != picture.pixels).mean() < 0.002


def test_large_frames_are_made_smaller_for_the_screen(engine):
    large = np.full((600, 900), 0xFF336699, np.uint32)
    answer = show(engine, large, [PhotoRequest(PhotoView.PHOTO, 0, SCALE, 200)])
    answer = show(engine, large, [PhotoRequest(PhotoView.PHOTO, 0, SCALE, 200)])
    picture = answer.pictures[0][2]
    assert picture.full_size == (900, 600)
    assert 200 <= picture.pixels.shape[1] < 400
    assert (picture.pixels == 0xFF336699).all()


def test_a_frame_tells_which_pictures_it_has(engine, pixels):
    wanted = [tiles(1), tiles(2, View.POOLED), tiles(0, View.FILTERS), MapRequest(1, 2, SCALE), tiles(3)]
    assert all(map(engine.has, wanted))  # of a photo
    show(engine, pixels, [tiles(1)])
    show(engine, pixels, [tiles(1)])
    assert [engine.has(request) for request in wanted] == [True, False, True, True, False]
    assert engine.has(PhotoRequest(PhotoView.PHOTO, 0, SCALE))
    assert not engine.has(tiles(1, scale=ScaleChoice(scope=Scope.NETWORK)))


def test_a_large_map_of_a_frame_is_shown_by_some_of_its_units():
    made = Engine()
    network = cnnviewer.from_module(
        torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3, padding=1), torch.nn.ReLU()),
        preprocessing=Preprocessing((600, 700), 700, (0.5,) * 3, (0.5,) * 3),
        name="large",
    )
    with patch("cnnviewer.engine.engine.load_network", lambda *args, **kwargs: network):
        made.open_network(NetworkRequest("large"))
    pixels = sample("chelsea")
    made.open_image(ImageRequest("photo", packed=pixels))
    whole = made.picture(MapRequest(0, 1, SCALE))
    assert (whole.values.shape, whole.full_shape, whole.shape) == ((600, 700), None, (600, 700))
    for number in (1, 2):
        answer = show(made, pixels, [MapRequest(0, 1, SCALE)], chosen=Chosen(0, 1), number=number)
    found = answer.pictures[0][2]
    assert found.values.shape == found.pixels.shape == (512, 512)
    assert found.shape == (600, 700)
    for cell in ((0, 0), (511, 511), (17, 400)):
        unit = found.unit_of(cell)
        assert found.values[cell] == pytest.approx(whole.values[unit], abs=1e-4)
        assert found.cell_of(unit) == cell
    assert answer.activation.unit[0] < 600
    assert answer.activation.maximum == pytest.approx(whole.values[answer.activation.unit], abs=1e-4)
    made.close()
