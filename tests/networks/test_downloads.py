import errno
import hashlib
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from cnnviewer.errors import Cancelled, WeightsError
from cnnviewer.networks import downloads, streams
from cnnviewer.networks.downloads import download, weights_path

CONTENT = bytes(range(256)) * 8192  # 2 MiB
HASH = hashlib.sha256(CONTENT).hexdigest()[:8]


class Handler(BaseHTTPRequestHandler):
    """/good-HASH.pth and /wrong-00000000.pth whole; /cut.pth half; /slow.pth a bit, and then nothing."""

    def do_GET(self):
        if self.path.startswith("/missing"):
            self.send_error(404)
            return
        self.send_response(200)
        if not self.path.startswith("/unsized"):
            self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: len(CONTENT) // 2])
        self.wfile.flush()
        if self.path.startswith("/slow"):
            self.server.released.wait(20)
        elif not self.path.startswith("/cut"):
            self.wfile.write(CONTENT[len(CONTENT) // 2 :])

    def log_message(self, *_):
        self.server.requests += 1


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.requests, server.released = 0, threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def url(server, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return f"http://127.0.0.1:{server.server_port}"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch home"))
    return tmp_path / "torch home" / "hub" / "checkpoints"


def get(url, progress=None):
    return download(url, "resnet18", "45 MB", progress)


def left(home):
    return list(home.iterdir())


def test_it_lands_where_torch_looks_for_it(url, home):
    path = get(f"{url}/good-{HASH}.pth?version=1")
    assert path == weights_path(f"{url}/good-{HASH}.pth") == home / f"good-{HASH}.pth"
    assert path.read_bytes() == CONTENT
    assert left(home) == [path]


def test_progress_tells_bytes_up_to_the_last(url):
    calls = []
    get(f"{url}/good-{HASH}.pth", lambda *call: calls.append(call))
    done = [call[0] for call in calls]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, len(CONTENT))
    assert {call[1] for call in calls[1:]} <= {None, len(CONTENT)}
    assert {call[2] for call in calls} == {"Downloading resnet18"}


def test_progress_comes_20_times_a_second_also_while_nothing_else_does(url, home):
    calls, begin = [], time.monotonic()

    def progress(*call):
        calls.append(call)
        if time.monotonic() - begin > 0.6:
            raise Cancelled("enough")

    with pytest.raises(Cancelled, match="enough"):
        get(f"{url}/slow-{HASH}.pth", progress)
    assert time.monotonic() - begin < 5
    assert 3 <= len(calls) <= 16
    assert calls[-1][:2] == (len(CONTENT) // 2, len(CONTENT))
    assert left(home) == []


def test_a_download_that_was_cancelled_can_be_begun_again(url, home):
    def stop(done, total, text):
        if done:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        get(f"{url}/good-{HASH}.pth", stop)
    assert left(home) == []
    assert get(f"{url}/good-{HASH}.pth").read_bytes() == CONTENT


def test_a_file_that_is_there_is_used(url, server, home):
    home.mkdir(parents=True)
    (home / "there-00000000.pth").write_bytes(b"kept")
    assert get(f"{url}/there-00000000.pth").read_bytes() == b"kept"
    assert server.requests == 0


def test_a_server_that_tells_no_length_will_do(url):
    totals = []
    assert get(f"{url}/unsized-{HASH}.pth", lambda *call: totals.append(call[1])).read_bytes() == CONTENT
    assert set(totals) == {None}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.pth", r"the server answered 404 \(Not Found\)\. Try again later"),
        ("wrong-00000000.pth", r"SHA-256 is wrong"),
        ("cut.pth", r"the connection broke off\. Try again"),
    ],
)
def test_failures_are_sentences_and_leave_nothing(url, home, name, sentence):
    with pytest.raises(WeightsError, match=rf"^The weights of resnet18 \(45 MB\) could not .*{sentence}"):
        get(f"{url}/{name}")
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


def test_a_server_that_falls_silent_is_told(url, home, monkeypatch):
    monkeypatch.setattr(streams, "_TIMEOUT", 0.2)
    with pytest.raises(WeightsError, match="no byte came for"):
        get(f"{url}/slow.pth")
    assert left(home) == []


def test_a_full_disk_is_told(url, home, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(downloads, "_receive", full)
    with pytest.raises(WeightsError, match=r"^The disk is full: the weights of resnet18 need 45 MB in "):
        get(f"{url}/good-{HASH}.pth")
    assert left(home) == []


def test_a_folder_that_can_not_be_made_is_told(url, home):
    home.parents[1].write_text("a file in the way")
    with pytest.raises(WeightsError, match=r"can't be written to .*TORCH_HOME"):
        get(f"{url}/good-{HASH}.pth")


def test_the_folder_follows_torch(monkeypatch, tmp_path):
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert weights_path("https://host/a/b-12345678.pth") == Path(tmp_path, "cache/torch/hub/checkpoints/b-12345678.pth")
