"""Half precision on the CPU: the bits of plain PyTorch, and all that is asked of such a recording."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import cnnviewer
from asking import PHOTOS, engine_of, load, requests_for
from cnnviewer.analysis.statistics import MapStatistics, histogram
from cnnviewer.devices import Precision
from cnnviewer.engine import Engine
from cnnviewer.errors import RecordingError
from cnnviewer.export import write_recording
from cnnviewer.frames import Chosen, Frame, Prepared, Watch
from cnnviewer.lessons.network_messages import SeenRequest
from cnnviewer.lessons.whole_network import network_picture
from cnnviewer.messages import (
    DeviceRequest,
    HoldRequest,
    ImageRequest,
    NetworkRequest,
    ScaleChoice,
    Scope,
    TilesRequest,
    View,
    WeightsRequest,
)
from cnnviewer.questions import EffectiveRequest, FieldRequest, ReachRequest, Unanswered, UnitRequest, WayRequest
from cnnviewer.recorder import Recorder
from cnnviewer.rendering.tiles import cut_down, paint_tiles
from cnnviewer.resources import resource

torch.set_num_threads(1)

HALF, SINGLE = DeviceRequest("cpu", Precision.HALF), DeviceRequest("cpu")


def halved(network, dtype):
    """Return the network in either of the two types, as PyTorch itself converts it."""
    other = network.to("cpu", "half")
    return other if dtype is other.dtype else replace(network, module=load(network.name).module.to(dtype))


# ---- recording


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", PHOTOS)
def test_a_recording_has_the_bits_of_plain_torch(name, dtype):
    network, photo = halved(load(name), dtype), resource("samples", PHOTOS[name])
    plain = load(name).module.to(dtype)
    tensor = network.preprocessing(cnnviewer.images.as_image(photo)).to(dtype)
    kept, hooks = {}, []
    for path, module in plain.named_modules():
        if not list(module.children()):
            hooks.append(module.register_forward_hook(lambda *call, path=path: kept.setdefault(path, call[2].clone())))
    with torch.inference_mode():
        scores = plain(tensor)[0]
    recorder = Recorder(network)
    for _ in range(2):  # the second is a replay
        recording = recorder.record(photo)
        assert recording.input.dtype is dtype
        assert torch.equal(recording.input, tensor[0])
        assert torch.equal(recording.scores, scores)
        assert recording.probabilities.dtype is torch.float32
        torch.testing.assert_close(recording.probabilities, scores.float().softmax(0))
    named = [layer for layer in recording.layers if layer.kind in ("convolution", "linear")]
    assert named
    for layer in named:
        assert torch.equal(layer.result, kept[layer.module]), layer.name


@pytest.mark.parametrize("name", PHOTOS)
def test_a_frame_is_near_the_recording(name):
    network, photo = load(name).to("cpu", "half"), resource("samples", PHOTOS[name])
    recorder = Recorder(network)
    whole = recorder.record(photo)
    kept = frozenset({0, len(whole.layers) // 2})
    for _ in range(2):
        frame = recorder.record_frame(photo, kept)
    for index in kept:
        torch.testing.assert_close(frame.layers[index].output, whole.layers[index].output, rtol=0.02, atol=0.02)
    torch.testing.assert_close(frame.probabilities, whole.probabilities, rtol=0.0, atol=0.02)


def test_a_network_that_can_not_says_so_and_all_stays(monkeypatch):
    class Single(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(4, 3)

        def forward(self, x):
            return self.linear(x.flatten(1) @ torch.ones(4, 4))  # made anew each time: it is in single

    preprocessing = cnnviewer.Preprocessing(size=(2, 2), resize=2, channels=1, order="L", mean=(0.5,), deviation=(0.5,))
    network = cnnviewer.from_module(Single(), preprocessing=preprocessing, name="single")
    monkeypatch.setattr("cnnviewer.engine.engine.load_network", lambda *args, **kwargs: network)
    engine = Engine()
    engine.use_device(SINGLE)
    engine.open_network(NetworkRequest("single"))
    for _ in range(2):  # before there is an image, and with one
        with pytest.raises(RecordingError, match=r"can't run in half precision on cpu: .* Choose single precision"):
            engine.use_device(HALF)
        summary = engine.open_image(ImageRequest("photo", path=resource("samples", "digit-7.png")))
    assert engine.summary().probabilities == summary.probabilities


def test_an_operation_that_is_not_there_is_named_without_the_place_in_its_source():
    class Missing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(4, 3)

        def forward(self, x):
            x = self.linear(x.flatten(1))
            if x.dtype is torch.bfloat16:
                place = "operator(), /src/ops/nms_kernel.cpp:122, "
                raise NotImplementedError(f"{place}\"nms_kernel\" not implemented for 'BFloat16'")
            return x

    how = cnnviewer.Preprocessing(size=(2, 2), resize=2, channels=1, order="L", mean=(0.5,), deviation=(0.5,))
    network = cnnviewer.from_module(Missing(), preprocessing=how, name="odd").to("cpu", "half")
    told = "odd can't run in half precision on cpu: one of its operations (nms) is not made for bfloat16."
    with pytest.raises(RecordingError) as caught:
        cnnviewer.record(network, resource("samples", "digit-7.png"))
    assert str(caught.value) == f"{told} Choose single precision."


# ---- statistics and pictures


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_sums_do_not_overflow_or_round_away(dtype):
    values = torch.full((2, 300, 300), 60_000.0 if dtype is torch.float16 else 1.0).to(dtype)
    values[1, 0, 0] = 0
    statistics = MapStatistics(values)
    assert statistics.mean.tolist() == pytest.approx(values.double().mean((1, 2)).tolist(), rel=1e-6)
    assert statistics.badges == ("constant", "")
    assert statistics.zero_share.tolist() == pytest.approx([0, 1 / 90_000])
    values[0, 0, 0], values[0, 0, 1] = torch.nan, -torch.inf
    again = MapStatistics(values)
    assert again.badges == ("not finite", "")
    assert float(again.mean[0]) == pytest.approx(float(values[0, 1, 1]), rel=1e-6)
    low, high = float(again.minimum[0]), float(again.maximum[0])
    assert sum(histogram(values[0], low, high).counts) == 90_000 - 2


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_maps_of_half_precision_are_painted_as_their_values(dtype):
    maps = torch.randn(3, 20, 30).to(dtype).to(memory_format=torch.contiguous_format)
    maps[0, 0, 0] = torch.nan
    ends = torch.full((3,), 2.0)
    for size in ((20, 30), (7, 9), (40, 60)):
        shown = cut_down(maps, size)
        assert shown.dtype is torch.float32
        assert torch.equal(shown.nan_to_num(), cut_down(maps.float(), size).nan_to_num())
        expected = paint_tiles(maps.float(), -ends, ends, size, "vik", 0.7)
        assert np.array_equal(paint_tiles(maps, -ends, ends, size, "vik", 0.7), expected)
    moved = maps.permute(1, 2, 0).contiguous().permute(2, 0, 1)  # the channels of a pixel side by side
    assert torch.equal(cut_down(moved, (5, 5)).nan_to_num(), cut_down(maps, (5, 5)).nan_to_num())


@pytest.mark.parametrize("name", PHOTOS)
def test_every_picture_is_near_that_of_single_precision(name, monkeypatch):
    single, half = (engine_of(name, monkeypatch, request) for request in (SINGLE, HALF))
    for scale in (ScaleChoice(), ScaleChoice(scope=Scope.NETWORK, gamma=0.6)):
        for request in requests_for(single.summary(), scale):
            one, other = single.picture(request), half.picture(request)
            assert type(one) is type(other)
            if isinstance(request, TilesRequest) and request.view is View.MAPS and one.channels == other.channels:
                assert one.pixels.shape == other.pixels.shape
                # Maps that are all but zero have a scale of their own, on which rounding is seen.
                assert np.median(distance(one.pixels, other.pixels)) <= 12
            values = getattr(other, "values", None)
            if isinstance(values, np.ndarray):
                assert values.dtype == np.float32
    torch.testing.assert_close(
        torch.tensor(half.summary().probabilities), torch.tensor(single.summary().probabilities), rtol=0, atol=0.05
    )


def distance(one, other):
    """Return by how much the colours of two pictures differ, of 255."""
    channels = [[picture >> shift & 255 for shift in (16, 8, 0)] for picture in (one, other)]
    return np.abs(np.array(channels[0], int) - np.array(channels[1], int)).max(0)


# ---- questions, lessons, files


@pytest.mark.parametrize("name", PHOTOS)
def test_every_question_has_an_answer(name, monkeypatch):
    single, half = (engine_of(name, monkeypatch, request) for request in (SINGLE, HALF))
    scale, layers = ScaleChoice(), half.summary().layers
    for layer in layers[:: max(1, len(layers) // 50)]:
        unit = tuple(length // 2 for length in layer.shape)
        answer = half.picture(UnitRequest(layer.index, unit, scale))
        assert not isinstance(answer, Unanswered), (layer.name, answer)
        reach = max(abs(answer.recorded), *(abs(term.contribution) for term in answer.terms), 1e-3)
        assert abs(answer.value - answer.recorded) <= 0.06 * reach, layer.name
        assert not any("does not come to" in note for note in answer.notes), layer.name
    for layer in layers[:: max(1, len(layers) // 10)]:
        unit = tuple(length // 2 for length in layer.shape)
        assert half.picture(FieldRequest(layer.index, unit)) == single.picture(FieldRequest(layer.index, unit))
        asked = [WayRequest(layer.index, unit, scale, 20, is_forward=is_forward) for is_forward in (False, True)]
        asked += [EffectiveRequest(layer.index, unit, scale), ReachRequest(layer.index, 0, (3, 3))]
        for request in asked:
            assert type(half.picture(request)) is type(single.picture(request)), (layer.name, request)


@pytest.mark.parametrize("name", PHOTOS)
def test_lessons_look_at_a_half_recording(name, monkeypatch):
    half = engine_of(name, monkeypatch, HALF)
    seen = half.picture(SeenRequest())
    assert bool(seen.depths) or seen.note
    assert name != "efficientnet-lite0" or seen.depths
    if name != "efficientnet-lite0":  # too many maps for one picture
        recording = cnnviewer.record(load(name).to("cpu", "half"), resource("samples", PHOTOS[name]))
        picture = network_picture(recording, is_folded=True, is_dark=False)
        assert all(column.values.dtype == np.float32 for column in picture.columns)


@pytest.mark.parametrize("name", ["lenet5", "vit"])
def test_a_half_recording_is_written(name, tmp_path):
    recording = cnnviewer.record(load(name).to("cpu", "half"), resource("samples", PHOTOS[name]))
    write_recording(recording, tmp_path, "photo", arrays=True)
    with np.load(tmp_path / "arrays.npz") as arrays:
        for layer in recording.layers:
            assert np.array_equal(arrays[layer.name], layer.output.detach().float().numpy())


# ---- what a session does


def test_single_precision_comes_back_to_the_bit(monkeypatch):
    engine = engine_of("efficientnet-lite0", monkeypatch)
    before, layers = engine.summary(), engine.layers
    half = engine.use_device(HALF)
    assert half.network.numbers == "bfloat16"
    assert half.recording.probabilities != before.probabilities
    assert engine.layers is layers  # the cards stay
    single = engine.use_device(SINGLE)
    assert single.network.numbers == "float32"
    assert single.recording.probabilities == before.probabilities


def test_weights_of_a_training_in_half_precision(monkeypatch):
    engine = engine_of("lenet5", monkeypatch, HALF)
    weights = {name: tensor * 0.5 for name, tensor in load("lenet5").module.state_dict().items()}
    held = engine.hold(HoldRequest(True)).held
    half = engine.show_weights(WeightsRequest(2, weights))
    single = engine.use_device(SINGLE)
    expected = cnnviewer.load_network("lenet5")
    expected.module.load_state_dict(weights)
    probabilities = cnnviewer.record(expected, resource("samples", PHOTOS["lenet5"])).probabilities.tolist()
    assert single.recording.probabilities == tuple(probabilities)  # and not those that half precision rounded
    assert half.recording.probabilities == pytest.approx(probabilities, abs=0.02)
    assert single.held == pytest.approx(held, abs=0.02)
    assert half.recording.probabilities != tuple(probabilities)


def test_a_stream_goes_on_in_half_precision(monkeypatch):
    engine = engine_of("lenet5", monkeypatch)
    pixels = np.full((28, 28), 0xFF000000, np.uint32)
    pixels[4:24, 12:16] = 0xFFFFFFFF

    def show(number):
        watch = Watch(engine.layers, (), Chosen(0, 0))
        tensor = load("lenet5").preprocessing.normalise(torch.zeros(1, 1, 28, 28, dtype=torch.uint8))
        frame = Frame(number, "frame", pixels, float(number))
        return engine.show_frame(Prepared(frame, tensor, load("lenet5").preprocessing), watch)

    show(1)
    before = show(2)
    engine.use_device(HALF)
    after = [show(number) for number in (3, 4)]
    for answer in after:
        assert answer.recording.probabilities == pytest.approx(before.recording.probabilities, abs=0.02)
        assert answer.recording.probabilities != before.recording.probabilities
    engine.close()
