"""Which devices there are, which one is taken, and networks that are moved."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import ClassVar

import pytest
import torch
from torch import nn

import cnnviewer
from cnnviewer import devices
from cnnviewer.cli import main
from cnnviewer.devices import Precision, choose_device, clock_of, exact, float_type, list_devices
from cnnviewer.errors import CnnviewerError, DeviceError, NetworkError, RecordingError
from cnnviewer.recorder import Recorder
from cnnviewer.resources import resource
from cnnviewer.training.team import choose_device as choose_for_training

torch.set_num_threads(1)

DIGIT = resource("samples", "digit-7.png")
HAS_CUDA, HAS_MPS = torch.cuda.is_available(), torch.backends.mps.is_available()
no_cuda = pytest.mark.skipif(HAS_CUDA, reason="this machine has a CUDA device")
no_mps = pytest.mark.skipif(HAS_MPS, reason="this machine has an MPS device")
OTHERS = [
    pytest.param("cuda", marks=pytest.mark.skipif(not HAS_CUDA, reason="no CUDA device here: this runs on one")),
    pytest.param("mps", marks=pytest.mark.skipif(not HAS_MPS, reason="no MPS device here: this runs on one")),
]


@pytest.fixture
def cards(monkeypatch):
    """Two cards, of which the first can't be used; what is asked of PyTorch about them is answered by hand."""
    properties = {
        0: SimpleNamespace(name="Old Card", total_memory=2 * 2**30),
        1: SimpleNamespace(name="New Card", total_memory=80 * 2**30),
    }
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", properties.__getitem__)
    zeros = torch.zeros

    def on_card(*size, device):
        if device == "cuda:0":
            raise RuntimeError("no kernel image is available\nfor this card")
        return zeros(*size)

    monkeypatch.setattr(torch, "zeros", on_card)
    monkeypatch.setattr(devices, "_working", set())


# ---- which there are


def test_the_cpu_is_always_there():
    cpu = next(device for device in list_devices() if device.name == "cpu")
    assert (cpu.missing, cpu.half) == ("", "bfloat16")
    assert choose_device("cpu") == torch.device("cpu")


@no_cuda
@no_mps
def test_what_is_missing_is_told():
    missing = {device.name: device.missing for device in list_devices() if device.missing}
    assert set(missing) == {"cuda", "mps"}
    assert choose_device() == torch.device("cpu")
    for name in ("cuda", "cuda:3", "mps"):
        with pytest.raises(DeviceError, match=r"There is no (CUDA|CUDA 3|MPS) device here: .+\. Choose the CPU"):
            choose_device(name)


@pytest.mark.parametrize("name", ["", "gpu", "cpu:1", "cuda:x", "cuda:-1", "mps:0", "CUDA"])
def test_a_name_that_is_none_is_told(name):
    with pytest.raises(DeviceError, match="There is no device"):
        choose_device(name)


def test_the_first_card_that_works_is_taken(cards):
    assert choose_device() == torch.device("cuda:1")
    assert choose_device("cuda:1") == torch.device("cuda:1")
    assert choose_device("cuda", number=3) == torch.device("cuda:1")
    with pytest.raises(DeviceError, match="CUDA 0 device here: a first computation failed there"):
        choose_device("cuda:0")
    with pytest.raises(DeviceError, match="there are 2, counted from 0"):
        choose_device("cuda:2")
    listed = [device for device in list_devices() if device.name.startswith("cuda")]
    assert [device.title for device in listed] == ["CUDA 0 · Old Card · 2 GiB", "CUDA 1 · New Card · 80 GiB"]
    assert [device.half for device in listed] == ["float16", "float16"]


def test_apples_device_comes_before_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device() == torch.device("mps")
    assert choose_device("mps") == torch.device("mps")


def test_a_training_chooses_alike(monkeypatch, cards):
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert choose_for_training("cuda") == torch.device("cuda:1")
    assert choose_for_training("auto") == torch.device("cuda:1")
    with pytest.raises(CnnviewerError, match="There is no CUDA 0 device"):
        choose_for_training("cuda:0")


def test_precisions():
    cpu = torch.device("cpu")
    assert float_type(cpu) is torch.float32
    assert float_type(cpu, "half") is torch.bfloat16
    assert float_type(torch.device("mps"), Precision.HALF) is torch.float16
    with pytest.raises(ValueError, match="quarter"):
        float_type(cpu, "quarter")
    with pytest.raises(DeviceError, match="no precision 'quarter'"):
        cnnviewer.load_network("lenet5").to("cpu", "quarter")


def test_nothing_heavy_is_imported_to_name_devices():
    code = "import sys, cnnviewer.devices, cnnviewer.messages; print('torch' in sys.modules, 'numpy' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "False False"


# ---- time


class Event:
    """Stands for an event in a card's queue: the card reaches it when the host waits."""

    queue: ClassVar[list[Event]] = []

    def __init__(self, enable_timing):
        assert enable_timing
        self.time = None

    def record(self, stream):
        assert stream == "stream of cuda:1"
        Event.queue.append(self)

    def elapsed_time(self, other):
        return (other.time - self.time) * 1.0


def test_times_are_those_of_the_card(monkeypatch):
    def synchronize(device):
        for number, event in enumerate(Event.queue):
            event.time = number * 3.0

    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: f"stream of {device}")
    monkeypatch.setattr(torch.cuda, "synchronize", synchronize)
    clock = clock_of(torch.device("cuda:1"))
    network = cnnviewer.load_network("lenet5")
    for module in ("tape", "replay"):
        monkeypatch.setattr(f"cnnviewer.{module}.clock_of", lambda device: clock)
    recorder = Recorder(network)
    for _ in range(2):  # recorded, then replayed
        Event.queue.clear()
        recording = recorder.record(DIGIT)
        assert [layer.seconds for layer in recording.layers] == pytest.approx([0.003] * len(recording.layers))
    recorder.record_frame(DIGIT, frozenset({0}))  # the plan of frames is made
    Event.queue.clear()
    frame = recorder.record_frame(DIGIT, frozenset({0}))
    assert frame.layers[0].seconds == pytest.approx(0.003)
    assert frame.layers[frame.scores_index].seconds == pytest.approx(0.003)


def test_on_mps_the_host_waits(monkeypatch):
    waits = []
    monkeypatch.setattr(torch.mps, "synchronize", lambda: waits.append(1))
    clock = clock_of(torch.device("mps"))
    start = clock.mark()
    end = clock.mark()
    assert len(waits) == 2
    assert 0 <= clock.seconds(start, end) < 1


# ---- a network that is moved


def test_a_network_that_is_there_is_the_same():
    network = cnnviewer.load_network("lenet5")
    assert network.to("cpu") is network
    half = network.to("cpu", "half")
    assert half.to("cpu", "half") is half


def test_a_moved_network_has_weights_of_its_own():
    network = cnnviewer.load_network("lenet5")
    before = {name: tensor.clone() for name, tensor in network.module.state_dict().items()}
    half = network.to("cpu", "half")
    assert (half.dtype, network.dtype) == (torch.bfloat16, torch.float32)
    assert half.tensor_names != network.tensor_names
    with torch.no_grad():
        for parameter in half.module.parameters():
            parameter.zero_()
    for name, tensor in network.module.state_dict().items():
        assert torch.equal(tensor, before[name])
    assert not half.module.training
    assert (half.name, half.categories, half.provenance) == (network.name, network.categories, network.provenance)


def test_shared_weights_stay_shared_and_whole_numbers_whole():
    module = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.BatchNorm1d(4))
    module[1].weight = module[0].weight
    module[0].bias.requires_grad_(False)
    module.register_buffer("places", torch.arange(3))
    module.register_buffer("turns", torch.ones(2, dtype=torch.complex64))
    moved = cnnviewer.from_module(module).to("cpu", "half").module
    assert moved[1].weight is moved[0].weight
    assert isinstance(moved[0].weight, nn.Parameter)
    assert not moved[0].bias.requires_grad
    assert (moved.places.dtype, moved.turns.dtype) == (torch.int64, torch.complex64)
    assert moved[2].running_mean.dtype is torch.bfloat16
    assert moved[2].num_batches_tracked.dtype is torch.int64


class Plain(nn.Module):
    """Holds tensors that are neither parameters nor buffers, as people write them."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.scale = torch.full((1,), 2.0)
        self.steps = [torch.ones(4), "no tensor"]
        self.pair = (torch.ones(4), 3)
        self.named = {"shift": torch.ones(4)}
        self.places = torch.arange(4)
        self.same = self.scale

    def forward(self, x):
        x = self.layer(x) * self.scale + self.steps[0] - self.pair[0] + self.named["shift"]
        return x[..., self.places]


def test_tensors_that_are_plain_attributes_move_too():
    module = Plain()
    network = cnnviewer.from_module(module)
    half = network.to("cpu", "half")
    moved = half.module
    assert moved(torch.ones(1, 4, dtype=torch.bfloat16)).dtype is torch.bfloat16
    assert moved.places.dtype is torch.int64
    assert moved.same is moved.scale
    assert half.to("cpu", "half") is half
    assert (moved.steps[1], moved.pair[1]) == ("no tensor", 3)
    kept = module.scale, module.steps[0], module.pair[0], module.named["shift"]
    assert {tensor.dtype for tensor in kept} == {torch.float32}
    moved.places.zero_()
    moved.scale.zero_()
    assert (module.places.tolist(), module.scale.tolist()) == ([0, 1, 2, 3], [2.0])


def test_a_plain_attribute_alone_is_reason_enough_to_move():
    module = nn.Linear(4, 4).bfloat16()
    module.scale = torch.ones(1)
    assert cnnviewer.from_module(module).to("cpu", "half").module.scale.dtype is torch.bfloat16


def test_a_module_that_can_not_be_copied_is_told():
    module = nn.Linear(2, 2)
    module.source = (number for number in range(3))
    with pytest.raises(NetworkError, match="can't be brought to cpu"):
        cnnviewer.from_module(module, name="odd").to("cpu", "half")


def test_too_little_memory_is_told(monkeypatch):
    def full(*args, **kwargs):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    network = cnnviewer.load_network("lenet5")
    monkeypatch.setattr("cnnviewer.network._moved", full)
    with pytest.raises(NetworkError, match="lenet5 needs more memory than is free on cpu"):
        network.to("cpu", "half")


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("MPS backend out of memory"), MemoryError()]
)
def test_too_little_memory_for_an_image_is_told(error):
    class Large(nn.Module):
        def forward(self, x):
            raise error

    with pytest.raises(RecordingError, match="Large needs more memory for this image than is free"):
        cnnviewer.record(cnnviewer.from_module(Large()), resource("samples", "chelsea.png"))


def test_numbers_in_float64():
    value = torch.tensor([1.5], dtype=torch.bfloat16, requires_grad=True)
    assert exact(value).dtype is torch.float64
    assert not exact(value).requires_grad


# ---- devices that this machine may not have


@pytest.mark.parametrize("device", OTHERS)
@pytest.mark.parametrize("precision", list(Precision))
def test_a_recording_on_the_device_is_what_plain_pytorch_computes(device, precision):
    network = cnnviewer.load_network("lenet5").to(device, precision)
    recording = cnnviewer.record(network, DIGIT)
    assert recording.layers[0].output.device.type == device
    with torch.inference_mode():
        expected = network.module(network.preprocess(DIGIT))[0]
    assert torch.equal(recording.scores, expected)
    assert recording.probabilities.device.type == "cpu"
    assert recording.top(1)[0][0] == "7"
    assert all(layer.seconds >= 0 for layer in recording.layers)
    for layer in recording.layers:
        unit = tuple(0 for _ in layer.shape)
        explanation = cnnviewer.explain(recording, layer, unit)
        assert explanation.value == pytest.approx(explanation.recorded, rel=2e-2, abs=2e-2)
        assert cnnviewer.render(layer).ndim == 3


@pytest.mark.parametrize("device", OTHERS)
def test_a_frame_on_the_device(device):
    recorder = Recorder(cnnviewer.load_network("efficientnet-lite0").to(device))
    photo = resource("samples", "chelsea.png")
    whole = recorder.record(photo)
    frame = recorder.record_frame(photo, frozenset({2}))
    torch.testing.assert_close(frame.layers[2].output, whole.layers[2].output, rtol=1e-2, atol=1e-2)
    torch.testing.assert_close(frame.probabilities, whole.probabilities, rtol=1e-2, atol=1e-3)


# ---- the command line


@no_cuda
@pytest.mark.parametrize("words", [["record", str(DIGIT), "--out", "X", "--device", "cuda"], ["--device", "cuda"]])
def test_a_missing_device_is_told_and_nothing_opens(words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert "There is no CUDA device here" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_device_that_is_none_is_told(capsys):
    assert main(["record", str(DIGIT), "--out", "X", "--device", "toaster"]) == 2
    assert "There is no device 'toaster'" in capsys.readouterr().err


def test_record_in_half_precision(tmp_path, capsys):
    words = ["record", str(DIGIT), "--network", "lenet5", "--out", str(tmp_path), "--device", "cpu", "--half"]
    assert main(words) == 0
    assert ": 7," in capsys.readouterr().out
    assert '"dtype": "bfloat16"' in (tmp_path / "layers.json").read_text(encoding="utf-8")
