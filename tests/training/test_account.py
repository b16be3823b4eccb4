"""Five steps in numbers, against what the optimiser did and what the layers computed."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from cnnviewer.errors import TrainingError
from cnnviewer.network import Network
from cnnviewer.training.account import advance_with_account
from cnnviewer.training.progress import Weight
from cnnviewer.training.settings import Settings
from cnnviewer.training.trainer import Trainer

from .conftest import CATEGORIES, PREPROCESSING

SETTINGS = {
    "plain": {"momentum": 0.0, "weight_decay": 0.0, "learning_rate": 0.1},
    "momentum": {"learning_rate": 0.1},
    "momentum, no decay": {"weight_decay": 0.0},
    "adamw": {"optimiser": "adamw", "learning_rate": 0.01, "weight_decay": 0.1},
    "adamw, no decay": {"optimiser": "adamw", "learning_rate": 0.01, "weight_decay": 0.0, "schedule": "constant"},
}
WEIGHTS = [
    Weight("0.weight", (2, 0, 1, 2)),
    Weight("4.bias", (1,)),
    Weight("1.weight", (3,)),
    Weight("4.weight", (2, 57)),
]


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("weight", WEIGHTS, ids=lambda weight: weight.name)
def test_the_formula_gives_what_the_optimiser_did(dataset, make_network, name, weight):
    trainer = Trainer(make_network(norm=True), dataset, Settings(batch_size=40, **SETTINGS[name]))
    parameter = dict(trainer.module.named_parameters())[weight.name]
    start = parameter[weight.index].item()
    for step in range(1, 5):
        before = parameter[weight.index].item()
        progress, account = advance_with_account(trainer, weight, start)
        after = parameter[weight.index].item()
        assert (account.step, account.before, account.after) == (step, before, after)
        assert account.gradient == parameter.grad[weight.index].item()
        assert account.loss == progress.loss
        # Equal but for the rounding of the optimiser's float32.
        size = max(abs(before), abs(before - after))
        assert account.computed == pytest.approx(after, abs=4 * 2**-23 * max(size, 1e-3))
        assert account.terms[-1].value == account.computed
        assert account.after != account.before


def test_watching_changes_nothing(dataset, make_network):
    vectors = []
    for watched in (False, True):
        trainer = Trainer(make_network(norm=True), dataset, Settings(batch_size=40, shift=1))
        for _ in range(4):
            advance_with_account(trainer, WEIGHTS[0], None) if watched else trainer.advance()
        vectors.append(nn.utils.parameters_to_vector(trainer.module.parameters()))
        assert not trainer.module[0]._forward_hooks
    assert torch.equal(*vectors)


CONVOLUTIONS = {
    "plain": {},
    "padding": {"padding": 1},
    "stride": {"stride": 2, "padding": (1, 0)},
    "dilation": {"dilation": 2},
    "groups": {"groups": 2},
    "depthwise": {"groups": 4},
    "same": {"padding": "same"},
    "reflect": {"padding": 1, "padding_mode": "reflect"},
    "circular": {"padding": (1, 2), "padding_mode": "circular"},
    "uneven": {"kernel_size": (1, 5), "padding": "same"},
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_the_forward_value_is_the_weights_part_of_the_unit(dataset, name):
    options = {"kernel_size": 3, **CONVOLUTIONS[name]}
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.Conv2d(4, 8, **options), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3)
    )
    trainer = Trainer(Network(module, "n", PREPROCESSING, CATEGORIES), dataset, Settings(batch_size=20))
    row, column = (size - 1 for size in module[1].kernel_size)
    weight = Weight("1.weight", (5, 0, row, column))
    inputs, _ = trainer.next_batch()
    with torch.no_grad():
        taken = module[0](inputs)
        whole = module[1](taken)[0, 5]
        kept = module[1].weight[5, 0, row, column].item()
        module[1].weight[5, 0, row, column] = 0
        without = module[1](taken)[0, 5]
        module[1].weight[5, 0, row, column] = kept
    _, account = advance_with_account(trainer, weight, None)
    parts = whole - without
    forward = account.forward
    assert forward.unit[0] == 5
    assert forward.product == pytest.approx(parts[forward.unit[1:]].item(), abs=1e-5)
    assert abs(forward.product) == pytest.approx(parts.abs().max().item(), abs=1e-5)
    assert forward.value == pytest.approx(whole[forward.unit[1:]].item(), abs=1e-5)
    assert forward.factor * account.before == pytest.approx(forward.product)


def test_the_forward_value_of_a_linear_layer(dataset, make_network):
    network = make_network()
    trainer = Trainer(network, dataset, Settings(batch_size=20))
    inputs, _ = trainer.next_batch()
    with torch.no_grad():
        hidden = functional.relu(network.module[0](inputs)).flatten(1)[0]
        value = network.module[3](hidden)[1].item()
    _, account = advance_with_account(trainer, Weight("3.weight", (1, 30)), None)
    assert account.forward.factor == pytest.approx(hidden[30].item())
    assert account.forward.unit == (1,)
    assert account.forward.value == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize(
    ("weight", "told"),
    [
        (Weight("9.weight", (0,)), "no weight 9.weight"),
        (Weight("0.weight", (0, 0, 9, 0)), "shape"),
        (Weight("0.weight", (0,)), "shape"),
        (Weight("0.weight", (-1, 0, 0, 0)), "shape"),
        (Weight("0.bias", (0,)), "frozen"),
    ],
)
def test_weights_that_are_not_there_are_told(dataset, make_network, weight, told):
    network = make_network()
    network.module[0].bias.requires_grad_(False)
    trainer = Trainer(network, dataset, Settings())
    with pytest.raises(TrainingError, match=told):
        advance_with_account(trainer, weight, None)
    assert trainer.step == 0
