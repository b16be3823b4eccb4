"""On a device of its own: nothing is mixed with the CPU, and only pixels and small numbers travel."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch

import cnnviewer
from asking import PHOTOS, engine_of, load, requests_for
from cnnviewer.analysis.effective_field import effective_field
from cnnviewer.analysis.excitation import activation_of
from cnnviewer.analysis.links.table import links_of
from cnnviewer.analysis.ways import way_back, way_forward
from cnnviewer.engine import Engine
from cnnviewer.errors import CnnviewerError
from cnnviewer.export import write_recording
from cnnviewer.frames import Chosen, Frame, Prepared, Watch
from cnnviewer.messages import (
    DeviceRequest,
    HoldRequest,
    ImageRequest,
    MapRequest,
    MatrixRequest,
    NetworkRequest,
    ScaleChoice,
    Scope,
    TilesRequest,
    View,
    WeightsRequest,
    WeightsShown,
)
from cnnviewer.questions import EffectiveRequest, FieldRequest, UnitRequest, WayRequest
from cnnviewer.recorder import Recorder
from cnnviewer.resources import resource
from far import FAR, FarTensor, HereAndNow, far_device, float64_there, noted_copies

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def far():
    with far_device():
        yield


@pytest.fixture(params=PHOTOS)
def pair(request):
    """The same recording, here and there."""
    network, photo = load(request.param), resource("samples", PHOTOS[request.param])
    return cnnviewer.record(network, photo), cnnviewer.record(network.to("far"), photo)


# ---- the double itself: it can fail


def test_tensors_of_both_devices_do_not_mix():
    near = torch.ones(3)
    there = near.to(FAR)
    assert isinstance(there, FarTensor)
    assert there.device == FAR
    with pytest.raises(RuntimeError, match="same device"):
        there + near
    with pytest.raises(RuntimeError, match="numpy"):
        there.numpy()
    with pytest.raises(TypeError, match="float64"):
        there.double()
    assert (there + torch.tensor(1.0)).cpu().tolist() == [2, 2, 2]
    assert there[torch.tensor([0, 1])].shape == (2,)


def test_what_travels_is_noted():
    there = torch.ones(4, 5, device=FAR)
    with noted_copies() as copies:
        there.sum().item()
        there[0].cpu()
    assert [shape for shape, _ in copies.made] == [(5,)]
    assert (copies.largest, copies.nbytes) == (5, 20)


def test_views_share_their_memory():
    there = torch.zeros(4, device=FAR)
    there[1:3].add_(1)
    assert there.cpu().tolist() == [0, 1, 1, 0]


# ---- recording


class Plain(torch.nn.Module):
    """Holds tensors that are neither parameters nor buffers, as people write them."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Conv2d(1, 2, 3)
        self.scale = torch.full((1,), 2.0)
        self.shifts = [torch.ones(2, 1, 1)]

    def forward(self, x):
        return torch.relu(self.layer(x) * self.scale + self.shifts[0])


def test_tensors_that_are_plain_attributes_go_there_too():
    network = cnnviewer.from_module(Plain())
    photo = resource("samples", "digit-3.png")
    here, there = cnnviewer.record(network, photo), cnnviewer.record(network.to("far"), photo)
    assert isinstance(there.layers[-1].output, FarTensor)
    assert torch.equal(here.layers[-1].output, there.layers[-1].output.near)
    assert not isinstance(network.module.scale, FarTensor)


def test_the_recording_stays_there_with_the_same_bits(pair):
    here, there = pair
    assert [layer.name for layer in there.layers] == [layer.name for layer in here.layers]
    for one, other in zip(here.layers, there.layers, strict=True):
        assert isinstance(other.output, FarTensor)
        if here.network.name == "vit":  # PyTorch takes another kernel of attention on a device that it does not know
            torch.testing.assert_close(one.output, other.output.near)
        else:
            assert torch.equal(one.output, other.output.near)
    torch.testing.assert_close(here.probabilities, there.probabilities)
    assert there.nbytes == here.nbytes or here.network.name == "vit"  # another kernel, another layout in memory


def test_recording_brings_nothing_back(pair):
    network = pair[1].network
    recorder, photo = Recorder(network), resource("samples", PHOTOS[network.name])
    for _ in range(2):  # the second is compared with what its operations give, made again
        recorder.record(photo)
    with noted_copies() as copies:
        for _ in range(2):
            recorder.record(photo)
    assert copies.made == []


def test_a_frame_brings_nothing_back(pair):
    network = pair[1].network
    recorder, photo = Recorder(network), resource("samples", PHOTOS[network.name])
    recorder.record(photo)
    whole = recorder.record(photo)
    kept = frozenset({0, len(whole.layers) // 2})
    recorder.record_frame(photo, kept)  # the first compares what it fuses
    with noted_copies() as copies:
        frame = recorder.record_frame(photo, kept)
    assert copies.made == []
    for index in kept:
        torch.testing.assert_close(frame.layers[index].output.near, whole.layers[index].output.near, atol=1e-3, rtol=0)
    assert frame.layers[1].output.is_meta


# ---- every picture, question and file


def assert_same(one, other):
    for name in ("pixels", "before", "values", "counts", "low", "high", "lows", "highs", "note", "badges", "channels"):
        mine, its = getattr(one, name, None), getattr(other, name, None)
        if isinstance(mine, np.ndarray):
            assert_same_array(name, mine, its)
        elif isinstance(mine, float) or (name in ("lows", "highs") and mine is not None):
            assert its == pytest.approx(mine, rel=1e-5, abs=1e-6)
        else:
            assert its == mine, name


def assert_same_array(name, mine, its):
    if mine.dtype == np.uint32:  # a sum in another order may round one step otherwise
        assert (mine != its).mean() < 0.01, name
    else:
        np.testing.assert_allclose(its, mine, rtol=1e-5, atol=1e-6)


@pytest.fixture(params=["lenet5", "efficientnet-lite0"])
def engines(request):
    """An engine that computes here, and one that computes there, and what both were opened with."""
    found = []
    for device in ("cpu", "far"):
        engine = Engine()
        engine._pool = HereAndNow()
        engine.use_device(DeviceRequest(device))
        engine.open_network(NetworkRequest(request.param))
        engine.open_image(ImageRequest("photo", path=resource("samples", PHOTOS[request.param])))
        found.append(engine)
    return found


@pytest.mark.parametrize(
    "scale", [ScaleChoice(), ScaleChoice(scope=Scope.NETWORK, gamma=0.5), ScaleChoice(scope=Scope.LAYER, dark=True)]
)
def test_every_picture_is_the_same_and_only_pixels_travel(engines, scale):
    here, there = engines
    layers = there._scene.recording.layers
    for request in requests_for(here.summary(), scale):
        expected = here.picture(request)
        with noted_copies() as copies:
            assert_same(expected, there.picture(request))
        if isinstance(request, TilesRequest):
            # Levels of the pictures' pixels, and for each map its smallest and largest value, mean and so on.
            most = 2 * 6 * 9 * 11 * 4 + 32 * max(map_count(layers[request.layer]), 1280)
            assert copies.nbytes <= most + (16 * sum(map(map_count, layers)) if scale.scope is Scope.NETWORK else 0)


def map_count(layer):
    return layer.output.shape[0] if layer.output.ndim == 3 else 1


def test_the_far_engine_says_where_it_runs(engines):
    _, there = engines
    assert there.use_device(DeviceRequest("far")).network.device == str(FAR)


@pytest.mark.parametrize("name", PHOTOS)
def test_every_question_has_the_same_answer(name, monkeypatch):
    here, there = engines_of(name, monkeypatch)
    scale, layers = ScaleChoice(), here.summary().layers
    for layer in layers[:: max(1, len(layers) // 40)]:
        unit = tuple(length // 2 for length in layer.shape)
        request = UnitRequest(layer.index, unit, scale)
        one, other = here.picture(request), there.picture(request)
        assert other.value == pytest.approx(one.value, rel=1e-5, abs=1e-6)
        assert other.recorded == pytest.approx(one.recorded, rel=1e-5, abs=1e-6)
        assert (other.rule, other.notes) == (one.rule, one.notes)
    for layer in layers[:: max(1, len(layers) // 12)]:
        unit = tuple(length // 2 for length in layer.shape)
        assert here.picture(FieldRequest(layer.index, unit)) == there.picture(FieldRequest(layer.index, unit))
        ways = [WayRequest(layer.index, unit, scale, 20, is_forward=is_forward) for is_forward in (False, True)]
        for request in ways:
            steps, others = here.picture(request).steps, there.picture(request).steps
            if name != "vit":  # the CPU's own kernel of attention has no slopes
                assert [step.layer for step in steps] == [step.layer for step in others]
        effect = EffectiveRequest(layer.index, unit, scale)
        assert type(here.picture(effect)) is type(there.picture(effect))


def engines_of(name, monkeypatch):
    return [engine_of(name, monkeypatch, DeviceRequest(device)) for device in ("cpu", "far")]


def test_questions_bring_back_no_whole_layer(monkeypatch):
    _, there = engines_of("efficientnet-lite0", monkeypatch)
    layers = there._scene.recording.layers
    for layer in layers[:40]:
        unit = tuple(length // 2 for length in layer.shape)
        with noted_copies() as copies:
            there.picture(UnitRequest(layer.index, unit, ScaleChoice()))
        assert copies.nbytes < 40_000 < layer.output.numel() * 4 or layer.output.numel() < 20_000


# ---- operations by hand, where a device is easily forgotten


class Odd(torch.nn.Module):
    """Attention with masks, slices, padding, products, normalisations: what the three networks lack."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.attention = torch.nn.MultiheadAttention(8, 2, bias=False, batch_first=False)
        self.register_buffer("mask", torch.tril(torch.ones(16, 16, dtype=torch.bool)))
        self.prelu, self.norm = torch.nn.PReLU(3), torch.nn.GroupNorm(3, 3)
        self.weight = torch.nn.Parameter(torch.randn(48, 128))
        self.up = torch.nn.ConvTranspose2d(3, 3, 2, stride=2)
        self.index = torch.nn.Buffer(torch.tensor([2, 0, 1]))

    def forward(self, x):
        x = self.norm(self.prelu(x))
        x = torch.nn.functional.interpolate(self.up(x), scale_factor=0.5, mode="bilinear")
        x = torch.cat([x[:, self.index], torch.nn.functional.pad(x, (1, 1, 1, 1), mode="reflect")[:, :, 1:-1, 1:-1]], 1)
        x = torch.nn.functional.local_response_norm(x, 3)
        x = torch.nn.functional.normalize(x, dim=1) / (x.std() + 1) * 2
        tokens = x.flatten(2).permute(2, 0, 1)[:16]
        tokens = torch.cat([tokens, tokens[..., :2]], 2)
        tokens = self.attention(tokens, tokens, tokens, need_weights=False)[0]
        q = tokens.permute(1, 0, 2)[:, None]
        q = torch.nn.functional.scaled_dot_product_attention(q, q, q, attn_mask=self.mask)
        q = torch.cumsum(q, 2)
        return q.flatten(1) @ self.weight.T.repeat(1, 1)


@pytest.mark.parametrize("numbers", [nullcontext, float64_there], ids=["as on MPS", "as on CUDA"])
def test_odd_operations_are_explained_the_same(numbers):
    with numbers():
        check_odd_operations()


def check_odd_operations():
    preprocessing = cnnviewer.Preprocessing(size=(8, 8), resize=8, mean=(0.5,) * 3, deviation=(0.5,) * 3)
    network = cnnviewer.from_module(Odd(), preprocessing=preprocessing)
    photo = resource("samples", "chelsea.png")
    here, there = cnnviewer.record(network, photo), cnnviewer.record(network.to("far"), photo)
    for layer, other in zip(here.layers, there.layers, strict=True):
        torch.testing.assert_close(layer.output, other.output.near)
        unit = tuple(length // 2 for length in layer.shape)
        one, two = cnnviewer.explain(here, layer, unit), cnnviewer.explain(there, other, unit)
        assert two.value == pytest.approx(one.value, rel=1e-5, abs=1e-6), layer.name
        assert two.rule is one.rule
        assert type(links_of(layer, here)) is type(links_of(other, there))
        assert [type(link) for link in links_of(layer, here)] == [type(link) for link in links_of(other, there)]
        assert len(way_forward(here, layer, unit)) == len(way_forward(there, other, unit))
        assert np.array_equal(cnnviewer.render(layer), cnnviewer.render(other))
    last = here.layers[-1]
    assert len(list(way_back(here, last, (0,)))) == len(list(way_back(there, last.name, (0,))))
    torch.testing.assert_close(effective_field(here, last, (0,)), effective_field(there, last.name, (0,)))


def test_statistics_of_values_that_are_not_finite():
    values = torch.randn(4, 5, 6)
    values[0, 0, 0], values[1, 2, 3], values[2] = torch.nan, torch.inf, 0.0
    here = cnnviewer.record(cnnviewer.from_module(_Times(values)), torch.ones(1, 3, 5, 6))
    there = cnnviewer.record(cnnviewer.from_module(_Times(values)).to("far"), torch.ones(1, 3, 5, 6))
    for scope in ("map", "layer"):
        for gamma in (1.0, 0.5):
            pictures = [cnnviewer.render(each.layers[-1], scope=scope, gamma=gamma) for each in (here, there)]
            assert (pictures[0] != pictures[1]).mean() < 0.01


class _Times(torch.nn.Module):
    def __init__(self, values) -> None:
        super().__init__()
        self.values = torch.nn.Parameter(values[None], requires_grad=False)

    def forward(self, x):
        return x[:, :1] * self.values


# ---- what a session does


def test_weights_of_a_training_arrive_there_and_the_held_moment_goes_along():
    engine = Engine()
    engine.open_network(NetworkRequest("lenet5"))  # "auto" is the far device
    engine.open_image(ImageRequest("photo", path=resource("samples", "digit-7.png")))
    start = {name: tensor.clone() for name, tensor in load("lenet5").module.state_dict().items()}
    weights = {name: tensor * 0.5 for name, tensor in start.items()}
    held = engine.hold(HoldRequest(True)).held
    answer = engine.show_weights(WeightsRequest(3, weights, gradients=start))
    assert answer.network.device == str(FAR)
    expected = cnnviewer.load_network("lenet5")
    expected.module.load_state_dict(weights)
    probabilities = cnnviewer.record(expected, resource("samples", "digit-7.png")).probabilities
    assert answer.recording.probabilities == pytest.approx(probabilities.tolist())
    for request in paired_requests(answer.recording):
        engine.picture(request)
    for device in ("cpu", "far"):
        moved = engine.use_device(DeviceRequest(device))
        assert moved.recording.probabilities == pytest.approx(probabilities.tolist())
        assert moved.held == pytest.approx(held)
        assert moved.network.provenance == "training, step 3"
        for request in paired_requests(moved.recording):
            engine.picture(request)


def paired_requests(summary):
    for request in requests_for(summary, ScaleChoice()):
        if isinstance(request, TilesRequest):
            for weights in WeightsShown if request.view is View.FILTERS else (WeightsShown.VALUE,):
                yield replace(request, is_paired=True, weights=weights)
        elif isinstance(request, MatrixRequest):
            yield replace(request, weights=WeightsShown.CHANGE)


def test_frames_of_a_stream_run_there_and_only_pixels_travel(engines):
    for engine in engines:
        engine._pool.shutdown()
        engine._pool = HereAndNow()
    pixels = np.random.default_rng(0).integers(0, 2**24, (60, 80)).astype(np.uint32) | np.uint32(0xFF000000)
    answers = []
    for engine in engines:
        asked = [(f"{place}", request) for place, request in enumerate(requests_for(engine.summary(), ScaleChoice()))]
        tiles = [pair for pair in asked if isinstance(pair[1], (TilesRequest, MapRequest))][:12]
        for number in range(4):
            watch = Watch(engine.layers, tuple(tiles), Chosen(2, 0))
            frame = Frame(number, "frame", pixels, float(number))
            with noted_copies() as copies:
                answer = engine.show_frame(Prepared(frame), watch)
        answers.append(answer)
        # The pictures' 9 x 11 pixels, the maps in the inspector, and a few numbers.
        shown = [request for _, request in tiles]
        maps = [engine.layers[request.layer].map_shape for request in shown if isinstance(request, MapRequest)]
        assert (
            copies.nbytes < len(shown) * 2 * 6 * 9 * 11 * 2 + sum(4 * rows * columns for rows, columns in maps) + 4000
        )
    here, there = answers
    assert there.recording.probabilities == pytest.approx(here.recording.probabilities, abs=1e-3)
    assert there.activation.maximum == pytest.approx(here.activation.maximum, rel=1e-3, abs=1e-3)
    assert [key for key, *_ in there.pictures] == [key for key, *_ in here.pictures]
    assert len(here.pictures) > 4


def test_a_training_runs_there(monkeypatch):
    monkeypatch.setattr("cnnviewer.training.trainer.choose_device", lambda name: FAR)
    # PyTorch's fused optimisers name the devices that they know.
    monkeypatch.setattr("cnnviewer.training.trainer.make_optimiser", lambda learnt, _: torch.optim.SGD(learnt, 0.01))
    network = cnnviewer.load_network("lenet5", weights=None)
    news = list(cnnviewer.train(network, "mnist-5k", cnnviewer.Settings(epochs=1, batch_size=2000, momentum=0.9)))
    assert network.device == FAR
    assert all(np.isfinite(step.loss) for step in news if hasattr(step, "loss"))
    assert news


def test_half_precision_does_not_learn():
    with pytest.raises(CnnviewerError, match="lenet5 is in half precision; it learns in single"):
        list(cnnviewer.train(cnnviewer.load_network("lenet5").to("cpu", "half"), "mnist-5k"))


def test_an_activation_is_told_of_a_frame_there(pair):
    here, there = pair
    for layer, other in zip(here.layers, there.layers, strict=True):
        one, two = (activation_of(each, Chosen(layer.index, 0)) for each in (layer, other))
        assert two.maximum == pytest.approx(one.maximum, rel=1e-5, abs=1e-6)
        assert two.mean == pytest.approx(one.mean, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", ["lenet5", "vit"])
def test_a_recording_there_is_written_like_one_here(tmp_path, name):
    network, photo, told = load(name), resource("samples", PHOTOS[name]), []
    for device in ("cpu", "far"):
        write_recording(cnnviewer.record(network.to(device), photo), tmp_path / device, "photo", arrays=True)
        told.append(json.loads((tmp_path / device / "probabilities.json").read_text(encoding="utf-8"))["classes"])
    assert [entry["category"] for entry in told[0]] == [entry["category"] for entry in told[1]]
    assert sorted(path.name for path in (tmp_path / "cpu").iterdir()) == sorted(
        path.name for path in (tmp_path / "far").iterdir()
    )


def test_a_mixture_in_the_network_is_told_and_all_stays(monkeypatch):
    class Mixed(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = torch.nn.Linear(4, 3)

        def forward(self, x):
            return self.linear(x.flatten(1)) + torch.ones(3)  # on the CPU, wherever the network is

    preprocessing = cnnviewer.Preprocessing(size=(2, 2), resize=2, channels=1, order="L", mean=(0.5,), deviation=(0.5,))
    network = cnnviewer.from_module(Mixed(), preprocessing=preprocessing)
    monkeypatch.setattr("cnnviewer.engine.engine.load_network", lambda *args, **kwargs: network)
    engine = Engine()
    engine.use_device(DeviceRequest("cpu"))
    engine.open_network(NetworkRequest("mixed"))
    with pytest.raises(CnnviewerError, match="same device"):
        engine.use_device(DeviceRequest("far"))  # no image yet: it is tried all the same
    engine.open_image(ImageRequest("photo", path=resource("samples", "digit-7.png")))
    before = engine.summary()
    with pytest.raises(CnnviewerError, match="same device"):
        engine.use_device(DeviceRequest("far"))
    assert engine.summary().probabilities == before.probabilities
    assert engine.use_device(DeviceRequest("cpu")).network.device == "cpu"
