"""Which maps are made of which: against what changes when a map is changed, in plain PyTorch."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cnnviewer import from_module, record
from cnnviewer.analysis.connections import connections, tile_count, tiles, weights_through
from cnnviewer.preprocessing import Preprocessing


def recorded(module: nn.Module, channels: int, side: int = 6):
    preprocessing = Preprocessing(size=(side, side), resize=side, channels=3, mean=(0.0,), deviation=(1.0,))
    network = from_module(module, preprocessing=preprocessing)
    torch.manual_seed(1)
    return record(network, torch.randn(1, channels, side, side))


def dependence(module: nn.Module, source: torch.Tensor) -> torch.Tensor:
    """Return for each output map whether it depends on each map of the source, by its gradient."""
    leaf = source[None].clone().requires_grad_()
    out = module(leaf)[0]
    found = []
    for one in out:
        (gradient,) = torch.autograd.grad(one.sum(), leaf, retain_graph=True)
        found.append(gradient[0].reshape(len(source), -1).abs().sum(1) > 0)
    return torch.stack(found)


@given(
    groups=st.sampled_from([1, 2, 4]),
    wide=st.integers(1, 3),
    kernel=st.integers(1, 3),
    is_transposed=st.booleans(),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_kernels_connect_the_maps_that_depend_on_each_other(groups, wide, kernel, is_transposed, seed):
    torch.manual_seed(seed)
    kind = nn.ConvTranspose2d if is_transposed else nn.Conv2d
    module = kind(4, groups * wide, kernel, groups=groups)
    recording = recorded(nn.Sequential(module), 4)
    ((name, strengths),) = connections(recording, recording.layers[0])
    assert name == "input"
    assert strengths.shape == (groups * wide, 4)
    assert ((strengths != 0) == dependence(module, recording.input)).all()
    weight = module.weight.detach()
    own, other = int(torch.randint(groups * wide, ())), int(torch.randint(4, ()))
    if own // wide == other // (4 // groups):
        inside = own % wide, other % (4 // groups)
        one = weight[other, inside[0]] if is_transposed else weight[own, inside[1]]
        assert abs(strengths[own, other]) == pytest.approx(float(one.norm()), rel=1e-5)
        assert (strengths[own, other] > 0) == (one.sum() > 0)


class Branches(nn.Module):
    """Two branches side by side, added to a third, then flattened and summed up by a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.three = nn.Conv2d(3, 2, 1), nn.Conv2d(3, 3, 1), nn.Conv2d(3, 5, 1)
        self.pool = nn.AvgPool2d(2)
        self.last = nn.Linear(5 * 9, 4)

    def forward(self, x):
        both = torch.cat([self.one(x), self.two(x)], 1)
        return self.last(torch.flatten(self.pool(torch.relu(both + self.three(x))), 1))


def test_branches_are_connected_by_their_places():
    recording = recorded(Branches(), 3)
    kinds = {layer.kind: layer for layer in recording.layers}
    joined = dict(connections(recording, kinds["concatenation"]))
    assert torch.equal(torch.cat([joined["one"], joined["two"]], 1), torch.eye(5))
    for kind in ("addition", "activation", "pooling"):
        assert all(torch.equal(strengths, torch.eye(5)) for _, strengths in connections(recording, kinds[kind]))
    ((_, passed),) = connections(recording, kinds["reshape"])
    assert torch.equal(passed, torch.eye(5).repeat_interleave(9, 0))
    ((_, weight),) = connections(recording, kinds["linear"])
    assert torch.equal(weight, recording.network.module.last.weight)
    through = weights_through(weight, passed)
    blocks = recording.network.module.last.weight.detach().reshape(4, 5, 9)
    torch.testing.assert_close(through.abs(), blocks.norm(dim=2))
    assert torch.equal(through.sign(), blocks.sum(2).sign())


def test_a_number_of_a_vector_is_a_tile():
    recording = recorded(Branches(), 3)
    last = recording.layers[-1]
    assert tile_count(last) == 4
    assert torch.equal(tiles(last)[:, 0, 0], last.output)
    assert tile_count(recording.layers[0]) == 2
