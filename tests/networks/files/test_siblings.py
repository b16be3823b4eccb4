"""Architectures with the same tensors that compute something else: what decides, and what is left open."""

from __future__ import annotations

import json

import pytest
import timm
import torch
from safetensors.torch import save_file

from cnnviewer.network_reports import FileRequest
from cnnviewer.networks import load_network
from cnnviewer.networks.files.opening import FileOpener
from cnnviewer.networks.files.siblings import likeness

PLAIN, SHIFTED = "timm/mobilenetv3_small_075", "timm/tf_mobilenetv3_small_075"


@pytest.fixture(scope="module")
def state():
    """Weights of the one of the two that pads as TensorFlow does."""
    torch.manual_seed(0)
    module = timm.create_model("tf_mobilenetv3_small_075", num_classes=5)
    for name, tensor in module.state_dict().items():
        if name.endswith("running_mean"):
            tensor.uniform_(-0.1, 0.1)
    return module.state_dict()


def inspected(path):
    report = FileOpener().inspect(FileRequest(path))
    return report.architecture, {reason.what: reason.text for reason in report.reasons}


def test_where_nothing_tells_it_is_left_open(tmp_path, state):
    torch.save(state, tmp_path / "best.pth")
    name, reasons = inspected(tmp_path / "best.pth")
    assert name == PLAIN
    assert reasons["architecture"] == (
        f"The tensors fit {SHIFTED} as well, which computes something else with them. Nothing tells which of them the "
        f"file is of: {PLAIN} is only the first."
    )
    # Both are there to be chosen, and the network says that it was guessed.
    assert {fit.architecture for fit in FileOpener().inspect(FileRequest(tmp_path / "best.pth")).fits} == {
        PLAIN,
        SHIFTED,
    }
    assert "architecture" in {reason.what for reason in load_network(tmp_path / "best.pth").guessed}


@pytest.mark.parametrize("name", ["tf_mobilenetv3_small_075-2f3a.pth", "my-TF_MobileNetV3-small-075.pth"])
def test_the_files_name_decides(tmp_path, state, name):
    torch.save(state, tmp_path / name)
    assert inspected(tmp_path / name)[0] == SHIFTED


def test_the_folders_name_decides(tmp_path, state):
    (tmp_path / "tf_mobilenetv3_small_075").mkdir()
    torch.save(state, tmp_path / "tf_mobilenetv3_small_075" / "best.pth")
    assert inspected(tmp_path / "tf_mobilenetv3_small_075" / "best.pth")[0] == SHIFTED


@pytest.mark.parametrize(
    "around",
    [
        {"arch": "tf_mobilenetv3_small_075"},
        {"args": {"model": "timm/tf_mobilenetv3_small_075"}},
        {"hyper_parameters": {"model_name": "tf_mobilenetv3_small_075.in1k"}},
        {"config": {"model_args": {"architecture": "tf_mobilenetv3_small_075"}}},
    ],
)
def test_the_files_own_settings_decide_before_its_name(tmp_path, state, around):
    path = tmp_path / "mobilenetv3_small_075.pth"
    torch.save({"state_dict": state} | around, path)
    name, reasons = inspected(path)
    assert name.startswith(SHIFTED)
    assert reasons["architecture"].startswith("The file says ")


def test_a_configuration_beside_the_file_decides(tmp_path, state):
    save_file(state, tmp_path / "model.safetensors")
    config = {"architecture": "tf_mobilenetv3_small_075", "num_classes": 5, "pretrained_cfg": {"tag": "in1k"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    name, reasons = inspected(tmp_path)
    # The tag's own preprocessing comes with it.
    assert name == f"{SHIFTED}.in1k"
    assert reasons["architecture"] == "config.json beside the file says tf_mobilenetv3_small_075.in1k."
    network, image = load_network(tmp_path), torch.rand(1, 3, 224, 224)
    own = timm.create_model("tf_mobilenetv3_small_075", num_classes=5).eval()
    own.load_state_dict(state)
    with torch.no_grad():
        assert torch.equal(network.module(image), own(image))


@pytest.mark.parametrize("told", ["resnet50", "../../etc/passwd"])
def test_an_architecture_whose_tensors_are_others_is_not_taken(tmp_path, state, told):
    torch.save({"state_dict": state, "arch": told}, tmp_path / "best.pth")
    name, reasons = inspected(tmp_path / "best.pth")
    assert name == PLAIN
    if told == "resnet50":
        assert "says resnet50, of which" in reasons["architecture"]


def test_a_network_of_the_programs_own_is_no_exception(tmp_path):
    torch.manual_seed(0)
    torch.save(timm.create_model("efficientnet_lite0", num_classes=5).state_dict(), tmp_path / "best.pth")
    name, reasons = inspected(tmp_path / "best.pth")
    assert "timm/efficientnet_lite0" in f"{name} {reasons['architecture']}"
    assert "Nothing tells which of them the file is of" in reasons["architecture"]
    (tmp_path / "best.pth").rename(tmp_path / "efficientnet_lite0.pth")
    assert inspected(tmp_path / "efficientnet_lite0.pth")[0] == "timm/efficientnet_lite0"


def test_those_that_compute_the_same_are_no_choice(tmp_path):
    torch.manual_seed(0)
    torch.save(timm.create_model("densenet121", num_classes=2).state_dict(), tmp_path / "best.pth")
    name, reasons = inspected(tmp_path / "best.pth")
    assert (name, reasons.get("architecture")) == ("densenet121", None)


@pytest.mark.parametrize(
    ("told", "name", "degree"),
    [
        ("timm/tf_efficientnet_b0.aa_in1k", "timm/tf_efficientnet_b0", 3),
        ("efficientnet_b0", "timm/tf_efficientnet_b0", 0),
        ("microsoft/resnet-50", "resnet50", 2),
        ("ResNet", "resnet50", 1),
        ("resnet", "timm/resnetblur50", 0),
        ("convnextv2", "timm/convnextv2_tiny", 1),
        ("vit", "timm/vit_base_patch16_224", 1),
        ("mobilenet_v2", "timm/mobilenetv2_100", 1),
        ("tf_efficientnet", "timm/tf_efficientnet_b0", 1),
        ("tf_efficientnet", "timm/efficientnet_b0", 0),
        ("", "resnet50", 0),
    ],
)
def test_names_are_alike_in_degrees(told, name, degree):
    assert likeness(told, name) == degree
