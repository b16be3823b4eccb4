import hashlib
import socket
from pathlib import Path

import pytest
import torch

from cnnviewer.errors import Cancelled, WeightsError
from cnnviewer.networks.downloads import download, weights_path
from serving import CONTENT, serve

HASH = hashlib.sha256(CONTENT).hexdigest()[:8]


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serve() as server:
        yield server


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch home"))
    return tmp_path / "torch home" / "hub" / "checkpoints"


def get(url, progress=None):
    return download(url, "resnet18", "45 MB", progress)


def left(home):
    return list(home.iterdir())


def test_it_lands_where_torch_looks_for_it(server, home):
    path = get(f"{server.url}/good-{HASH}.pth?version=1")
    assert path == weights_path(f"{server.url}/good-{HASH}.pth") == home / f"good-{HASH}.pth"
    assert path.read_bytes() == CONTENT
    assert left(home) == [path]


def test_progress_names_the_network_and_may_stop_it(server, home):
    calls = []

    def stop(*call):
        calls.append(call)
        if call[0]:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        get(f"{server.url}/good-{HASH}.pth", stop)
    assert {call[2] for call in calls} == {"Downloading resnet18"}
    assert left(home) == []


def test_a_file_that_is_there_is_used(server, home):
    home.mkdir(parents=True)
    (home / "there-00000000.pth").write_bytes(b"kept")
    assert get(f"{server.url}/there-00000000.pth").read_bytes() == b"kept"
    assert server.requests == []


def test_a_name_without_a_hash_is_not_checked(server):
    assert get(f"{server.url}/plain.pth").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.pth", r"the server answered 404 \(Not Found\)\. Try again later, or go on with random weights\.$"),
        ("wrong-00000000.pth", r"SHA-256 is wrong\)\. Try again, or go on with random weights\.$"),
        ("cut.pth", r"the connection broke off\. Try again, or go on with random weights\.$"),
    ],
)
def test_failures_are_sentences_and_leave_nothing(server, home, name, sentence):
    with pytest.raises(WeightsError, match=rf"^The weights of resnet18 \(45 MB\) could not .*{sentence}"):
        get(f"{server.url}/{name}")
    assert left(home) == []


def test_no_connection_is_told(home, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(WeightsError) as caught:
            get(f"http://127.0.0.1:{unused.getsockname()[1]}/weights.pth")
    assert str(caught.value) == (
        "The weights of resnet18 (45 MB) could not be downloaded: no connection. "
        "Connect and try again, or go on with random weights."
    )
    assert left(home) == []


def test_a_folder_that_can_not_be_made_is_told(server, home):
    home.parents[1].write_text("a file in the way")
    with pytest.raises(WeightsError, match=r"can't be written to .*TORCH_HOME, or go on with random weights\.$"):
        get(f"{server.url}/good-{HASH}.pth")


def test_the_folder_follows_torch(monkeypatch, tmp_path):
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert weights_path("https://host/a/b-12345678.pth") == Path(tmp_path, "cache/torch/hub/checkpoints/b-12345678.pth")
