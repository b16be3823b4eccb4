"""Known networks under another library's names are found by the order and shapes of their tensors."""

import random
import re

import pytest
import timm
import torch
from other_names import (
    as_sequence,
    caffe_vgg,
    flat_mobilenet,
    hugging_face_beit,
    hugging_face_convnext,
    hugging_face_convnext_v2,
    hugging_face_deit,
    hugging_face_mobilenet,
    hugging_face_mobilevit,
    hugging_face_resnet,
    hugging_face_swin,
    hugging_face_swin_v2,
    hugging_face_vit,
    in_order_of_safetensors,
    monai,
)
from safetensors.torch import save_file
from timm.models.beit import Beit
from timm.models.swin_transformer_v2 import SwinTransformerV2
from torch import nn
from torchvision.models import get_model

from cnnviewer.cli import main
from cnnviewer.inputs.samples import list_samples
from cnnviewer.network_reports import FileRequest, Fit, FitRow
from cnnviewer.networks import load_network
from cnnviewer.networks.checkpoints.reading import Checkpoint
from cnnviewer.networks.files.opening import FileOpener
from cnnviewer.networks.files.trials import Outcome, Trial, Way
from cnnviewer.networks.files.weights_file import WeightsFile
from cnnviewer.networks.matching import find_fits, open_weights
from cnnviewer.networks.outlines import outline_of
from cnnviewer.networks.same_order import in_same_order


def numbered(module):
    """Fill a module with numbers that tell its tensors apart, and return it."""
    torch.manual_seed(0)
    for tensor in module.state_dict().values():
        if tensor.is_floating_point():
            tensor.normal_(0, 0.1).abs_()
    return module.eval()


def torchvision_network(name, **options):
    return numbered(get_model(name, weights=None, **options))


def timm_network(name, **options):
    return numbered(timm.create_model(name, **options))


CASES = {
    "flat MobileNetV2": (lambda: torchvision_network("mobilenet_v2", num_classes=5), flat_mobilenet, "mobilenet_v2"),
    "MobileNetV2 of Hugging Face": (
        lambda: torchvision_network("mobilenet_v2", num_classes=5), hugging_face_mobilenet, "mobilenet_v2"),
    "ResNet-18 of Hugging Face": (
        lambda: torchvision_network("resnet18", num_classes=5), hugging_face_resnet, "resnet18"),
    "ResNet-50 of Hugging Face": (
        lambda: torchvision_network("resnet50", num_classes=5), hugging_face_resnet, "resnet50"),
    "ViT of Hugging Face": (
        lambda: timm_network("vit_tiny_patch16_224", num_classes=5), hugging_face_vit, "timm/vit_tiny_patch16_224"),
    "DeiT of Hugging Face, with two heads": (
        lambda: timm_network("deit_tiny_distilled_patch16_224", num_classes=5), hugging_face_deit,
        "timm/deit_tiny_distilled_patch16_224"),
    "ConvNeXt of Hugging Face": (
        lambda: timm_network("convnext_atto", num_classes=5), hugging_face_convnext, "timm/convnext_atto"),
    "ConvNeXt V2 of Hugging Face": (
        lambda: timm_network("convnextv2_atto", num_classes=5), hugging_face_convnext_v2, "timm/convnextv2_atto"),
    "Swin of Hugging Face": (
        lambda: timm_network("swin_tiny_patch4_window7_224", num_classes=5), hugging_face_swin,
        "timm/swin_tiny_patch4_window7_224"),
    "MobileViT of Hugging Face": (
        lambda: timm_network("mobilevit_xxs", num_classes=5), hugging_face_mobilevit, "timm/mobilevit_xxs"),
    "DenseNet of MONAI, grey": (
        lambda: timm_network("densenet121", num_classes=3, in_chans=1), monai, "densenet121"),
    "VGG-11 of Caffe": (lambda: torchvision_network("vgg11", num_classes=3), caffe_vgg, "vgg11"),
}  # fmt: skip


@pytest.mark.parametrize("is_sorted", [False, True])
@pytest.mark.parametrize("made", CASES)
def test_it_is_found_and_computes_the_same(made, is_sorted):
    build, rename, name = CASES[made]
    module = build()
    state = rename(module.state_dict())
    assert state.keys().isdisjoint(key for key in module.state_dict() if key.startswith(("layer", "blocks", "stages")))
    if is_sorted:
        state = in_order_of_safetensors(state)
    fits = find_fits(state)
    assert name in [fit.architecture for fit in fits]
    assert all(fit.is_whole and fit.is_by_order for fit in fits)
    opened = open_weights(state, name)
    image = torch.rand(1, opened.preprocessing.channels, *[224 if "window" in name or "patch" in name else 64] * 2)
    with torch.no_grad():
        assert torch.allclose(opened.module(image), module(image), rtol=1e-4, atol=1e-5)


def test_layers_in_a_sequence_are_found():
    module = torchvision_network("resnet18")
    state = as_sequence(module)
    fit = find_fits(state)[0]
    assert (fit.architecture, fit.is_by_order, fit.adaptation) == ("resnet18", True, "")
    assert {row.source for row in fit.rows} >= {"0.weight", "4.0.conv1.weight", "9.bias"}
    filled = open_weights(state, "resnet18").module.state_dict()
    assert all(torch.equal(filled[key], tensor) for key, tensor in module.state_dict().items())


def test_what_lies_between_the_blocks_in_another_library_is_left_over():
    module = timm_network("vit_tiny_patch16_224", num_classes=5)
    state = hugging_face_vit(module.state_dict())
    state |= {"vit.pooler.dense.weight": torch.ones(192, 192), "vit.pooler.dense.bias": torch.ones(192)}
    fit = find_fits(state)[0]
    assert fit.is_whole
    assert fit.left_over == ("vit.pooler.dense.weight", "vit.pooler.dense.bias")


@pytest.mark.parametrize("rename", [dict, hugging_face_resnet])
def test_places_in_a_table_are_no_layer(rename):
    """Older files of transformers and timm have them in each block; an architecture works them out."""
    state = rename(torchvision_network("resnet18").state_dict())
    home = next(name for name in state if name.endswith("bn1.weight") or ".layer.0.normal" in name)
    state[f"{home.rpartition('.')[0]}.index"] = torch.arange(9)
    fit = find_fits(state)[0]
    assert (fit.architecture, fit.is_whole, len(fit.left_over)) == ("resnet18", True, 1)


def test_a_layer_more_in_a_block_is_no_fit():
    state = hugging_face_resnet(torchvision_network("resnet18").state_dict())
    home = "resnet.encoder.stages.0.layers.0.attention"
    state |= {f"{home}.weight": torch.ones(4, 64), f"{home}.bias": torch.ones(4)}
    assert not any(fit.is_whole for fit in find_fits(state))


@pytest.mark.parametrize(
    ("build", "rename"),
    [
        (
            lambda: Beit(64, 16, embed_dim=24, depth=11, num_heads=2, init_values=1, use_rel_pos_bias=True),
            hugging_face_beit,
        ),
        (
            lambda: SwinTransformerV2(64, window_size=4, embed_dim=24, depths=(2, 11), num_heads=(2, 4)),
            hugging_face_swin_v2,
        ),
    ],
)
def test_a_query_and_a_value_have_a_bias_and_the_key_has_none(build, rename):
    own = numbered(build()).state_dict()
    state = rename(own)
    pairing = in_same_order(outline_of(own), outline_of(state))
    assert pairing.is_sure
    assert pairing.sources.keys() == own.keys()
    for name, tensor in own.items():
        assert torch.equal(torch.cat([state[source] for source in pairing.sources[name]]), tensor), name


def test_an_order_that_tells_nothing_is_no_fit_that_is_sure():
    """Names without structure, in an order of chance: layers of the same shapes can't be told apart."""
    outline = outline_of(torchvision_network("resnet18").state_dict())
    names = list(dict.fromkeys(name.rpartition(".")[0] for name in outline))
    random.Random(0).shuffle(names)
    places = {home: f"stage.{number % 4}.block.{number % 3}.layer{number}" for number, home in enumerate(names)}
    shuffled = {
        f"{places[name.rpartition('.')[0]]}.{name.rpartition('.')[2]}": shape for name, shape in outline.items()
    }
    shuffled = dict(sorted(shuffled.items()))
    assert not in_same_order(outline, shuffled).is_sure
    assert in_same_order(outline, outline).is_sure


def test_a_folder_of_hugging_face_opens_and_tells_how(tmp_path):
    module = torchvision_network("resnet18", num_classes=5)
    save_file(hugging_face_resnet(module.state_dict()), tmp_path / "model.safetensors")
    network = load_network(tmp_path)
    assert network.name == tmp_path.name  # the file in it is called as all others are
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.allclose(network.module(image), module(image), rtol=1e-4, atol=1e-5)


def other_levels(state):
    """Return a state dict as another library could have it: the same tree, no level called the same."""
    return {
        re.sub(r"([a-z])_?([a-z]*)(\d*)\.", r"\1\1_\2own\3.", name[: name.rindex(".") + 1])
        + name.rpartition(".")[2]: tensor
        for name, tensor in state.items()
    }


def noted(path):
    """Return what is said of weights in a file, and what of their network is a guess."""
    report = FileOpener().inspect(FileRequest(path))
    return report.note, {reason.what: reason.text for reason in report.card.guessed}


def test_known_photos_prove_an_order(tmp_path):
    torch.save(other_levels(load_network("efficientnet-lite0").module.state_dict()), tmp_path / "net.pth")
    note, guessed = noted(tmp_path / "net.pth")
    # On a slow machine there is time for fewer photos.
    assert re.search(
        r"told by their order and shapes, which is proved: (\d) of \1 sample photos are named right\.", note
    )
    assert "weights" not in guessed


def test_photos_that_are_named_wrong_prove_no_order(tmp_path):
    torch.save(other_levels(timm_network("test_resnet").state_dict()), tmp_path / "net.pth")
    note, guessed = noted(tmp_path / "net.pth")
    assert re.search(r"which is unproved: [01] of \d sample photos? (is|are) named right\. Try it on a photo", note)
    assert guessed["weights"] == note


def test_an_order_that_no_photo_proves_is_said_to_be_unproved(tmp_path, capsys):
    module = torchvision_network("resnet18", num_classes=5)
    torch.save(hugging_face_resnet(module.state_dict()), tmp_path / "net.pth")
    note, guessed = noted(tmp_path / "net.pth")
    assert note == (
        "Its tensors have other names than those of resnet18: they were told by their order and shapes, which is "
        "unproved. Try it on a photo that you know."
    )
    assert guessed["weights"] == note
    words = [
        "record",
        str(list_samples()[0].path),
        "--network",
        str(tmp_path / "net.pth"),
        "--out",
        str(tmp_path / "out"),
    ]
    assert main(words) == 0
    assert note in capsys.readouterr().out


def test_an_order_that_is_open_is_told_as_such():
    fit = Fit("net", (FitRow("a", (1,), (1,)),), is_by_order=True, is_sure=False)
    weights = WeightsFile("net.pth", Checkpoint({}), (fit,), ())
    names = ("tabby", "other")
    for right, chance in ((4, 1e-9), (0, 1.0)):
        trial = Trial(Way("plain", load_network("lenet5", None).preprocessing), right)
        outcome = Outcome(names, 4, (trial,), chance)
        assert ("proved: 4 of 4" in weights.note("net", outcome)) == (right == 4)
        assert "Some of its layers could be told apart in more than one way" in weights.note("net", outcome)
        assert weights.doubt("net", outcome)


def test_small_networks_are_not_taken_for_known_ones():
    state = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Linear(8, 5), nn.Linear(5, 2)).state_dict()
    assert find_fits(state) == ()
