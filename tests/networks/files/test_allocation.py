"""The bound on memory: it counts what is made, changes nothing, and stops before the memory is taken."""

from __future__ import annotations

import contextlib

import pytest
import torch
import torchvision
from torch import nn

import cnnviewer
from cnnviewer.downloads.progress import Beat
from cnnviewer.errors import Cancelled, NetworkError
from cnnviewer.networks.files import sizing
from cnnviewer.networks.files.allocation import Bounded
from cnnviewer.networks.files.evidence import Evidence
from cnnviewer.networks.files.opened import Hints
from cnnviewer.preprocessing import Preprocessing
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


def test_operations_and_work_are_bounded():
    x = torch.rand(1, 4, 8, 8)
    many = nn.Sequential(*[nn.ReLU()] * 30)
    with pytest.raises(NetworkError, match="more than 20 operations"), Bounded(10**6, operations=20):
        many(x)
    bounded = Bounded(10**6)
    with torch.no_grad(), bounded:
        nn.functional.conv2d(x, torch.ones(2, 4, 3, 3))
    assert (bounded.ran, bounded.worked) == (2, 2 * 2 * 4 * 9 * 6 * 6)
    with pytest.raises(NetworkError, match="computes more than 100"), torch.no_grad(), Bounded(10**6, work=100):
        nn.functional.conv2d(x, torch.ones(2, 4, 3, 3))


def test_a_long_pass_can_be_stopped():
    told = []

    def progress(done, total, text):
        told.append(done)
        if len(told) == 2:
            raise Cancelled("stopped")

    module = nn.Sequential(nn.Conv2d(3, 3, 1), *[nn.ReLU()] * 3000)
    network = cnnviewer.from_module(module)
    with pytest.raises(Cancelled), Bounded(10**9, beat=Beat("Trying", progress)):
        Recorder(network).record(torch.rand(1, 3, 4, 4))


@pytest.mark.parametrize("make", [lambda: [nn.ReLU()] * 9, lambda: [_doubled(3)]])
def test_a_network_of_too_many_operations_is_told(monkeypatch, make):
    monkeypatch.setattr(sizing, "MOST_OPERATIONS", 8)
    why = sizing.why_not(nn.Sequential(nn.Conv2d(3, 3, 1), *make()).eval(), _plain(), "net")
    assert "recorded, it takes more than 8 operations, which are more than can be shown" in why


def _doubled(levels):
    """Return a module that runs one layer 2 to the `levels` times: each model has the one below twice."""
    module = nn.Conv2d(3, 3, 1)
    for _ in range(levels):
        module = nn.Sequential(module, module)
    return module


class Growing(nn.Module):
    """Counts how often it is run, and makes so much of an image that it fits into no memory."""

    def __init__(self, make):
        super().__init__()
        self.conv, self.make, self.sizes = nn.Conv2d(3, 3, 1), make, []

    def forward(self, x):
        self.sizes.append(x.shape[-1])
        return self.make(self.conv(x))


@pytest.mark.parametrize(
    ("make", "sizes"),
    [
        (lambda h: h.expand(10**12, *h.shape[1:]).contiguous(), [224, 32, 28]),  # too much at any size
        (lambda h: h.new_ones(h.shape[-1] ** 5 // 8).mean() + h.mean((2, 3)), [224, 32]),
        (_doubled(3), [224]),  # as many operations at any size
    ],
)
def test_what_takes_too_much_is_tried_at_few_sizes(monkeypatch, make, sizes):
    monkeypatch.setattr(sizing, "MOST_OPERATIONS", 8)
    monkeypatch.setattr(sizing, "free_memory", lambda: 10**8)
    module = Growing(make).eval()
    with contextlib.suppress(NetworkError):
        sizing.sized(module, Hints(), Evidence(), None, "net", None)
    assert module.sizes == sizes


def test_trying_can_be_stopped_at_any_moment():
    def stop(done, total, text):
        raise Cancelled(text)

    module = nn.Sequential(nn.Conv2d(3, 3, 1), *[nn.ReLU()] * 600).eval()
    with pytest.raises(Cancelled, match="Trying whether net runs"):
        sizing.why_not(module, _plain(), "net", stop)


def _plain():
    return Preprocessing((8, 8), 8, (0.0,) * 3, (1.0,) * 3)
