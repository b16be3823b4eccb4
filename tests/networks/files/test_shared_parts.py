"""Files whose parts lie in many others: each is walked once, or the number of walks is told."""

from __future__ import annotations

import zipfile

import pytest
import torch
from torch import nn

from cnnviewer.errors import NetworkError
from cnnviewer.network_reports import FileRequest
from cnnviewer.networks.checkpoints.reading import read_checkpoint
from cnnviewer.networks.files.opening import FileOpener
from cnnviewer.networks.files.pickled_module import open_file

LEVELS = 30


def _doubled(part, join):
    """Return something that holds `part` 2 to the 30th times, in 30 containers."""
    for _ in range(LEVELS):
        part = join(part)
    return part


@pytest.mark.parametrize(
    "join", [lambda part: [part, part], lambda part: (part, part), lambda part: {"a": part, "b": part}]
)
def test_what_lies_beside_weights_is_walked_once(tmp_path, join):
    state = {"weight": torch.ones(4, 3, 3, 3), "bias": torch.zeros(4)}
    torch.save({"state_dict": state, "args": _doubled([1], join)}, tmp_path / "net.pt")
    assert {name.rpartition(".")[2] for name in read_checkpoint(tmp_path / "net.pt").tensors} == {*state}


@pytest.mark.parametrize("join", [lambda part: [part, part], lambda part: (part, part)])
def test_the_settings_of_a_module_are_walked_once(tmp_path, join):
    module = nn.Conv2d(3, 3, 1)
    module.extra = _doubled((1,), join)
    torch.save(module, tmp_path / "net.pt")
    assert open_file(tmp_path / "net.pt").module.extra[0][1][0]


def test_modules_that_lie_in_many_are_counted(tmp_path):
    one, other = nn.Conv2d(3, 3, 1), nn.ReLU()
    for _ in range(LEVELS):
        one, other = nn.Sequential(one, other), nn.Sequential(one, other)
    torch.save(nn.Sequential(one, other), tmp_path / "net.pt")
    with pytest.raises(NetworkError, match="over 20,000 modules"):
        FileOpener().inspect(FileRequest(tmp_path / "net.pt"))
    with pytest.raises(NetworkError, match="over 20,000 modules"):
        read_checkpoint(tmp_path / "net.pt")


def test_archives_of_too_many_entries_are_told(tmp_path):
    with zipfile.ZipFile(tmp_path / "net.pt", "w") as archive:
        archive.writestr("net/data.pkl", b"\x80\x02}.")
        for number in range(100_001):
            archive.writestr(zipfile.ZipInfo(f"net/data/{number}"), b"")
    with pytest.raises(NetworkError, match=r"it has 100,002 entries"):
        read_checkpoint(tmp_path / "net.pt")
