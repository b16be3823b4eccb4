"""State dicts in all the forms in which training tools leave them."""

from __future__ import annotations

import argparse
import collections
import json
import struct
import zipfile

import pytest
import torch
from made_networks import plain
from torch import nn

from cnnviewer.errors import NetworkError, WeightsError
from cnnviewer.networks import load_network
from cnnviewer.networks.checkpoints.reading import read_checkpoint
from cnnviewer.networks.weights import load_weights


class Hyper(dict):
    """A dictionary of a class of its own, as Lightning's hyper-parameters are."""


@pytest.fixture
def state() -> dict[str, torch.Tensor]:
    return dict(plain().state_dict())


def _prefixed(state, prefix):
    return {prefix + name: tensor for name, tensor in state.items()}


def _filled(path) -> dict[str, torch.Tensor]:
    """Return the weights of a file in the network that they are of."""
    network = plain()
    for parameter in network.state_dict().values():
        parameter.zero_()
    load_weights(network, path, "plain")
    return dict(network.state_dict())


def _same(found, wanted) -> bool:
    return list(found) == list(wanted) and all(torch.equal(found[name], tensor) for name, tensor in wanted.items())


@pytest.mark.parametrize("is_zip", [True, False])
@pytest.mark.parametrize("nest", ["state_dict", "model", "model_state_dict", "net", "ema"])
def test_nests_are_opened_and_what_lies_beside_is_left(tmp_path, state, nest, is_zip):
    beside = {"epoch": 3, "optimizer": {"state": {0: {"momentum": torch.ones(2)}}, "param_groups": []}, "best": 0.5}
    torch.save({**beside, nest: {**state, "epoch": 7}}, tmp_path / "net.pt", _use_new_zipfile_serialization=is_zip)
    assert _same(_filled(tmp_path / "net.pt"), state)


def test_a_lightning_checkpoint_opens_whatever_its_hyper_parameters_are(tmp_path, state):
    checkpoint = {
        "epoch": 9,
        "pytorch-lightning_version": "2.4.0",
        "state_dict": _prefixed(state, "model."),
        "hyper_parameters": {"lr": 0.1, "args": argparse.Namespace(depth=3), "counts": collections.Counter("aab")},
        "loops": collections.defaultdict(list, fit=[1]),
    }
    torch.save(checkpoint, tmp_path / "last.ckpt")
    assert _same(_filled(tmp_path / "last.ckpt"), state)


def test_what_can_not_be_read_without_its_code_is_named(tmp_path, state):
    torch.save({"state_dict": state, "hyper_parameters": Hyper(lr=0.1)}, tmp_path / "last.ckpt")
    with pytest.raises(WeightsError, match=r"without running code: it wants [\w.]*Hyper\. Save network\.state_dict"):
        read_checkpoint(tmp_path / "last.ckpt")


def test_a_network_within_a_checkpoint_gives_its_weights(tmp_path, state):
    torch.save({"epoch": -1, "model": plain(), "ema": None}, tmp_path / "best.pt")
    assert _same(_filled(tmp_path / "best.pt"), state)


PREFIXES = ["module.", "_orig_mod.", "module._orig_mod.", "net.model.", "resnet.", "features.", "a.b.module.c.", "0."]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_whatever_all_names_begin_with_is_taken_away(tmp_path, state, prefix):
    torch.save(_prefixed(state, prefix), tmp_path / "net.pt")
    assert list(read_checkpoint(tmp_path / "net.pt").tensors) == [prefix + name for name in state]
    assert _same(_filled(tmp_path / "net.pt"), state)


def test_old_and_new_files_of_torch_hold_the_same(made):
    assert _same(read_checkpoint(made["old_weights.pt"]).tensors, read_checkpoint(made["weights.pt"]).tensors)
    state = read_checkpoint(made["net.safetensors"]).tensors  # in an order of its own
    assert _same(
        {name: state[name] for name in read_checkpoint(made["weights.pt"]).tensors},
        read_checkpoint(made["weights.pt"]).tensors,
    )
    assert set(state) == set(read_checkpoint(made["weights.pt"]).tensors)


def test_half_precision_shared_and_transposed_tensors_are_read(tmp_path):
    weight = torch.randn(3, 5)
    state = {
        "half": weight.half(), "brain": weight.bfloat16(), "turned": weight.T, "same": weight, "count": torch.tensor(7),
        "learnt": nn.Parameter(weight), "cut": weight[1:, ::2], "none": torch.empty(0, 4),
    }  # fmt: skip
    for is_zip in (True, False):
        torch.save(state, tmp_path / "net.pt", _use_new_zipfile_serialization=is_zip)
        assert _same(read_checkpoint(tmp_path / "net.pt").tensors, state)


def test_nan_weights_are_read(tmp_path):
    torch.save({"a": torch.tensor([float("nan"), float("inf"), 1.0])}, tmp_path / "net.pt")
    assert read_checkpoint(tmp_path / "net.pt").tensors["a"].isnan().tolist() == [True, False, False]


@pytest.mark.parametrize("name", ["net.onnx", "net.pt2", "script.pt", "net.py"])
def test_other_files_are_no_weights(made, name):
    with pytest.raises(WeightsError, match="is no weights file: it is a file of"):
        read_checkpoint(made[name])


def _safetensors(path, header: bytes, data: bytes = b"") -> None:
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]},
        {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 16]},
        {"dtype": "F32", "shape": [2**63], "data_offsets": [0, 16]},
        {"dtype": "F32", "shape": [-4], "data_offsets": [0, 16]},
        {"dtype": "F99", "shape": [4], "data_offsets": [0, 16]},
        {"dtype": "F32", "shape": [4], "data_offsets": [16, 0]},
    ],
)
def test_headers_that_cannot_be_true_are_refused(tmp_path, entry):
    _safetensors(tmp_path / "net.safetensors", json.dumps({"a": entry}).encode(), bytes(16))
    with pytest.raises(WeightsError, match=r"net\.safetensors can't be read"):
        read_checkpoint(tmp_path / "net.safetensors")


def test_a_header_of_too_many_tensors_is_refused_before_it_is_read(tmp_path):
    entry = b'"t%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
    _safetensors(tmp_path / "many.safetensors", b"{" + b",".join(entry % number for number in range(100_001)) + b"}")
    with pytest.raises(WeightsError, match="no file of weights: it holds over 100,000 tensors"):
        read_checkpoint(tmp_path / "many.safetensors")


def test_a_header_nested_too_deeply_is_refused(tmp_path):
    _safetensors(tmp_path / "net.safetensors", b'{"a":' * 50_000 + b"1" + b"}" * 50_000)
    with pytest.raises(WeightsError, match=r"net\.safetensors can't be read"):
        read_checkpoint(tmp_path / "net.safetensors")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net/data.pkl", b"\x80\x02}.")
        with archive.open("net/data/0", "w", force_zip64=True) as entry:
            for _ in range(300):
                entry.write(bytes(1_000_000))
    assert path.stat().st_size < 1_000_000
    with pytest.raises(WeightsError, match="its entries, unpacked, would take 300,0"):
        read_checkpoint(path)


@pytest.mark.parametrize("tensor", [torch.arange(4), torch.zeros(2, dtype=torch.complex64), torch.ones(3).bool()])
def test_tensors_without_floating_point_numbers_are_no_weights(tmp_path, tensor):
    torch.save({"a": tensor, "b": tensor}, tmp_path / "net.pt")
    with pytest.raises(WeightsError, match=r"net\.pt holds no weights of a network: .* but (int64|complex64|bool)\."):
        read_checkpoint(tmp_path / "net.pt")
    torch.save({"a": tensor, "b": torch.ones(1)}, tmp_path / "net.pt")
    assert set(read_checkpoint(tmp_path / "net.pt").tensors) == {"a", "b"}


@pytest.mark.parametrize("optimiser", [torch.optim.AdamW, lambda part: torch.optim.SGD(part, lr=0.1, momentum=0.9)])
def test_what_an_optimiser_remembers_is_told_as_that(tmp_path, optimiser):
    network = plain()
    stepping = optimiser(network.parameters())
    for parameter in network.parameters():
        parameter.grad = torch.ones_like(parameter)
    stepping.step()
    torch.save(stepping.state_dict(), tmp_path / "optimizer.pt")
    with pytest.raises(NetworkError, match=r"optimizer\.pt holds what an optimiser remembers, not a network"):
        load_network(tmp_path / "optimizer.pt")
