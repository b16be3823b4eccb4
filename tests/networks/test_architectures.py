import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torchvision

import cnnviewer
from cnnviewer.designs import save_design
from cnnviewer.errors import NetworkError, WeightsError
from cnnviewer.networks import list_networks, load_network
from cnnviewer.networks.architectures import FROM_SCRATCH, Architecture, build, list_architectures, preprocessing_of
from cnnviewer.networks.cifar_resnet import CifarResNet
from cnnviewer.networks.heads import find_head, frozen_modules, replace_head
from cnnviewer.networks.tiny_vgg import TinyVGG
from cnnviewer.ready_designs import DESIGNS
from cnnviewer.resources import resource
from cnnviewer.training.evaluation import evaluate

WEIGHTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "weights"
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
CLASSES = ("cat", "dog", "crow")
SMALL = ("efficientnet-lite0", "resnet18", "googlenet", "densenet121", "squeezenet1_0")


def image_for(network):
    return torch.rand(1, network.preprocessing.channels, *network.preprocessing.size)


def outputs_of_modules(module, x):
    """Return what plain PyTorch makes in each module that has none below it, by name."""
    outputs, handles = {}, []
    for name, part in module.named_modules():
        if not list(part.children()):
            keep = lambda _, __, output, name=name: outputs.update({name: output[0].clone()})  # noqa: E731
            handles.append(part.register_forward_hook(keep))
    with torch.inference_mode():
        module(x)
    for handle in handles:
        handle.remove()
    return outputs


@pytest.mark.parametrize("name", FROM_SCRATCH)
def test_small_networks_are_built_for_any_classes(name):
    network = build(Architecture(name), CLASSES, seed=3)
    assert network.categories == CLASSES
    assert network.provenance == "random weights, seed 3"
    image = image_for(network)
    expected = outputs_of_modules(network.module, image)
    recording = cnnviewer.record(network, image)
    assert recording.probabilities.shape == (3,)
    assert all(torch.equal(recording[name].output, output) for name, output in expected.items())


def test_a_seed_makes_the_weights_and_leaves_others_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    states = [build(Architecture("tiny-vgg"), CLASSES, seed=seed).module.state_dict() for seed in (1, 1, 2)]
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert not torch.equal(states[0]["conv_1_1.weight"], states[2]["conv_1_1.weight"])


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("frozen", [False, True])
def test_networks_of_the_chooser_get_a_new_head(name, frozen):
    # With random weights: the pretrained ones would have to be downloaded.
    architecture = replace(Architecture.named(name, frozen=frozen), pretrained=False)
    network = build(architecture, CLASSES, seed=0)
    assert network.module(image_for(network)).shape == (1, 3)
    head = find_head(network)
    learnt = {key.rpartition(".")[0] for key, weight in network.module.named_parameters() if weight.requires_grad}
    if frozen:
        assert learnt == {head}
        kept = {id(module) for module in frozen_modules(network.module)}
        norms = [module for module in network.module.modules() if isinstance(module, torch.nn.BatchNorm2d)]
        assert all(id(norm) in kept for norm in norms)
        assert id(network.module.get_submodule(head)) not in kept
    else:
        assert len(learnt) > 10
        assert frozen_modules(network.module) == ()
    assert preprocessing_of(architecture) == network.preprocessing == load_network(name, weights=None).preprocessing


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(list_architectures()) - set(FROM_SCRATCH) - set(SMALL)))
def test_all_of_the_chooser_get_a_new_head(name):
    network = build(Architecture.named(name, frozen=True, pretrained=False), CLASSES, seed=0)
    with torch.inference_mode():
        assert network.module(image_for(network)).shape == (1, 3)
    learnt = {key.rpartition(".")[0] for key, weight in network.module.named_parameters() if weight.requires_grad}
    assert learnt == {find_head(network)}


def test_heads_that_work_only_in_training_are_refused():
    module = torchvision.models.googlenet(weights=None, aux_logits=True, init_weights=False)
    network = cnnviewer.from_module(module, name="googlenet")
    with pytest.raises(NetworkError, match=r"further heads.*aux1\.fc2, aux2\.fc2"):
        replace_head(network, 3, frozen=True)
    assert all(weight.requires_grad for weight in module.parameters())


def test_a_seed_leaves_the_accelerators_alone(monkeypatch):
    seeded = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeded.append)
    build(Architecture("lenet5"), CLASSES, seed=1)
    assert not seeded


def test_pretrained_weights_stay_under_a_new_head():
    whole = load_network("efficientnet-lite0")
    network = build(Architecture.named("efficientnet-lite0"), CLASSES, seed=0)
    assert network.provenance == "pretrained on ImageNet-1k, new head, seed 0"
    states = whole.module.state_dict(), network.module.state_dict()
    differ = [key for key in states[0] if states[0][key].shape != states[1][key].shape]
    assert {key.rpartition(".")[0] for key in differ} == {find_head(whole)}
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0] if key not in differ)


def test_a_network_without_a_head_is_told():
    network = cnnviewer.from_module(torch.nn.Conv2d(3, 8, 3))
    with pytest.raises(NetworkError, match="new head"):
        replace_head(network, 3, frozen=False)


@pytest.mark.parametrize(
    "architecture",
    [
        Architecture("resnet20"),
        Architecture.named("resnet18", frozen=True),
        Architecture.named("alexnet", pretrained=False),
        Architecture(design=DESIGNS["like LeNet-5"]),
    ],
)
def test_an_architecture_comes_back_from_json(architecture):
    assert Architecture.from_json(json.loads(json.dumps(architecture.to_json()))) == architecture


def test_a_design_may_be_named_by_its_file(tmp_path):
    path = tmp_path / "mine.json"
    save_design(replace(DESIGNS["two blocks"], name="mine"), path)
    architecture = Architecture.named(str(path))
    assert architecture.title == "mine"
    network = build(architecture, CLASSES, seed=0)
    assert network.name == "mine"
    assert network.module(torch.zeros(1, 1, 28, 28)).shape == (1, 3)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Architecture.named("resnet21"), r"resnet\d+"),
        (lambda: Architecture.named("lenet5", frozen=True), "nothing of it can be frozen"),
        (lambda: Architecture.from_json({}), "which network"),
        (lambda: Architecture.from_json([]), "which network"),
        (lambda: Architecture.from_json({"name": "resnet18", "frozen": "no"}), "true or false"),
        (lambda: Architecture.from_json({"name": "elsewhere.json"}), "no network"),
        (lambda: build(Architecture("lenet5"), ("one",), seed=0), "at least 2 classes"),
        (lambda: Architecture.named("missing.json"), "can't be read"),
    ],
)
def test_what_is_no_architecture_is_told(make, told):
    with pytest.raises(NetworkError, match=told):
        make()


def test_all_that_is_listed_can_be_named():
    listed = list_architectures()
    assert listed[0] == "lenet5"
    assert len(set(listed)) == len(listed)
    assert {name for names in list_networks().values() for name in names} == set(listed)
    for name in listed:
        assert Architecture.named(name).title == name


@pytest.mark.parametrize("name", ["tiny-vgg", "resnet20"])
def test_what_nobody_trained_says_so(name):
    with pytest.raises(WeightsError, match="no trained weights"):
        load_network(name)
    network = load_network(name, weights=None)
    assert len(network.categories) == 10
    assert network.provenance == "random weights"


def test_tiny_vgg_has_the_shapes_of_cnn_explainer():
    module, shapes = TinyVGG(), {}
    for name, child in module.named_children():
        child.register_forward_hook(lambda _, __, output, name=name: shapes.update({name: tuple(output.shape[1:])}))
    module(torch.zeros(1, 3, 64, 64))
    assert [shapes[f"conv_{block}_{number}"][1] for block in (1, 2) for number in (1, 2)] == [62, 60, 28, 26]
    assert [shapes[f"max_pool_{number}"] for number in (1, 2)] == [(10, 30, 30), (10, 13, 13)]
    assert shapes["flatten"] == (1690,)


@pytest.mark.parametrize(("depth", "parameters"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85)])
def test_residual_networks_have_the_layers_and_parameters_of_the_paper(depth, parameters):
    module = CifarResNet(depth)
    layers = [part for part in module.modules() if isinstance(part, (torch.nn.Conv2d, torch.nn.Linear))]
    assert len(layers) == depth
    # Table 6 counts millions of parameters, without those of batch normalisation.
    counted = sum(part.weight.numel() for part in layers)
    assert round(counted / 1e6, 2) == pytest.approx(parameters, abs=0.011)


@pytest.mark.skipif(not WEIGHTS.is_dir(), reason="needs the weights in ../shared/data/weights")
def test_resnet20_takes_the_weights_that_are_found_for_it():
    network = load_network("resnet20", weights=WEIGHTS / "resnet20-12fca82f.th")
    assert network.provenance == "weights from resnet20-12fca82f.th"
    photos = WEIGHTS.parent / "photos"
    recording = cnnviewer.record(network, photos / "chelsea.png")
    assert recording.top(1)[0][0] == "cat"


def test_the_clothing_network_knows_its_samples():
    network = load_network("fashion-cnn")
    assert network.provenance == "pretrained on Fashion-MNIST"
    card = json.loads(resource("networks", "fashion-cnn.json").read_text(encoding="utf-8"))
    assert card["results"]["test_accuracy"] >= 0.92
    assert card["parameters"] == network.parameter_count
    assert card["preprocessing"] == network.preprocessing.describe()
    for number, category in enumerate(network.categories):
        sample = resource("samples", f"clothing-{number}.png")
        assert cnnviewer.record(network, sample).top(1)[0][0] == category


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="needs Debian's package dataset-fashion-mnist")
def test_the_clothing_network_is_as_good_as_its_card_says():
    card = json.loads(resource("networks", "fashion-cnn.json").read_text(encoding="utf-8"))
    images = cnnviewer.load_dataset("fashion-mnist", folder=DEBIAN, validation=0).test
    accuracy = evaluate(load_network("fashion-cnn"), images, "test").accuracy
    assert accuracy == pytest.approx(card["results"]["test_accuracy"], abs=2e-4)
