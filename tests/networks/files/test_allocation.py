"""The bound on memory: it counts what is made, changes nothing, and stops before the memory is taken."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import nn

import cnnviewer
from cnnviewer.networks.files.allocation import Bounded
from cnnviewer.recorder import Recorder


@pytest.mark.parametrize("grad", [torch.no_grad, torch.inference_mode])
def test_it_counts_what_operations_make_and_not_their_views(grad):
    x = torch.rand(1, 4, 8, 8)
    network = nn.Sequential(
        nn.Conv2d(4, 2, 3, padding=1), nn.ReLU(inplace=True), nn.Flatten(), nn.Unflatten(1, (8, 16))
    )
    bounded = Bounded(10**6)
    with grad(), bounded:
        network(x)
        x.expand(1000, 4, 8, 8)
        torch.zeros(10)
    assert bounded.taken == 4 * (2 * 8 * 8 + 10)


def test_it_stops_before_the_memory_is_taken():
    x = torch.rand(1, 4, 8, 8)
    with pytest.raises(MemoryError, match="are free for it"), Bounded(10**6):
        x.expand(10**12, 4, 8, 8).contiguous()  # more than any machine has
    with pytest.raises(MemoryError, match="are free for it"), Bounded(10**6):
        torch.ones(10**12, 10)


def test_what_has_no_shape_without_numbers_is_counted_when_it_is_made():
    bounded = Bounded(10**6)
    with bounded:
        torch.ones(5).nonzero()
    assert bounded.taken == 4 * 5 + 8 * 5
    with pytest.raises(MemoryError), Bounded(30):
        torch.ones(5).nonzero()


@pytest.mark.parametrize("name", ["resnet18", "swin_t"])
def test_a_recording_is_the_same_under_it(name):
    torch.manual_seed(0)
    network = cnnviewer.from_module(torchvision.models.get_model(name, weights=None))
    x = torch.rand(1, 3, 64, 64)
    wanted = Recorder(network).record(x)
    with Bounded(10**9):
        found = Recorder(network).record(x)
    assert [layer.name for layer in found.layers] == [layer.name for layer in wanted.layers]
    assert torch.equal(found.scores, wanted.scores)
