import subprocess
import sys
from dataclasses import replace

import pytest
import timm
import torch
from huggingface_hub import constants
from torchvision import models

from cnnviewer.cli import main
from cnnviewer.network_reports import WeightsPlace
from cnnviewer.networks import check_name, list_networks
from cnnviewer.networks.catalogue import catalogue
from cnnviewer.networks.downloads import weights_path
from cnnviewer.networks.outlines import build_on_meta
from cnnviewer.networks.timm_networks import names, recipe
from cnnviewer.networks.torchvision_networks import default_weights
from cnnviewer.qt.panels.catalogue.sentences import facts_text


@pytest.fixture(autouse=True)
def caches(tmp_path, monkeypatch):
    """Empty caches."""
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path


def by_name():
    return {entry.name: entry for entry in catalogue()}


def test_it_has_each_network_once_the_programs_own_first():
    entries = catalogue()
    found = [entry.name for entry in entries]
    assert len(set(found)) == len(found) > 2000
    groups = list_networks()
    own = (*groups["bundled"], *groups["untrained"])
    assert tuple(found[: len(own)]) == own
    assert set(groups["torchvision"]) | set(models.list_models(module=models)) <= set(found)
    assert {f"timm/{name}" for name in timm.list_pretrained()} <= set(found)
    covered = {name.removeprefix("timm/").partition(".")[0] for name in found}
    assert set(timm.list_models()) <= covered
    for name in found[::97]:
        check_name(name)


def test_what_is_told_of_single_networks():
    entries = by_name()
    lite, resnet, fcn = entries["efficientnet-lite0"], entries["resnet18"], entries["fcn_resnet50"]
    assert (lite.weights, lite.size, lite.family) == (WeightsPlace.HERE, (224, 224), "EfficientNet")
    assert lite.parameters == 4_652_008
    assert (resnet.parameters, resnet.top1) == (11_689_512, 0.69758)
    assert (resnet.family, resnet.trained_on, resnet.weights) == ("ResNet", "ImageNet-1k", WeightsPlace.DOWNLOAD)
    assert resnet.download == pytest.approx(46.83e6, rel=1e-3)
    assert (fcn.task, fcn.top1, fcn.size, fcn.family) == ("segmentation", None, (520, 520), "FCN")
    assert entries["ssd300_vgg16"].task == "detection"
    assert (entries["tiny-vgg"].weights, entries["tiny-vgg"].parameters) == (WeightsPlace.NONE, 19_920)
    atto = entries["timm/convnext_atto.d2_in1k"]
    assert (atto.source, atto.family, atto.parameters) == ("timm", "ConvNeXt", 3_695_520)
    assert atto.top1 == pytest.approx(0.75672)
    assert atto.download == 4 * atto.parameters
    large = entries["timm/vit_tiny_patch16_224.augreg_in21k"]
    assert (large.trained_on, large.top1) == ("ImageNet-21k", None)
    assert large.parameters > entries["timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k"].parameters


@pytest.mark.parametrize(
    ("name", "trained_on", "tag"),
    [
        ("convnext_atto.d2_in1k", "ImageNet-1k", "d2_in1k"),
        ("coatnet_2_rw_224.sw_in12k", "ImageNet-12k", "sw_in12k"),
        ("vit_tiny_patch16_224.augreg_in21k_ft_in1k", "ImageNet-1k", "augreg_in21k_ft_in1k"),
        ("vit_base_patch16_224.orig_in21k", "ImageNet-21k", "orig_in21k"),  # without classes
        ("eva02_base_patch14_224.mim_in22k", "ImageNet-22k", "mim_in22k"),
        ("convnext_base.dinov3_lvd1689m", "", "dinov3_lvd1689m"),
        ("resnet50_clip.openai", "", "openai"),
        ("vit_base_patch8_224.dino", "", "dino"),
    ],
)
def test_a_tag_is_no_dataset(name, trained_on, tag):
    entry = by_name()[f"timm/{name}"]
    assert (entry.trained_on, entry.tag) == (trained_on, tag)
    told = f"trained on {trained_on}" if trained_on else f"weights: {tag}"
    assert told in facts_text(entry).split(" · ")


def test_all_datasets_of_timm_are_known_by_name():
    told = {entry.trained_on for entry in by_name().values() if entry.source == "timm"}
    assert told == {"", "ImageNet-1k", "ImageNet-12k", "ImageNet-21k", "ImageNet-22k"}


def test_the_provenance_of_weights_without_a_known_dataset():
    made = replace(recipe("timm/resnet50_clip.openai"), pretrained=lambda progress: torch.nn.Identity())
    assert made.make("DEFAULT", None).provenance == "pretrained, weights: openai"


def test_all_of_timm_is_in_the_table():
    entries = by_name()
    missing = [name for name in names() if entries[name].parameters is None]
    assert len(missing) < 0.1 * len(names()), "make the tables anew: tests/benchmarks/make_catalogue.py"
    known = [entry for entry in entries.values() if entry.source == "timm" and entry.top1 is not None]
    assert len(known) > 1000
    assert all(0.3 < entry.top1 < 0.95 for entry in known)


@pytest.mark.parametrize("name", names()[5::230])
def test_parameters_are_counted_right(name):
    module = build_on_meta(recipe(name).build)
    assert by_name()[name].parameters == sum(weight.numel() for weight in module.parameters())


def test_weights_that_lie_here_are_seen(caches):
    path = weights_path(default_weights("vgg13").url)
    path.parent.mkdir(parents=True)
    path.touch()
    folder = caches / "hub" / "models--timm--convnext_atto.d2_in1k"
    snapshot = folder / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("abc")
    (caches / "hub" / "models--timm--convnext_femto.d1_in1k").mkdir()
    assert by_name()["timm/convnext_atto.d2_in1k"].weights is WeightsPlace.DOWNLOAD
    (snapshot / "model.safetensors").touch()
    here = {entry.name for entry in catalogue() if entry.weights is WeightsPlace.HERE}
    assert here == {*list_networks()["bundled"], "vgg13", "timm/convnext_atto.d2_in1k"}


def test_the_command_lists_all_that_have_the_words(capsys):
    assert main(["networks", "--all", "convnext", "atto", "d2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "parameters", "input", "top-1", "weights"]
    row = next(line for line in lines if line.startswith("timm/convnext_atto.d2_in1k "))
    assert row.split(maxsplit=4) == [
        "timm/convnext_atto.d2_in1k", "3,695,520", "224×224", "75.7%", "to download, 14.8 MB (ImageNet-1k)",
    ]  # fmt: skip
    assert all("convnext_atto" in line for line in lines[1:])
    assert main(["networks", "--all", "Segmentation", "mobilenet"]) == 0
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]} == {
        "deeplabv3_mobilenet_v3_large", "lraspp_mobilenet_v3_large",
    }  # fmt: skip


def test_words_that_nothing_has_are_told(capsys):
    assert main(["networks", "--all", "nothing", "like", "this"]) == 2
    assert "No network has the words nothing like this" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["networks", "resnet"])
    assert "give --all" in capsys.readouterr().err


def test_the_short_list_needs_no_torch():
    code = (
        "import sys; from cnnviewer.cli import main; main(['networks']);"
        "print([m for m in ('torch', 'torchvision', 'timm') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_head_for_no_classes_is_built_without_a_warning(recwarn):
    """Where warnings are errors it would not be built at all."""
    assert build_on_meta(lambda: torch.nn.Linear(4, 0)).weight.shape == (0, 4)
    assert not recwarn.list
