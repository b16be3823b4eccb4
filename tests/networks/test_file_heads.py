"""Heads that are not the architecture's own, built from what a file holds."""

import pytest
import timm
import torch
from torch import nn
from torchvision.models import get_model

from cnnviewer.networks.matching import find_fits, open_weights


def resnet(head):
    torch.manual_seed(0)
    module = timm.create_model("test_resnet", num_classes=4)
    module.fc = head(module.fc.in_features)
    return module.eval()


def mlp(*layers):
    return lambda width: nn.Sequential(*(layer(width) if isinstance(layer, type(mlp)) else layer for layer in layers))


def linear(out):
    return lambda width: nn.Linear(width, out)


# The head, and how it is described.
HEADS = {
    "dropout": (mlp(nn.Dropout(), linear(2)), "Dropout, Linear 96 → 2"),
    "two layers": (mlp(linear(8), nn.ReLU(), nn.Linear(8, 2)), "Linear 96 → 8, ReLU, Linear 8 → 2"),
    "two layers and dropout": (
        mlp(linear(8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 2)), "Linear 96 → 8, ReLU, Dropout, Linear 8 → 2"),
    "nothing between": (mlp(linear(8), nn.Linear(8, 2)), "Linear 96 → 8, Linear 8 → 2"),
    "three layers": (
        mlp(linear(8), nn.ReLU(), nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 2)),
        "Linear 96 → 8, ReLU, Linear 8 → 6, ReLU, Linear 6 → 2"),
    "a norm before the activation": (
        mlp(linear(8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 2)),
        "Linear 96 → 8, BatchNorm1d, ReLU, Dropout, Linear 8 → 2"),
    "a norm behind the activation": (
        mlp(linear(8), nn.ReLU(), nn.BatchNorm1d(8), nn.Dropout(), nn.Linear(8, 2)),
        "Linear 96 → 8, ReLU, BatchNorm1d, Dropout, Linear 8 → 2"),
    "a norm first": (mlp(lambda width: nn.BatchNorm1d(width), linear(3)), "BatchNorm1d, Linear 96 → 3"),
    "without a bias": (mlp(nn.Dropout(), lambda width: nn.Linear(width, 3, bias=False)), "Dropout, Linear 96 → 3"),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("called", ["fc", "classifier"])
def test_a_head_is_built_and_said(name, called):
    head, said = HEADS[name]
    module = resnet(head)
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm1d):
            norm.running_mean.normal_()
            norm.running_var.uniform_(0.5, 2)
    state = {key.replace("fc.", f"{called}."): tensor for key, tensor in module.state_dict().items()}
    fit = find_fits(state)[0]
    assert (fit.architecture, fit.is_whole) == ("timm/test_resnet", True)
    assert fit.adaptation == f"its head was built from the file: {said}"
    assert fit.has_guess == ("ReLU" in said)
    opened = open_weights(state, fit.architecture)
    assert opened.categories == ()
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(opened.module(image), module(image))


def test_a_renamed_head_is_found():
    module = resnet(linear(7))
    state = {key.replace("fc.", "my_scores."): tensor for key, tensor in module.state_dict().items()}
    fit = find_fits(state)[0]
    assert (fit.is_whole, fit.adaptation) == (True, "its head was built from the file: Linear 96 → 7")
    assert {row.source for row in fit.rows if row.source} == {"my_scores.weight", "my_scores.bias"}


@pytest.mark.parametrize(
    ("architecture", "head"),
    [
        ("mobilenet_v2", lambda: nn.Linear(1280, 5)),
        ("mobilenet_v3_small", lambda: nn.Linear(576, 5)),
        ("mobilenet_v3_small", lambda: nn.Sequential(nn.Linear(576, 16), nn.ReLU(), nn.Linear(16, 2))),
        ("efficientnet_b0", lambda: nn.Sequential(nn.Dropout(), nn.Linear(1280, 9))),
        ("shufflenet_v2_x0_5", lambda: nn.Sequential(nn.Dropout(), nn.Linear(1024, 9))),
    ],
)
def test_a_head_in_the_place_of_several_layers(architecture, head):
    torch.manual_seed(0)
    module = get_model(architecture, weights=None).eval()
    setattr(module, "fc" if hasattr(module, "fc") else "classifier", head())
    state = module.state_dict()
    fit = find_fits(state)[0]
    assert (fit.architecture, fit.is_whole) == (architecture, True)
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.allclose(open_weights(state, architecture).module.eval()(image), module.eval()(image), atol=1e-6)


def test_a_head_of_another_width_is_none():
    state = resnet(lambda width: nn.Linear(width + 1, 5)).state_dict()
    assert not any(fit.is_whole for fit in find_fits(state))


def test_another_channel_count_and_another_head():
    torch.manual_seed(0)
    module = timm.create_model("test_resnet", in_chans=1).eval()
    module.fc = nn.Sequential(nn.Dropout(), nn.Linear(96, 2))
    fit = find_fits(module.state_dict())[0]
    assert fit.is_whole
    assert fit.adaptation == ("1 channel instead of 3, its head was built from the file: Dropout, Linear 96 → 2")
