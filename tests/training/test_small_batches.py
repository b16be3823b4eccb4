"""Networks that normalise over a batch, and batches that are too small for it."""

import pytest
import torch
from torch import nn

import cnnviewer
from cnnviewer.datasets.labelled import Dataset
from cnnviewer.errors import TrainingError
from cnnviewer.network import Network
from cnnviewer.training.progress import Finished, Progress, Remark
from cnnviewer.training.settings import Settings
from cnnviewer.training.small_batches import least_batch

from .conftest import CATEGORIES, PREPROCESSING, make_images


def network_with(*norms, pool=1):
    layers = [nn.Conv2d(1, 4, 3, stride=2), nn.AdaptiveAvgPool2d(pool), *norms, nn.Flatten()]
    return Network(nn.Sequential(*layers, nn.Linear(4 * pool * pool, 3)).eval(), "small", PREPROCESSING, CATEGORIES)


def flat_norm():
    layers = [nn.Conv2d(1, 4, 3, stride=2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.BatchNorm1d(4), nn.Linear(4, 3)]
    return Network(nn.Sequential(*layers).eval(), "small", PREPROCESSING, CATEGORIES)


def data(count):
    return Dataset("stripes", make_images(count), make_images(17, 6), None, "made here")


@pytest.mark.parametrize("make", [flat_norm, lambda: network_with(nn.BatchNorm2d(4))])
def test_a_last_batch_of_one_is_left_out_and_told(make):
    news = list(cnnviewer.train(make(), data(33), Settings(epochs=2, batch_size=8)))
    assert [item.examples for item in news if isinstance(item, Progress)] == [8, 16, 24, 32, 40, 48, 56, 64]
    (told,) = (item.sentence for item in news if isinstance(item, Remark))
    assert told.startswith("The last batch of each epoch would have one image only, from which small can't learn")
    assert isinstance(news[-1], Finished)


@pytest.mark.parametrize("norm", [nn.BatchNorm2d(4), nn.GroupNorm(2, 4), nn.InstanceNorm2d(4), nn.Identity()])
def test_a_last_batch_of_one_is_learnt_from_where_it_can_be(norm):
    news = list(cnnviewer.train(network_with(norm, pool=2), data(33), Settings(epochs=1, batch_size=8)))
    assert [item.examples for item in news if isinstance(item, Progress)][-1] == 33
    assert not any(isinstance(item, Remark) for item in news)


@pytest.mark.parametrize(("count", "batch", "told"), [(33, 1, "at least 2 images"), (1, 8, "too few training images")])
def test_batches_of_one_throughout_are_refused(count, batch, told):
    with pytest.raises(TrainingError, match=f"small normalises over the images of a batch.*{told}"):
        list(cnnviewer.train(flat_norm(), data(count), Settings(epochs=1, batch_size=batch)))


@pytest.mark.parametrize(
    "norm", [nn.InstanceNorm2d(4), nn.GroupNorm(4, 4), nn.BatchNorm2d(4, track_running_stats=False)]
)
@pytest.mark.parametrize("count", [32, 33])
def test_maps_of_one_value_that_are_normalised_are_told(norm, count):
    with pytest.raises(TrainingError, match="normalises over values of which there is one only"):
        list(cnnviewer.train(network_with(norm), data(count), Settings(epochs=1, batch_size=8)))


def test_trying_it_leaves_the_network_as_it_was():
    network = flat_norm()
    before = {name: tensor.clone() for name, tensor in network.module.state_dict().items()}
    random = torch.random.get_rng_state()
    assert least_batch(network, torch.rand(1, 1, 12, 12, generator=torch.Generator().manual_seed(1))) == 2
    assert all(torch.equal(before[name], tensor) for name, tensor in network.module.state_dict().items())
    assert not any(module.training for module in network.module.modules())
    assert torch.equal(random, torch.random.get_rng_state())
