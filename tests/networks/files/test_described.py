"""What mappings and configurations say of a network."""

from __future__ import annotations

import json
import os

import pytest

from cnnviewer.networks.files.described import described, list_named, size_of
from cnnviewer.networks.files.evidence import Evidence
from cnnviewer.networks.files.folder_config import config_beside
from cnnviewer.networks.files.gathering import evidence_within
from cnnviewer.networks.files.opened import Hints
from cnnviewer.networks.files.path_names import evidence_of_path, title_of

TIMM = {
    "architecture": "tf_efficientnet_b0",
    "num_classes": 3,
    "label_names": ["ant", "bee", "fly"],
    "pretrained_cfg": {
        "tag": "aa_in1k", "input_size": [3, 240, 240], "interpolation": "bicubic", "crop_pct": 0.9,
        "crop_mode": "center",
        "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5],
    },
}  # fmt: skip
VIT = {
    "do_normalize": True, "do_resize": True, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5],
    "resample": 2, "size": {"height": 224, "width": 224}, "do_rescale": True, "rescale_factor": 1 / 255,
}  # fmt: skip


def first(clues):
    return clues[0].value if clues else None


def beside(folder, **files):
    for name, stored in files.items():
        (folder / f"{name}.json").write_text(stored if isinstance(stored, str) else json.dumps(stored))
    return config_beside(folder / "model.safetensors")


def test_timms_configuration_is_read(tmp_path):
    found = beside(tmp_path, config=TIMM)
    assert [clue.value for clue in found.architectures] == ["tf_efficientnet_b0.aa_in1k", "tf_efficientnet_b0"]
    assert (first(found.categories), first(found.sizes)) == (("ant", "bee", "fly"), (240, 240))
    pixels, framing = first(found.pixels), first(found.framings)
    assert (pixels.mean, pixels.deviation, pixels.white) == ((0.5,) * 3, (0.5,) * 3, 1)
    assert (framing.share, framing.interpolation, framing.crop_mode) == (0.9, "bicubic", "centre")
    assert first(found.datasets) == "ImageNet-1k"
    assert {clue.source for clue in (*found.architectures, *found.pixels)} == {"config.json beside the file"}


def test_hugging_faces_configurations_are_read(tmp_path):
    config = {"model_type": "vit", "architectures": ["ViTForImageClassification"], "image_size": 384}
    found = beside(tmp_path, config=config | {"id2label": {"1": "bee", "0": "ant"}}, preprocessor_config=VIT)
    assert (first(found.architectures), first(found.categories)) == ("vit", ("ant", "bee"))
    # What is told of the images comes before what is told of the network.
    assert first(found.sizes) == (224, 224)
    assert (first(found.framings).crop_mode, first(found.framings).interpolation) == ("squash", "bilinear")
    assert (first(found.pixels).mean, first(found.pixels).white) == ((0.5,) * 3, pytest.approx(1))
    resnet = {"model_type": "resnet", "depths": [3, 4, 6, 3], "layer_type": "bottleneck"}
    assert [clue.value for clue in beside(tmp_path, config=resnet).architectures] == ["resnet50", "resnet"]


@pytest.mark.parametrize(
    ("images", "size", "resize", "white", "mean"),
    [
        ({"size": 224, "crop_pct": 0.875}, (224, 224), 256, 1, 0.5),
        ({"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}}, (224, 224), 256, 1, 0.5),
        ({"size": {"shortest_edge": 256}, "crop_size": 224, "do_center_crop": False}, (256, 256), 256, 1, 0.5),
        ({"size": {"shortest_edge": 384}, "crop_pct": 0.875}, (384, 384), 384, 1, 0.5),
        ({"do_normalize": False}, (224, 224), 224, 1, 0),
        ({"do_normalize": False, "do_rescale": False}, (224, 224), 224, 255, 0),
        ({"rescale_factor": 1 / 127.5, "rescale_offset": True, "image_mean": [0, 0, 0]}, (224, 224), 224, 2, 1),
    ],
)
def test_an_image_processor_tells_size_and_pixels(tmp_path, images, size, resize, white, mean):
    found = beside(tmp_path, preprocessor_config=VIT | images)
    assert (first(found.sizes), first(found.framings).resize) == (size, resize)
    assert first(found.pixels).white == pytest.approx(white)
    assert first(found.pixels).mean[0] == mean


@pytest.mark.parametrize(
    "stored",
    [
        "", "[" * 200_000, "[]", "null", "12", '{"a": ', "\x00", "{" + '"a": {' * 500,
    ],
)  # fmt: skip
def test_a_configuration_that_is_none_is_left_and_told(tmp_path, stored):
    found = beside(tmp_path, config=stored)
    assert (found.architectures, found.sizes, found.pixels) == ((), (), ())
    assert stored == "null" or len(found.problems) == 1


@pytest.mark.parametrize(
    "config",
    [
        {"pretrained_cfg": {"mean": ["a", 1, 2], "std": [1, 1, 1], "input_size": [3, -1, 10**12]}},
        {"pretrained_cfg": {"mean": [float("nan")] * 3, "std": [0, 0, 0], "crop_pct": -7, "input_size": "abc"}},
        {"pretrained_cfg": {"mean": {}, "std": None, "crop_pct": "x", "interpolation": [], "crop_mode": {}}},
        {"architecture": ["resnet"], "id2label": [None], "model_type": 7, "depths": {"a": 1}, "label_names": 3},
        {"pretrained_cfg": [1, 2], "image_size": {"height": "a"}, "mean": 10**400, "std": 1},
        {"model_type": "resnet", "depths": [[]], "layer_type": []},
    ],
)
def test_hostile_values_are_passed_over(tmp_path, config):
    found = beside(tmp_path, config=config, preprocessor_config=config | {"size": config, "rescale_factor": "x"})
    assert (found.sizes, found.framings, found.pixels, found.categories) == ((), (), (), ())


def test_a_configuration_that_is_too_large_or_no_file_is_left(tmp_path):
    (tmp_path / "config.json").write_text('{"a": "' + "x" * 5_000_000 + '"}')
    assert "larger than" in config_beside(tmp_path / "net.pth").problems[0]
    (tmp_path / "config.json").unlink()
    os.mkfifo(tmp_path / "config.json")
    assert config_beside(tmp_path / "net.pth") == Evidence()


def test_a_mapping_that_holds_itself_is_read_once():
    stored = {"model": "resnet18"}
    stored["args"] = stored
    assert [clue.value for clue in described(stored, "The file").architectures] == ["resnet18"]


@pytest.mark.parametrize(
    ("stored", "architecture", "size"),
    [
        ({"arch": "resnet18"}, "resnet18", None),
        ({"args": {"model": "tf_efficientnet_b0", "img_size": 240}}, "tf_efficientnet_b0", (240, 240)),
        ({"hyper_parameters": {"backbone": "resnet34", "input_size": [3, 96, 64]}}, "resnet34", (96, 64)),
        ({"config": {"model_args": {"model_name": "vgg11", "image_size": "(64, 64)"}}}, "vgg11", (64, 64)),
    ],
)
def test_settings_of_a_training_are_read(stored, architecture, size):
    found = described(stored, "The file")
    assert (first(found.architectures), first(found.sizes)) == (architecture, size)


@pytest.mark.parametrize(
    ("stored", "white", "order"),
    [
        ({"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375], "to_rgb": True}, 255, "RGB"),
        ({"mean": [103.53, 116.28, 123.675], "std": [1.0, 1.0, 1.0], "to_rgb": False}, 255, "BGR"),
        ({"pixel_mean": "0.5", "pixel_std": "0.5"}, 1, "RGB"),
        ({"mean": 0, "std": 255}, 255, "RGB"),
    ],
)
def test_means_tell_the_range_of_the_pixels(stored, white, order):
    pixels = first(described(stored, "The file").pixels)
    assert (pixels.white, pixels.order) == (white, order)


def test_sizes_are_read_in_many_forms():
    told = (224, [224, 192], (3, 64, 32), [1, 3, 64, 32], [64, 32, 3], {"height": 8, "width": 9}, {"shortest_edge": 7})
    assert [size_of(value) for value in told] == [
        (224, 224), (224, 192), (64, 32), (64, 32), (64, 32), (8, 9), (7, 7)
    ]  # fmt: skip
    assert [size_of(value) for value in (0, -1, 5000, True, "x", [], [1] * 9, None, {"height": 1})] == [None] * 9


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ra_in1k", "ImageNet-1k"), ("resnet_cifar10_best", "CIFAR-10"), ("cifar100", ""), ("mnist_cnn", "digits"),
        ("fashion-mnist", "Fashion-MNIST"), ("kmnist", ""), ("imagenet21k", ""), ("imagenet", "ImageNet-1k"),
        ("net", ""), ("imagenette", ""), ("tiny-vgg", ""),
    ],
)  # fmt: skip
def test_a_text_may_name_a_list(text, name):
    assert list_named(text) == name


def test_the_name_of_a_file_and_of_its_folder_are_read(tmp_path):
    folder = tmp_path / "models--timm--resnet18.a1_in1k" / "snapshots" / "0123"
    found = evidence_of_path(folder / "model.safetensors")
    assert [clue.value for clue in found.titles] == ["model", "0123", "timm--resnet18.a1_in1k"]
    published = evidence_of_path(tmp_path / "resnet50-11ad3fa6.pth", "11ad3fa6" + "0" * 56)
    assert "ends as those of published weights do" in published.datasets[0].source
    assert evidence_of_path(tmp_path / "resnet50-11ad3fa6.pth", "f" * 64).datasets == ()


def test_the_metadata_of_ultralytics_are_read():
    metadata = {"author": "Ultralytics", "task": "detect", "imgsz": "[320, 640]", "names": "{0: 'ant', 1: 'bee'}"}
    found = evidence_within(Hints(metadata=metadata))
    assert (first(found.sizes), first(found.categories), first(found.pixels).name) == (
        (320, 640), ("ant", "bee"), "0..1"
    )  # fmt: skip
    assert first(found.framings).crop_mode == "border"


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("flowers/model.safetensors", "flowers"),
        ("flowers/pytorch_model.bin", "flowers"),
        ("flowers/model_best.pth", "flowers"),
        ("flowers/model-00001-of-00002.safetensors", "flowers"),
        ("flowers/model.safetensors.index.json", "flowers"),
        ("models--microsoft--resnet-18/snapshots/0a1b/model.safetensors", "resnet-18"),
        ("flowers/resnet18-f37072fd.pth", "resnet18-f37072fd"),
        ("flowers/net.safetensors", "net"),
        ("flowers/my.best.net.pth", "my.best.net"),
    ],
)
def test_a_network_in_a_folder_is_called_as_its_file_or_as_its_folder(tmp_path, path, title):
    assert title_of(tmp_path / path, is_in_folder=True) == title


def test_a_file_that_was_asked_for_gives_its_own_name(tmp_path):
    assert title_of(tmp_path / "flowers" / "model.safetensors", is_in_folder=False) == "model"
