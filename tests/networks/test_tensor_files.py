"""Files of tensors are read under any name that a disk can give them."""

from __future__ import annotations

import os

import pytest
import torch
from safetensors.torch import save

import cnnviewer
from cnnviewer.networks.tensor_files import load_tensors


@pytest.fixture
def odd(tmp_path):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this system has no such names")
    return folder


def test_safetensors(odd):
    path = odd / os.fsdecode(b"n\xe9.safetensors")
    path.write_bytes(save({"a": torch.arange(4.0)}))
    assert load_tensors(path)["a"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("is_zip", [True, False])
def test_weights_of_torch(odd, is_zip):
    path = odd / os.fsdecode(b"n\xe9.pth")
    with path.open("wb") as file:
        state = cnnviewer.load_network("lenet5").module.state_dict()
        torch.save(state, file, _use_new_zipfile_serialization=is_zip)
    network = cnnviewer.load_network("lenet5", weights=str(path))
    assert torch.equal(network.module.state_dict()["c1.weight"], state["c1.weight"])
