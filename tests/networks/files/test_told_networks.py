"""Files that tell, or prove, what they are: what the card says of them in the end."""

from __future__ import annotations

import json

import onnx
import pytest
import timm
import torch
from made_networks import to_onnx
from safetensors.torch import save_file
from torch import nn

from cnnviewer.network_reports import FileRequest
from cnnviewer.networks import load_network
from cnnviewer.networks.files.opening import FileOpener

NAMES = ("ant", "bee", "fly")


def network(classes=3, channels=3):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(channels, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, classes)
    ).eval()


def small(classes=3):
    torch.manual_seed(0)
    return timm.create_model("mobilenetv3_small_050", num_classes=classes).eval()


def reasons_of(path):
    return {reason.what: reason.text for reason in FileOpener().inspect(FileRequest(path)).reasons}


@pytest.mark.parametrize(
    "around",
    [
        {"class_names": list(NAMES)},
        {"class_to_idx": {"fly": 2, "ant": 0, "bee": 1}},
        {"meta": {"CLASSES": NAMES}},
        {"hyper_parameters": {"id2label": {0: "ant", 1: "bee", 2: "fly"}}},
    ],
)
def test_names_within_a_checkpoint(tmp_path, around):
    torch.save({"model_state_dict": small().state_dict()} | around, tmp_path / "net.pth")
    assert load_network(tmp_path / "net.pth").categories == NAMES
    assert reasons_of(tmp_path / "net.pth")["categories"] == "The file tells them."


@pytest.mark.parametrize("text", ["ant\nbee\nfly\n", "0 ant\n1 bee\n2 fly\n"])
def test_names_beside_a_network(tmp_path, text):
    to_onnx(network(), tmp_path / "net.onnx", dynamo=False)
    (tmp_path / "labels.txt").write_text(text)
    assert load_network(tmp_path).categories == NAMES
    assert reasons_of(tmp_path)["categories"] == "labels.txt beside the file tells them."


def test_names_that_are_too_many_are_told_and_not_used(tmp_path):
    to_onnx(network(), tmp_path / "net.onnx", dynamo=False)
    (tmp_path / "labels.txt").write_text("ant\nbee\nfly\nwasp\n")
    assert load_network(tmp_path).categories == ()
    assert "labels.txt beside the file has 4 names, which are not used" in reasons_of(tmp_path)["categories"]


def test_a_hub_folder_has_its_own_preprocessing_and_names(tmp_path):
    save_file(small().state_dict(), tmp_path / "model.safetensors")
    config = {
        "architecture": "mobilenetv3_small_050",
        "label_names": NAMES,
        "pretrained_cfg": {"input_size": [3, 160, 160], "mean": [0.5] * 3, "std": [0.5] * 3, "crop_pct": 0.8},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    opened = load_network(tmp_path)
    how = opened.preprocessing
    assert (how.size, how.resize, how.mean, how.deviation) == ((160, 160), 200, (0.5,) * 3, (0.5,) * 3)
    assert opened.categories == NAMES
    assert opened.guessed == ()  # what is told is no guess, nor that there are as many classes as names
    reasons = reasons_of(tmp_path)
    assert reasons["size"] == "config.json beside the file says 160 × 160."
    assert reasons["mean"].startswith("config.json beside the file says so.")


def test_a_folder_of_hugging_face_tells_pixels_and_names(tmp_path):
    save_file(small().state_dict(), tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "x", "id2label": dict(enumerate(NAMES))}))
    images = {"image_mean": [0.4] * 3, "image_std": [0.2] * 3, "size": {"height": 192, "width": 192}, "resample": 3}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(images))
    opened = load_network(tmp_path)
    how = opened.preprocessing
    assert (how.size, how.mean, how.deviation) == ((192, 192), (0.4,) * 3, (0.2,) * 3)
    assert (how.crop_mode, how.interpolation, opened.categories) == ("squash", "bicubic", NAMES)


def test_a_size_at_which_the_network_does_not_run_is_told_and_not_taken(tmp_path):
    torch.manual_seed(0)
    fixed = nn.Sequential(nn.Conv2d(3, 2, 3, stride=4), nn.Flatten(), nn.Linear(2 * 8 * 8, 3)).eval()
    to_onnx(fixed, tmp_path / "net.onnx", dynamo=False)
    (tmp_path / "config.json").write_text('{"image_size": 64}')
    assert load_network(tmp_path).preprocessing.size == (32, 32)
    assert reasons_of(tmp_path)["size"] == (
        "The file says 32 × 32. config.json beside the file says 64 × 64, which it can't take."
    )


def with_metadata(path, **metadata):
    model = onnx.load(path)
    onnx.helper.set_model_props(model, metadata)
    onnx.save(model, path)


def test_the_metadata_of_an_onnx_file_tell_size_names_and_pixels(tmp_path):
    free = {"input_names": ["x"], "dynamic_axes": {"x": {0: "b", 2: "h", 3: "w"}}}
    path = to_onnx(network(), tmp_path / "net.onnx", dynamo=False, **free)
    names = "{0: 'ant', 1: 'bee', 2: 'fly'}"
    with_metadata(path, author="Ultralytics", task="classify", imgsz="[64, 64]", names=names, stride="1")
    opened = load_network(path)
    how = opened.preprocessing
    assert (how.size, how.resize, how.mean, how.divisor) == ((64, 64), 64, (0.0,) * 3, 255)
    assert opened.categories == NAMES
    assert "Ultralytics" in reasons_of(path)["mean"]
    with_metadata(path, mean="[0.5, 0.5, 0.5]", std="[0.25, 0.25, 0.25]", input_size="96", classes="ant,bee,fly")
    opened = load_network(path)
    assert (opened.preprocessing.size, opened.preprocessing.deviation) == ((96, 96), (0.25,) * 3)
    assert opened.categories == NAMES


@pytest.mark.parametrize("name", ["fashion-cnn", "lenet5"])
def test_samples_that_are_named_right_prove_the_classes(tmp_path, name):
    known = load_network(name)
    shape = (1, 1, *known.preprocessing.size)
    to_onnx(known.module, tmp_path / "net.onnx", shape, dynamo=False)
    assert load_network(tmp_path / "net.onnx").categories == known.categories
    assert "sample images are named right as classes of" in reasons_of(tmp_path / "net.onnx")["categories"]


@pytest.mark.parametrize(("classes", "channels"), [(10, 3), (10, 1), (1000, 3)])
def test_as_many_classes_as_a_list_has_are_no_proof(tmp_path, classes, channels):
    to_onnx(network(classes, channels), tmp_path / "net.onnx", (1, channels, 32, 32), dynamo=False)
    assert load_network(tmp_path / "net.onnx").categories == ()
    assert "nothing tells or proves their names" in reasons_of(tmp_path / "net.onnx")["categories"]


def test_the_files_name_tells_a_list_where_nothing_else_does(tmp_path):
    to_onnx(network(10), tmp_path / "my_cifar10.onnx", dynamo=False)
    assert load_network(tmp_path / "my_cifar10.onnx").categories[3] == "cat"
    assert reasons_of(tmp_path / "my_cifar10.onnx")["categories"].endswith("nothing proves it.")


def test_a_card_is_stronger_than_all_that_is_told(tmp_path):
    to_onnx(network(), tmp_path / "net.onnx", dynamo=False)
    (tmp_path / "labels.txt").write_text("x\ny\nz\n")
    (tmp_path / "net.json").write_text(json.dumps({"size": 32, "categories": NAMES}))
    assert load_network(tmp_path / "net.onnx").categories == NAMES


def test_a_configuration_that_is_damaged_is_told(tmp_path):
    to_onnx(network(), tmp_path / "net.onnx", dynamo=False)
    (tmp_path / "config.json").write_text("{")
    assert "config.json beside the file is no JSON" in reasons_of(tmp_path / "net.onnx")["file"]
