"""What takes no image is told by what it takes, and not by the size of the image."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.guessing import guess
from cnnviewer.networks.files.opened import Hints
from cnnviewer.networks.files.sizing import why_not
from cnnviewer.preprocessing import Preprocessing

pytestmark = pytest.mark.filterwarnings("ignore:Using a non-tuple sequence")


def _network(forward):
    """Return a module of one convolution with someone's ``forward``."""
    made = type("Net", (nn.Module,), {"forward": forward})()
    made.part = nn.Conv2d(3, 4, 3)
    return made.eval()


def _two(self, x, y):
    return self.part(x + y)


def _by_name(self, x, *, scale):
    return self.part(x * scale)


def _none(self):
    return self.part(torch.zeros(1, 3, 8, 8))


def _dictionary(self, batch):
    return self.part(batch["image"])


def _keys(self, batch):
    return [self.part(batch[key]) for key in batch.keys()]  # noqa: SIM118


def _pair(self, batch):
    image, mask = batch
    return self.part(image * mask)


def _list(self, batch):
    return self.part(batch[0] + batch[1])


class _Sound(nn.Module):
    def __init__(self):
        super().__init__()
        self.rate = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return nn.functional.conv1d(x, torch.ones(4, 3, 5)).mean()


@pytest.mark.parametrize(
    ("module", "told"),
    [
        (_network(_two), r"its forward wants 2 inputs, x and y\."),
        (_network(_by_name), r"its forward wants 2 inputs, x and scale"),
        (_network(_none), r"its forward takes no input"),
        (_network(_dictionary), r"its inputs by name, in a dictionary"),
        (_network(_keys), r"its inputs by name, in a dictionary"),
        (_network(_pair), r"several inputs, in a list or a tuple"),
        (_network(_list), r"several inputs, in a list or a tuple"),
        (nn.Sequential(nn.Conv3d(3, 4, 3), nn.ReLU()), r"it seems to take volumes"),
        (nn.Sequential(nn.BatchNorm3d(3), nn.Conv3d(3, 4, 3)), r"it seems to take volumes"),
        (nn.Sequential(nn.Conv3d(1, 4, 3, padding=1), nn.ReLU()), r"it takes volumes"),
        (nn.Sequential(nn.Conv1d(3, 4, 3), nn.ReLU()), r"it seems to take sequences"),
        (nn.Sequential(nn.LSTM(8, 4)), r"it seems to take sequences"),
        (_Sound(), r"it seems to take sequences"),
        (nn.Sequential(nn.Embedding(30, 4), nn.Linear(4, 2)), r"it seems to take whole numbers"),
    ],
)
def test_what_a_network_takes_is_told(module, told):
    with pytest.raises(NetworkError, match=told) as caught:
        guess(module.eval(), Hints(), title="net")
    assert "usual sizes" not in str(caught.value)
    assert str(caught.value).startswith("net can't run on one image")


@pytest.mark.parametrize("forward", [_two, _none, _list])
def test_it_is_told_of_a_network_with_a_card_too(forward):
    with pytest.raises(NetworkError, match="net can't run on one image"):
        why_not(_network(forward), Preprocessing((64, 64), 64, (0.0,) * 3, (1.0,) * 3), "net")


def test_inputs_with_defaults_are_no_hindrance():
    def forward(self, x, y=None, *rest, mask=None, **more):
        return self.part(x)

    assert guess(_network(forward), Hints(), title="net").classes == 0


def test_what_fails_at_every_size_alike_is_not_blamed_on_the_size():
    def forward(self, x):
        raise ValueError("no licence")

    with pytest.raises(NetworkError, match=r"net runs on no image with 3 channels, whatever its size: .*no licence"):
        guess(_network(forward), Hints(), title="net")


def test_a_network_without_convolutions_may_take_grey_images():
    module = nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 5)).eval()
    found = guess(module, Hints(), title="net")
    assert (found.card.preprocessing.channels, found.card.preprocessing.size, found.classes) == (1, (28, 28), 5)
