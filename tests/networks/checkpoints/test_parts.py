"""Which tensors of a file are a network's, whatever holds them and whatever they are called there."""

import re
from dataclasses import replace

import pytest
import timm
import torch
from torch import nn

import cnnviewer
from cnnviewer.card import Card
from cnnviewer.errors import WeightsError
from cnnviewer.network_reports import FileRequest
from cnnviewer.networks.checkpoints.parts import parts_of
from cnnviewer.networks.checkpoints.reading import read_checkpoint
from cnnviewer.networks.files.opening import FileOpener
from cnnviewer.networks.matching import copies_of, find_fits, open_weights
from cnnviewer.outputs import Returns

NAME = "timm/test_resnet"


def network(seed=0, classes=5):
    torch.manual_seed(seed)
    return timm.create_model("test_resnet", num_classes=classes).eval()


def prefixed(prefix, state):
    return {prefix + name: tensor for name, tensor in state.items()}


def lightning(state):
    return {"epoch": 3, "state_dict": state, "callbacks": {}, "optimizer_states": [], "hyper_parameters": {"lr": 1e-3}}


def with_backbone(state):
    return {("head." if name.startswith("fc.") else "backbone.") + name: part for name, part in state.items()}


def with_moments(state):
    """Return a checkpoint whose optimiser has two tensors for each of the network's."""
    moments = {name: {"exp_avg": tensor, "exp_avg_sq": tensor} for name, tensor in state.items()}
    return {"model": state, "optimizer": {"state": moments, "param_groups": []}}


def counted(state):
    layers = {name.rpartition(".")[0] for name in state}
    counts = {f"{layer}.{own}": torch.zeros(1) for layer in layers for own in ("total_ops", "total_params")}
    return {**state, **counts}


# What a checkpoint is, and what of it is left over.
FILES = {
    "plain": (lambda s: s, ()),
    "a loss with weights": (
        lambda s: lightning({**prefixed("model.", s), "criterion.pos_weight": torch.ones(5)}),
        ("state_dict.criterion.pos_weight",)),
    "metrics": (
        lambda s: lightning({**prefixed("net.", s), "val_auc.thresholds": torch.ones(9), "acc.tp": torch.ones(5)}),
        ("state_dict.val_auc.thresholds", "state_dict.acc.tp")),
    "an averaged model": (lambda s: {"n_averaged": torch.tensor(3), **prefixed("module.", s)}, ()),
    "compiled layers": (lambda s: {re.sub(r"^(layer\d)\.", r"\1._orig_mod.", k): v for k, v in s.items()}, ()),
    "a wrapper in each block": (
        lambda s: {re.sub(r"^(layer\d\.\d)\.", r"\1._checkpoint_wrapped_module.", k): v for k, v in s.items()}, ()),
    "any attribute": (lambda s: lightning(prefixed("my_resnet_42.", s)), ()),
    "several wrappers": (lambda s: {"net": prefixed("module._orig_mod.encoder.module.", s)}, ()),
    "backbone and head": (
        lambda s: {"meta": {}, "state_dict": with_backbone(s)}, ()),
    "backbone and head, and what is in neither": (
        lambda s: {"queue": torch.zeros(8, 4), "scale": torch.ones(()), **with_backbone(s)}, ("queue", "scale")),
    "backbone and head, and averages by flat names": (
        lambda s: {"ema_backbone_conv1_weight": torch.ones(24, 3, 3, 3), "ema_head_fc_bias": torch.ones(5),
                   **with_backbone(s)}, ("ema_backbone_conv1_weight", "ema_head_fc_bias")),
    "backbone and head in two dictionaries": (
        lambda s: {"backbone": {k: v for k, v in s.items() if not k.startswith("fc.")},
                   "head": {k: v for k, v in s.items() if k.startswith("fc.")}}, ()),
    "numbers among the tensors": (lambda s: {**s, "epoch": 3, "best_acc": 0.9, "name": "x"}, ()),
    "counters of operations": (counted, ()),
    "a normaliser": (
        lambda s: {"normalize.mean": torch.zeros(1, 3, 1, 1), "normalize.std": torch.ones(1, 3, 1, 1),
                   **prefixed("model.", s)}, ("normalize.mean", "normalize.std")),
    "an optimiser": (with_moments, ()),
    "a module in a dictionary": (lambda s: {"epoch": 1, "model": filled(s)}, ()),
}  # fmt: skip


def filled(state):
    module = nn.Sequential()
    for name, tensor in state.items():
        home = module
        *levels, own = name.split(".")
        for level in levels:
            if not hasattr(home, level):
                home.add_module(level, nn.Sequential())
            home = getattr(home, level)
        home.register_buffer(own, tensor)
    return module


@pytest.mark.parametrize("file", FILES)
def test_the_network_is_found_whatever_stands_around_it(tmp_path, file):
    content, left = FILES[file]
    module = network()
    torch.save(content(module.state_dict()), tmp_path / "net.pth")
    tensors = read_checkpoint(tmp_path / "net.pth").tensors
    fit = find_fits(tensors)[0]
    assert (fit.architecture, fit.adaptation, fit.is_by_order) == (NAME, "5 classes instead of 1,000", False)
    assert fit.is_whole
    assert fit.left_over == left
    filled_state = open_weights(tensors, NAME).module.state_dict()
    assert all(torch.equal(filled_state[name], tensor) for name, tensor in module.state_dict().items())


COPIES = {
    "student and teacher": (
        lambda a, b: {"student": prefixed("module.", a), "teacher": b}, ("student", "teacher"), "teacher"),
    "weights and their average": (lambda a, b: {"state_dict": a, "state_dict_ema": b},
                                  ("state_dict", "state_dict_ema"), "state_dict_ema"),
    "query and key": (
        lambda a, b: {"state_dict": {**prefixed("module.encoder_q.", b), **prefixed("module.encoder_k.", a),
                                     "module.queue": torch.ones(8, 16)}},
        ("state_dict.encoder_q", "state_dict.encoder_k"), "state_dict.encoder_q"),
    "folds": (lambda a, b: {"models": [b, a]}, ("models.0", "models.1"), "models.0"),
    "folds by name": (lambda a, b: {"fold0": {"model": b}, "fold1": {"model": a}}, None, "fold0"),
    "an average with a count of its steps": (
        lambda a, b: {"state_dict": with_backbone(a), "ema_state_dict": {
            **prefixed("module.", with_backbone(b)), "steps": torch.tensor(4)}},
        ("state_dict.*", "ema_state_dict.*"), "ema_state_dict"),
    "an average in Lightning": (
        lambda a, b: lightning({**prefixed("model.", a), **prefixed("ema_model.", b)}),
        ("state_dict.model", "state_dict.ema_model"), "state_dict.ema_model"),
}  # fmt: skip


@pytest.mark.parametrize("file", COPIES)
def test_of_several_copies_one_is_taken_and_all_can_be(tmp_path, file):
    content, paths, usual = COPIES[file]
    other, wanted = network(1), network(2)
    torch.save(content(other.state_dict(), wanted.state_dict()), tmp_path / "net.pth")
    tensors = read_checkpoint(tmp_path / "net.pth").tensors
    fit = find_fits(tensors)[0]
    assert fit.part.startswith(usual)
    copies = copies_of(tensors, fit.part)
    assert len(copies) == 2
    assert paths in (None, copies)
    found = open_weights(tensors, NAME).module.state_dict()["fc.weight"]
    assert torch.equal(found, wanted.fc.weight)
    (second,) = (path for path in copies if path != fit.part)
    assert find_fits(tensors, path=second)[0].part == second
    assert torch.equal(open_weights(tensors, NAME, path=second).module.state_dict()["fc.weight"], other.fc.weight)


def test_a_file_with_copies_is_told_with_the_choice(tmp_path):
    other, wanted = network(1), network(2)
    path = tmp_path / "net.pth"
    torch.save({"student": other.state_dict(), "teacher": wanted.state_dict(), "queue": torch.ones(4, 4)}, path)
    opener = FileOpener()
    report = opener.inspect(FileRequest(path))
    assert (report.parts, report.part, report.chosen_part) == (("student", "teacher"), "teacher", "teacher")
    assert report.note.startswith("It holds 2 such networks: teacher is taken, not student.")
    assert report.card.part == "teacher"
    chosen = opener.inspect(FileRequest(path, part="student"))
    assert (chosen.part, chosen.card.part) == ("student", "student")
    image = torch.rand(1, 3, 64, 64)
    for card, module in ((report.card, wanted), (chosen.card, other)):
        opened = cnnviewer.load_network(path, card=card)
        assert opened.provenance == f"weights from net.pth, {card.part}"
        with torch.no_grad():
            assert torch.equal(opened.module(image), module(image))
    assert cnnviewer.load_network(path).provenance.endswith("teacher")


def test_what_is_left_over_is_told(tmp_path):
    state = {**prefixed("model.", network().state_dict()), "criterion.pos_weight": torch.ones(5)}
    torch.save(state, tmp_path / "net.pth")
    report = FileOpener().inspect(FileRequest(tmp_path / "net.pth"))
    assert report.note == "1 tensor of the file is no part of the network, and left over: criterion.pos_weight."
    assert report.fits[0].left_over == ("criterion.pos_weight",)
    assert len(report.parts) == 1
    card = Card(report.card.preprocessing, report.card.categories, NAME, "net")
    assert report.card == replace(card, returns=Returns.CLASSES, guessed=report.card.guessed)


def test_layers_more_within_the_network_are_no_rest(tmp_path):
    """An attention in each block changes what the network computes."""
    state = network().state_dict()
    state["layer1.0.attention.weight"] = torch.ones(4, 4)
    fit = find_fits(state)[0]
    assert not fit.is_whole
    assert [row.key for row in fit.rows if not row.is_match] == ["layer1.0.attention.weight"]
    torch.save(state, tmp_path / "net.pth")
    with pytest.raises(WeightsError, match=r"layer1\.0\.attention\.weight does not"):
        raise WeightsError(_said(tmp_path / "net.pth"))


def _said(path):
    try:
        cnnviewer.load_network(path)
    except cnnviewer.CnnviewerError as error:
        return str(error)
    return ""


def test_a_file_of_many_tensors_is_looked_through_once():
    state = {f"a{i % 50}.b{i % 7}.c{i}.weight": torch.zeros(1) for i in range(3000)}
    parts = parts_of(state)
    assert len(parts) < 100
    assert find_fits(state) == ()
