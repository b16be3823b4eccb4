"""The table of what is read: endings, and what files begin with, against the decoders themselves."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
import wave
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cnnviewer.images import read_image
from cnnviewer.images.decoding import FORMATS
from cnnviewer.kinds import (
    HEAD,
    IMAGES,
    NETWORKS,
    TEXT,
    TYPES,
    VIDEOS,
    Kind,
    kind_by_name,
    refusal,
    type_of,
    type_of_head,
)

MP4 = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2"
HEIC = b"\0\0\0\x24ftypheic\0\0\0\0mif1heic"
STREAM = (b"G" + bytes(187)) * 4
CAMERA_STREAM = (b"\x0e\xbfF\x22G" + bytes(187)) * 4


def encoded(form: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, form)
    return file.getvalue()


@pytest.mark.parametrize("ending", sorted(IMAGES - {".psd", ".mpo", ".apng", ".avifs", ".cur", ".ras", ".npy", ".npz"}))
def test_each_ending_of_an_image_is_read(tmp_path, ending):
    Image.init()
    form = Image.registered_extensions()[ending]
    path = tmp_path / f"red{ending.upper()}"
    mode = "1" if ending == ".pbm" else "F" if ending == ".pfm" else "L" if ending == ".pgm" else "RGB"
    Image.new("RGB", (8, 8), "red").convert(mode).save(path, form)
    known = type_of(path)
    assert known is not None
    assert ending in known.extensions
    assert min(read_image(path).size) >= 8  # icons have sizes of their own


def test_each_ending_of_pil_formats_that_are_read_is_known():
    Image.init()
    read = {*FORMATS, "MPO", "TGA"}
    found = {ending for ending, form in Image.registered_extensions().items() if form in read}
    assert found | {".npy", ".npz"} == IMAGES


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM", "ICO"])
@pytest.mark.parametrize("name", ["x.mp4", "x.pth", "x.heic", "x", "x.txt", "x.mp3"])
def test_an_image_is_one_whatever_its_name(form, name):
    known = type_of_head(encoded(form)[:HEAD], name)
    assert known is not None
    assert known.kind is Kind.IMAGE
    assert known.is_read


@pytest.mark.parametrize(
    ("name", "head", "kind", "word"),
    [
        ("photo.jpg", HEIC, Kind.IMAGE, "HEIC"),
        ("photo.heic", HEIC, Kind.IMAGE, "HEIC"),
        ("photo.heic", encoded("JPEG"), Kind.IMAGE, "JPEG"),
        ("photo.dng", encoded("TIFF"), Kind.IMAGE, "raw"),
        ("clip.png", MP4, Kind.VIDEO, "MP4"),
        ("clip", MP4, Kind.VIDEO, "MP4"),
        ("clip.ts", STREAM, Kind.VIDEO, "transport"),
        ("clip.mts", CAMERA_STREAM, Kind.VIDEO, "transport"),
        ("clip.ogg", b"OggS\0\x02" + bytes(22) + b"\x80theora", Kind.VIDEO, "Ogg"),
        ("song.ogg", b"OggS\0\x02" + bytes(22) + b"\x01vorbis", Kind.SOUND, "Ogg"),
        ("song.mp4", b"\0\0\0\x20ftypM4A \0\0\x02\0", Kind.SOUND, "AAC"),
        ("song.mp4", b"ID3\x03" + bytes(40), Kind.SOUND, "MP3"),
        ("song.wma", b"0&\xb2u\x8ef\xcf\x11", Kind.SOUND, "Windows"),
        ("clip.wmv", b"0&\xb2u\x8ef\xcf\x11", Kind.VIDEO, "Windows"),
        ("clip.mjpg", encoded("JPEG"), Kind.VIDEO, "Motion"),
        ("text.mp4", b"not a video\n", Kind.OTHER, "text"),
        ("text.jpg", "Bücher".encode(), Kind.OTHER, "text"),
        ("net.py", b"def build():\n    return None\n", Kind.NETWORK, "Python"),
        ("empty.mp4", b"", Kind.OTHER, "empty"),
        ("page.jpg", b"\n<!DOCTYPE html><html>", Kind.OTHER, "web page"),
        ("drawing.png", b"<?xml version='1.0'?>\n<svg xmlns='x'>", Kind.IMAGE, "SVG"),
        ("damaged.mp4", b"\x01\x02\x03\x04" * 9, Kind.VIDEO, "MP4"),
        ("damaged.png", bytes(64), Kind.IMAGE, "PNG"),
        ("net.jpg", b"\x89HDF\r\n\x1a\n", Kind.NETWORK, "HDF5"),
        ("net.png", b"\x40\0\0\0\0\0\0\0{\"a\":{", Kind.NETWORK, "safetensors"),
        ("net.gif", b"\x08\x07\x12\x07pytorch", Kind.NETWORK, "ONNX"),
    ],
)  # fmt: skip
def test_what_the_bytes_tell(name, head, kind, word):
    known = type_of_head(head, name)
    assert known is not None
    assert (known.kind, word in known.name) == (kind, True), known


def test_bytes_and_names_that_tell_nothing():
    assert type_of_head(b"\x01\x02\x03\x04" * 9, "thing.xyz") is None
    assert type_of_head(bytes(64), "thing") is None


def test_archives(tmp_path):
    def zipped(*names: str) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for name in names:
                archive.writestr(name, "{}")
        return file.getvalue()

    for names, word in [
        (("net/data.pkl", "net/version"), "PyTorch"),
        (("metadata.json", "config.json", "model.weights.h5"), "Keras"),
        (("[Content_Types].xml",), "office"),
        (("photos/1.jpg",), "zip"),
    ]:
        known = type_of_head(zipped(*names), "thing.jpg")
        assert known is not None
        assert word in known.name


def test_what_torch_saves(tmp_path):
    torch = pytest.importorskip("torch")
    for is_zip in (True, False):
        path = tmp_path / "photo.jpg"
        torch.save({"a": torch.zeros(1)}, path, _use_new_zipfile_serialization=is_zip)
        known = type_of(path)
        assert known is not None
        assert known.kind is Kind.NETWORK


def test_a_sound_file(tmp_path):
    with wave.open(str(tmp_path / "song.mp4"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(100))
    known = type_of(tmp_path / "song.mp4")
    assert known is not None
    assert refusal("song.mp4", known) == "song.mp4 is no video: it is a WAV file; choose an image or a video."


def test_names_alone():
    assert kind_by_name("a.JFIF") is kind_by_name("a.avif") is kind_by_name("a.pgm") is Kind.IMAGE
    assert kind_by_name("a.3GP") is kind_by_name("a.mts") is kind_by_name("a.flv") is Kind.VIDEO
    assert kind_by_name("a.onnx") is kind_by_name("b.tar.pth") is Kind.NETWORK
    assert kind_by_name("a.mp3") is Kind.SOUND
    assert kind_by_name("a.csv") is Kind.OTHER
    assert kind_by_name("a.xyz") is kind_by_name("a") is None
    assert {".ts"} == (VIDEOS & NETWORKS)


def test_the_table_is_whole():
    for known in (*TYPES, TEXT):
        assert known.is_read == (not known.advice), known
        assert known.endings == known.endings.lower()
        assert not known.advice.endswith(".")


@given(st.binary(max_size=200), st.text(max_size=12))
def test_any_bytes_have_an_answer(head, name):
    type_of_head(head, name)
    type_of_head(pickle.dumps(head), name)


def test_imports_nothing_heavy():
    code = "import sys, cnnviewer.kinds\nprint(*({'PIL', 'numpy', 'torch', 'PySide6'} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == ""
