"""What a forward pass works out without the image: weights, grids and tables are no layers, and never stale."""

import warnings

import pytest
import torch
from timm.layers import ScaledStdConv2d, StdConv2d, StdConv2dSame
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations, prune

import cnnviewer
from cnnviewer.analysis.cost import multiply_adds
from cnnviewer.recorder import Recorder, record
from small_modules import convolved, noise, tiny

torch.set_num_threads(1)


class Lora(nn.Module):
    """A frozen kernel and a sum of a product of two small matrices to it: Hu et al. (2021)."""

    def __init__(self, channels, filters):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(filters, channels, 3, 3) * 0.3, requires_grad=False)
        self.down, self.up = nn.Parameter(torch.randn(2, channels * 9)), nn.Parameter(torch.randn(filters, 2))

    def forward(self, x):
        return F.conv2d(x, self.weight + 0.5 * (self.up @ self.down).view_as(self.weight), padding=1)


class Blur(nn.Module):
    """A kernel made of numbers alone, repeated for each channel."""

    def __init__(self, channels, filters):
        super().__init__()
        self.channels, self.filters = channels, filters

    def forward(self, x):
        axis = torch.exp(-((torch.arange(3.0, device=x.device) - 1) ** 2))
        kernel = (axis[:, None] * axis).expand(self.filters, self.channels, 3, 3)
        return F.conv2d(x, kernel / kernel.sum(), padding=1)


class Masked(nn.Conv2d):
    """A kernel with a mask that is changed in place in the forward pass: van den Oord et al. (2016)."""

    def __init__(self, channels, filters):
        super().__init__(channels, filters, 3, padding=1)

    def forward(self, x):
        mask = torch.ones_like(self.weight)
        mask[:, :, 2:] = 0
        mask[:, :, 1, 1:] = 0
        return self._conv_forward(x, self.weight * mask, self.bias)


def pruned(channels, filters):
    return prune.random_unstructured(nn.Conv2d(channels, filters, 3, padding=1), "weight", 0.3)


WEIGHTS = {
    "weight standardisation": (lambda i, o: StdConv2d(i, o, 3, padding=1), ("weight",)),
    "weight standardisation, same": (lambda i, o: StdConv2dSame(i, o, 3), ("weight",)),
    "scaled weight standardisation": (lambda i, o: ScaledStdConv2d(i, o, 3, padding=1), ("gain", "weight")),
    "weight norm": (
        lambda i, o: parametrizations.weight_norm(nn.Conv2d(i, o, 3, padding=1)),
        ("parametrizations.weight.original0", "parametrizations.weight.original1"),
    ),
    "weight norm by a hook": (
        lambda i, o: nn.utils.weight_norm(nn.Conv2d(i, o, 3, padding=1, bias=False)),
        ("weight_g", "weight_v"),
    ),
    "spectral norm": (
        lambda i, o: parametrizations.spectral_norm(nn.Conv2d(i, o, 3, padding=1, bias=False)),
        ("parametrizations.weight.original", "parametrizations.weight.0._u", "parametrizations.weight.0._v"),
    ),
    "spectral norm by a hook": (
        lambda i, o: nn.utils.spectral_norm(nn.Conv2d(i, o, 3, padding=1)),
        ("weight_orig", "weight_u", "weight_v"),
    ),
    "pruning": (pruned, ("weight_orig", "weight_mask")),
    "low rank": (Lora, ("down", "up", "weight")),
    "a kernel of numbers": (Blur, ()),
    "a masked kernel": (Masked, ("weight",)),
}


def network_of(make):
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # torch calls its hooks old
        first, second = make(3, 4), make(4, 4)
    tail = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    return cnnviewer.from_module(nn.Sequential(first, nn.ReLU(), second, *tail), name="net")


def used_weight(network, image):
    """The weight that plain PyTorch gives the second convolution."""
    seen = []

    class Watch(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            if func is torch.conv2d:
                seen.append(args[1].detach().clone())
            return func(*args, **(kwargs or {}))

    with torch.inference_mode(), Watch():
        network.module(image)
    return seen[1]


def learn(network):
    """An optimiser's step on all that is learnt."""
    optimiser = torch.optim.SGD(network.module.parameters(), 0.5)
    optimiser.zero_grad()
    network.module(noise(9)).square().sum().backward()
    optimiser.step()
    network.module.zero_grad(set_to_none=True)


def scores_of(network, image):
    with torch.inference_mode():
        return network.module(image.clone())[0]


@pytest.mark.parametrize("name", WEIGHTS)
def test_a_worked_out_weight_is_a_weight(name):
    make, behind = WEIGHTS[name]
    network, image = network_of(make), noise(size=12)
    recording = record(network, image.clone())
    assert [layer.name for layer in recording.layers] == list("012345")
    layer = recording["2"]
    assert torch.equal(layer.parameters["weight"], used_weight(network, image))
    assert cnnviewer.receptive_field(recording, layer, (0, 5, 5)).size == (5, 5)
    assert multiply_adds(layer, recording) == 4 * 4 * 9 * 12 * 12
    told = layer.call.worked_out["weight"]
    assert set(told.behind) == set(behind)
    own = network.module[2]
    assert layer.parameter_count == sum(weight.numel() for weight in own.parameters() if weight.requires_grad)
    explanation = cnnviewer.explain(recording, layer, (1, 5, 5))
    assert explanation.rule == "sum"
    assert len(explanation.terms) == 36
    assert explanation.value == pytest.approx(float(layer.output[1, 5, 5]), rel=1e-5)


@pytest.mark.parametrize("name", WEIGHTS)
def test_a_second_image_and_a_frame_have_the_weight_of_their_moment(name):
    network, images = network_of(WEIGHTS[name][0]), [noise(seed, size=12) for seed in range(3)]
    recorder = Recorder(network)
    for step in range(3):
        for image in images:
            expected = scores_of(network, image)
            recording = recorder.record(image.clone())
            assert torch.equal(recording.scores, expected)
            assert torch.equal(recording["2"].parameters["weight"], used_weight(network, image))
            frame = recorder.record_frame(image.clone(), frozenset())
            torch.testing.assert_close(frame.scores, expected, rtol=1e-4, atol=1e-5)
            assert torch.equal(frame["2"].parameters["weight"], recording["2"].parameters["weight"])
        if step == 0 and any(weight.requires_grad for weight in network.module[2].parameters()):
            before = recording["2"].parameters["weight"].clone()
            learn(network)
            assert not torch.equal(used_weight(network, images[0]), before)
            assert torch.equal(recording["2"].parameters["weight"], before)


def test_a_frame_alone_sees_that_the_network_has_learnt():
    network, image = network_of(WEIGHTS["weight standardisation"][0]), noise(size=12)
    recorder = Recorder(network)
    recorder.record(image.clone())
    for _ in range(3):
        frame = recorder.record_frame(image.clone(), frozenset([2]))
        torch.testing.assert_close(frame.scores, scores_of(network, image), rtol=1e-4, atol=1e-5)
        assert torch.equal(frame["2"].parameters["weight"], used_weight(network, image))
        learn(network)


def test_a_weight_that_stands_is_worked_out_once():
    network = network_of(WEIGHTS["weight standardisation"][0])
    recorder = Recorder(network)
    weights = [recorder.record(noise(seed, size=12))["2"].parameters["weight"] for seed in range(3)]
    weights.append(recorder.record_frame(noise(4, size=12), frozenset())["2"].parameters["weight"])
    assert all(weight is weights[0] for weight in weights)


def test_a_weight_that_is_changed_past_its_version():
    """As old optimisers and many scripts do it: ``weight.data.mul_``."""
    network = network_of(WEIGHTS["weight norm"][0])
    recorder = Recorder(network)
    for seed in range(3):
        recording = recorder.record(noise(seed, size=12))
        assert torch.equal(recording.scores, scores_of(network, noise(seed, size=12)))
        assert torch.equal(recording["2"].parameters["weight"], used_weight(network, noise(size=12)))
        network.module[2].parametrizations.weight.original0.data.mul_(1.5)


# ---- other constants


class Position(nn.Module):
    """Adds a learnt table, in the size of the maps."""

    def __init__(self, make):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(4, 5)
        self.table = nn.Parameter(torch.randn(1, 4, 5, 5))
        self.register_buffer("index", torch.arange(64).flip(0) % 25)
        self.plain = torch.randn(1, 4, 8, 8)
        self.make = make

    def forward(self, x):
        h = self.conv(x)
        return self.fc((h + self.make(self, h)).mean((2, 3)))


def positioned(make):
    torch.manual_seed(0)
    return cnnviewer.from_module(Position(make), name="positioned")


def masked_grid(module, h):
    grid = h.new_zeros(8, 8)
    grid[2:4, 3:] = 1
    return grid.masked_fill(grid > 0, -0.5) * 2


TABLES = {
    "resized": (lambda s, h: F.interpolate(s.table, h.shape[-2:], mode="bilinear"), {"table"}, True),
    "looked up": (lambda s, h: s.table.flatten(2)[:, :, s.index].view(1, 4, 8, 8), {"index", "table"}, True),
    "expanded": (lambda s, h: s.table[:, :, :1, :1].expand_as(h), {"table"}, True),
    "of its type": (lambda s, h: s.table.mean().double().type_as(h), {"table"}, True),
    "a grid": (lambda s, h: torch.arange(8.0, device=h.device)[:, None] / h.shape[-1], set(), True),
    "sines": (lambda s, h: torch.stack([torch.arange(8.0).sin(), torch.arange(8.0).cos()]).mean(0), set(), True),
    "zeros like it": (lambda s, h: torch.zeros_like(h) + 0.5, set(), True),
    "ones of its shape": (lambda s, h: h.new_ones(h.shape[1:]) * torch.full((), 2.0), set(), True),
    "a mask filled in place": (masked_grid, set(), True),
    "an attribute": (lambda s, h: s.plain * 2, {"a constant"}, False),
    "drawn": (lambda s, h: torch.rand(8, 8) * 2, set(), False),
    "drawn like it": (lambda s, h: torch.randn_like(h), set(), False),
    "a dropped weight": (lambda s, h: F.dropout(s.table, 0.5, training=True).mean(), {"table"}, False),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_an_operand_that_no_layer_made(name):
    make, behind, is_replayed = TABLES[name]
    network = positioned(make)
    recorder = Recorder(network)
    for seed in range(3):
        image = noise(seed)
        recording = recorder.record(image.clone())
        assert [layer.name for layer in recording.layers] == ["conv", "add", "mean", "fc"]
        layer = recording["add"]
        assert layer.inputs == ("conv",)
        ((operand, told),) = layer.call.worked_out.items()
        assert set(told.behind) == behind
        assert torch.equal(layer.result, recording["conv"].result + layer.parameters[operand])
        assert layer.parameter_count == (100 if "table" in behind else 0)
        assert cnnviewer.explain(recording, layer, (1, 2, 3)).value == pytest.approx(float(layer.output[1, 2, 3]))
        if name not in ("drawn", "drawn like it", "a dropped weight"):
            assert torch.equal(recording.scores, scores_of(network, image))
            frame = recorder.record_frame(image.clone(), frozenset())
            torch.testing.assert_close(frame.scores, recording.scores)
        if is_replayed:
            network.module.table.detach().mul_(1.25)
    assert told.is_drawn is (name in ("drawn", "drawn like it", "a dropped weight"))


@pytest.mark.parametrize("name", ["drawn", "drawn like it", "a dropped weight"])
def test_what_is_drawn_is_drawn_in_each_pass(name):
    network = positioned(TABLES[name][0])
    recorder = Recorder(network)
    drawn = [next(iter(recorder.record(noise())["add"].parameters.values())) for _ in range(3)]
    assert not torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[1], drawn[2])


def filled(h):
    kept = torch.zeros(1, 4, 8, 8)
    kept[:, 1:3] = h[:, :2]
    kept[:, 0] = 1.5
    return kept * 1


def test_a_constant_that_data_is_written_into_is_data_from_there():
    network, image = tiny(filled), noise()
    recorder = Recorder(network)
    for seed in range(2):
        image = noise(seed)
        recording, conv = recorder.record(image.clone()), convolved(network, image)
        first = torch.zeros(1, 4, 8, 8)
        first[:, 1:3] = conv[:, :2]
        second = first.clone()
        second[:, 0] = 1.5
        assert [layer.name for layer in recording.layers] == [
            "conv", "getitem", "setitem", "setitem#2", "mul", "mean", "fc",
        ]  # fmt: skip
        assert recording["setitem"].inputs == ("getitem",)
        assert recording["setitem#2"].inputs == ("setitem",)
        assert torch.equal(recording["setitem"].result, first)
        assert torch.equal(recording["setitem#2"].result, second)
        assert cnnviewer.receptive_field(recording, "mul", (1, 4, 4)).size == (3, 3)
        assert cnnviewer.receptive_field(recording, "mul", (3, 4, 4)).seen is None
        for unit in [(0, 2, 2), (1, 2, 2), (3, 2, 2)]:
            assert cnnviewer.explain(recording, "setitem#2", unit).value == pytest.approx(float(second[0][unit]))


def test_out_into_a_constant():
    def middle(h):
        kept = torch.zeros_like(h)
        torch.mul(h, 3, out=kept)
        return kept + 1

    network, image = tiny(middle), noise()
    recording = record(network, image.clone())
    assert [layer.name for layer in recording.layers] == ["conv", "mul", "add", "mean", "fc"]
    assert torch.equal(recording["add"].result, convolved(network, image) * 3 + 1)
    assert dict(recording["mul"].parameters) == {}


def test_constants_in_a_list_are_named():
    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.fc = nn.Conv2d(3, 4, 4, 4), nn.Linear(4, 5)
            self.token = nn.Parameter(torch.randn(1, 1, 4))

        def forward(self, x):
            tokens = self.conv(x).flatten(2).transpose(1, 2)
            return self.fc(torch.cat([self.token.expand(len(x), -1, -1), tokens], 1)[:, 0])

    torch.manual_seed(0)
    network, image = cnnviewer.from_module(Tokens()), noise()
    recording = record(network, image.clone())
    layer = recording["cat"]
    assert layer.inputs == ("transpose",)
    assert list(layer.parameters) == ["token"]
    assert layer.parameter_count == 4
    assert layer.call.worked_out["token"].sentence("token").startswith("token: worked out in the forward pass from")
    assert torch.equal(recording.scores, scores_of(network, image))
    assert sum(layer.parameter_count for layer in recording.layers) == network.parameter_count


def test_a_weight_that_depends_on_the_image_is_data():
    def middle(h):
        return F.conv2d(h, h.mean((2, 3)).view(4, 1, 1, 1).expand(4, 4, 1, 1))

    recording = record(tiny(middle), noise())
    assert recording["conv2d"].inputs == ("conv", "expand")
    assert recording["conv2d"].parameters == {}


def test_what_left_torch_may_come_back_as_a_layer():
    network, image = tiny(lambda h: h + torch.from_numpy(h.numpy().copy()) * 2), noise()
    recording = record(network, image.clone())
    assert recording["add"].inputs == ("conv", "mul")


def test_a_network_that_returns_a_constant():
    class Constant(nn.Module):
        def forward(self, x):
            return torch.arange(5.0)[None] * 2

    recording = record(cnnviewer.from_module(Constant()), noise())
    assert recording.layers == ()
    assert recording.outputs[0].layer is None
    assert recording.outputs[0].shape == (5,)


def test_sentences():
    network, image = network_of(WEIGHTS["spectral norm by a hook"][0]), noise(size=12)
    told = record(network, image)["2"].call.worked_out["weight"].sentence("weight")
    assert told == (
        "weight: worked out in the forward pass from weight_orig, weight_u and weight_v "
        "(4 operations: reshape, mv, dot, div)."
    )
    drawn = record(positioned(TABLES["drawn"][0]), noise())["add"].call.worked_out["constant"].sentence("constant")
    assert drawn == (
        "constant: made in the forward pass (2 operations: rand, mul), with numbers drawn at random in this pass."
    )
