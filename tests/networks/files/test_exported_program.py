"""Exported programs: the operations of torch's lower level are recorded, explained and replayed as the others."""

from __future__ import annotations

import pytest
import torch
import torchvision
from made_networks import image, small, to_pt2
from torch import nn

import cnnviewer
from cnnviewer.errors import NetworkError
from cnnviewer.networks.files import exported_program
from cnnviewer.networks.files.exported_program import open_file
from cnnviewer.recorder import Recorder


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return open_file(to_pt2(small(), tmp_path_factory.mktemp("pt2") / "net.pt2"))


@pytest.fixture(scope="module")
def recording(program):
    return cnnviewer.record(cnnviewer.from_module(program.module), image())


def test_it_computes_the_same_to_the_last_bit(program, recording):
    with torch.no_grad():
        wanted = small()(image())
    assert torch.equal(recording.scores, wanted[0])
    assert program.hints.shape == (3, 32, 32)
    assert program.note == ""


def test_layers_have_the_names_kinds_and_arguments_of_the_network(recording):
    own = cnnviewer.record(cnnviewer.from_module(small()), image())
    assert [layer.kind for layer in recording.layers] == [layer.kind for layer in own.layers]
    assert [layer.module for layer in recording.layers] == [layer.module for layer in own.layers]
    names = [layer.name for layer in own.layers]
    assert [layer.name for layer in recording.layers] == ["slice" if name == "getitem" else name for name in names]
    assert list(recording["stem.0"].parameters) == ["weight"]
    assert set(recording["stem.1"].parameters) == {"weight", "bias", "running_mean", "running_var"}
    assert recording["slice"].settings == {"dim": 1, "start": 2, "end": 10}
    assert recording["max_pool2d"].settings["kernel_size"] == [2, 2]
    assert recording["cat"].inputs == ("stem.2", "gelu")


def test_every_unit_is_explained_as_in_the_network(recording):
    own = cnnviewer.record(cnnviewer.from_module(small()), image())
    for layer, other in zip(recording.layers, own.layers, strict=True):
        unit = tuple(length // 2 for length in layer.shape)
        found, wanted = (cnnviewer.explain(*pair, unit) for pair in ((recording, layer), (own, other)))
        assert found.value == pytest.approx(found.recorded, rel=1e-4, abs=1e-5)
        assert (found.rule, found.value, found.bias) == (wanted.rule, wanted.value, wanted.bias)
        assert cnnviewer.receptive_field(recording, layer, unit) == cnnviewer.receptive_field(own, other, unit)


def test_it_is_replayed(program):
    recorder = Recorder(cnnviewer.from_module(program.module))
    recorder.record(image())
    other = torch.rand(1, 3, 32, 32)
    recording = recorder.record(other)
    assert recorder._plan is not None
    with torch.no_grad():
        assert torch.equal(recording.scores, small()(other)[0])


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "squeezenet1_0"])
def test_torchvision_networks(tmp_path, name):
    network = torchvision.models.get_model(name, weights=None).eval()
    opened = open_file(to_pt2(network, tmp_path / "net.pt2", (1, 3, 64, 64)))
    recorder, x = Recorder(cnnviewer.from_module(opened.module)), image(1, 3, 64, 64)
    recording = recorder.record(x)
    with torch.no_grad():
        assert torch.equal(recording.scores, network(x)[0])
    assert recorder._plan is not None
    assert all(layer.kind != "other" for layer in recording.layers)


def test_a_free_batch_and_size(tmp_path):
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    ).eval()
    free = torch.export.Dim.DYNAMIC
    opened = open_file(
        to_pt2(network, tmp_path / "net.pt2", (2, 3, 32, 32), dynamic_shapes=({0: free, 2: free, 3: free},))
    )
    assert opened.hints.shape == (3, None, None)
    x = image(1, 3, 40, 24)
    with torch.no_grad():
        assert torch.equal(opened.module(x), network(x))


def test_without_modules_it_is_one_list(tmp_path, monkeypatch):
    path = to_pt2(small(), tmp_path / "net.pt2")
    monkeypatch.setattr(exported_program, "unflatten", lambda program: 1 / 0)
    opened = open_file(path)
    assert opened.note.startswith("The modules that it was made of are not told")
    recording = cnnviewer.record(cnnviewer.from_module(opened.module), image())
    with torch.no_grad():
        assert torch.equal(recording.scores, small()(image())[0])
    assert [layer.operation for layer in recording.layers][:3] == ["conv2d", "batch_norm", "relu"]


class _Two(nn.Module):
    def forward(self, first, second):
        return first + second


def test_what_takes_no_one_image_is_told(tmp_path):
    path = tmp_path / "two.pt2"
    torch.export.save(torch.export.export(_Two(), (image(), image())), path)
    with pytest.raises(NetworkError, match=r"two\.pt2 takes 2 inputs \(first, second\)"):
        open_file(path)
    with pytest.raises(NetworkError, match="takes no image"):
        open_file(to_pt2(nn.Linear(4, 2).eval(), tmp_path / "flat.pt2", (1, 4)))
    with pytest.raises(NetworkError, match="exported for 4 images at once"):
        open_file(to_pt2(nn.Conv2d(3, 1, 1).eval(), tmp_path / "four.pt2", (4, 3, 8, 8)))


def test_a_damaged_program_is_told(tmp_path):
    content = to_pt2(small(), tmp_path / "net.pt2").read_bytes()
    (tmp_path / "cut.pt2").write_bytes(content[: len(content) // 2])
    with pytest.raises(NetworkError, match=r"cut\.pt2"):
        open_file(tmp_path / "cut.pt2")


class _Last(nn.Module):
    """A network that takes its image as TensorFlow does, ``(1, H, W, C)``."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 4, 3)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.conv(image.permute(0, 3, 1, 2)).mean((2, 3))


@pytest.mark.parametrize(("channels", "is_free"), [(3, False), (3, True), (1, False), (4, False)])
def test_an_image_with_its_channels_last_is_told_by_its_axes(tmp_path, channels, is_free):
    torch.manual_seed(0)
    network = _Last(channels).eval()
    sides = {1: torch.export.Dim("h", min=8, max=512), 2: torch.export.Dim("w", min=8, max=512)}
    options = {"dynamic_shapes": {"image": sides}} if is_free else {}
    path = to_pt2(network, tmp_path / "net.pt2", (1, 32, 36, channels), **options)
    opened = cnnviewer.load_network(path, allow_code=True)
    assert opened.preprocessing.channels == channels
    assert is_free or opened.preprocessing.size == (32, 36)
    x = image(1, channels, 32, 36)
    recording = cnnviewer.record(opened, x)
    with torch.no_grad():
        assert torch.equal(recording.layers[-1].output, network(x.permute(0, 2, 3, 1))[0])
    assert recording["conv"].kind == "convolution"


def test_channels_that_come_first_stay_first(tmp_path):
    network = nn.Sequential(nn.Conv2d(4, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()
    hints = open_file(to_pt2(network, tmp_path / "net.pt2", (1, 4, 32, 3))).hints
    assert (hints.shape, hints.is_channels_last) == ((4, 32, 3), False)
