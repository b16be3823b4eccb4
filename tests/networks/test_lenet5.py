import json
from pathlib import Path

import pytest
import torch

from cnnviewer.datasets.mnist import read_mnist
from cnnviewer.networks import is_downloaded, load_network
from cnnviewer.networks.lenet5 import LeNet5
from cnnviewer.resources import resource
from cnnviewer.training.evaluation import evaluate

MNIST = Path(__file__).resolve().parents[3] / "shared" / "data" / "mnist"


@pytest.fixture(scope="module")
def card():
    return json.loads(resource("networks", "lenet5.json").read_text(encoding="utf-8"))


def test_shapes_are_those_of_the_paper():
    module, shapes = LeNet5(), {}
    for name, child in module.named_children():
        child.register_forward_hook(lambda _, __, output, name=name: shapes.update({name: tuple(output.shape[1:])}))
    assert module(torch.zeros(2, 1, 32, 32)).shape == (2, 10)
    assert [shapes[name] for name in ("c1", "s2", "c3", "s4", "c5", "f6", "output")] == [
        (6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (120, 1, 1), (84,), (10,)
    ]  # fmt: skip


def test_the_card_tells_of_the_weights(card):
    network = load_network("lenet5")
    assert card["parameters"] == network.parameter_count == 61_706
    assert card["dataset"]["images"] == {"train": 60_000, "validation": 0, "test": 10_000}
    assert card["results"]["test_accuracy"] >= 0.985
    assert card["preprocessing"] == network.preprocessing.describe()


def test_it_comes_trained_or_random():
    network = load_network("lenet5")
    assert network.provenance == "pretrained on MNIST"
    assert network.categories == tuple("0123456789")
    assert not network.module.training
    assert is_downloaded("lenet5")
    assert load_network("lenet5", weights=None).provenance == "random weights"


def test_weights_may_be_given_by_path():
    path = resource("networks", "lenet5.safetensors")
    given, bundled = load_network("lenet5", weights=path), load_network("lenet5")
    assert given.provenance == "weights from lenet5.safetensors"
    states = given.module.state_dict().values(), bundled.module.state_dict().values()
    assert all(map(torch.equal, *states))


@pytest.mark.skipif(not MNIST.is_dir(), reason="needs MNIST in ../shared/data/mnist")
def test_the_accuracy_on_the_test_digits_is_that_of_the_card(card):
    digits = read_mnist(MNIST, "test")
    accuracy = evaluate(load_network("lenet5"), digits, "test").accuracy
    assert accuracy == pytest.approx(card["results"]["test_accuracy"], abs=2e-4)
