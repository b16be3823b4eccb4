"""Addresses and pasted texts mean files, or a sentence tells why they do not."""

from __future__ import annotations

import base64
import os
import socket
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviewer.errors import ImageError
from cnnviewer.inputs import addresses
from cnnviewer.inputs.addresses import lines_with_files, resolve
from cnnviewer.messages import ImageRequest

posix = pytest.mark.skipif(os.name != "posix", reason="paths of another system")


@posix
@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("file:///home/anna/cat.png", "/home/anna/cat.png"),
        ("file:/home/anna/cat.png", "/home/anna/cat.png"),
        ("FILE:///home/anna/cat.png", "/home/anna/cat.png"),
        ("file://localhost/cat.png", "/cat.png"),
        (f"file://{socket.gethostname()}/cat.png", "/cat.png"),
        ("file:///a%20b/%231%3F.png", "/a b/#1?.png"),
        ("file:///caf%E9.png", "/caf\udce9.png"),
        ("/home/anna/cat.png", "/home/anna/cat.png"),
        ('"/home/anna/my cat.png"', "/home/anna/my cat.png"),
        ("'/home/anna/cat.png'", "/home/anna/cat.png"),
        ("  /home/anna/cat.png\t", "/home/anna/cat.png"),
        ("<file:///cat.png>", "/cat.png"),
        ("~/cat.png", str(Path("~/cat.png").expanduser())),
        ("~nobody-of-this-name/cat.png", "~nobody-of-this-name/cat.png"),
    ],
)
def test_paths(text, path):
    assert resolve(text) == Path(path)


@posix
def test_backslashes_of_a_shell(tmp_path):
    (tmp_path / "my cat (1).png").touch()
    escaped = f"{tmp_path}/my\\ cat\\ \\(1\\).png"
    assert resolve(escaped) == tmp_path / "my cat (1).png"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("file://nas.local/share/cat.png", "cat.png lies on the machine nas.local: copy it to this one"),
        ("smb://nas/share/my%20cat.png", "my cat.png lies on the machine nas (smb): copy it"),
        ("sftp://anna@far.example/cat.png", "cat.png lies on the machine far.example (sftp)"),
        ("mtp://Phone/DCIM/1.jpg", "1.jpg lies on the machine phone (mtp)"),
        ("trash:///cat.png", "cat.png lies in the trash: restore it first"),
        ("https://example.org/cat.jpg", "nothing is downloaded unasked"),
        ("blob:https://example.org/1234", "nothing is downloaded unasked"),
        ("data:text/plain,hello", "holds text/plain, and no image"),
        ("data:image/png;base64", "cut off"),
        ("data:image/png;base64,!!!!", "damaged"),
        ("file://[bad", "no address of a file"),
        ("/a\0b.png", "There is no file"),
    ],
)
def test_what_is_told(text, sentence):
    if os.name == "nt" and text.startswith("file://nas"):
        pytest.skip("Windows opens such addresses")
    with pytest.raises(ImageError) as error:
        resolve(text)
    assert sentence in str(error.value)
    assert str(error.value).endswith((".", "(Ctrl+V)."))


@posix
def test_a_path_of_windows():
    with pytest.raises(ImageError, match="a path of Windows"):
        resolve(r"C:\Users\anna\cat.png")


@pytest.mark.parametrize("head", ["data:image/png;base64,", "DATA:image/png;charset=utf-8;base64,", "data:;base64,"])
def test_an_image_in_an_address(head):
    image = resolve(head + base64.b64encode(b"the bytes of an image").decode())
    assert isinstance(image, ImageRequest)
    assert image.data == b"the bytes of an image"
    bare = head + base64.urlsafe_b64encode(b"\xff\xfe\xfd?").decode().rstrip("=")
    assert resolve(bare).data == b"\xff\xfe\xfd?"
    assert resolve("data:image/svg+xml,%3Csvg%3E").data == b"<svg>"


def test_an_address_that_is_far_too_long(monkeypatch):
    monkeypatch.setattr(addresses, "LARGEST_DATA", 100)
    with pytest.raises(ImageError, match="more than the 100"):
        resolve("data:image/png;base64," + "A" * 200)
    assert lines_with_files("/" + "a" * 200) == ()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("/home/anna/cat.png", ("/home/anna/cat.png",)),
        ("/a.png\n\n/b.png\r\n", ("/a.png", "/b.png")),
        ("copy\nfile:///a.png\nfile:///b.png", ("file:///a.png", "file:///b.png")),
        ('"C:\\my cat.png"', ('"C:\\my cat.png"',)),
        ("\\\\nas\\share\\cat.png", ("\\\\nas\\share\\cat.png",)),
        ("~/cat.png", ("~/cat.png",)),
        ("./cat.png", ("./cat.png",)),
        ("data:image/png;base64,AAAA", ("data:image/png;base64,AAAA",)),
        ("no image", ()),
        ("", ()),
        ("cat.png", ()),
        ("/a.png\nand some words", ()),
        ("note: buy milk", ()),
    ],
)
def test_lines(text, lines):
    assert lines_with_files(text) == lines


@given(st.text(max_size=60))
def test_any_text_has_an_answer(text):
    for line in (text, *lines_with_files(text), f"file://{text}", f"data:{text}"):
        with suppress(ImageError):
            resolve(line)
