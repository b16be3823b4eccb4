"""Networks that scale the image themselves, and batch normalisations that remember how images were scaled."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cnnviewer.networks.files.first_norm import remembered_way
from cnnviewer.networks.files.guessing import guess
from cnnviewer.networks.files.known_photos import sample_groups
from cnnviewer.networks.files.opened import Hints
from cnnviewer.networks.files.own_scaling import own_scaling
from cnnviewer.networks.files.presets import applied, presets_for
from cnnviewer.preprocessing import Preprocessing

MEAN, DEVIATION = (torch.tensor(numbers).view(1, 3, 1, 1) for numbers in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
CAFFE = torch.tensor((103.939, 116.779, 123.68)).view(1, 3, 1, 1)


class Scaled(nn.Module):
    """A network that does something to its image first."""

    def __init__(self, scale, channels=3, norm=False):
        super().__init__()
        torch.manual_seed(0)
        self.scale = scale
        self.body = nn.Sequential(
            nn.Conv2d(channels, 8, 3, stride=2, bias=not norm), nn.BatchNorm2d(8) if norm else nn.Identity()
        )
        self.head = nn.Linear(8, 4)

    def forward(self, image):
        return self.head(self.body(self.scale(image)).relu().mean((2, 3)))


def plain(channels, side=48):
    return Preprocessing((side, side), side, (0.0,) * channels, (1.0,) * channels, channels)


@pytest.mark.parametrize(
    ("scale", "preset"),
    [
        (lambda x: (x / 255 - MEAN) / DEVIATION, "0..255"),
        (lambda x: (x - 255 * MEAN) / (255 * DEVIATION), "0..255"),
        (lambda x: x / 127.5 - 1, "0..255"),
        (lambda x: x / 255, "0..255"),
        (lambda x: x.flip(1) - CAFFE, "0..255"),
        (lambda x: (x - MEAN) / DEVIATION, "0..1"),
        (lambda x: x * 2 - 1, "0..1"),
        (lambda x: x * 255, "0..1"),
        (lambda x: (x + 1) / 2, "−1..1"),
        (lambda x: (x - 100) / 60, "0..255"),
        (lambda x: (x - 0.4) / 0.2, "0..1"),
    ],
)
def test_the_image_that_a_network_wants_is_told_by_what_it_does_to_it(scale, preset):
    found = own_scaling(Scaled(scale).eval(), plain(3))
    assert found is not None
    assert found.preset.name == preset


@pytest.mark.parametrize(
    ("scale", "preset"), [(lambda x: x / 255, "grey, 0..255"), (lambda x: x * 2 - 1, "grey, 0..1")]
)
def test_grey_networks_are_told_as_well(scale, preset):
    found = own_scaling(Scaled(scale, channels=1).eval(), plain(1))
    assert found is not None
    assert found.preset.name == preset


@pytest.mark.parametrize(
    "scale",
    [
        lambda x: x,
        lambda x: x.relu().sqrt(),
        lambda x: x.clamp(0, 1) * 255,
        lambda x: x.mean(1, keepdim=True).expand(-1, 3, -1, -1),
        lambda x: nn.functional.layer_norm(x, x.shape[1:]),
        lambda x: x * float("nan"),
        lambda x: x * 1e-9,
    ],
)
def test_what_is_no_scaling_tells_nothing(scale):
    assert own_scaling(Scaled(scale).eval(), plain(3)) is None


def test_a_network_that_fails_or_has_no_weights_tells_nothing():
    assert own_scaling(nn.Linear(3, 3), plain(3)) is None
    assert own_scaling(nn.Identity(), plain(3)) is None
    assert own_scaling(nn.Conv2d(200, 1, 1), plain(200)) is None


def test_a_guess_says_what_the_network_does_itself():
    found = guess(Scaled(lambda x: (x / 255 - MEAN) / DEVIATION).eval(), Hints((3, 48, 48)), title="net")
    assert (found.card.preprocessing.divisor, found.card.preprocessing.mean) == (1, (0.0,) * 3)
    told = next(reason.text for reason in found.reasons if reason.what == "mean")
    assert "scales the image itself" in told
    assert "black becomes −2.12, −2.04, −1.8 and white 2.25, 2.43, 2.64 before its first weights" in told


# ---- what a batch normalisation remembers


def trained(preset, channels=3, passes=40, momentum=0.1, group=0):
    """Return a network that has seen the samples in one way, and the ways in which they could be scaled."""
    ways = [applied(own, plain(channels)) for own in presets_for(channels)]
    module = Scaled(lambda x: x, channels, norm=True)
    module.body[1].momentum = momentum
    how = next(way for own, way in zip(presets_for(channels), ways, strict=True) if own.name == preset)
    images = torch.cat([how(photo) for photo in sample_groups(channels)[group][:4]])
    module.train()
    with torch.no_grad():
        for _ in range(passes):
            module(images)
    return module.eval(), ways


@pytest.mark.parametrize("preset", [own.name for own in presets_for(3)[:5]])
@pytest.mark.parametrize(("passes", "momentum"), [(60, 0.1), (5, 0.01), (3, 0.1)])
def test_the_first_batch_normalisation_remembers_how_images_were_scaled(preset, passes, momentum):
    """A training as short as a few batches leaves much of the 0 and 1 of the beginning, which is taken out."""
    module, ways = trained(preset, passes=passes, momentum=momentum)
    assert presets_for(3)[remembered_way(module, ways)].name == preset


@pytest.mark.parametrize(("preset", "group"), [("grey, 0..1", 0), ("grey, −1..1", 1), ("grey, 0..255", 2)])
def test_grey_networks_may_have_learnt_from_photos_digits_or_clothes(preset, group):
    module, ways = trained(preset, channels=1, group=group)
    assert presets_for(1)[remembered_way(module, ways)].name == preset


def test_what_remembers_nothing_tells_nothing():
    ways = [applied(own, plain(3)) for own in presets_for(3)]
    assert remembered_way(Scaled(lambda x: x, norm=True).eval(), ways) is None  # never trained
    assert remembered_way(Scaled(lambda x: x).eval(), ways) is None  # no batch normalisation
    module, _ = trained("0..1")
    nn.init.constant_(module.body[1].running_var, float("nan"))
    assert remembered_way(module, ways) is None
    nn.init.zeros_(module.body[1].running_var)
    assert remembered_way(module, ways) is None


def test_statistics_of_no_way_decide_nothing():
    module, ways = trained("0..1")
    module.body[1].running_mean.uniform_(-1000, 1000)
    module.body[1].running_var.fill_(1e-3)
    assert remembered_way(module, ways) is None


def test_a_guess_says_what_was_remembered():
    module, _ = trained("−1..1")
    found = guess(module, Hints((3, 48, 48)), title="net")
    assert found.card.preprocessing.mean == (0.5,) * 3
    told = next(reason.text for reason in found.reasons if reason.what == "mean")
    assert told == "Its first batch normalisation remembers images that were scaled so: −1..1."
