"""What a configuration tells of a network's arithmetic, and its tensors do not, is computed and said."""

from __future__ import annotations

import json

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional
from torchvision.models import get_model

from cnnviewer.network_reports import FileRequest
from cnnviewer.networks import load_network
from cnnviewer.networks.files.opening import FileOpener


def filled(module):
    """Fill a module with small numbers, so that what its norms add is seen."""
    torch.manual_seed(0)
    for tensor in module.state_dict().values():
        if tensor.is_floating_point():
            tensor.normal_(0, 0.1).abs_()
    return module.eval()


def folder_of(tmp_path, module, config):
    save_file(module.state_dict(), tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps(config))
    return tmp_path


def noted(folder):
    return FileOpener().inspect(FileRequest(folder)).note


def padded_as_tensorflow(module):
    """Have each convolution with a stride of 2 see a row below and a column at the right more, and none before.

    That is what "SAME" says of even sides and kernels of 3 x 3.
    """
    for child in module.modules():
        if isinstance(child, nn.Conv2d) and child.stride == (2, 2) and child.kernel_size == (3, 3):
            child.padding = (0, 0)
            child.register_forward_pre_hook(lambda _, given: functional.pad(given[0], (0, 1, 0, 1)))
    return module


@pytest.mark.parametrize("kind", ["mobilenet_v1", "mobilenet_v2"])
@pytest.mark.parametrize("pads", [True, False])
def test_mobilenets_of_hugging_face(tmp_path, kind, pads):
    module = filled(
        get_model("mobilenet_v2", weights=None, num_classes=5)
        if kind == "mobilenet_v2"
        else timm.create_model("mobilenetv1_100", num_classes=5)
    )
    folder = folder_of(tmp_path, module, {"model_type": kind, "layer_norm_eps": 0.5, "tf_padding": pads})
    opened = load_network(folder).module
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.eps = 0.5
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        expected = (padded_as_tensorflow(module) if pads else module)(image)
        assert torch.allclose(opened(image), expected, rtol=1e-4, atol=1e-6)
    note = noted(folder)
    assert "config.json beside the file says that its batch norms add 0.5 to the variance" in note
    assert ("that it pads as TensorFlow does" in note) == pads


def test_the_layer_norms_of_a_transformer(tmp_path):
    module = filled(timm.create_model("vit_tiny_patch16_224", num_classes=5))
    opened = load_network(folder_of(tmp_path, module, {"model_type": "vit", "layer_norm_eps": 0.5})).module
    assert {norm.eps for norm in opened.modules() if isinstance(norm, nn.LayerNorm)} == {0.5}


class QuickGELU(nn.Module):
    """CLIP's activation: x times the logistic function of 1.702 x."""

    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


@pytest.mark.parametrize(("told", "own"), [("quick_gelu", QuickGELU), ("relu", nn.ReLU), ("gelu", nn.GELU)])
def test_another_activation(tmp_path, told, own):
    module = filled(timm.create_model("vit_tiny_patch16_224", num_classes=5))
    folder = folder_of(tmp_path, module, {"model_type": "vit", "hidden_act": told})
    for block in module.blocks:
        block.mlp.act = own()
    image = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        assert torch.allclose(load_network(folder).module(image), module(image), rtol=1e-4, atol=1e-6)
    assert (f"that its activation is {told}: so it is computed" in noted(folder)) == (told != "gelu")


@pytest.mark.parametrize(
    ("build", "config", "told"),
    [
        ("resnet18", {"model_type": "resnet", "downsample_in_bottleneck": True}, "downsample_in_bottleneck True"),
        ("resnet18", {"model_type": "resnet", "hidden_act": "gelu"}, "hidden_act gelu"),
        ("mobilenet_v2", {"model_type": "mobilenet_v2", "output_stride": 16}, "output_stride 16"),
        ("mobilenet_v2", {"model_type": "mobilenet_v2", "hidden_act": "unknown"}, "hidden_act unknown"),
    ],
)
def test_what_can_not_be_followed_is_told(tmp_path, build, config, told):
    folder = folder_of(tmp_path, filled(get_model(build, weights=None, num_classes=5)), config)
    report = FileOpener().inspect(FileRequest(folder))
    sentence = f"config.json beside the file says {told}, which is not followed: it computes something else."
    assert sentence in report.note
    assert any(sentence in reason.text for reason in load_network(folder).guessed)


@pytest.mark.parametrize(
    "config",
    [
        {"model_type": "mobilenet_v2", "layer_norm_eps": "much", "tf_padding": "yes"},
        {"model_type": "mobilenet_v2", "layer_norm_eps": -1},
        {"model_type": "mobilenet_v2", "hidden_act": "x" * 10_000, "output_stride": [[16]]},
        {"model_type": "mobilenet_v2", "layer_norm_eps": 1e-5, "tf_padding": False},
        {"model_type": "convnext", "layer_norm_eps": 0.5},
        {"model_type": "mobilenet_v2", "hidden_act": "relu6", "output_stride": 32},
        {"model_type": "mobilenet_v2", "hidden_act": ["relu"], "output_stride": 32},
        {"model_type": ["mobilenet_v2"], "tf_padding": True},
    ],
)
def test_what_tells_nothing_changes_nothing(tmp_path, config):
    module = filled(get_model("mobilenet_v2", weights=None, num_classes=5))
    folder = folder_of(tmp_path, module, config)
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(load_network(folder).module(image), module(image))
    assert "so it is computed" not in noted(folder)
