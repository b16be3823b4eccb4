"""Numbers of the image that reach a layer where no layer is seen to make them: its field is the whole image."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import cnnviewer
from cnnviewer import explain, receptive_field, record
from cnnviewer.analysis.receptive_field import Box, reach_of_pixel
from small_modules import noise

torch.set_num_threads(1)

WHOLE = Box(0, 0, 8, 8)


def risen(x: torch.Tensor):
    return x.sin() + 1


with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)
    scripted = torch.jit.script(risen)


class Net(nn.Module):
    def __init__(self, middle):
        super().__init__()
        self.conv, self.head, self.middle = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1), middle
        self.table = scripted(torch.zeros(1, 4, 1, 1))

    def forward(self, x):
        return self.head(self.middle(self, self.conv(x)))


def network(middle):
    torch.manual_seed(0)
    return cnnviewer.from_module(Net(middle))


def cropped(_, x):
    start = int(x.argmax()) % 5
    return x[:, :, start : start + 4]


OF_THE_IMAGE = {
    "vmap": lambda _, x: torch.vmap(torch.sin)(x),
    "members of an ensemble": lambda net, x: torch.vmap(lambda w: F.conv2d(x, w, padding=1))(
        torch.stack([net.head.weight, -net.head.weight])
    )[0],
    "scripted": lambda _, x: scripted(x),
    "numpy": lambda _, x: torch.from_numpy(np.sin(x.numpy())),
    "list": lambda _, x: torch.tensor(x.tolist()),
    "sparse": lambda _, x: x.relu().to_sparse().to_dense(),
    "gradient": lambda _, x: torch.func.grad(lambda part: (part**3).sum())(x),
}
GIVEN_A_NUMBER = {"scaled": lambda _, x: x / x.abs().max().item(), "cropped": cropped}
OF_ITS_OWN = {
    "kernel of numpy": lambda _, x: F.conv2d(x, torch.from_numpy(np.ones((4, 4, 3, 3), np.float32)), padding=1),
    "number of numpy": lambda _, x: F.avg_pool2d(x * np.float32(2), 3, 1, 1),
    "scripted table": lambda net, x: F.avg_pool2d(x * net.table, 3, 1, 1),
    "scripted weight": lambda net, x: F.conv2d(x, scripted(net.head.weight), padding=1),
    "number of a weight": lambda net, x: F.avg_pool2d(x * net.head.bias.max().item(), 3, 1, 1),
}


@pytest.mark.parametrize("name", [*OF_THE_IMAGE, *GIVEN_A_NUMBER])
def test_what_is_fed_unseen_has_the_whole_image_as_its_field(name):
    recording = record(network({**OF_THE_IMAGE, **GIVEN_A_NUMBER}[name]), noise())
    field = receptive_field(recording, "head", (0, 1, 1))
    assert field.seen == WHOLE
    assert any("no layer is seen" in note for note in field.notes)
    assert not reach_of_pixel(recording, "head", (7, 7)).is_empty


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_an_image_of_one_colour_tells_it_too(value):
    recording = record(network(OF_THE_IMAGE["scripted"]), torch.full((1, 3, 8, 8), value))
    assert receptive_field(recording, "head", (0, 1, 1)).seen == WHOLE


@pytest.mark.parametrize("name", OF_ITS_OWN)
def test_what_the_network_makes_without_the_image_leaves_the_field_alone(name):
    recording = record(network(OF_ITS_OWN[name]), noise(size=16))
    field = receptive_field(recording, "head", (0, 8, 8))
    assert (field.size, field.notes) == ((7, 7), ())


def test_the_explanation_tells_of_it():
    recording = record(network(OF_THE_IMAGE["scripted"]), noise())
    assert any("no layer is seen" in note for note in explain(recording, "head", (0, 1, 1)).notes)


def test_looking_for_it_changes_nothing_that_the_network_keeps():
    class Counting(Net):
        def forward(self, x):
            self.calls = getattr(self, "calls", 0) + 1
            return super().forward(x)

    module = Counting(OF_THE_IMAGE["scripted"])
    state = torch.get_rng_state()
    record(cnnviewer.from_module(module), noise())
    assert module.calls == 1
    assert torch.equal(torch.get_rng_state(), state)
