"""Calls that are made again: the same result, and nothing changed."""

import pytest
import torch
from torch.nn import functional as F

from cnnviewer.recorder import record
from test_recorder import noise, random_input, random_network, tiny

torch.set_num_threads(1)


def check_calls(recording):
    """Make each layer's call again; return how many there were."""
    with torch.inference_mode():
        for layer in recording.layers:
            operands = [recording.result(name) for name in layer.inputs]
            kept = [operand.clone() for operand in operands]
            constants = {name: tensor.clone() for name, tensor in layer.call.tensors.items()}
            before = layer.result.clone()
            found = layer.call.run(operands)
            assert torch.equal(found, layer.result), layer.name
            for operand, was in zip(operands, kept, strict=True):
                assert torch.equal(operand, was), layer.name
            for name, was in constants.items():
                assert torch.equal(layer.call.tensors[name], was), (layer.name, name)
            assert torch.equal(layer.result, before), layer.name
    return len(recording.layers)


@pytest.mark.parametrize(
    ("name", "least"),
    [("lenet5", 8), ("alexnet", 22), ("squeezenet1_0", 30), ("googlenet", 197), ("efficientnet-lite0", 100)],
)
def test_all_calls_of_a_network(name, least):
    network = random_network(name)
    assert check_calls(record(network, random_input(network))) >= least


def into(h):
    kept = h * 2
    torch.add(h, 1, out=kept)
    return kept


def assigned(h):
    g = h.relu()
    g[:, 1:3] = 5.0
    g[:, 0] = g[:, 3]
    g[g > 1] = -1.0
    return g * 1


FORMS = {
    "relu_": lambda h: h.relu_(),
    "inplace=True": lambda h: F.relu(h, inplace=True),
    "hardtanh positional": lambda h: F.hardtanh(h, -0.5, 0.5, True),
    "leaky_relu_": lambda h: F.leaky_relu_(h, 0.3),
    "add_": lambda h: h.add_(h.relu()),
    "add_ itself": lambda h: h.add_(h),
    "+=": lambda h: h.__iadd__(1.5),
    "operators": lambda h: 1 / (2 - h * 3) + (-h) ** 2,
    "mul_ and clamp_": lambda h: h.mul_(2).clamp_(-0.1, 0.2),
    "masked_fill_": lambda h: h.masked_fill_(h > 0, 7.0),
    "zero_": lambda h: h.zero_() + 1,
    "fill_": lambda h: h.fill_(2.0) * 1,
    "addcmul_": lambda h: h.addcmul_(h.relu(), h.relu(), value=0.5),
    "setitem": assigned,
    "out=": into,
    "index_fill_": lambda h: h.index_fill_(1, torch.tensor([0]), 4.0),
    "several results": lambda h: torch.cat(h.chunk(2, 1)[::-1], 1) + h.max(1, keepdim=True)[0],
    "indices": lambda h: F.max_pool2d(h, 2, return_indices=True)[1].float(),
    "a list": lambda h: torch.cat([h[:, :1], h[:, 1:]], 1),
    "by name": lambda h: torch.cat(tensors=[h[:, :1], h[:, 1:]], dim=1),
}


@pytest.mark.parametrize("name", FORMS)
def test_calls_in_any_form(name):
    assert check_calls(record(tiny(FORMS[name]), noise())) >= 4


def test_a_call_with_other_operands():
    recording = record(tiny(lambda h: h.relu_()), noise())
    conv, relu = recording["conv"], recording["relu"]
    other = noise(5)
    with torch.inference_mode():
        wanted = recording.network.module.conv(other)
        found = conv.call.run([other])
        assert torch.equal(found, wanted)
        assert torch.equal(relu.call.run([found]), wanted.relu())
        assert torch.equal(found, wanted)


def test_a_call_with_another_setting():
    recording = record(tiny(lambda h: F.leaky_relu(h, 0.3)), noise())
    call = recording["leaky_relu"].call
    operand = recording["conv"].result
    with torch.inference_mode():
        assert torch.equal(call.with_setting("negative_slope", 0.5).run([operand]), F.leaky_relu(operand, 0.5))
        assert torch.equal(call.run([operand]), F.leaky_relu(operand, 0.3))
        doubled = recording["conv"].call.with_tensors(lambda tensor: tensor * 2)
        assert torch.allclose(doubled.run([noise()]), recording["conv"].result * 2, atol=1e-6)
