import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from cnnviewer.datasets.mnist import read_mnist
from cnnviewer.networks import is_downloaded, load_network
from cnnviewer.networks.lenet5 import PREPROCESSING, LeNet5
from cnnviewer.resources import resource
from cnnviewer.training.lenet5 import prepare_digits
from cnnviewer.training.trainer import measure_accuracy

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
    assert card["split"] == {"train": 60_000, "test": 10_000}
    assert card["test_accuracy"] >= 0.985
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


def test_training_batches_equal_the_preprocessing_to_the_bit():
    digits = torch.randint(256, (20, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    single = [PREPROCESSING(Image.fromarray(digit.numpy())) for digit in digits]
    assert torch.equal(prepare_digits(digits), torch.cat(single))


@pytest.mark.skipif(not MNIST.is_dir(), reason="needs MNIST in ../shared/data/mnist")
def test_the_accuracy_on_the_test_digits_is_that_of_the_card(card):
    digits = read_mnist(MNIST, "test")
    accuracy = measure_accuracy(load_network("lenet5").module, digits, prepare_digits)
    assert accuracy == pytest.approx(card["test_accuracy"], abs=2e-4)
    first = [PREPROCESSING(Image.fromarray(digit.numpy())) for digit in digits.images[:5]]
    assert torch.equal(prepare_digits(digits.images[:5]), torch.cat(first))
