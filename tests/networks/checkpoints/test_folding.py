"""Weights that a file holds in several tensors."""

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

from cnnviewer.errors import WeightsError
from cnnviewer.networks.checkpoints.folding import folded

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


def layers():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.ConvTranspose2d(4, 2, 2), nn.Flatten(), nn.Linear(2 * 63, 3))


def pruned(layer):
    prune.l1_unstructured(layer, "weight", 0.5)
    prune.random_unstructured(layer, "bias", 1)


WAYS = {
    "pruned": pruned,
    "weight norm": nn.utils.weight_norm,
    "weight norm of one length": lambda layer: nn.utils.weight_norm(layer, dim=None),
    "weight norm of another axis": lambda layer: nn.utils.weight_norm(layer, dim=1),
    "spectral norm": nn.utils.spectral_norm,
    "parametrised weight norm": parametrizations.weight_norm,
    "parametrised spectral norm": parametrizations.spectral_norm,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_weight_is_what_the_layer_works_with(way):
    network = layers()
    for place in (0, 2, 4):
        WAYS[way](network[place])
    # A pass in training mode moves the vectors of spectral normalisation.
    network.train()(torch.rand(2, 3, 10, 8))
    network.eval()(torch.rand(1, 3, 10, 8))
    state = folded(network.state_dict())
    assert list(dict.fromkeys(name.rpartition(".")[0] for name in state)) == ["0", "2", "4"]
    assert {name.rpartition(".")[2] for name in state} == {"weight", "bias"}
    for place in (0, 2, 4):
        assert torch.allclose(state[f"{place}.weight"], network[place].weight.detach(), rtol=1e-5, atol=1e-6)
        assert torch.allclose(state[f"{place}.bias"], network[place].bias.detach())


def test_other_tensors_stay_as_they_are():
    state = {"g": torch.ones(1), "weight_g": torch.ones(1), "a_orig": torch.ones(2), "0.weight": torch.ones(2)}
    found = folded(state)
    assert found.keys() == state.keys()
    assert all(found[name] is tensor for name, tensor in state.items())


class Doubled(nn.Module):
    def forward(self, weight):
        return 2 * weight


def test_a_parametrisation_that_the_file_does_not_tell_is_named():
    layer = nn.Linear(2, 2)
    parametrize.register_parametrization(layer, "weight", Doubled())
    with pytest.raises(WeightsError, match=r"parametrizations\.weight\.original is a weight that a parametrisation"):
        folded(layer.state_dict())


@pytest.mark.parametrize("length", [(5,), (4, 3), (2, 3)])
def test_names_that_end_as_parts_do_are_names(length):
    state = {"a.scale_g": torch.ones(*length), "a.scale_v": torch.ones(4, 3)[:, :2]}
    assert folded(state).keys() == state.keys()


def test_parts_that_do_not_go_together_are_told():
    with pytest.raises(WeightsError, match="shapes that do not go together"):
        folded({"a.weight_orig": torch.ones(2, 3), "a.weight_mask": torch.ones(5)})
