"""What a network keeps between two images is seen when it changes, and put back."""

import collections
import random

import numpy as np
import pytest
import torch
from torch import nn

from cnnviewer.kept_state import KeptState


class Memory:
    def __init__(self):
        self.frames = []


class Keeping(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("average", torch.zeros(3))
        self.weight = nn.Parameter(torch.ones(2))
        self.calls, self.hidden, self.cache = 0, None, {"first": [1, 2]}
        self.recent, self.memory, self.pair = collections.deque([1], maxlen=3), Memory(), (torch.zeros(2), 1)
        self.part = nn.Linear(2, 2)


CHANGES = {
    "a counter": lambda net: setattr(net, "calls", net.calls + 1),
    "a hidden state": lambda net: setattr(net, "hidden", torch.ones(2)),
    "an attribute of its own": lambda net: setattr(net, "new", 1),
    "a buffer": lambda net: net.average.add_(1),
    "a buffer through a view": lambda net: net.average[1:].mul_(2).add_(1),
    "a buffer put in its place": lambda net: setattr(net, "average", torch.ones(3)),
    "a list in a dict": lambda net: net.cache["first"].append(3),
    "a dict": lambda net: net.cache.update(second=1),
    "a queue": lambda net: net.recent.append(2),
    "an object": lambda net: net.memory.frames.append(torch.ones(1)),
    "a tensor in a tuple": lambda net: net.pair[0].add_(1),
    "a part": lambda net: setattr(net, "part", nn.Linear(2, 2)),
    "Python's random numbers": lambda net: random.random(),
    "NumPy's random numbers": lambda net: np.random.rand(),  # noqa: NPY002
}


def content(net):
    tensors = [net.average.tolist(), net.weight.tolist(), net.pair[0].tolist()]
    plain = [net.calls, net.hidden, str(net.cache), list(net.recent), list(net.memory.frames), hasattr(net, "new")]
    return tensors, plain, id(net.part)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_seen_and_put_back(name):
    net = Keeping()
    before = content(net)
    with torch.inference_mode():
        state = KeptState(net.modules(), has_values=True)
        assert not state.is_changed
        CHANGES[name](net)
        assert state.is_changed
        state.restore()
    assert content(net) == before
    assert not KeptState(net.modules()).is_changed


def test_random_numbers_are_drawn_again():
    state = KeptState([nn.Linear(1, 1)])
    drawn = random.random(), np.random.rand()  # noqa: NPY002
    state.restore()
    assert (random.random(), np.random.rand()) == drawn  # noqa: NPY002


def test_a_forward_pass_of_a_plain_network_changes_nothing():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True)).eval()
    with torch.inference_mode():
        state = KeptState(net.modules())
        net(torch.zeros(1, 3, 8, 8))
        assert not state.is_changed


def test_tensors_of_the_inference_mode_are_compared():
    with torch.inference_mode():
        net = nn.Module()
        net.table = torch.zeros(3)
        state = KeptState([net])
        assert not state.is_changed
        net.table.add_(1)
        assert state.is_changed
