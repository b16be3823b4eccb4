"""The format of a file is told by its bytes; what is no network is told in a sentence."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_networks import open_path
from PIL import Image

from cnnviewer.errors import CnnviewerError, NetworkError
from cnnviewer.networks.files import formats
from cnnviewer.networks.files.formats import format_of, is_network_file

EXPECTED = {
    "net.safetensors": formats.SAFETENSORS,
    "weights.pt": formats.TORCH,
    "old_weights.pt": formats.TORCH,
    "module.pt": formats.MODULE,
    "old_module.pt": formats.MODULE,
    "net.onnx": formats.ONNX,
    "net.pt2": formats.EXPORTED,
    "script.pt": formats.TORCHSCRIPT,
    "net.py": formats.FACTORY,
}


@pytest.mark.parametrize("name", EXPECTED)
def test_the_bytes_tell_the_format(made, name):
    assert format_of(made[name]) == EXPECTED[name]


@pytest.mark.parametrize("name", [name for name in EXPECTED if name != "net.py"])
def test_a_wrong_name_does_not_deceive(made, tmp_path, name):
    for ending in (".bin", ".safetensors", ".onnx", ".h5", ""):
        path = tmp_path / f"other{ending}"
        shutil.copy(made[name], path)
        assert format_of(path) == EXPECTED[name]


def test_programs_of_older_torch_are_known(tmp_path):
    with zipfile.ZipFile(tmp_path / "old.pt2", "w") as archive:
        archive.writestr("serialized_exported_program.json", "{}")
        archive.writestr("version", "8.1")
    assert format_of(tmp_path / "old.pt2") == formats.EXPORTED


def test_every_format_has_a_file_that_opens_it():
    from importlib import import_module

    for kind in formats.FORMATS:
        if kind.is_weights or kind is formats.FACTORY:
            assert not kind.file
            continue
        assert callable(import_module(f"cnnviewer.networks.files.{kind.file}").open_file)


def _png() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("cat.pt", _png(), r"cat\.pt is a PNG image, not a network"),
        ("cat.jpg", b"\xff\xd8\xff\xe0" + bytes(99), "is a JPEG photo"),
        ("notes.txt", b"weights are in the other folder", "is text"),
        ("net.onnx", "Gewichte für später".encode(), "is text"),
        ("empty.pt", b"", "is empty"),
        ("net.tar", bytes(257) + b"ustar" + bytes(300), "is a tar archive; unpack it"),
        ("net.gz", b"\x1f\x8b\x08" + bytes(99), "is compressed; unpack it first"),
        ("net.pkl", b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00}\x94.", "torch.save did not write"),
        ("net.onnx", b"\x07\xff" * 40, "its name ends in .onnx, but it is damaged"),
        ("net.dat", b"\x07\xff" * 40, "no network of a kind that is known: safetensors"),
        ("net.pt", b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "git lfs pull"),
        ("net.pt", b"PK\x03\x04" + bytes(60), "damaged, or only a part"),
    ],
)
def test_what_is_no_network_is_told(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(NetworkError, match=sentence):
        format_of(tmp_path / name)


def test_other_archives_are_told(tmp_path):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(NetworkError, match="zip archive without a network"):
        format_of(tmp_path / "photos.zip")


def test_arrays_of_numpy_are_told(tmp_path):
    np.savez(tmp_path / "weights.npz", **{"conv1.weight": np.zeros((4, 3, 3, 3))})
    with pytest.raises(NetworkError, match=r"weights\.npz holds arrays of NumPy, not a network"):
        format_of(tmp_path / "weights.npz")


def test_folders_missing_files_and_pipes_are_told(tmp_path):
    with pytest.raises(NetworkError, match="is a folder"):
        format_of(tmp_path)
    with pytest.raises(NetworkError, match="There is no file"):
        format_of(tmp_path / "none.pt")
    with pytest.raises(NetworkError, match="can't be read"):
        format_of(tmp_path / ("x" * 5000))
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.pt")
        with pytest.raises(NetworkError, match="a device or a pipe"):
            format_of(tmp_path / "pipe.pt")


def test_names_alone():
    assert is_network_file(Path("net.PTH"))
    assert is_network_file(Path("net.onnx"))
    assert not is_network_file(Path("cat.jpg"))


def test_telling_the_format_imports_no_torch(made):
    code = (
        "import sys; from pathlib import Path; from cnnviewer.networks.files.formats import format_of\n"
        f"[format_of(Path(p)) for p in {[str(path) for path in made.values()]!r}]\n"
        "assert not {'torch', 'numpy', 'onnx', 'h5py'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


MAGICS = (
    b"",
    b"PK\x03\x04",
    b"\x89HDF\r\n\x1a\n",
    b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.",
    b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.\x80\x02",
    b"\x10\x00\x00\x00\x00\x00\x00\x00{",
    b"\x08\x07:",
    b"\x08\x07\x12\x02ab:\x10",
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(magic=st.sampled_from(MAGICS), rest=st.binary(max_size=400), ending=st.sampled_from([".pt", ".onnx", ".h5", ""]))
def test_no_bytes_raise_anything_else(tmp_path, magic, rest, ending):
    path = tmp_path / f"any{ending}"
    path.write_bytes(magic + rest)
    try:
        open_path(path)
    except CnnviewerError as error:
        assert str(error).endswith((".", "?", ")"))  # noqa: PT017


@pytest.mark.parametrize("name", sorted(set(EXPECTED) - {"net.py", "net.pt2"}))
def test_files_that_are_cut_or_changed_raise_nothing_else(made, tmp_path, name):
    """A byte here and there, and the end: what a bad download does."""
    content = made[name].read_bytes()
    path = tmp_path / name
    size = len(content)
    for place in [*range(1, 40, 7), *(size * part // 12 for part in range(1, 12)), size - 1]:
        for changed in (content[:place], content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :]):
            path.write_bytes(changed)
            try:
                open_path(path)
            except CnnviewerError as error:
                assert name in str(error)  # noqa: PT017
