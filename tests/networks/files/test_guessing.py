"""Guessing how a network wants its pixels, from what it makes of photos whose answers are known."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from cnnviewer.errors import Cancelled, NetworkError
from cnnviewer.networks import load_network
from cnnviewer.networks.category_lists import category_list
from cnnviewer.networks.files import trials
from cnnviewer.networks.files.guessing import guess
from cnnviewer.networks.files.known_photos import known_photos
from cnnviewer.networks.files.opened import Hints
from cnnviewer.networks.files.presets import PRESETS, applied, presets_for

DATA = Path(__file__).parents[4] / "shared" / "data"


def reasons_of(found):
    return {reason.what: reason.text for reason in found.reasons}


class Fed(nn.Module):
    """A network whose input was scaled in another way when it learnt: it undoes that first."""

    def __init__(self, network, order, white, mean, deviation):
        super().__init__()
        self.inner, self.how = network.module, network.preprocessing
        self.flips, self.white = order == "BGR", white
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1))
        self.register_buffer("deviation", torch.tensor(deviation).view(-1, 1, 1))

    def forward(self, x):
        pixels = (x * self.deviation + self.mean) / self.white * 255
        pixels = pixels.flip(1) if self.flips else pixels
        mean, deviation = (torch.tensor(numbers).view(-1, 1, 1) for numbers in (self.how.mean, self.how.deviation))
        return self.inner((pixels / self.how.divisor - mean) / deviation)


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Try all presets on all photos, however busy the machine is."""
    monkeypatch.setattr(trials, "PATIENCE", 3600.0)


@pytest.fixture(scope="module")
def lite():
    return load_network("efficientnet-lite0")


@pytest.fixture(scope="module")
def clothes():
    return load_network("fashion-cnn")


@pytest.mark.parametrize("name", ["0..255", "Caffe's: BGR, 0..255, minus 104, 117, 123"])
def test_the_values_of_a_colour_network_are_found_by_trying(lite, name):
    preset = next(preset for preset in PRESETS if preset.name == name)
    spread = [numbers * (3 // len(numbers)) for numbers in (preset.mean, preset.deviation)]
    found = guess(Fed(lite, preset.order, preset.white, *spread).eval(), Hints(), title="net")
    how = found.card.preprocessing
    assert (how.order, how.divisor, how.mean) == (preset.order, 255 / preset.white, spread[0])
    assert (how.size, how.resize, found.classes, found.card.categories) == ((224, 224), 256, 1000, "ImageNet-1k")
    told = reasons_of(found)["mean"]
    assert name in told
    assert "names 4 of 4 sample images right" in told


@pytest.mark.parametrize(("white", "mean", "deviation"), [(1, 0.5, 0.5), (1, 1.0, -1.0), (255, 255.0, -1.0)])
def test_the_values_of_a_grey_network_are_found_by_trying(clothes, white, mean, deviation):
    module = Fed(clothes, "L", white, [mean], [deviation]).eval()
    found = guess(module, Hints((1, 28, 28), categories=clothes.categories), title="net")
    how = found.card.preprocessing
    assert (how.order, how.divisor, how.mean, how.deviation) == ("L", 255 / white, (mean,), (deviation,))
    assert reasons_of(found)["size"] == "The file says 28 × 28."


def test_the_architectures_own_way_stays_where_nothing_tells_against_it(lite):
    other = load_network("efficientnet-lite0", weights=None)
    found = guess(other.module, Hints(), title="net", usual=lite.preprocessing, categories=lite.categories)
    assert found.card.preprocessing == lite.preprocessing
    assert found.card.categories == ()  # random weights name nothing right
    found = guess(lite.module, Hints(), title="net", usual=lite.preprocessing, categories=lite.categories)
    assert found.card.preprocessing == lite.preprocessing
    assert found.card.categories == "ImageNet-1k"
    assert "the architecture's own" in reasons_of(found)["mean"]


@pytest.mark.parametrize(
    ("shape", "classes", "size"), [((3, 40, 40), 7, (40, 40)), ((4, 64, 64), 3, (64, 64)), ((1, 28, 28), 10, (28, 28))]
)
def test_the_size_is_one_at_which_the_network_runs(shape, classes, size):
    channels, height, width = shape
    features = 4 * (height // 2) * (width // 2)
    module = nn.Sequential(
        nn.Conv2d(channels, 4, 3, padding=1), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(features, classes)
    )
    found = guess(module.eval(), Hints(), title="net")
    assert found.card.preprocessing.size == size
    assert (found.card.preprocessing.channels, found.classes) == (channels, classes)
    assert found.card.preprocessing.mean  # a number a channel
    assert len(found.card.preprocessing.mean) == channels


def test_ten_classes_of_any_size_are_tried_at_cifars_and_have_no_names():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10)).eval()
    found = guess(module, Hints(), title="net")
    assert (found.card.preprocessing.size, found.card.categories) == ((32, 32), ())
    assert "CIFAR-10, digits and Fashion-MNIST have as many" in reasons_of(found)["categories"]
    told = guess(module, Hints((3, None, 60)), title="net").card.preprocessing
    assert told.size[1] == 60


def test_a_network_without_class_scores_has_no_categories():
    found = guess(nn.Conv2d(3, 8, 3).eval(), Hints(), title="net")
    assert (found.classes, found.card.categories) == (0, ())
    assert "categories" not in reasons_of(found)


def test_what_runs_at_no_size_is_told():
    with pytest.raises(NetworkError, match=r"net runs at none of the usual sizes of an image with 3 or 1 chan.*card"):
        guess(nn.Linear(7, 2).eval(), Hints(), title="net")
    with pytest.raises(NetworkError, match="none for an image"):
        guess(nn.Conv2d(3, 8, 3).eval(), Hints((3, 10**7, 10**7)), title="net")


def test_nan_weights_are_no_reason_to_fail(lite):
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10)).eval()
    nn.init.constant_(module[0].weight, float("nan"))
    assert guess(module, Hints(), title="net").classes == 10


def test_it_can_be_stopped(lite):
    told = []

    def stop(done, total, text):
        told.append(text)
        if text == "Trying how net wants its pixels":
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        guess(lite.module, Hints(), title="net", progress=stop)
    # Between, a pass of many operations is asked whether to go on.
    assert (told[0], told.count("Trying how net wants its pixels")) == ("Trying the size of image that net takes", 1)


def test_known_photos_are_found_under_other_names():
    assert [len(answers) for _, answers in known_photos(category_list("ImageNet-1k"))] == [3, 3, 1, 3]
    names = [f"{name}, a thing" for name in category_list("ImageNet-1k")]  # timm tells several names of a class
    assert [len(answers) for _, answers in known_photos(names)] == [3, 3, 1, 3]
    assert [answers for _, answers in known_photos(category_list("CIFAR-10"))] == [{3}]
    assert [answers for _, answers in known_photos(category_list("digits"))] == [{digit} for digit in range(10)]
    assert known_photos(("red", "green")) == []


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_preset_scales_black_and_white_as_it_says(preset):
    channels = 1 if preset.order == "L" else 3
    how = applied(preset, replace(load_network("lenet5", None).preprocessing, channels=channels, padding=0))
    pixels = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1).expand(2, channels, 4, 4)
    black, white = how.normalise(pixels)
    means, deviations = (numbers * (channels // len(numbers)) for numbers in (preset.mean, preset.deviation))
    for channel in range(channels):
        assert black[channel].max().item() == pytest.approx(-means[channel] / deviations[channel], rel=1e-5)
        expected = (preset.white - means[channel]) / deviations[channel]
        assert white[channel].max().item() == pytest.approx(expected, rel=1e-4, abs=1e-5)
    assert preset in presets_for(channels)


@pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data")
def test_squeezenets_unusual_way_is_found():
    network = load_network("squeezenet1_0", DATA / "weights" / "squeezenet1_0_dc.pth")
    usual = {"usual": network.preprocessing, "categories": network.categories}
    found = guess(network.module, Hints(), title="net", **usual).card.preprocessing
    assert (found.order, found.divisor, found.mean) == ("BGR", 1, (104.0, 117.0, 123.0))


def _tail(last):
    return nn.Sequential(nn.Conv2d(3, 4, 3), last).eval()


@pytest.mark.parametrize(
    "last",
    [
        nn.AdaptiveAvgPool2d((10**7, 10**7)),
        nn.Upsample(scale_factor=10**5),
        nn.Upsample(scale_factor=1e12),
        nn.ZeroPad2d(10**7),
        nn.Sequential(*(nn.Upsample(scale_factor=2) for _ in range(40))),
    ],
)
def test_a_network_that_would_fill_the_memory_is_refused_before_it_does(last):
    with pytest.raises(
        NetworkError, match=r"takes images of 64 × 64 with 3 channels, and can.t be shown: net needs more memory"
    ):
        guess(_tail(last), Hints((3, 64, 64)), title="net")


def test_a_convolution_may_tell_anything_of_its_channels():
    network = _tail(nn.Identity())
    network[0].in_channels = "abc"
    assert guess(network, Hints(), title="net").card.preprocessing.channels == 3
    network[0].in_channels = 10**6
    with pytest.raises(NetworkError, match=r"An input of \(1000000, 224, 224\) is none for an image"):
        guess(network, Hints(), title="net")


def test_a_network_that_raises_anything_is_told_in_a_sentence():
    network = _tail(nn.Identity())
    network[0].stride = "abc"
    with pytest.raises(NetworkError, match="net runs on no image with 3 channels, whatever its size"):
        guess(network, Hints(), title="net")


def test_it_can_be_stopped_at_each_size_and_each_trial(lite):
    told = []
    with pytest.raises(NetworkError, match="none of the usual sizes"):
        guess(_tail(nn.Linear(1, 1)), Hints(), title="net", progress=lambda *given: told.append(given))
    sizes = [count for count, _, text in told if text == "Trying the size of image that net takes"]
    assert len(sizes) == len(set(sizes)) > 10
    told.clear()
    guess(lite.module, Hints((3, 224, 224)), title="net", progress=lambda *given: told.append(given))
    assert len(told) > 4 * len(presets_for(3))


def test_a_card_does_not_let_a_network_fill_the_memory(tmp_path):
    """What lies beside a file is no reason to trust it."""
    torch.save(nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d((10**6, 10**6))), tmp_path / "net.pth")
    (tmp_path / "net.json").write_text('{"size": 16}')
    with pytest.raises(NetworkError, match="more memory"):
        load_network(tmp_path / "net.pth")
    torch.save(nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(2)), tmp_path / "net.pth")
    assert load_network(tmp_path / "net.pth").preprocessing.size == (16, 16)
    (tmp_path / "net.json").write_text('{"size": 2}')
    with pytest.raises(NetworkError, match="net failed on this image"):
        load_network(tmp_path / "net.pth")
