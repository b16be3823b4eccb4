import re
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from torchvision import models
from torchvision.models import WeightsEnum, get_model, get_model_weights

from cnnviewer.errors import WeightsError
from cnnviewer.networks import is_downloaded, list_networks, load_network
from cnnviewer.networks.outlines import build_on_meta
from cnnviewer.networks.torchvision_networks import names, recipe, task_of

SQUEEZENET = Path(__file__).resolve().parents[3] / "shared" / "data" / "weights" / "squeezenet1_0_dc.pth"
NAMES = list_networks()["torchvision"]
ALL = names()


@pytest.fixture(autouse=True)
def checkpoints(tmp_path, monkeypatch):
    """An empty cache, and no way to the network."""
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def cached(checkpoints, name):
    return checkpoints / Path(get_model_weights(name)["DEFAULT"].url).name


def outputs(module):
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        return module.eval()(images)


def equal_states(first, second):
    one, two = first.state_dict(), second.state_dict()
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(300, 200), (225, 500), (100, 90)])
def test_preprocessing_equals_torchvision_to_the_bit(name, size):
    pixels = np.random.default_rng(7).integers(256, size=(*size, 3), dtype=np.uint8)
    photo = Image.fromarray(pixels)
    preset = get_model_weights(name)["DEFAULT"].transforms()
    assert torch.equal(recipe(name).preprocessing(photo)[0], preset(photo))


@pytest.mark.parametrize("name", ["squeezenet1_0", "resnet18"])
def test_random_weights_need_no_connection(name):
    network = load_network(name, weights=None)
    assert (network.name, network.provenance) == (name, "random weights")
    assert len(network.categories) == 1000
    assert not network.module.training
    assert all(parameter.requires_grad for parameter in network.module.parameters())
    assert not is_downloaded(name)


def test_a_downloaded_file_gives_what_torchvision_gives(checkpoints, capsys):
    weights = get_model_weights("squeezenet1_0")["DEFAULT"]
    torch.save(get_model("squeezenet1_0", weights=None).state_dict(), cached(checkpoints, "squeezenet1_0"))
    assert is_downloaded("squeezenet1_0")
    network = load_network("squeezenet1_0")
    assert network.provenance == "pretrained on ImageNet-1k"
    expected = get_model("squeezenet1_0", weights=weights)
    assert equal_states(network.module, expected)
    assert torch.equal(outputs(network.module), outputs(expected))
    assert capsys.readouterr().out == ""


def test_a_cached_file_cut_in_half_is_named(checkpoints):
    path = cached(checkpoints, "squeezenet1_0")
    torch.save(get_model("squeezenet1_0", weights=None).state_dict(), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(WeightsError, match=rf"{re.escape(str(path))} is damaged\. Delete it"):
        load_network("squeezenet1_0")


def test_no_connection_is_told(checkpoints):
    with pytest.raises(WeightsError) as caught:
        load_network("resnet18")
    assert str(caught.value) == (
        "The weights of resnet18 (46.8 MB) could not be downloaded: no connection. "
        "Connect and try again, or go on with random weights."
    )
    assert list(checkpoints.iterdir()) == []


def googlenet_file(path):
    """Write what torchvision's own file holds: auxiliary heads too."""
    state = get_model("googlenet", weights=None, aux_logits=True, init_weights=False).state_dict()
    assert any(name.startswith("aux2.") for name in state)
    torch.save(state, path)


def test_googlenet_is_built_as_torchvision_builds_it(checkpoints):
    random = load_network("googlenet", weights=None).module
    assert random.aux1 is None
    assert random.transform_input is False
    path = cached(checkpoints, "googlenet")
    googlenet_file(path)
    pretrained = load_network("googlenet").module
    given = load_network("googlenet", weights=path).module
    assert equal_states(given, pretrained)
    assert torch.equal(outputs(given), outputs(pretrained))


def test_the_old_names_in_files_of_densenet_are_understood(checkpoints):
    state = get_model("densenet121", weights=None).state_dict()
    old = {re.sub(r"(denselayer\d+\.(?:norm|conv))([12])", r"\1.\2", name): value for name, value in state.items()}
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    path = cached(checkpoints, "densenet121")
    torch.save({name: value for name, value in old.items() if "num_batches" not in name}, path)
    assert equal_states(load_network("densenet121", weights=path).module, load_network("densenet121").module)


@pytest.mark.skipif(not SQUEEZENET.is_file(), reason="needs ../shared/data/weights")
def test_weights_that_others_trained_fit():
    network = load_network("squeezenet1_0", weights=SQUEEZENET)
    assert network.provenance == "weights from squeezenet1_0_dc.pth"
    with pytest.raises(WeightsError, match="does not fit alexnet"):
        load_network("alexnet", weights=SQUEEZENET)


def test_all_that_torchvision_lists_is_known():
    assert len(ALL) >= 98
    assert set(torchvision.models.list_models(module=torchvision.models)) <= set(ALL)
    tasks = {name: task_of(name) for name in ALL}
    assert {"classification", "segmentation", "detection"} == set(tasks.values())
    assert (tasks["vgg13"], tasks["fcn_resnet50"], tasks["ssd300_vgg16"]) == (
        "classification", "segmentation", "detection",
    )  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_modules_are_those_that_torchvision_builds_for_its_weights(name, monkeypatch):
    weights = get_model_weights(name)["DEFAULT"]
    monkeypatch.setattr(WeightsEnum, "get_state_dict", lambda *_, **__: {})
    monkeypatch.setattr(torch.nn.Module, "load_state_dict", lambda *_, **__: None)
    found = recipe(name)
    ours = build_on_meta(found.skeleton)
    # The auxiliary heads of segmentation run in eval mode, too, and change nothing.
    options = {"aux_loss": False} if task_of(name) == "segmentation" and "lraspp" not in name else {}
    monkeypatch.setattr(models.segmentation.fcn, "_ovewrite_value_param", lambda _, given, default: given)
    monkeypatch.setattr(models.segmentation.deeplabv3, "_ovewrite_value_param", lambda _, given, default: given)
    if options:
        options["num_classes"] = 21
    theirs = build_on_meta(lambda: get_model(name, weights=weights, **options))
    assert parts(ours) == parts(theirs)
    if name in ("googlenet", "inception_v3"):
        assert ours.transform_input is theirs.transform_input is True
    # With random weights it has the same tensors, but for batch normalisation that learns.
    shapes = [
        {key: value.shape for key, value in module.state_dict().items() if "num_batches" not in key}
        for module in (build_on_meta(found.build), ours)
    ]
    assert shapes[0] == shapes[1]


def parts(module):
    """Return what the parts are, but for heads that work only while the network learns."""
    return {name: repr(part) for name, part in module.named_children() if not name.lower().startswith("aux")}


def test_each_preset_is_kept_to_the_bit():
    image = Image.fromarray(np.random.default_rng(9).integers(256, size=(280, 350, 3), dtype=np.uint8))
    done = set()
    for name in ALL:
        preset = get_model_weights(name)["DEFAULT"].transforms()
        if task_of(name) != "classification" or repr(preset) in done:
            continue
        done.add(repr(preset))
        assert torch.equal(recipe(name).preprocessing(image)[0], preset(image)), name
    assert len(done) > 20


def test_a_square_photo_is_prepared_for_other_tasks_as_torchvision_does_it():
    image = Image.fromarray(np.random.default_rng(9).integers(256, size=(320, 320, 3), dtype=np.uint8))
    for name in ("fcn_resnet50", "ssdlite320_mobilenet_v3_large"):
        preset = get_model_weights(name)["DEFAULT"].transforms()
        assert torch.equal(recipe(name).preprocessing(image)[0], preset(image)), name


def test_a_detection_network_gives_what_torchvision_gives(checkpoints):
    name = "fasterrcnn_mobilenet_v3_large_320_fpn"
    weights = get_model_weights(name)["DEFAULT"]
    torch.manual_seed(4)
    state = get_model(name, weights=None, weights_backbone=None).state_dict()
    state = {key: value for key, value in state.items() if "num_batches" not in key}
    state["roi_heads.box_predictor.cls_score.bias"][3] = 4.0
    torch.save(state, cached(checkpoints, name))
    ours, theirs = load_network(name).module, get_model(name, weights=weights).eval()
    image = torch.rand(1, 3, 320, 320, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        found, expected = ours(image)[0], theirs(image)[0]
    assert len(found["boxes"]) > 0
    assert all(torch.equal(found[key], expected[key]) for key in ("boxes", "labels", "scores"))


def test_weights_of_mnasnet_tell_their_version(checkpoints):
    state = get_model("mnasnet0_5", weights=None).state_dict()
    torch.save(dict(state), cached(checkpoints, "mnasnet0_5"))
    network = load_network("mnasnet0_5")
    assert all(map(torch.equal, network.module.state_dict().values(), state.values()))


def test_a_segmentation_network_takes_files_with_and_without_its_auxiliary_head(checkpoints):
    name = "lraspp_mobilenet_v3_large"
    state = get_model(name, weights=None, weights_backbone=None).state_dict()
    torch.save(state | {"aux_classifier.0.weight": torch.zeros(2)}, cached(checkpoints, name))
    network = load_network(name)
    assert network.provenance == "pretrained on COCO, with the classes of VOC"
    assert network.categories[:2] == ("__background__", "aeroplane")
    assert network.module(torch.zeros(1, 3, 64, 64))["out"].shape == (1, 21, 64, 64)
