"""How calls are recorded: lists of tensors, attention, modules used again, functions, operators of libraries."""

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

import cnnviewer
from cnnviewer.fast_paths import STEPWISE
from cnnviewer.operations import Kind
from cnnviewer.recorder import Recorder, record
from plain import without_fast_path
from small_modules import convolved, noise, tiny

torch.set_num_threads(1)


def test_a_list_that_grows_after_it_was_concatenated():
    class Dense(nn.Module):
        def __init__(self):
            super().__init__()
            self.convs = nn.ModuleList([nn.Conv2d(3 + 2 * i, 2, 3, padding=1) for i in range(3)])

        def forward(self, x):
            features = [x]
            for conv in self.convs:
                features.append(conv(torch.cat(features, 1)))
            return torch.cat(features, 1)

    torch.manual_seed(0)
    network, image = cnnviewer.from_module(Dense()), noise()
    recording = record(network, image.clone())
    assert recording["cat"].inputs == ("input",)
    assert recording["cat#3"].inputs == ("input", "convs.0", "convs.1")
    assert recording["cat#4"].inputs == ("input", "convs.0", "convs.1", "convs.2")
    features = image
    with torch.inference_mode():
        for index, conv in enumerate(network.module.convs):
            output = conv(features)
            assert torch.equal(recording[f"convs.{index}"].output, output[0])
            features = torch.cat([features, output], 1)
    assert torch.equal(recording["cat#4"].output, features[0])
    assert recording["cat#4"].settings["dim"] == 1


def test_the_list_may_be_given_by_name():
    def middle(h):
        features = [h]
        first = torch.cat(tensors=features, dim=1)
        features.append(first)
        return torch.cat(tensors=features, dim=1)[:, :4]

    network, image = tiny(middle), noise()
    recording = record(network, image)
    assert recording["cat#2"].inputs == ("conv", "cat")
    assert recording["cat"].settings["dim"] == 1


class Attending(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, 2)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        tokens = self.conv(x).flatten(2).transpose(1, 2)
        attended, _ = self.attention(tokens, tokens, tokens, need_weights=False)
        return (tokens + attended).mean(1)


def attending():
    torch.manual_seed(0)
    return cnnviewer.from_module(Attending())


def test_multi_head_attention_is_one_layer():
    network, image = attending(), noise()
    recording = record(network, image.clone())
    module = network.module
    with torch.inference_mode():
        tokens = module.conv(image).flatten(2).transpose(1, 2)
        with without_fast_path():
            attended = module.attention(tokens, tokens, tokens, need_weights=False)[0]
    assert [layer.name for layer in recording.layers if layer.kind is Kind.ATTENTION] == ["attention"]
    # Multi-head attention computes with the positions first, and turns them back.
    assert torch.equal(recording["attention"].output.transpose(0, 1), attended)
    assert torch.equal(recording["transpose"].output, tokens[0])
    assert torch.equal(recording["add"].output, (tokens + attended)[0])
    assert torch.equal(recording.layers[-1].output, (tokens + attended).mean(1)[0])
    projection = recording["attention"].parameters
    assert any(tensor is module.attention.in_proj_weight for tensor in projection.values())


class Encoding(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 8, 3, 2), nn.Linear(8, 5)
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)

    def forward(self, x):
        return self.fc(self.encoder(self.conv(x).flatten(2).transpose(1, 2)).mean(1))


@pytest.mark.parametrize("module", [Attending, Encoding])
def test_attention_has_the_bits_of_plain_torch_without_its_fast_path(module):
    torch.manual_seed(0)
    network, image = cnnviewer.from_module(module()), noise()
    recording = record(network, image.clone())
    with torch.inference_mode(), without_fast_path():
        expected = network.module(image.clone())[0]
        again = record(network, image.clone())
    assert torch.equal(recording.layers[-1].output, expected)
    assert torch.equal(again.layers[-1].output, expected)


@pytest.mark.parametrize("module", [Attending, Encoding])
def test_attention_is_close_to_plain_torch_on_its_fast_path(module):
    """Torch leaves its fast path, one fused kernel that shows no operation, when a function mode is in force."""
    torch.manual_seed(0)
    network, image = cnnviewer.from_module(module()), noise()
    assert torch.backends.mha.get_fastpath_enabled()
    with torch.inference_mode():
        expected = network.module(image.clone())[0]
    recording = record(network, image.clone())
    torch.testing.assert_close(recording.layers[-1].output, expected, rtol=1e-5, atol=1e-6)
    assert any(layer.kind is Kind.ATTENTION for layer in recording.layers)


@pytest.mark.parametrize("module", [Attending, Encoding])
def test_attention_that_asks_what_a_tensor_is_like_is_replayed(module):
    """Multi-head attention asks whether its input is nested, and others for the length of a batch."""
    torch.manual_seed(0)
    network = cnnviewer.from_module(module())
    recorder = Recorder(network)
    for seed in range(4):
        image = noise(seed)
        recording = recorder.record(image.clone())
        with torch.inference_mode(), without_fast_path():
            assert torch.equal(recording.layers[-1].output, network.module(image.clone())[0])
    assert recording.run_notes == (STEPWISE,)


def test_a_module_used_twice_is_numbered():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.relu = nn.Conv2d(3, 3, 1), nn.ReLU(inplace=True)

        def forward(self, x):
            return self.relu(self.conv(self.relu(self.conv(x))))

    torch.manual_seed(0)
    network, image = cnnviewer.from_module(Twice()), noise()
    recording = record(network, image.clone())
    assert [layer.name for layer in recording.layers] == ["conv", "relu", "conv#2", "relu#2"]
    assert [layer.inputs for layer in recording.layers] == [("input",), ("conv",), ("relu",), ("conv#2",)]
    weight, bias = network.module.conv.weight.detach(), network.module.conv.bias.detach()
    steps = [F.conv2d(image, weight, bias)]
    steps.append(steps[-1].relu())
    steps.append(F.conv2d(steps[-1], weight, bias))
    steps.append(steps[-1].relu())
    for layer, step in zip(recording.layers, steps, strict=True):
        assert torch.equal(layer.output, step[0]), layer.name


def test_functional_calls_take_the_name_of_the_calling_module():
    class Inner(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)

        def forward(self, x):
            return F.max_pool2d(F.relu(self.conv(x)), 2) * 2

    torch.manual_seed(0)
    recording = record(cnnviewer.from_module(nn.Sequential(Inner(), nn.Flatten())), noise())
    assert [layer.name for layer in recording.layers] == ["0.conv", "0.relu", "0.max_pool2d", "0.mul", "1"]
    assert [layer.kind for layer in recording.layers] == [
        Kind.CONVOLUTION, Kind.ACTIVATION, Kind.POOLING, Kind.MULTIPLICATION, Kind.RESHAPE,
    ]  # fmt: skip


def test_operators_of_libraries_are_recorded():
    offset, weight = noise(5, 18, 3) * 0.5, torch.randn((4, 4, 3, 3), generator=torch.Generator().manual_seed(6))
    boxes = torch.tensor([[0.0, 0, 2, 2], [0.2, 0, 2, 2], [1, 1, 3, 3]])

    def middle(h):
        moved = torchvision.ops.deform_conv2d(h, offset, weight, stride=3)
        kept = torchvision.ops.nms(boxes, moved.mean((0, 2, 3))[:3].sigmoid(), 0.5)
        return torchvision.ops.roi_align(h, [boxes[kept]], (2, 2)).mean(0, keepdim=True)

    network, image = tiny(middle), noise(size=9)
    recorder = Recorder(network)
    conv = convolved(network, image)
    moved = torchvision.ops.deform_conv2d(conv, offset, weight, stride=3)
    kept = torchvision.ops.nms(boxes, moved.mean((0, 2, 3))[:3].sigmoid(), 0.5)
    pooled = torchvision.ops.roi_align(conv, [boxes[kept]], (2, 2))
    for _ in range(2):  # how many boxes are kept depends on the image: nothing is replayed
        recording = recorder.record(image.clone())
        assert torch.equal(recording["deform_conv2d"].result, moved)
        assert torch.equal(recording["nms"].output, kept)
        assert torch.equal(recording["roi_align"].result, pooled)
        assert recording["nms"].inputs[-1] == "sigmoid"
        assert recording["mean#2"].inputs == ("roi_align",)
        assert torch.equal(recording.scores, network.module(image.clone())[0].detach())
    assert recorder._plan is None


def test_an_lstm_is_recorded():
    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(8, 5, batch_first=True)

        def forward(self, x):
            return self.lstm(x.flatten(1, 2))[0][:, -1]

    torch.manual_seed(0)
    network, image = cnnviewer.from_module(Recurrent()), noise()
    recording = record(network, image.clone())
    with torch.inference_mode():
        assert torch.equal(recording.layers[-1].output, network.module(image)[0])


def test_indices_in_a_list_within_a_tuple():
    def middle(h):
        first, second = torch.tensor(0), torch.tensor(1)
        return h[:, [first, second, first, second]]

    network, image = tiny(middle), noise()
    recording = record(network, image.clone())
    conv = convolved(network, image)
    assert torch.equal(recording["getitem"].output, conv[0, [0, 1, 0, 1]])


def test_vmap_is_recorded():
    network, image = tiny(lambda h: torch.vmap(lambda part: part * 2)(h) + 1), noise()
    recording = record(network, image.clone())
    assert torch.equal(recording["add"].output, (convolved(network, image) * 2 + 1)[0])
