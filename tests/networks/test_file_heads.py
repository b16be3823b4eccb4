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
    assert fit.guesses == (("ReLU",) if "ReLU" in said else ())
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


class Cosine(nn.Module):
    """Scores that are cosines, with a scale that is learnt."""

    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(5, width))
        self.scale = nn.Parameter(torch.tensor(16.0))


@pytest.mark.parametrize("head", [Cosine, lambda width: nn.Linear(width + 1, 5)])
def test_a_head_that_is_no_known_layer_is_left_out(head):
    module = resnet(head)
    fit = find_fits(module.state_dict())[0]
    assert (fit.is_whole, fit.adaptation) == (True, "without its head")
    assert fit.left_over == tuple(f"fc.{name}" for name in module.fc.state_dict())
    features = open_weights(module.state_dict(), fit.architecture, path=fit.part).module(torch.rand(1, 3, 64, 64))
    assert features.shape == (1, 96)


class Behind(nn.Module):
    """A network with layers behind it, by names of their own."""

    def __init__(self, backbone, **layers):
        super().__init__()
        self.backbone = backbone
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, image):
        found = self.backbone(image)
        for layer in list(self.children())[1:]:
            found = layer(found)
        return found


# What stands behind a network without its head, and how the head is described that is built of it.
BEHIND = {
    "several layers in a sequence": (
        {"classifier": nn.Sequential(nn.Linear(96, 8), nn.ReLU(), nn.Linear(8, 4))},
        "Linear 96 → 8, ReLU, Linear 8 → 4"),
    "a norm and several layers": (
        {"head": nn.Sequential(nn.LayerNorm(96), nn.Linear(96, 8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 4))},
        "LayerNorm, Linear 96 → 8, ReLU, Dropout, Linear 8 → 4"),
    "layers by names of their own": (
        {"hidden": nn.Linear(96, 8), "relu": nn.ReLU(), "answer": nn.Linear(8, 4)},
        "Linear 96 → 8, ReLU, Linear 8 → 4"),
    "a projection": (
        {"projector": nn.Sequential(nn.Linear(96, 96), nn.ReLU(), nn.Linear(96, 16))},
        "Linear 96 → 96, ReLU, Linear 96 → 16"),
}  # fmt: skip


@pytest.mark.parametrize("name", BEHIND)
def test_layers_behind_a_network_are_its_head(name):
    layers, said = BEHIND[name]
    module = Behind(resnet(lambda _: nn.Identity()), **layers).eval()
    fit = find_fits(module.state_dict())[0]
    assert (fit.is_whole, fit.left_over) == (True, ())
    assert fit.adaptation == f"its head was built from the file: {said}"
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(
            open_weights(module.state_dict(), fit.architecture, path=fit.part).module(image), module(image)
        )


@pytest.mark.parametrize(
    ("behind", "said"), [((nn.ReLU(),), "Linear 96 → 1,000, ReLU, Linear 1,000 → 4"), ((), "Linear 96 → 1,000, Linear")]
)
def test_a_layer_behind_the_scores_of_a_network_makes_the_scores(behind, said):
    module = nn.Sequential(resnet(linear(1000)), *behind, nn.Linear(1000, 4)).eval()
    fit = find_fits(module.state_dict())[0]
    assert (fit.is_whole, fit.left_over) == (True, ())
    assert said in fit.adaptation
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(
            open_weights(module.state_dict(), fit.architecture, path=fit.part).module(image), module(image)
        )


def test_of_two_heads_one_is_taken_and_the_other_told():
    module = Behind(resnet(lambda _: nn.Identity()), age=nn.Linear(96, 9), gender=nn.Linear(96, 2))
    fit = find_fits(module.state_dict())[0]
    assert (fit.is_whole, fit.adaptation) == (True, "its head was built from the file: Linear 96 → 9")
    assert fit.left_over == ("gender.weight", "gender.bias")


def test_centres_of_classes_are_no_layer():
    module = Behind(resnet(linear(16)), centres=nn.Linear(16, 50, bias=False))
    fit = find_fits(module.state_dict())[0]
    assert (fit.is_whole, fit.left_over) == (True, ("centres.weight",))


def test_another_channel_count_and_another_head():
    torch.manual_seed(0)
    module = timm.create_model("test_resnet", in_chans=1).eval()
    module.fc = nn.Sequential(nn.Dropout(), nn.Linear(96, 2))
    fit = find_fits(module.state_dict())[0]
    assert fit.is_whole
    assert fit.adaptation == ("1 channel instead of 3, its head was built from the file: Dropout, Linear 96 → 2")


class ConcatPool(nn.Module):
    """As fastai writes it: the maxima first."""

    def forward(self, maps):
        return torch.cat([nn.AdaptiveMaxPool2d(1)(maps), nn.AdaptiveAvgPool2d(1)(maps)], 1)


def fastai(*layers):
    """Return a network as fastai's vision_learner makes it of torchvision's ResNet-18: a body and a head."""
    torch.manual_seed(0)
    body = nn.Sequential(*list(get_model("resnet18", weights=None).children())[:-2])
    module = nn.Sequential(body, nn.Sequential(ConcatPool(), nn.Flatten(), *layers))
    for norm in module.modules():
        if isinstance(norm, (nn.BatchNorm1d, nn.BatchNorm2d)):
            norm.running_mean.normal_(0, 0.1)
            norm.running_var.uniform_(0.5, 2)
    return module.eval()


FASTAI = {
    "as it is": (
        lambda: fastai(
            nn.BatchNorm1d(1024), nn.Dropout(), nn.Linear(1024, 512, bias=False), nn.ReLU(), nn.BatchNorm1d(512),
            nn.Dropout(), nn.Linear(512, 3, bias=False)),
        "AdaptiveConcatPool2d, Flatten, BatchNorm1d, Dropout, Linear 1,024 → 512, ReLU, BatchNorm1d, Dropout, "
        "Linear 512 → 3"),
    "with a bias": (
        lambda: fastai(
            nn.BatchNorm1d(1024), nn.Dropout(), nn.Linear(1024, 512), nn.ReLU(), nn.BatchNorm1d(512), nn.Dropout(),
            nn.Linear(512, 3)),
        "AdaptiveConcatPool2d, Flatten, BatchNorm1d, Dropout, Linear 1,024 → 512, ReLU, BatchNorm1d, Dropout, "
        "Linear 512 → 3"),
    "one layer": (
        lambda: fastai(nn.BatchNorm1d(1024), nn.Dropout(), nn.Linear(1024, 3, bias=False)),
        "AdaptiveConcatPool2d, Flatten, BatchNorm1d, Dropout, Linear 1,024 → 3"),
}  # fmt: skip


@pytest.mark.parametrize("name", FASTAI)
def test_a_head_of_fastai_is_built(name):
    build, said = FASTAI[name]
    module, image = build(), torch.rand(2, 3, 64, 64)
    state = {f"model.{key}": tensor for key, tensor in module.state_dict().items()}
    fits = find_fits(state)
    assert (fits[0].architecture, fits[0].is_whole, fits[0].left_over) == ("resnet18", True, ())
    assert fits[0].adaptation == f"its head was built from the file: {said}"
    assert fits[0].guesses == tuple(kind for kind in ("AdaptiveConcatPool2d", "ReLU") if kind in said)
    # Another library calls its pooling otherwise.
    assert "timm/resnet18" in [fit.architecture for fit in fits]
    for architecture in ("resnet18", "timm/resnet18"):
        opened = open_weights(state, architecture).module
        with torch.no_grad():
            assert torch.allclose(opened(image), module(image), atol=1e-5)


def test_twice_as_many_numbers_without_a_norm_may_be_of_any_pooling():
    module = timm.create_model("test_resnet", global_pool="catavgmax", num_classes=3)
    fit = find_fits(module.state_dict())[0]
    assert (fit.is_whole, fit.adaptation) == (True, "without its head")
    assert fit.left_over == ("fc.weight", "fc.bias")
