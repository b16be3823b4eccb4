"""Frames of a stream: what is kept has the values of a recording, whatever is fused between."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

import cnnviewer
from cnnviewer.recorder import Recorder, record

torch.set_num_threads(1)

NETWORKS = [
    "alexnet", "resnet18", "googlenet", "densenet121", "squeezenet1_0", "efficientnet-lite0", "lenet5", "fashion-cnn",
]  # fmt: skip


def noise(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def check_near(found, wanted, name):
    reach = float(wanted.abs().max())
    assert torch.allclose(found, wanted, rtol=0, atol=1e-4 * reach + 1e-12), name


def frame_of(network, kept, images):
    """Record images as frames, and return the last with an ordinary recording of it, and the recorder."""
    recorder = Recorder(network)
    for _ in range(2):  # the second is compared with what its operations give, made again
        recorder.record(images[0].clone())
    for image in images[1:]:
        frame = recorder.record_frame(image.clone(), frozenset(kept))
    return frame, record(network, images[-1].clone()), recorder


def check_frame(network, kept, images):
    frame, wanted, recorder = frame_of(network, kept, images)
    assert [layer.name for layer in frame.layers] == [layer.name for layer in wanted.layers]
    kept = set(kept) | ({frame.vector_index} - {None})
    for one, other in zip(frame.layers, wanted.layers, strict=True):
        assert one.shape == other.shape
        assert one.output.is_meta == (one.index not in kept), one.name
        if one.index in kept:
            check_near(one.output, other.output, one.name)
    if wanted.scores is not None:
        check_near(frame.probabilities, wanted.probabilities, "probabilities")
    return recorder


def randomised(module):
    """Give batch norms statistics and weights that are no identity."""
    generator = torch.Generator().manual_seed(5)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            for tensor in filter(lambda tensor: tensor is not None, (part.running_mean, part.weight, part.bias)):
                tensor.data.normal_(generator=generator)
            part.running_var.uniform_(0.5, 2, generator=generator)
    return cnnviewer.from_module(module)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("where", ["first", "middle", "all", "none"])
def test_frames_of_networks_have_the_values_of_recordings(name, where):
    weights = "DEFAULT" if name in ("efficientnet-lite0", "lenet5", "fashion-cnn") else None
    network = cnnviewer.load_network(name, weights=weights)
    preprocessing = network.preprocessing
    size = preprocessing.size if preprocessing.size[0] < 64 else (96, 96)
    images = [noise(seed, 1, preprocessing.channels, *size) for seed in range(3)]
    count = len(record(network, images[0].clone()).layers)
    kept = {"first": range(6), "middle": range(count // 2, count // 2 + 5), "all": range(count), "none": ()}[where]
    recorder = check_frame(network, kept, images)
    assert recorder._frames.is_fused


def test_less_is_done_for_what_nobody_looks_at():
    network = cnnviewer.load_network("resnet18", weights=None)
    images = [noise(seed, 1, 3, 64, 64) for seed in range(2)]
    _, wanted, recorder = frame_of(network, (), images)
    # 20 convolutions with their norms, additions and activations, two poolings, flattening, one linear.
    assert len(recorder._frames._kernels) == 24
    frame_of(network, range(len(wanted.layers)), images)
    recorder.record_frame(images[0].clone(), frozenset(range(len(wanted.layers))))
    assert len(recorder._frames._kernels) == len(wanted.layers)


class Block(nn.Module):
    """Convolution, norm, addition and activation in the ways in which they meet."""

    def __init__(self, activation=F.relu, *, bias=False):
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, padding=1, bias=bias)
        self.norm = nn.BatchNorm2d(6)
        self.second = nn.Conv2d(6, 6, 3, padding=(1, 2), dilation=(1, 2), groups=3, bias=bias)
        self.other_norm = nn.BatchNorm2d(6, affine=False)
        self.skip = nn.Conv2d(6, 6, 1)
        self.activation = activation
        self.fc = nn.Linear(6, 4)

    def forward(self, x):
        x = self.activation(self.norm(self.first(x)))
        x = self.activation(self.other_norm(self.second(x)) + self.skip(x)) + x
        x += self.skip(x)
        return self.fc(self.activation(x).mean((2, 3)))


ACTIVATIONS = {
    "relu": F.relu,
    "in place": lambda x: F.relu(x, inplace=True),
    "relu6": F.relu6,
    "silu": F.silu,
    "hardswish": F.hardswish,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
    "hardtanh": lambda x: F.hardtanh(x, -0.5, 0.7),
    "elu": F.elu,
    "gelu": F.gelu,
    "method": torch.Tensor.relu_,
}


@pytest.mark.parametrize("packs", [True, False])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation(name, packs, monkeypatch):
    if not packs:
        monkeypatch.setattr("cnnviewer.fusion._can_pack", lambda weight: False)
    network = randomised(Block(ACTIVATIONS[name], bias=name == "tanh"))
    for kept in ((), (0,), (2, 5)):
        assert check_frame(network, kept, [noise(seed, 1, 3, 9, 11) for seed in range(3)])._frames.is_fused


@settings(max_examples=60, deadline=None)
@given(kept=st.frozensets(st.integers(0, 13)), later=st.frozensets(st.integers(0, 13)))
def test_any_choice_of_layers_and_then_another(kept, later):
    network = randomised(Block())
    images = [noise(seed, 1, 3, 9, 11) for seed in range(3)]
    count = len(record(network, images[0].clone()).layers)
    assert count == 14
    recorder = check_frame(network, kept, images)
    frame = recorder.record_frame(images[1].clone(), later)
    wanted = record(network, images[1].clone())
    for index in later:
        check_near(frame.layers[index].output, wanted.layers[index].output, index)


def test_what_is_kept_is_not_changed_by_what_comes_later():
    network = randomised(Block())
    _, wanted, recorder = frame_of(network, (1,), [noise(seed, 1, 3, 9, 11) for seed in range(2)])
    first = recorder.record_frame(noise(1, 1, 3, 9, 11), frozenset([1]))
    recorder.record_frame(noise(7, 1, 3, 9, 11), frozenset([1]))
    check_near(first.layers[1].output, wanted.layers[1].output, "norm")


def test_layers_are_told_as_soon_as_they_are_there():
    network = randomised(Block())
    image = noise(0, 1, 3, 9, 11)
    _, wanted, recorder = frame_of(network, (), [image, image])
    told = []

    def begin(recording, index):
        told.append(index)
        for layer in recording.layers:
            assert layer.output.is_meta == (layer.index not in told)
        check_near(recording.layers[index].output, wanted.layers[index].output, index)

    frame = recorder.record_frame(image.clone(), frozenset([1, 4, 6]), begin)
    assert told == [1, 4, 6, frame.scores_index]


def test_new_weights_are_seen():
    network = randomised(Block())
    image = noise(0, 1, 3, 9, 11)
    _, _, recorder = frame_of(network, (), [image, image])
    with torch.no_grad():
        for parameter in network.module.parameters():
            parameter.mul_(-1.5)
    frame = recorder.record_frame(image.clone(), frozenset([4]))
    wanted = record(network, image.clone())
    check_near(frame.layers[4].output, wanted.layers[4].output, "activation")
    check_near(frame.scores, wanted.scores, "scores")


_ODD = (0, 1, 7, 2)


class Viewing(nn.Module):
    """Asks for a layout of the memory: by `view`, which can be had, or reading it as it lies, which can't."""

    def __init__(self, how):
        super().__init__()
        self.conv, self.how, self.fc = nn.Conv2d(3, 4, 3, padding=1), how, nn.Linear(4, 3)

    def forward(self, x):
        x = self.conv(x)
        views = x.view(1, 2, -1, *x.shape[2:]).transpose(1, 2) if self.how == "view" else x.as_strided(x.shape, _ODD)
        return self.fc(views.reshape(1, 4, -1).mean(2))


@pytest.mark.parametrize("how", ["view", "strides"])
def test_networks_that_ask_for_a_layout(how):
    network = cnnviewer.from_module(Viewing(how))
    recorder = check_frame(network, (0, 1, 2), [noise(seed, 1, 3, 8, 8) for seed in range(3)])
    assert recorder._frames.is_fused is (how == "view")


class Padding(nn.Module):
    """Pads before it convolves, as networks do that were made with TensorFlow."""

    def __init__(self, edges, groups, value, **settings):
        super().__init__()
        self.first = nn.Conv2d(3, 6, 1)
        self.edges, self.value = edges, value
        self.conv = nn.Conv2d(6, 6, 3, groups=groups, **settings)
        self.norm = nn.BatchNorm2d(6)

    def forward(self, x):
        x = F.pad(self.first(x), self.edges, value=self.value)
        return F.relu6(self.norm(self.conv(x))).mean((2, 3))


EDGES = st.tuples(*[st.integers(0, 2)] * 4)
SIDES = st.tuples(st.integers(7, 12), st.integers(7, 12))


@settings(max_examples=120, deadline=None)
@given(
    EDGES, SIDES, st.sampled_from([1, 2, 6]), st.sampled_from([0.0, 0.5]), st.integers(1, 2), st.integers(1, 2),
    st.integers(0, 1),
)  # fmt: skip
def test_padding_before_a_convolution(edges, sides, groups, value, stride, dilation, padding):
    network = randomised(Padding(edges, groups, value, stride=stride, dilation=dilation, padding=padding))
    recorder = check_frame(network, (), [noise(seed, 1, 3, *sides) for seed in range(2)])
    more = (edges[1] - edges[0], edges[3] - edges[2])
    is_even, is_near = more == (0, 0), max(map(abs, more)) < 2
    pays = value == 0 and (is_even or (is_near and groups == 6 and dilation == 1))
    # Two convolutions, the one with all that stands around it, and a mean.
    assert len(recorder._frames._kernels) == (3 if pays else 4)


class Choosing(nn.Module):
    """Takes a path that depends on the image."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        x = self.conv(x)
        return (x.relu() if x.mean() > 0 else x.tanh()).mean((2, 3))


def test_networks_that_can_not_be_replayed_are_recorded_whole():
    network = cnnviewer.from_module(Choosing())
    recorder = Recorder(network)
    for seed in range(4):
        image = noise(seed, 1, 3, 8, 8)
        frame, wanted = recorder.record_frame(image.clone(), frozenset()), record(network, image.clone())
        assert [layer.operation for layer in frame.layers] == [layer.operation for layer in wanted.layers]
        assert all(torch.equal(a.output, b.output) for a, b in zip(frame.layers, wanted.layers, strict=True))


def test_frames_of_another_size_and_photos_between_frames():
    network = cnnviewer.load_network("squeezenet1_0", weights=None)
    recorder = Recorder(network)
    for seed, side in enumerate([64, 64, 80, 80, 80]):
        image = noise(seed, 1, 3, side, side)
        frame, wanted = recorder.record_frame(image.clone(), frozenset([3])), record(network, image.clone())
        check_near(frame.layers[3].output, wanted.layers[3].output, "layer 3")
        whole = recorder.record(image.clone())
        assert all(torch.equal(a.output, b.output) for a, b in zip(whole.layers, wanted.layers, strict=True))
