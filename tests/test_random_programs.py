"""Random programs, recorded, replayed and fused: each layer and each output is that of plain PyTorch."""

import copy

import torch
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

import cnnviewer
from cnnviewer.recorder import Recorder
from programs import PLAIN_PROGRAMS, PROGRAMS, Program, image

torch.set_num_threads(1)

_RANDOM = ("dropout", "randn_like", "empty")


def same(one, other):
    return one.shape == other.shape and torch.equal(one.isnan(), other.isnan()) and torch.equal(
        one.nan_to_num(), other.nan_to_num()
    )  # fmt: skip


def near(one, other):
    return one.shape == other.shape and torch.allclose(one, other, rtol=1e-5, atol=1e-6, equal_nan=True)


def plain(module, given_image, seed):
    torch.manual_seed(seed)
    with torch.no_grad():
        return module(given_image.clone())


def without_batch(tensor):
    return tensor[0] if tensor.ndim > 1 and tensor.shape[0] == 1 else tensor


def check_wiring(recording):
    """Each layer's call, made again with what its operands are said to be, gives the layer's output."""
    is_random = {layer.name: layer.operation in _RANDOM for layer in recording.layers}
    for layer in recording.layers:
        if is_random[layer.name]:
            continue
        with torch.inference_mode():
            found = layer.call.run([recording.result(name) for name in layer.inputs])
        # What is kept of a view lies densely in the memory: sums of it are rounded otherwise.
        assert near(found, layer.result), (layer.name, layer.inputs)


def check_outputs(recording, result):
    for output, wanted in zip(recording.outputs, result, strict=True):
        assert output.layer is not None
        assert same(recording[output.layer].output, without_batch(wanted)), output


def record(recorder, seed):
    torch.manual_seed(seed)
    return recorder.record(image(seed))


def programs(steps):
    torch.manual_seed(3)
    module = Program(steps).eval()
    try:
        plain(copy.deepcopy(module), image(0), 0)
    except RuntimeError:  # torch refuses to change memory in which numbers are there twice
        reject()
    return module, copy.deepcopy(module), copy.deepcopy(module)


def check_images(steps, seeds):
    """Record images one after another, and compare each with a first recording of it and with plain PyTorch."""
    module, witness, other = programs(steps)
    recorder = Recorder(cnnviewer.from_module(module))
    for seed in seeds:
        recording = record(recorder, seed)
        check_outputs(recording, plain(witness, image(seed), seed))
        check_wiring(recording)
        fresh = record(Recorder(cnnviewer.from_module(other)), seed)
        assert [layer.name for layer in recording.layers] == [layer.name for layer in fresh.layers]
        for one, two in zip(recording.layers, fresh.layers, strict=True):
            assert one.inputs == two.inputs
            assert one.operation == "empty" or same(one.output, two.output), one.name
    return recorder


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(PROGRAMS)
def test_each_image_is_recorded_as_plain_pytorch_has_it(steps):
    check_images(steps, range(3))


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(PLAIN_PROGRAMS, st.frozensets(st.integers(0, 20)))
def test_frames_are_near(steps, kept):
    recorder = check_images(steps, range(2))
    wanted = record(recorder, 5)
    kept = frozenset(index for index in kept if index < len(wanted.layers))
    torch.manual_seed(5)
    frame = recorder.record_frame(image(5), kept)
    for index in kept:
        one, other = frame.layers[index].output.float(), wanted.layers[index].output.float()
        reach = float(other.abs().max()) if other.numel() else 0.0
        assert torch.allclose(one, other, rtol=0, atol=1e-3 * reach + 1e-12, equal_nan=True), wanted.layers[index].name
