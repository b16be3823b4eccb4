"""The engine: each request on each layer of two networks, against the recording itself."""

import numpy as np
import pytest
import torch
from PIL import Image

from cnnviewer.analysis.cost import multiply_adds
from cnnviewer.engine import Engine
from cnnviewer.errors import CnnviewerError, ImageError, NetworkError, RecordingError, WeightsError
from cnnviewer.messages import (
    BarsRequest,
    ImageRequest,
    MapRequest,
    MatrixRequest,
    NetworkRequest,
    Order,
    PhotoRequest,
    PhotoView,
    ScaleChoice,
    Scope,
    ThumbnailRequest,
    TilesRequest,
    View,
)
from cnnviewer.networks import load_network
from cnnviewer.recorder import record
from cnnviewer.rendering.colormaps import color_table
from cnnviewer.resources import resource

SCALE = ScaleChoice()
NETWORKS = {"lenet5": "digit-7.png", "efficientnet-lite0": "chelsea.png"}


def sample(name):
    return ImageRequest(name, path=resource("samples", name))


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module", params=NETWORKS)
def opened(request):
    """An engine with a network and an image, its summaries, and a recording made apart from it."""
    engine = Engine()
    network = engine.open_network(NetworkRequest(request.param))
    summary = engine.open_image(sample(NETWORKS[request.param]))
    recording = record(load_network(request.param), resource("samples", NETWORKS[request.param]))
    return engine, network, summary, recording


def tiles(index, view=View.MAPS, order=Order.CHANNEL, first=0, count=6, scale=SCALE, size=(9, 11), channel=0):
    return TilesRequest(index, view, *size, first, count, order, scale, channel)


def test_the_network_is_summed_up(opened):
    _, network, _, recording = opened
    assert network.name == recording.network.name
    assert network.parameters == recording.network.parameter_count
    assert network.input_shape == tuple(recording.input.shape)
    assert network.categories == recording.network.categories


def test_the_recording_is_summed_up(opened):
    _, _, summary, recording = opened
    assert [layer.name for layer in summary.layers] == [layer.name for layer in recording.layers]
    for shown, layer in zip(summary.layers, recording.layers, strict=True):
        assert shown.shape == layer.shape
        assert shown.inputs == layer.inputs
        assert shown.multiply_adds == multiply_adds(layer, recording)
        assert shown.parameters == layer.parameter_count
        assert shown.views
    assert [layer.is_scores for layer in summary.layers].count(True) == 1
    expected = recording.probabilities
    assert summary.probabilities == pytest.approx(expected.tolist())
    assert summary.ranking[0] == int(expected.argmax())
    ranked = [summary.probabilities[index] for index in summary.ranking]
    assert ranked == sorted(ranked, reverse=True)
    probabilities = expected.double().numpy()
    entropy = -sum(p * np.log2(p) for p in probabilities if p > 0)
    assert summary.entropy == pytest.approx(entropy, rel=1e-6)
    assert summary.nbytes == recording.nbytes


def test_each_view_of_each_layer_is_answered(opened):
    engine, _, summary, recording = opened
    seen = set()
    for shown in summary.layers:
        for view in shown.views:
            seen.add(view)
            if view in (View.MAPS, View.POOLED, View.FILTERS):
                answer = engine.picture(tiles(shown.index, view))
                count = min(6, shown.kernels if view is View.FILTERS else shown.maps)
                assert answer.pixels.shape == (count, 9, 11)
                assert answer.pixels.dtype == np.uint32
                assert answer.channels == tuple(range(count))
                assert len(answer.badges) == len(answer.lows) == len(answer.highs) == count
                assert (answer.before is not None) is (view is View.POOLED)
                if answer.before is not None:
                    assert answer.before.shape == answer.pixels.shape
            elif view is View.BARS:
                answer = engine.picture(BarsRequest(shown.index, 5))
                values, indices = recording.layers[shown.index].output.topk(5)
                assert answer.indices == tuple(indices.tolist())
                assert answer.values == pytest.approx(values.tolist())
                assert answer.names == tuple(recording.category(index) for index in answer.indices)
            else:
                answer = engine.picture(MatrixRequest(shown.index, view, 20, 30, SCALE))
                length = shown.shape[0]
                if view is View.CELLS:
                    across = min(30, length)
                    assert answer.pixels.shape == (-(-length // across), across)
                    assert answer.values.tolist() == recording.layers[shown.index].output.tolist()
                else:
                    weight = recording.layers[shown.index].parameters["weight"]
                    assert answer.pixels.shape == (min(20, weight.shape[0]), min(30, weight.shape[1]))
    assert {View.MAPS, View.FILTERS, View.CELLS, View.WEIGHTS, View.BARS} <= seen


def test_a_map_in_full(opened):
    engine, _, summary, recording = opened
    for shown in summary.layers[:12]:
        layer = recording.layers[shown.index]
        if layer.output.ndim != 3:
            continue
        channel = shown.maps - 1
        values = layer.output[channel]
        answer = engine.picture(MapRequest(shown.index, channel, SCALE))
        assert answer.values.tolist() == values.tolist()
        assert (answer.minimum, answer.maximum) == (float(values.min()), float(values.max()))
        assert answer.mean == pytest.approx(float(values.double().mean()), rel=1e-4, abs=1e-6)
        assert answer.zero_share == pytest.approx(float((values == 0).double().mean()), abs=1e-6)
        assert answer.pixels.shape == tuple(values.shape)
        assert sum(answer.counts) == values.numel()
        assert answer.length is None


def test_a_vector_in_full_is_wrapped(opened):
    engine, _, summary, recording = opened
    last = summary.layers[-1]
    answer = engine.picture(MapRequest(last.index, 0, SCALE))
    length = last.shape[0]
    assert answer.length == length
    flat = answer.values.reshape(-1)
    assert flat[:length].tolist() == recording.layers[-1].output.tolist()
    assert np.isnan(flat[length:]).all()
    assert (answer.pixels.reshape(-1)[length:] == 0).all()
    assert (answer.pixels.reshape(-1)[:length] >> 24 == 255).all()


@pytest.mark.parametrize("order", [Order.MEAN, Order.MAXIMUM])
def test_maps_are_sorted_largest_first(opened, order):
    engine, _, summary, recording = opened
    for shown in summary.layers:
        output = recording.layers[shown.index].output
        if View.MAPS not in shown.views or output.ndim != 3:
            continue
        flat = output.flatten(1)
        keys = flat.mean(1) if order is Order.MEAN else flat.amax(1)
        expected = sorted(range(len(keys)), key=lambda index: (-float(keys[index]), index))
        answer = engine.picture(tiles(shown.index, order=order, first=2, count=5))
        assert list(answer.channels) == expected[2:7]
        # The pictures are those of the channels named.
        plain = engine.picture(tiles(shown.index, count=shown.maps))
        for picture, channel in zip(answer.pixels, answer.channels, strict=True):
            assert (picture == plain.pixels[channel]).all()


def test_scopes(opened):
    engine, _, summary, recording = opened
    index = next(shown.index for shown in summary.layers if len(shown.shape) == 3)
    output = recording.layers[index].output
    own = engine.picture(tiles(index))
    assert own.low is None
    reaches = output.flatten(1).abs().amax(1)[:6]
    assert own.highs == pytest.approx(reaches.tolist())
    shared = engine.picture(tiles(index, scale=ScaleChoice(scope=Scope.LAYER)))
    assert shared.high == pytest.approx(float(output.abs().max()))
    assert set(shared.highs) == {shared.high}
    whole = engine.picture(tiles(index, scale=ScaleChoice(scope=Scope.NETWORK)))
    largest = max(float(layer.output.abs().max()) for layer in recording.layers)
    assert whole.high == pytest.approx(largest)


def test_beyond_the_last_map_there_are_none(opened):
    engine, _, summary, _ = opened
    for view, shown in [(View.MAPS, summary.layers[0]), (View.FILTERS, summary.layers[0])]:
        if view in shown.views:
            answer = engine.picture(tiles(shown.index, view, first=10_000))
            assert answer.pixels.shape == (0, 9, 11)
            assert answer.channels == ()


@pytest.mark.parametrize("index", [-1, 100_000])
def test_a_layer_that_does_not_exist(opened, index):
    engine = opened[0]
    for request in [tiles(index), BarsRequest(index, 3), MapRequest(index, 0, SCALE)]:
        with pytest.raises(CnnviewerError, match=f"no layer {index}"):
            engine.picture(request)


def test_filters_and_weights_of_a_layer_that_has_none(opened):
    engine, _, summary, _ = opened
    index = next(shown.index for shown in summary.layers if shown.kind == "activation")
    with pytest.raises(CnnviewerError, match="has no filters to show"):
        engine.picture(tiles(index, View.FILTERS))
    with pytest.raises(CnnviewerError, match="has no weight matrix to show"):
        engine.picture(MatrixRequest(index, View.WEIGHTS, 9, 9, SCALE))


def test_filters_are_the_weights(opened):
    engine, _, summary, recording = opened
    for shown in summary.layers:
        weight = recording.layers[shown.index].parameters.get("weight")
        if View.FILTERS not in shown.views or weight.shape[1] == 3:
            continue
        last = weight.shape[0] - 1
        weight = weight.detach()
        kernels = weight[:, 0] if weight.shape[1] == 1 else weight[last]
        rows, columns = kernels.shape[1:]
        choice = ScaleChoice(scope=Scope.LAYER)
        answer = engine.picture(
            tiles(shown.index, View.FILTERS, count=len(kernels), scale=choice, size=(rows, columns), channel=last)
        )
        assert answer.high == pytest.approx(float(kernels.abs().max()), rel=1e-6)
        table = color_table(answer.colormap)
        share = (kernels.double().numpy() / answer.high + 1) / 2 * 255
        rounded = np.clip(np.round(share), 0, 255).astype(int)
        near = [np.clip(rounded + step, 0, 255) for step in (-1, 0, 1)]
        assert np.logical_or.reduce([answer.pixels == table[one] for one in near]).all()


def test_the_photo_and_what_is_fed(opened):
    engine, network, _, recording = opened
    for view in PhotoView:
        answer = engine.picture(PhotoRequest(view, 0, SCALE))
        assert answer.pixels.dtype == np.uint32
        assert (answer.pixels >> 24 == 255).all()
        assert answer.fed.tolist() == recording.input.tolist()
        assert len(answer.channel_names) == network.input_shape[0]
        if view is not PhotoView.PHOTO:
            assert answer.pixels.shape == network.input_shape[1:]
    with Image.open(resource("samples", NETWORKS[network.name])) as photo:
        full = engine.picture(PhotoRequest(PhotoView.PHOTO, 0, SCALE))
        assert full.full_size == photo.size
        rgb = np.asarray(photo.convert("RGB")).astype(np.uint32)
        assert (full.pixels & 0xFFFFFF == rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]).all()
    crop = recording.network.preprocessing.crop(*full.full_size)
    assert full.crop == (crop.left, crop.top, crop.right, crop.bottom)


def test_thumbnails_need_no_recording(tmp_path):
    engine = Engine()
    answer = engine.picture(ThumbnailRequest(sample("rocket.jpg"), 64))
    assert max(answer.pixels.shape) == 64
    assert answer.error == ""
    broken = tmp_path / "text.jpg"
    broken.write_text("no image")
    answer = engine.picture(ThumbnailRequest(ImageRequest("text.jpg", path=broken), 64))
    assert answer.pixels is None
    assert answer.error.startswith("text.jpg is no image")


def test_without_a_recording_there_are_no_pictures():
    with pytest.raises(CnnviewerError, match="no recording yet"):
        Engine().picture(tiles(0))
    with pytest.raises(CnnviewerError, match="no recording yet"):
        Engine().picture(PhotoRequest(PhotoView.PHOTO, 0, SCALE))


def test_either_may_come_first():
    first, second = Engine(), Engine()
    assert first.open_image(sample("digit-3.png")) is None
    first.open_network(NetworkRequest("lenet5"))
    second.open_network(NetworkRequest("lenet5"))
    assert second.summary() is None
    summary = second.open_image(sample("digit-3.png"))
    assert first.summary().probabilities == summary.probabilities
    assert summary.ranking[0] == 3


@pytest.mark.parametrize("digit", range(10))
def test_the_digits_are_read(digit):
    engine = Engine()
    engine.open_network(NetworkRequest("lenet5"))
    engine.open_image(sample("digit-0.png"))
    assert engine.open_image(sample(f"digit-{digit}.png")).ranking[0] == digit


def test_an_image_comes_as_bytes_or_pixels():
    engine = Engine()
    engine.open_network(NetworkRequest("lenet5"))
    expected = engine.open_image(sample("digit-5.png")).probabilities
    data = resource("samples", "digit-5.png").read_bytes()
    assert engine.open_image(ImageRequest("pasted", data=data)).probabilities == expected
    with Image.open(resource("samples", "digit-5.png")) as photo:
        pixels = np.asarray(photo.convert("RGB"))
    summary = engine.open_image(ImageRequest("drawn", pixels=pixels))
    assert summary.probabilities == pytest.approx(expected, abs=1e-3)
    assert summary.image == "drawn"
    with pytest.raises(CnnviewerError, match="request is empty"):
        engine.open_image(ImageRequest("nothing"))


def state(engine):
    return engine.summary(), engine.picture(tiles(0)).pixels.tobytes()


def test_an_image_that_fails_leaves_the_former(tmp_path):
    engine = Engine()
    engine.open_network(NetworkRequest("lenet5"))
    engine.open_image(sample("digit-4.png"))
    before = state(engine)
    broken = tmp_path / "broken.png"
    broken.write_bytes(resource("samples", "chelsea.png").read_bytes()[:2000])
    for request in [
        ImageRequest("broken", path=broken),
        ImageRequest("missing", path=tmp_path / "missing.png"),
        ImageRequest("text", data=b"text"),
    ]:
        with pytest.raises(ImageError):
            engine.open_image(request)
    after = state(engine)
    assert after[0].image == "digit-4.png"
    assert after[0].probabilities == before[0].probabilities
    assert after[1] == before[1]


def test_a_network_that_fails_leaves_the_former(tmp_path, monkeypatch):
    engine = Engine()
    engine.open_network(NetworkRequest("lenet5"))
    engine.open_image(sample("digit-4.png"))
    before = state(engine)
    wrong = tmp_path / "wrong.pth"
    torch.save({"conv.weight": torch.zeros(1)}, wrong)
    with pytest.raises(NetworkError):
        engine.open_network(NetworkRequest("lenet6"))
    with pytest.raises(WeightsError):
        engine.open_network(NetworkRequest("lenet5", str(wrong)))

    class Failing(torch.nn.Module):
        def forward(self, x):
            raise RuntimeError("broken")

    network = load_network("lenet5")
    failing = type(network)(Failing(), "failing", network.preprocessing)
    monkeypatch.setattr("cnnviewer.engine.engine.load_network", lambda *args, **kwargs: failing)
    with pytest.raises(RecordingError, match="failing failed on this image: broken"):
        engine.open_network(NetworkRequest("failing"))
    after = state(engine)
    assert after[0].probabilities == before[0].probabilities
    assert after[1] == before[1]
    # The former network is still the one that records.
    assert engine.open_image(sample("digit-8.png")).ranking[0] == 8


def test_layer_summaries_follow_the_network():
    engine = Engine()
    engine.open_network(NetworkRequest("lenet5"))
    first = engine.open_image(sample("digit-1.png"))
    again = engine.open_image(sample("digit-2.png"))
    assert again.layers is first.layers
    engine.open_network(NetworkRequest("squeezenet1_0", None))
    other = engine.summary()
    assert other.image == "digit-2.png"
    assert len(other.layers) > len(first.layers)
    assert other.layers[0].name == "features.0"


def test_what_opens_by_itself_downloads_nothing(torch_home):
    engine = Engine()
    try:
        with pytest.raises(WeightsError, match="weights of alexnet are not here any more"):
            engine.open_network(NetworkRequest("alexnet", may_download=False))
        assert not torch_home.exists()
        assert engine.open_network(NetworkRequest("alexnet", None, may_download=False)).name == "alexnet"
        assert engine.open_network(NetworkRequest("lenet5", may_download=False)).name == "lenet5"
    finally:
        engine.close()
