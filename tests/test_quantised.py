"""Quantised networks: their convolutions and linear layers are told as those of plain networks are."""

import warnings

import pytest
import torch
import torchvision
from torch import nn
from torch.ao.nn import quantized as nnq
from torch.ao.nn.intrinsic import quantized as niq

import cnnviewer
from cnnviewer.analysis.cost import multiply_adds
from cnnviewer.analysis.description import describe
from cnnviewer.engine.filters import filter_bank
from cnnviewer.operations import Kind
from cnnviewer.quantised import levels_of

torch.set_num_threads(1)
pytestmark = pytest.mark.filterwarnings("ignore")  # torch says that its quantised networks will go


def weighted(layer, scale=0.05, zero_point=64):
    """Return a layer with weights of 6 bits: no sum is cut off on the way, whatever the processor."""
    weight = torch.quantize_per_tensor(torch.randn(layer.weight().shape) * 0.1, 0.02, 0, torch.qint8)
    layer.set_weight_bias(weight, torch.randn(len(layer.bias())) * 0.1)
    layer.scale, layer.zero_point = scale, zero_point
    return layer


class Quantised(nn.Module):
    """Rounds what it takes to 8 bits, and gives floating point numbers."""

    def __init__(self, *layers):
        super().__init__()
        self.quant = nnq.Quantize(0.03, 128, torch.quint8)
        self.body = nn.Sequential(*layers)
        self.dequant = nnq.DeQuantize()

    def forward(self, x):
        return self.dequant(self.body(self.quant(x)))


class Mixed(nn.Module):
    """Has what quantised networks of many kinds are made of."""

    def __init__(self):
        super().__init__()
        self.first, self.norm = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.second, self.last_norm = nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.BatchNorm2d(8)
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        a = torch.relu(self.norm(self.first(x)))
        b = torch.cat([a, self.second(a) + a], 1)[:, 4:12]
        b = self.last_norm(b * 2 + 1)
        b = nn.functional.hardtanh(b) * nn.functional.hardswish(b)
        return self.head(nn.functional.avg_pool2d(b, 2).mean((2, 3)))


def converted(module, image):
    from torch.ao.quantization import get_default_qconfig_mapping, quantize_fx

    prepared = quantize_fx.prepare_fx(module.eval(), get_default_qconfig_mapping("x86"), (image,))
    prepared(image)
    return quantize_fx.convert_fx(prepared)


def recorded(module, *shape):
    torch.manual_seed(1)
    return cnnviewer.record(cnnviewer.from_module(module), torch.randn(1, *shape))


def check_explained(recording):
    """See that units of each layer come to what was recorded, but for half a step of its numbers."""
    generator = torch.Generator().manual_seed(2)
    for layer in recording.layers:
        reach = 1e-5 if layer.levels is None else 0.51 * layer.levels.step
        for _ in range(4):
            unit = tuple(int(torch.randint(length, (1,), generator=generator)) for length in layer.shape)
            explanation = cnnviewer.explain(recording, layer, unit)
            assert abs(explanation.difference) <= reach, (layer.name, unit)
            assert not any("does not come to" in note for note in explanation.notes)


@pytest.fixture(scope="module")
def pair():
    """The recordings of a quantised network, and of the plain one of the same architecture."""
    engine = torch.backends.quantized.engine  # torchvision chooses another for its mobile networks
    torch.manual_seed(0)
    plain = torchvision.models.mobilenet_v2(weights=None, num_classes=10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quantised = torchvision.models.quantization.mobilenet_v2(weights=None, quantize=True, num_classes=10)
    pair = recorded(quantised, 3, 64, 64), recorded(plain, 3, 64, 64)
    torch.backends.quantized.engine = engine
    return pair


def test_a_fused_convolution_is_told_as_the_plain_one(pair):
    quantised, plain = pair
    names = {layer.name for layer in quantised.layers}
    weighted_layers = [layer for layer in plain.layers if layer.kind in (Kind.CONVOLUTION, Kind.LINEAR)]
    assert len(weighted_layers) > 50
    for layer in weighted_layers:
        assert layer.name in names
        same = quantised[layer.name]
        assert (same.kind, same.operation, same.shape) == (layer.kind, layer.operation, layer.shape)
        assert same.parameters["weight"].shape == layer.parameters["weight"].shape
        assert multiply_adds(same, quantised) == multiply_adds(layer, plain)
        unit = tuple(length // 2 for length in layer.shape)
        assert cnnviewer.receptive_field(quantised, same, unit) == cnnviewer.receptive_field(plain, layer, unit)
        assert describe(same, quantised).startswith(describe(layer, plain))


def test_a_fused_convolution_has_filters(pair):
    quantised, _ = pair
    first = quantised["features.0.0"]
    bank = filter_bank(first, quantised)
    assert bank.is_color
    module = quantised.network.module.features[0][0]
    assert torch.equal(bank.weight, module.weight().dequantize())
    assert first.fused == "relu"
    assert describe(first, quantised) == "3×3, stride 2, padding 1, then ReLU"


def test_packed_weights_count_as_parameters(pair):
    quantised, _ = pair
    counted = {layer.name: layer.parameter_count for layer in quantised.layers}
    assert counted["features.0.0"] == 32 * 27 + 32
    assert quantised.network.parameter_count == sum(counted.values()) == 2_236_682 - 2 * 17_056 + 17_056


def test_units_of_a_quantised_network_are_explained(pair):
    check_explained(pair[0])


def test_what_the_relu_of_a_convolution_makes_is_told():
    torch.manual_seed(0)
    recording = recorded(Quantised(weighted(niq.ConvReLU2d(1, 4, 3), zero_point=0)), 1, 8, 8)
    layer = recording["body.0"]
    zero = tuple((layer.output == 0).nonzero()[0].tolist())
    explanation = cnnviewer.explain(recording, layer, zero)
    before = explanation.terms.contributions.sum() + explanation.bias
    assert explanation.facts["before the ReLU"] == pytest.approx(before)
    assert before < 0.025
    assert explanation.notes[0].startswith("The ReLU is part of this layer")
    assert recording.network.preprocessing.channels == 1


MODULES = {
    "leaky": lambda: Quantised(weighted(nnq.Conv2d(3, 4, 3, stride=2, padding=1)), nnq.LeakyReLU(0.05, 64, 0.1)),
    "curves": lambda: Quantised(nnq.ELU(0.05, 64), nnq.Hardswish(0.05, 64), nnq.Sigmoid(1 / 256, 0)),
    "graph": lambda: converted(Mixed(), torch.randn(1, 3, 16, 16)),
    "linear": lambda: Quantised(nn.Flatten(), weighted(niq.LinearReLU(768, 8), 0.1), weighted(nnq.Linear(8, 5))),
}


@pytest.mark.parametrize("name", MODULES)
def test_units_of_other_quantised_layers_are_explained(name):
    torch.manual_seed(0)
    recording = recorded(MODULES[name](), 3, 16, 16)
    check_explained(recording)
    assert all(layer.kind is not Kind.OTHER for layer in recording.layers if "quant" not in layer.operation)


def test_a_transposed_convolution_and_one_over_one_axis_are_unpacked():
    engine, torch.backends.quantized.engine = torch.backends.quantized.engine, "qnnpack"
    wide = Quantised(weighted(nnq.ConvTranspose2d(3, 6, 3, stride=2, padding=1, output_padding=1)))
    check_explained(recorded(wide, 3, 8, 8))
    torch.backends.quantized.engine = engine
    flat = Quantised(nn.Flatten(2), weighted(nnq.Conv1d(3, 5, 3, stride=2, padding=1)))
    recording = recorded(flat, 3, 4, 4)
    assert describe(recording["body.1"], recording) == "3, stride 2, padding 1"
    check_explained(recording)


def test_a_linear_layer_that_rounds_what_it_takes_says_so():
    module = nn.Sequential(nn.Flatten(), nn.Linear(48, 8), nn.ReLU(), nn.Linear(8, 5)).eval()
    dynamic = torch.ao.quantization.quantize_dynamic(module, {nn.Linear}, torch.qint8)
    recording = recorded(dynamic, 3, 4, 4)
    layer = recording["1"]
    assert (layer.kind, layer.parameter_count) == (Kind.LINEAR, 48 * 8 + 8)
    assert torch.equal(layer.parameters["weight"], dynamic[1].weight().dequantize())
    for unit in range(8):
        explanation = cnnviewer.explain(recording, layer, (unit,))
        assert abs(explanation.difference) < 0.05
        assert not any("outside of what is seen" in note for note in explanation.notes)


def test_rectified_scores_are_no_logits():
    recording = recorded(Quantised(nn.Flatten(), weighted(niq.LinearReLU(48, 5))), 3, 4, 4)
    plain = recorded(nn.Sequential(nn.Flatten(), nn.Linear(48, 5), nn.ReLU()), 3, 4, 4)
    assert recording.returns is plain.returns
    assert recording.returned.form is plain.returned.form


def test_levels_are_the_numbers_that_a_tensor_can_hold():
    numbers = torch.linspace(-9, 9, 50)
    tensor = torch.quantize_per_tensor(numbers, 0.05, 64, torch.quint8)
    levels = levels_of(tensor)
    assert (levels.step, levels.low, levels.high) == pytest.approx((0.05, -3.2, 9.55))
    assert levels.clipped(-9) == pytest.approx(float(tensor.dequantize().min()))
    assert levels_of(numbers) is None
    channels = torch.quantize_per_channel(numbers.reshape(2, 25), torch.ones(2), torch.zeros(2), 0, torch.quint8)
    assert levels_of(channels) is None
