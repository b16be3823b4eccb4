"""The way back to a pixel, the way on, and the gradient: against the recording and plain PyTorch."""

from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import cnnviewer
from cnnviewer.analysis.effective_field import effective_field, input_gradient
from cnnviewer.analysis.ways import way_back, way_forward
from cnnviewer.errors import RecordingError
from cnnviewer.resources import resource


class Branches(nn.Module):
    """A skip, a concatenation, a pooling and a linear layer."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.second = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.norm = nn.BatchNorm2d(4)
        self.last = nn.Linear(8, 5)

    def forward(self, x):
        x = self.first(x)
        x = F.relu(x + self.norm(self.second(x)))
        x = torch.cat([x, F.max_pool2d(x, 3, 1, 1)], 1)
        return self.last(x.mean([2, 3])).softmax(1)


@pytest.fixture(scope="module")
def recording():
    torch.manual_seed(3)
    network = cnnviewer.from_module(Branches())
    return cnnviewer.record(network, torch.randn(1, 3, 14, 12))


@pytest.fixture(scope="module")
def digit():
    return cnnviewer.record(cnnviewer.load_network("lenet5"), resource("samples", "digit-3.png"))


def test_the_way_back_ends_at_a_pixel_through_the_strongest_of_each(digit):
    steps = list(way_back(digit, digit.layers[-1], (3,)))
    assert steps[0].layer == digit.layers[-1].name
    assert steps[0].contribution is None
    assert steps[-1].layer == "input"
    for before, after in pairwise(steps):
        explanation = cnnviewer.explain(digit, before.layer, before.unit)
        known = [term for term in explanation.terms if term.place is not None]
        sign = -1 if explanation.value < 0 else 1
        assert after.contribution * sign == pytest.approx(max(term.contribution * sign for term in known))
        assert after.layer in digit[before.layer].inputs
        output = digit.input if after.layer == "input" else digit[after.layer].output
        assert after.value == float(output[after.unit])


def test_the_way_back_from_a_pixel_is_that_pixel(digit):
    (step,) = way_back(digit, "input", (0, 4, 5))
    assert (step.layer, step.unit, step.value) == ("input", (0, 4, 5), float(digit.input[0, 4, 5]))


def test_softmax_goes_back_to_its_own_logit(recording):
    steps = list(way_back(recording, "softmax", (2,)))
    assert (steps[1].layer, steps[1].unit) == ("last", (2,))


@pytest.mark.parametrize("name", ["input", "first", "second", "norm", "cat", "mean"])
def test_what_a_unit_adds_is_what_is_missing_without_it(recording, name):
    """Of linear operations: the difference that setting the unit to zero makes."""
    output = recording.input if name == "input" else recording[name].output
    unit = tuple(length // 2 for length in output.shape)
    for fed in way_forward(recording, name, unit, count=1000):
        layer = recording[fed.layer]
        operands = [recording.result(source).clone() for source in layer.inputs]
        place = layer.inputs.index(name)
        operands[place][0][unit] = 0
        missing = (layer.result - layer.call.run(operands).detach())[0]
        if layer.operation == "relu":
            continue
        expected = {tuple(index.tolist()): float(missing[tuple(index)]) for index in missing.abs().gt(1e-6).nonzero()}
        told = {index: amount for index, amount in fed.strongest if abs(amount) > 1e-6}
        assert told.keys() == expected.keys()
        for index, amount in told.items():
            assert amount == pytest.approx(expected[index], rel=1e-3, abs=1e-5)
        assert fed.reached >= len(expected)


def test_the_strongest_come_first_and_no_more_than_asked_for(recording):
    (fed,) = way_forward(recording, "input", (1, 6, 6), count=3)
    amounts = [abs(amount) for _, amount in fed.strongest]
    assert len(amounts) == 3
    assert amounts == sorted(amounts, reverse=True)


def test_an_output_feeds_no_layer(recording):
    assert way_forward(recording, "softmax", (0,)) == ()


def test_the_gradient_is_that_of_plain_torch(recording):
    image = recording.input[None].clone().requires_grad_()
    expected = torch.autograd.grad(recording.network.module(image)[0, 2], image)[0][0]
    torch.testing.assert_close(input_gradient(recording, "softmax", (2,)), expected)
    torch.testing.assert_close(effective_field(recording, "softmax", (2,)), expected.abs().sum(0))


def test_the_effective_field_lies_in_the_receptive_field(recording):
    found = effective_field(recording, "second", (1, 3, 2))
    seen = cnnviewer.receptive_field(recording, "second", (1, 3, 2)).seen
    assert float(found.sum()) > 0
    found[seen.top : seen.bottom, seen.left : seen.right] = 0
    assert float(found.abs().sum()) == 0


def test_a_unit_without_a_gradient_says_so():
    class Sign(nn.Module):
        def forward(self, x):
            return (x > 0).flatten(1)

    recording = cnnviewer.record(cnnviewer.from_module(Sign()), torch.randn(1, 3, 4, 4))
    with pytest.raises(RecordingError, match="has no gradient"):
        effective_field(recording, recording.layers[-1], (0,))


def added_by_the_slope(recording, name, unit):
    """What a unit adds to each unit of its follower: the column of the whole Jacobian, times its value."""
    layer = recording[recording.followers[name][0]]
    operands = [recording.result(source).clone().double() for source in layer.inputs]

    def run(changed):
        given = [changed if source == name else operand for source, operand in zip(layer.inputs, operands, strict=True)]
        return layer.call.run(given)[0]

    own = operands[layer.inputs.index(name)]
    jacobian = torch.autograd.functional.jacobian(run, own)
    return jacobian[(..., 0, *unit)] * own[(0, *unit)]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.sigmoid() @ (x + 1),
        lambda x: (x + 2) / (x.abs() + 1),
        lambda x: (x + 1) ** 3,
        lambda x: (x + 1).sigmoid(),
        lambda x: F.layer_norm(x + 1, (4,)),
        lambda x: F.local_response_norm(x + 1, 3),
        lambda x: F.leaky_relu(x + 1),
        lambda x: (x + 1).softmax(-1),
    ],
)
def test_what_a_unit_adds_is_its_value_times_the_slope(function):
    class Module(nn.Module):
        def forward(self, x):
            return function(x)

    torch.manual_seed(5)
    recording = cnnviewer.record(cnnviewer.from_module(Module()), torch.randn(1, 3, 4, 4))
    for layer in recording.layers[:-1]:
        if recording.followers[layer.name] == ():
            continue
        expected = added_by_the_slope(recording, layer.name, (1, 2, 3))
        (fed,) = way_forward(recording, layer, (1, 2, 3), count=100)
        told = torch.zeros_like(expected)
        for unit, amount in fed.strongest:
            told[unit] = amount
        torch.testing.assert_close(told, expected, rtol=1e-4, atol=1e-6)


def test_what_is_not_a_number_is_followed_to_its_cause():
    class Module(nn.Module):
        def forward(self, x):
            return F.max_pool2d(x.sqrt() + 1, 2).mean((2, 3))

    image = torch.ones(1, 3, 8, 8)
    image[0, 1, 5, 6] = -1
    recording = cnnviewer.record(cnnviewer.from_module(Module()), image)
    steps = list(way_back(recording, recording.layers[-1], (1,)))
    assert (steps[-1].layer, steps[-1].unit, steps[-1].value) == ("input", (1, 5, 6), -1.0)
