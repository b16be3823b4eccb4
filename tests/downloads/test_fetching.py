import errno
import hashlib
import socket
import time

import pytest

from cnnviewer.downloads import files, streams
from cnnviewer.downloads.files import FetchError, NotWrittenError, fetch
from cnnviewer.downloads.progress import BEAT, Beat
from cnnviewer.errors import Cancelled
from serving import CONTENT, serve

SHA256, MD5 = hashlib.sha256(CONTENT).hexdigest(), hashlib.md5(CONTENT).hexdigest()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serve() as server:
        yield server


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a new folder" / "file"


def get(url, path, progress=None, checksum=""):
    fetch(url, path, "the digits", "2 MB", text="Downloading digits", checksum=checksum, progress=progress)


def left(path):
    return list(path.parent.iterdir())


@pytest.mark.parametrize("checksum", ["", f"sha256:{SHA256}", f"sha256:{SHA256[:8]}", f"md5:{MD5}"])
def test_the_file_is_there_when_it_is_whole(server, path, checksum):
    get(f"{server.url}/good", path, checksum=checksum)
    assert path.read_bytes() == CONTENT
    assert left(path) == [path]


def test_a_file_that_was_there_is_replaced(server, path):
    path.parent.mkdir()
    path.write_bytes(b"old")
    get(f"{server.url}/good", path)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("name", "checksum", "sentence"),
    [
        ("missing", "", r"the server answered 404 \(Not Found\)\. Try again later\.$"),
        ("wrong", "sha256:00000000", r"not the file that was asked for \(its SHA-256 is wrong\)\. Try again\.$"),
        ("wrong", f"md5:{MD5[::-1]}", r"not the file that was asked for \(its MD5 is wrong\)\. Try again\.$"),
        ("cut", "", r"the connection broke off\. Try again\.$"),
    ],
)
def test_failures_are_sentences_and_leave_what_was_there(server, path, name, checksum, sentence):
    path.parent.mkdir()
    path.write_bytes(b"old")
    with pytest.raises(FetchError, match=rf"^The digits \(2 MB\) could not be downloaded: .*{sentence}"):
        get(f"{server.url}/{name}", path, checksum=checksum)
    assert left(path) == [path]
    assert path.read_bytes() == b"old"


def test_progress_tells_bytes_up_to_the_last(server, path):
    calls = []
    get(f"{server.url}/good", path, lambda *call: calls.append(call))
    done = [call[0] for call in calls]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, len(CONTENT))
    assert {call[1] for call in calls[1:]} <= {None, len(CONTENT)}
    assert {call[2] for call in calls} == {"Downloading digits"}


def test_progress_comes_20_times_a_second_also_while_nothing_else_does(server, path):
    calls, begin = [], time.monotonic()

    def progress(*call):
        calls.append(call)
        if time.monotonic() - begin > 0.6:
            raise Cancelled("enough")

    with pytest.raises(Cancelled, match="enough"):
        get(f"{server.url}/slow", path, progress)
    assert time.monotonic() - begin < 5
    assert 3 <= len(calls) <= 16
    assert calls[-1][:2] == (len(CONTENT) // 2, len(CONTENT))
    assert left(path) == []


def test_a_download_that_was_cancelled_can_be_begun_again(server, path):
    def stop(done, total, text):
        if done:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        get(f"{server.url}/good", path, stop)
    assert left(path) == []
    get(f"{server.url}/good", path)
    assert path.read_bytes() == CONTENT


def test_a_server_that_tells_no_length_will_do(server, path):
    totals = []
    get(f"{server.url}/unsized", path, lambda *call: totals.append(call[1]))
    assert path.read_bytes() == CONTENT
    assert set(totals) == {None}


def test_no_connection_is_told(path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(FetchError, match=r"no connection\. Connect and try again\.$"):
            get(f"http://127.0.0.1:{unused.getsockname()[1]}/weights.pth", path)
    assert left(path) == []


def test_a_server_that_falls_silent_is_told(server, path, monkeypatch):
    monkeypatch.setattr(streams, "_TIMEOUT", 0.2)
    with pytest.raises(FetchError, match="no byte came for"):
        get(f"{server.url}/slow", path)
    assert left(path) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told(server, path, monkeypatch, number):
    def full(*_):
        raise OSError(number, "No space left on device")

    monkeypatch.setattr(files, "_receive", full)
    with pytest.raises(NotWrittenError) as caught:
        get(f"{server.url}/good", path)
    assert str(caught.value) == (
        f"The disk is full: the digits need 2 MB in {path.parent}. Free some space and try again."
    )
    assert left(path) == []


def test_a_folder_that_can_not_be_made_is_told(server, path):
    path.parent.write_text("a file in the way")
    with pytest.raises(NotWrittenError, match=r"^The digits \(2 MB\) can't be written to .*TORCH_HOME\.$"):
        get(f"{server.url}/good", path)


def test_a_beat_is_not_too_frequent_and_tells_the_end():
    calls = []
    beat = Beat("Counting", lambda *call: calls.append(call))
    begin = time.monotonic()
    for number in range(1001):
        beat(number, 1000)
    assert calls[0] == (0, 1000, "Counting")
    assert calls[-1] == (1000, 1000, "Counting")
    assert len(calls) <= 3 + (time.monotonic() - begin) / BEAT
    Beat("Nobody listens", None)(1, 1)
