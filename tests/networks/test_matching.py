import re
from functools import partial
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision.models import get_model

import cnnviewer
from cnnviewer.errors import Cancelled, NetworkError, WeightsError
from cnnviewer.networks import load_network, recipe_of
from cnnviewer.networks.checkpoints.reading import read_checkpoint
from cnnviewer.networks.cifar_resnet import CifarResNet
from cnnviewer.networks.lenet5 import LeNet5
from cnnviewer.networks.matching import find_fits, fit_of, open_weights
from cnnviewer.networks.outlines import build_on_meta
from cnnviewer.networks.tiny_vgg import TinyVGG

WEIGHTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "weights"
needs_weights = pytest.mark.skipif(not WEIGHTS.is_dir(), reason="needs the weights in ../shared/data/weights")


def timm_state(name, **options):
    return timm.create_model(name, **options).state_dict()


def torchvision_state(name, **options):
    return get_model(name, weights=None, **options).state_dict()


# Of every source and of many designs: how it is made, what is found, what it was given to fit.
NETWORKS = {
    "resnet18": (lambda: torchvision_state("resnet18"), "resnet18", ""),
    "resnet50": (lambda: torchvision_state("resnet50"), "resnet50", ""),
    "mobilenet_v2": (lambda: torchvision_state("mobilenet_v2"), "mobilenet_v2", ""),
    "shufflenet": (lambda: torchvision_state("shufflenet_v2_x0_5"), "shufflenet_v2_x0_5", ""),
    "mnasnet": (lambda: torchvision_state("mnasnet0_5"), "mnasnet0_5", ""),
    "regnet": (lambda: torchvision_state("regnet_y_400mf"), "regnet_y_400mf", ""),
    "efficientnet": (lambda: torchvision_state("efficientnet_b0"), "efficientnet_b0", ""),
    "swin": (lambda: torchvision_state("swin_t"), "swin_t", ""),
    "lraspp": (lambda: torchvision_state("lraspp_mobilenet_v3_large", weights_backbone=None),
               "lraspp_mobilenet_v3_large", ""),
    "googlenet with its auxiliary heads": (
        lambda: torchvision_state("googlenet", init_weights=False), "googlenet", ""),
    "convnext": (lambda: timm_state("convnext_atto"), "timm/convnext_atto", ""),
    "vit": (lambda: timm_state("vit_tiny_patch16_224"), "timm/vit_tiny_patch16_224", ""),
    "mobilevit": (lambda: timm_state("mobilevit_xxs"), "timm/mobilevit_xxs", ""),
    "ghostnet": (lambda: timm_state("ghostnet_050"), "timm/ghostnet_050", ""),
    "levit": (lambda: timm_state("levit_128s"), "timm/levit_128s", ""),
    "efficientnet-lite0": (lambda: timm_state("tf_efficientnet_lite0"), "efficientnet-lite0", ""),
    "lenet5": (lambda: LeNet5().state_dict(), "lenet5", ""),
    "fashion-cnn": (lambda: load_network("fashion-cnn").module.state_dict(), "fashion-cnn", ""),
    "tiny-vgg": (lambda: TinyVGG().state_dict(), "tiny-vgg", ""),
    "resnet20": (lambda: CifarResNet(20).state_dict(), "resnet20", ""),
    "resnet50 for CIFAR": (lambda: CifarResNet(50).state_dict(), "cifar-resnet50", ""),
    "resnet110": (lambda: CifarResNet(110).state_dict(), "resnet110", ""),
    "resnet18, 7 classes": (
        lambda: torchvision_state("resnet18", num_classes=7), "resnet18", "7 classes instead of 1,000"),
    "resnet20, 100 classes": (lambda: CifarResNet(20, 100).state_dict(), "resnet20", "100 classes instead of 10"),
    "tiny-vgg, 7 classes": (lambda: TinyVGG(7).state_dict(), "tiny-vgg", "7 classes instead of 10"),
    "lraspp, 4 classes": (
        lambda: torchvision_state("lraspp_mobilenet_v3_large", weights_backbone=None, num_classes=4),
        "lraspp_mobilenet_v3_large", "4 classes instead of 21"),
    "ssdlite, 5 classes": (
        lambda: torchvision_state("ssdlite320_mobilenet_v3_large", weights_backbone=None, num_classes=5),
        "ssdlite320_mobilenet_v3_large", "5 classes instead of 91"),
    "deit with two heads, 7 classes": (
        lambda: timm_state("deit_tiny_distilled_patch16_224", num_classes=7),
        "timm/deit_tiny_distilled_patch16_224", "7 classes instead of 1,000"),
    "convnext, 7 classes, 1 channel": (
        lambda: timm_state("convnext_atto", num_classes=7, in_chans=1),
        "timm/convnext_atto", "7 classes instead of 1,000, 1 channel instead of 3"),
    "resnet18, 5 channels": (
        lambda: timm_state("resnet18", in_chans=5), "resnet18", "5 channels instead of 3"),
    "convnext, no head": (lambda: timm_state("convnext_atto", num_classes=0), "timm/convnext_atto",
                          "without its head"),
    "dinov2 with a head": (lambda: timm_state("vit_small_patch14_dinov2", num_classes=7),
                           "timm/vit_small_patch14_dinov2", "7 classes"),
}  # fmt: skip


@pytest.mark.parametrize("made", NETWORKS)
def test_the_architecture_is_found_and_filled(made):
    build, name, adaptation = NETWORKS[made]
    state = build()
    fits = find_fits(state)
    best = fits[0]
    assert (best.architecture, best.adaptation) == (name, adaptation)
    assert best.is_whole
    assert best.matches == len(best.rows) <= len(state)
    assert len({fit.architecture for fit in fits}) == len(fits) <= 8
    opened = open_weights(state, name)
    filled = opened.module.state_dict()
    assert all(torch.equal(filled[key], state[key]) for key in filled)
    assert not opened.module.training
    assert opened.architecture == name
    usual = recipe_of(name)
    assert opened.categories == (usual.categories if "class" not in adaptation and "head" not in adaptation else ())
    assert opened.preprocessing.size == usual.preprocessing.size
    if max(opened.preprocessing.size) < 300:
        image = torch.rand(1, opened.preprocessing.channels, *opened.preprocessing.size)
        with torch.inference_mode():
            opened.module(image)


@pytest.mark.parametrize(("channels", "order"), [(1, "L"), (4, "RGB"), (6, "RGB")])
def test_the_preprocessing_has_the_channels_of_the_weights(channels, order):
    opened = open_weights(timm_state("resnet18", in_chans=channels), "resnet18")
    assert (opened.preprocessing.channels, opened.preprocessing.order) == (channels, order)
    photo = torch.randint(0, 256, (1, 1 if order == "L" else 3, 224, 224), dtype=torch.uint8)
    tensor = opened.preprocessing.normalise(photo)
    assert tensor.shape == (1, channels, 224, 224)
    usual = recipe_of("resnet18").preprocessing
    for channel in range(channels):
        expected = photo[0, channel % photo.shape[1]] / 255
        mean, deviation = usual.mean, usual.deviation
        if order == "L":
            mean, deviation = (sum(mean) / 3,), (sum(deviation) / 3,)
        expected = (expected - mean[channel % len(mean)]) / deviation[channel % len(deviation)]
        assert torch.allclose(tensor[0, channel], expected, atol=1e-5)


def test_torchvision_comes_before_timm_where_both_fit():
    fits = find_fits(torchvision_state("resnet18"))
    whole = [fit.architecture for fit in fits if fit.is_whole]
    assert whole[0] == "resnet18"
    assert "timm/resnet18" in whole
    assert not any(fit.adaptation for fit in fits if fit.is_whole)


def test_siblings_that_differ_in_few_tensors_are_told_apart():
    # Without numbers: 350 MB of them would tell no more.
    for name in ("vit_base_patch16_224", "vit_base_patch32_224", "deit_base_distilled_patch16_384"):
        for options in ({"num_classes": 7}, {"num_classes": 5, "in_chans": 1}, {"num_classes": 0}):
            state = build_on_meta(partial(timm.create_model, name, **options)).state_dict()
            assert f"timm/{name}" in [fit.architecture for fit in find_fits(state) if fit.is_whole]


def test_equal_networks_are_all_told_and_rows_are_theirs():
    fits = find_fits(timm_state("efficientnet_b0"))
    whole = [fit.architecture for fit in fits if fit.is_whole]
    assert {"timm/efficientnet_b0", "timm/tf_efficientnet_b0"} <= set(whole)


@pytest.mark.parametrize("nest", [None, "state_dict", "model"])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_files_are_found_with_nests_and_prefixes(tmp_path, nest, prefix):
    state = {prefix + key: tensor for key, tensor in timm_state("test_resnet", num_classes=3).items()}
    torch.save({nest: state} if nest else state, tmp_path / "net.pth")
    assert find_fits(read_checkpoint(tmp_path / "net.pth").tensors)[0].architecture == "timm/test_resnet"


def test_safetensors_are_found(tmp_path):
    # Its tensors come in the order of the alphabet.
    save_file(torchvision_state("squeezenet1_1", num_classes=2), tmp_path / "net.safetensors")
    fit = find_fits(read_checkpoint(tmp_path / "net.safetensors").tensors)[0]
    assert (fit.architecture, fit.is_whole) == ("squeezenet1_1", True)
    assert fit.adaptation == "2 classes instead of 1,000"


def test_old_files_lack_counters():
    state = {key: value for key, value in torchvision_state("resnet18").items() if "num_batches" not in key}
    fit = find_fits(state)[0]
    assert (fit.architecture, fit.is_whole, len(fit.rows)) == ("resnet18", True, len(state))
    opened = open_weights(state, "resnet18")
    assert all(torch.equal(opened.module.state_dict()[key], value) for key, value in state.items())


def test_half_precision_is_read():
    state = {
        key: value.half() if value.is_floating_point() else value
        for key, value in torchvision_state("resnet18").items()
    }
    opened = open_weights(state, find_fits(state)[0].architecture)
    assert torch.equal(opened.module.state_dict()["fc.weight"], state["fc.weight"].float())


def test_the_old_names_of_densenet_are_known():
    old = {
        re.sub(r"(denselayer\d+\.(?:norm|conv))([12])", r"\1.\2", key): value
        for key, value in torchvision_state("densenet121").items()
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    fit = find_fits(old)[0]
    assert (fit.architecture, fit.is_whole) == ("densenet121", True)
    open_weights(old, "densenet121")


def test_efficientnet_lite0_is_found_under_the_names_of_its_package():
    state = timm_state("tf_efficientnet_lite0")
    renamed = {f"_{number}.{key.rpartition('.')[2]}": value for number, (key, value) in enumerate(state.items())}
    fit = find_fits(renamed)[0]
    assert (fit.architecture, fit.is_whole) == ("efficientnet-lite0", True)
    opened = open_weights(renamed, "efficientnet-lite0")
    assert all(map(torch.equal, opened.module.state_dict().values(), renamed.values()))


@needs_weights
@pytest.mark.parametrize(
    ("file", "name"), [("squeezenet1_0_dc.pth", "squeezenet1_0"), ("resnet20-12fca82f.th", "resnet20")]
)
def test_weights_that_others_trained_are_found(file, name):
    state = read_checkpoint(WEIGHTS / file).tensors
    fit = find_fits(state)[0]
    assert (fit.architecture, fit.is_whole, fit.adaptation) == (name, True, "")
    opened = open_weights(state, name)
    network = cnnviewer.from_module(
        opened.module, preprocessing=opened.preprocessing, categories=opened.categories, name=name
    )
    photo = WEIGHTS.parent / "photos" / "chelsea.png"
    if name == "resnet20":
        assert cnnviewer.record(network, photo).top(1)[0][0] == "cat"


def test_a_damaged_file_is_offered_with_its_misfits_and_not_opened():
    state = torchvision_state("resnet18")
    del state["layer2.0.bn1.weight"]
    state["layer3.1.conv1.weight"] = torch.zeros(256, 256, 5, 5)
    state |= {"extra.weight": torch.zeros(3, 3), "extra.bias": torch.zeros(3)}
    fit = find_fits(state)[0]
    assert fit.architecture == "resnet18"
    assert not fit.is_whole
    assert {row.key: (row.wanted, row.found) for row in fit.rows if not row.is_match} == {
        "layer2.0.bn1.weight": ((128,), None),
        "layer3.1.conv1.weight": ((256, 256, 3, 3), (256, 256, 5, 5)),
        "extra.weight": (None, (3, 3)),
        "extra.bias": (None, (3,)),
    }
    keys = [row.key for row in fit.rows]
    assert keys[-2:] == ["extra.weight", "extra.bias"]
    assert keys[:-2] == list(torchvision_state("resnet18"))
    with pytest.raises(
        WeightsError, match=r"^mine\.pth does not fit resnet18: layer2\.0\.bn1\.weight is missing, layer3"
    ):
        open_weights(state, "resnet18", "mine.pth")


def test_a_damaged_file_with_other_classes_keeps_them():
    state = torchvision_state("resnet18", num_classes=7)
    del state["layer2.0.bn1.weight"]
    fit = find_fits(state)[0]
    assert (fit.architecture, fit.adaptation) == ("resnet18", "7 classes instead of 1,000")
    assert [row.key for row in fit.rows if not row.is_match] == ["layer2.0.bn1.weight"]


@pytest.mark.parametrize(
    "state",
    [
        nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2)).state_dict(),
        nn.LSTM(8, 8).state_dict(),
        {"weight": torch.zeros(1)},
        {f"encoder.{number}.w": torch.zeros(number + 1) for number in range(300)},
        {"linear.weight": torch.zeros(2, 2), "layer3.0.conv2.weight": torch.zeros(1)},
        {},
    ],
)
def test_what_nobody_knows_fits_nothing(state):
    assert find_fits(state) == ()


def test_how_a_file_fits_a_network_that_the_user_chose():
    fit = fit_of("resnet34", torchvision_state("resnet18"))
    assert not fit.is_whole
    assert 0 < fit.matches < len(fit.rows)
    with pytest.raises(WeightsError, match=r"^The file does not fit resnet34: "):
        open_weights(torchvision_state("resnet18"), "resnet34")
    with pytest.raises(NetworkError, match="no network 'resnet19'"):
        open_weights({}, "resnet19")


def test_progress_is_told_and_may_stop_it():
    calls = []
    find_fits(torchvision_state("resnet18"), progress=lambda *call: calls.append(call))
    assert calls[0][0] == 0
    assert calls[-1][0] == calls[-1][1] > 0
    assert {text for *_, text in calls} == {"Looking for the architecture"}

    def stop(*_):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        find_fits(torchvision_state("resnet18"), progress=stop)


def test_few_are_built(monkeypatch):
    import cnnviewer.networks.filling as filling

    built, build = [], filling.build_on_meta
    monkeypatch.setattr(filling, "build_on_meta", lambda make: built.append(make) or build(make))
    for state in (torchvision_state("resnet50"), timm_state("vit_tiny_patch16_224"), TinyVGG(3).state_dict()):
        built.clear()
        find_fits(state)
        assert len(built) <= 18
