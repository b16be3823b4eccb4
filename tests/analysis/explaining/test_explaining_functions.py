"""What works unit by unit, explained, against PyTorch: activations, sums, products."""

import math

import numpy as np
import pytest
import torch
from explained import SEEDS, Steps, cases, check, check_unit, noise, recorded
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

import cnnviewer
from cnnviewer import explain, record
from cnnviewer.analysis.explanation import CONSTANT, Rule
from cnnviewer.errors import RecordingError

torch.set_num_threads(1)

ACTIVATIONS = [
    nn.ReLU(), nn.ReLU(inplace=True), nn.ReLU6(), nn.Hardtanh(-0.3, 0.4), nn.LeakyReLU(0.2), nn.LeakyReLU(0.1, True),
    nn.RReLU(), nn.ELU(0.7), nn.SELU(), nn.CELU(1.3), nn.GELU(), nn.GELU("tanh"), nn.SiLU(), nn.Mish(),
    nn.Softplus(2, 1), nn.Softsign(), nn.Softshrink(0.3), nn.Hardshrink(0.3), nn.Tanhshrink(), nn.Hardsigmoid(),
    nn.Hardswish(), nn.Sigmoid(), nn.LogSigmoid(), nn.Tanh(), nn.Threshold(0.1, -2), nn.Dropout(), nn.Identity(),
    torch.relu, torch.relu_, torch.sigmoid, torch.tanh, torch.exp, torch.abs, torch.neg, torch.square, torch.sign,
    torch.floor, torch.erf, torch.sin, torch.expm1, torch.reciprocal, F.logsigmoid, torch.clone, torch.isnan,
    lambda x: x.relu(), lambda x: x.clamp(-0.5, 0.5), lambda x: x.clamp(min=0.2), lambda x: x.clamp_max(0.1),
    lambda x: torch.clip(x, max=0.3), lambda x: x.pow(2), lambda x: x**3, lambda x: 2**x, lambda x: x.sigmoid_(),
    lambda x: x.abs().sqrt(), lambda x: (x.abs() + 0.1).log(), lambda x: (x.abs() + 0.1).rsqrt(), lambda x: -x,
    lambda x: x.masked_fill(x > 0, 7.0), lambda x: x.masked_fill_(x > 0, 7.0), lambda x: torch.nan_to_num(x / 0),
    lambda x: x.gt(0).float(), lambda x: (x > 0) * x, lambda x: torch.where(x > 0, x, x * 0.1), lambda x: x.zero_(),
    lambda x: x.fill_(3.0), lambda x: x.half().float(), lambda x: x.to(torch.bfloat16), lambda x: x.double(),
    lambda x: torch.where(x > 0, 1.0, x), lambda x: x.lerp(x.relu(), 0.3), lambda x: torch.maximum(x, -x),
    lambda x: torch.min(x, x * x), lambda x: torch.addcmul(x, x, x, value=0.5), lambda x: x.addcdiv(x, x.exp()),
    lambda x: F.threshold(x, 0.1, 20.0, True), lambda x: F.alpha_dropout(x, 0.5, False),
    lambda x: F.dropout2d(x, 0.2, False), lambda x: x.to(memory_format=torch.channels_last),
    lambda x: torch.clone(x, memory_format=torch.channels_last), lambda x: x.double(memory_format=torch.channels_last),
]  # fmt: skip


@cases(260)
@given(st.sampled_from(ACTIVATIONS), SEEDS, st.integers(1, 4), st.integers(1, 4))
def test_activations(function, seed, channels, size):
    check(Steps(lambda x: x * 2 - 0.1, function), noise(seed, channels, size, 3), seed)


@pytest.mark.parametrize("step", [lambda x: x // 0.3, lambda x: torch.heaviside(x, torch.ones(()))])
def test_steps_that_have_no_derivative_are_flat(step):
    recording = recorded(Steps(step), noise(1, 2, 3, 3))
    found = explain(recording, recording.layers[-1], (1, 1, 1))
    assert found.value == pytest.approx(found.recorded)
    assert {term.weight for term in found.terms} <= {0.0}


@pytest.mark.parametrize(
    "step", [lambda x: torch.complex(x, -x), torch.fft.fft2, lambda x: torch.fft.rfft(x).real, lambda x: (x * 1j).abs()]
)
def test_complex_numbers_are_said_not_to_be_explained(step):
    recording = record(cnnviewer.from_module(Steps(step)), noise(1, 2, 3, 3))
    with pytest.raises(RecordingError, match="computes with complex numbers"):
        explain(recording, recording.layers[-1], (1, 1, 1))


@pytest.mark.parametrize("module", [nn.ReLU(), nn.SiLU(), nn.Hardtanh(-0.3, 0.4), nn.Tanh(), nn.ELU()])
def test_the_curve_is_the_functions(module):
    recording = recorded(Steps(module), noise(1, 2, 3, 3))
    for unit in np.ndindex(2, 3, 3):
        found = check_unit(recording, recording.layers[0], unit)
        assert found.rule is Rule.FUNCTION
        x, y = found.curve
        np.testing.assert_allclose(y, module(torch.from_numpy(x)), rtol=1e-12)
        assert x[0] <= found.terms[0].value <= x[-1]
        assert math.isclose(module(torch.tensor(found.terms[0].value).double()), found.value)


SUMS = [
    lambda x, y, c, s: x + y,
    lambda x, y, c, s: x - y,
    lambda x, y, c, s: torch.add(x, y, alpha=s),
    lambda x, y, c, s: torch.sub(x, y, alpha=s),
    lambda x, y, c, s: x.add(y, alpha=2),
    lambda x, y, c, s: torch.rsub(x, y, alpha=s),
    lambda x, y, c, s: x + s,
    lambda x, y, c, s: s - x,
    lambda x, y, c, s: s + x,
    lambda x, y, c, s: x - s,
    lambda x, y, c, s: x + c,
    lambda x, y, c, s: c - x,
    lambda x, y, c, s: torch.add(c, x, alpha=s),
    lambda x, y, c, s: torch.add(x, s, alpha=3),
    lambda x, y, c, s: x + x,
    lambda x, y, c, s: x.add_(y),
    lambda x, y, c, s: x.__iadd__(x),
    lambda x, y, c, s: x.sub_(y, alpha=s),
    lambda x, y, c, s: x + y.mean((2, 3), keepdim=True),
    lambda x, y, c, s: y.mean((2, 3), keepdim=True) - x,
    lambda x, y, c, s: x + y.mean(),
    lambda x, y, c, s: x + y[0, :, 0, :1, None],
    lambda x, y, c, s: x[:, :1] + y,
    lambda x, y, c, s: torch.add(x, y, out=torch.empty(1)),
    lambda x, y, c, s: sum([x, y, x]),
]


class Two(nn.Module):
    """Two operands, and a constant, one for each channel."""

    def __init__(self, function, channels, scale):
        super().__init__()
        self.constant, self.function, self.scale = nn.Parameter(torch.empty(channels, 1, 1)), function, scale

    def forward(self, x):
        return self.function(x.tanh(), x.cos() * 2, self.constant, self.scale)


SCALES = st.sampled_from([-1.5, 0.0, 0.3, 2.0])


@cases(120)
@given(st.sampled_from(SUMS), SEEDS, SCALES, st.integers(1, 3))
def test_addition(function, seed, scale, channels):
    recording = check(Two(function, channels, scale), noise(seed, channels, 2, 3), seed, units=4)
    layer = recording.layers[-1]
    found = check_unit(recording, layer, (0,) * len(layer.shape))
    assert found.rule is Rule.SUM
    assert [term.source for term in found.terms] == [name for name in layer.inputs if name != "empty"]


PRODUCTS = [
    lambda x, y, c, s: x * y,
    lambda x, y, c, s: x / y,
    lambda x, y, c, s: x * s,
    lambda x, y, c, s: s * x,
    lambda x, y, c, s: x / 4,
    lambda x, y, c, s: 2 / x,
    lambda x, y, c, s: x * c,
    lambda x, y, c, s: c * x,
    lambda x, y, c, s: c / x,
    lambda x, y, c, s: x * x,
    lambda x, y, c, s: x.mul_(y),
    lambda x, y, c, s: x.div_(3),
    lambda x, y, c, s: torch.div(x, y, rounding_mode="floor"),
    lambda x, y, c, s: x * y.mean((2, 3), keepdim=True).sigmoid(),
    lambda x, y, c, s: y.mean((2, 3), keepdim=True) * x,
    lambda x, y, c, s: torch.mul(x, y, out=torch.empty(1)),
    lambda x, y, c, s: torch.mul(input=x, other=c),
]


@cases(90)
@given(st.sampled_from(PRODUCTS), SEEDS, SCALES, st.integers(1, 3))
def test_multiplication(function, seed, scale, channels):
    recording = check(Two(function, channels, scale), noise(seed, channels, 2, 3), seed, units=4)
    layer = recording.layers[-1]
    found = check_unit(recording, layer, (0,) * len(layer.shape))
    assert found.rule in (Rule.PRODUCT, Rule.QUOTIENT)
    factors = [term.value for term in found.terms]
    assert len(factors) == 2
    if layer.operation == "mul":
        assert math.isclose(math.prod(factors), found.value, rel_tol=1e-6, abs_tol=1e-9)
    elif "rounding_mode" not in layer.settings:
        assert math.isclose(factors[0] / factors[1], found.value, rel_tol=1e-6, abs_tol=1e-9)
    made = [term for term in found.terms if term.source != CONSTANT]
    assert [term.source for term in made] == [name for name in layer.inputs if name != "empty"]


@cases(30)
@given(st.sampled_from([1, 4]), SEEDS, st.sampled_from(["map", "row"]))
def test_prelu_has_a_slope_for_each_channel(count, seed, form):
    shape = (lambda x: x * 1) if form == "map" else (lambda x: x.mean((2, 3)))
    recording = check(Steps(shape, nn.PReLU(count)), noise(seed, 4, 2, 3), seed, units=6)
    assert recording.layers[-1].operation == "prelu"


@cases(30)
@given(st.sampled_from([1, 2, 3, -1]), SEEDS)
def test_glu(dim, seed):
    recording = check(Steps(nn.GLU(dim)), noise(seed, 4, 2, 6), seed, units=5)
    found = check_unit(recording, recording.layers[-1], (0, 0, 0))
    assert len(found.terms) == 2
