"""What stands beside the tensors of a file."""

import argparse
import collections
import copy
import types

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from cnnviewer.networks.checkpoints import surroundings as module
from cnnviewer.networks.checkpoints.reading import read_checkpoint


@pytest.fixture
def state():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).state_dict()


def saved(content, path, **options):
    torch.save(content, path, **options)
    return read_checkpoint(path)


@pytest.mark.parametrize("is_zip", [True, False])
def test_names_and_settings_beside_a_state_dict_are_told(tmp_path, state, is_zip):
    content = {
        "state_dict": {**state, "epoch": 7},
        "class_names": ["ant", "bee"],
        "class_to_idx": {"ant": 0, "bee": 1},
        "hyper_parameters": {"lr": 0.1, "args": argparse.Namespace(arch="resnet18", size=(64, 64))},
        "names": {0: "ant", 1: "bee"},
        "counts": collections.Counter("aab"),
        "best": None,
        "is_done": True,
    }
    found = saved(content, tmp_path / "net.pt", _use_new_zipfile_serialization=is_zip)
    assert list(found.tensors) == [f"state_dict.{name}" for name in state]
    values = found.surroundings.values
    assert values["class_names"] == ("ant", "bee")
    assert values["class_to_idx"] == {"ant": 0, "bee": 1}
    assert values["names"] == {"0": "ant", "1": "bee"}
    assert values["hyper_parameters"] == {"lr": 0.1, "args": {"arch": "resnet18", "size": (64, 64)}}
    assert values["state_dict"] == {"epoch": 7}
    assert values["best"] is None
    assert values["is_done"] is True
    assert next(found.surroundings.find("arch", "architecture")) == "resnet18"
    assert list(found.surroundings.find("nothing")) == []
    with pytest.raises(TypeError):
        values["class_names"] = ()


def test_numbers_among_the_tensors_are_told(tmp_path, state):
    found = saved({**state, "epoch": 3, "best_acc": 0.9}, tmp_path / "net.pt")
    assert list(found.tensors) == list(state)
    assert found.surroundings.values == {"epoch": 3, "best_acc": 0.9}


def test_the_metadata_of_safetensors_is_told(tmp_path, state):
    save_file(state, tmp_path / "net.safetensors", metadata={"format": "pt", "arch": "resnet18"})
    assert read_checkpoint(tmp_path / "net.safetensors").surroundings.values == {"format": "pt", "arch": "resnet18"}
    save_file(state, tmp_path / "bare.safetensors")
    assert read_checkpoint(tmp_path / "bare.safetensors").surroundings.values == {}


@pytest.mark.parametrize("shape", [(3,), (1, 3, 1, 1), (3, 1, 1)])
@pytest.mark.parametrize(("mean", "deviation"), [("mean", "std"), ("pixel_mean", "pixel_std")])
def test_a_normaliser_is_told(tmp_path, state, shape, mean, deviation):
    numbers = {f"normalize.{mean}": torch.full(shape, 0.5), f"normalize.{deviation}": torch.full(shape, 0.25)}
    found = saved({**numbers, **state}, tmp_path / "net.pt").surroundings
    assert (found.mean, found.deviation) == ((0.5,) * 3, (0.25,) * 3)


@pytest.mark.parametrize("names", [("running_mean", "std"), ("mean", "var"), ("mean",)])
def test_other_buffers_are_no_normaliser(tmp_path, state, names):
    found = saved({**state, **{name: torch.zeros(3) for name in names}}, tmp_path / "net.pt").surroundings
    assert (found.mean, found.deviation) == ((), ())


def test_a_pickled_module_tells_what_it_keeps(tmp_path, state):
    network = copy.deepcopy(nn.Sequential(nn.Conv2d(3, 4, 3)))
    network.default_cfg = {"architecture": "resnet18", "num_classes": 5}
    found = saved({"model": network}, tmp_path / "net.pt")
    assert list(found.tensors) == ["model.0.weight", "model.0.bias"]
    assert next(found.surroundings.find("architecture")) == "resnet18"


def test_shared_and_nested_containers_are_read_once(tmp_path, state):
    value = ["a"]
    for _ in range(40):
        value = [value, value]
    own = []
    own.append(own)
    found = saved({"state_dict": state, "bomb": value, "own": own, "after": 1}, tmp_path / "net.pt")
    assert found.surroundings.values["after"] == 1
    assert len(found.tensors) == len(state)


def test_no_more_is_read_than_there_may_be(tmp_path, state, monkeypatch):
    monkeypatch.setattr(module, "_MOST", 100)
    content = {"many": list(range(1000)), "state_dict": state, "text": "x" * 30_000, "epoch": 3, "few": [1, 2]}
    assert saved(content, tmp_path / "net.pt").surroundings.values == {"epoch": 3, "few": (1, 2)}


def test_a_list_with_what_is_not_plain_tells_nothing(tmp_path, state):
    content = {"state_dict": state, "names": ["a", torch.ones(2), "c"], "folds": [{"auc": 0.9, "w": torch.ones(1)}]}
    values = saved(content, tmp_path / "net.pt").surroundings.values
    assert values == {"folds": ({"auc": 0.9},)}
    assert isinstance(values, types.MappingProxyType)
