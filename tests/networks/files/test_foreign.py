"""Networks of other programs are told as what they are, with what to do."""

from __future__ import annotations

import pytest

import cnnviewer
from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.formats import format_of
from cnnviewer.networks.files.places import find_network, is_network


def _folder(tmp_path, files):
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"saved_model.pb": b"\x08\x01\x12\x00", "variables/variables.index": b"0"}, "is a SavedModel of TensorFlow"),
        ({"saved_model.pbtxt": b"a", "keras_metadata.pb": b"0"}, "is a SavedModel of TensorFlow"),
        ({"model.json": b'{"format": "layers-model"}', "weights.bin": bytes(99)}, r"a network of TensorFlow\.js"),
        ({"model.json": b'{"modelTopology": {}}', "a1of2.bin": b"0", "a2of2.bin": b"1"}, r"of TensorFlow\.js"),
        ({"checkpoint": b"a", "m.ckpt.index": b"0", "m.ckpt.data-00000-of-00001": b"0"}, "without their network"),
        ({"net.tflite": b"0000TFL3"}, r"net\.tflite is a network of TensorFlow Lite; python -m tf2onnx"),
        ({"frozen.pb": b"\x0a\x00"}, r"frozen\.pb is a graph of TensorFlow"),
        ({"net.mlmodel": b"\x08\x01"}, r"net\.mlmodel is a network of Core ML"),
    ],
)
def test_folders_are_told(tmp_path, files, sentence):
    folder = _folder(tmp_path, files)
    assert is_network(folder)
    with pytest.raises(NetworkError, match=sentence):
        cnnviewer.load_network(str(folder))


def test_a_network_that_can_be_opened_goes_before(tmp_path):
    folder = _folder(tmp_path, {"saved_model.pb": b"\x08\x01", "net.onnx": b"0"})
    assert find_network(folder).name == "net.onnx"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("saved_model.pb", b"\x08\x01\x12\x00" + bytes(99), "is a graph of TensorFlow"),
        ("net.tflite", b"\x1c\0\0\0TFL3" + bytes(99), "is a network of TensorFlow Lite"),
        ("net.mlmodel", b"\x08\x04" + bytes(99), "is a network of Core ML"),
        ("net.engine", b"ftrt" + bytes(99), "is an engine of TensorRT"),
        ("yolo.weights", bytes(99), "is a file of Darknet's weights"),
    ],
)
def test_files_are_told(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(NetworkError, match=sentence) as caught:
        format_of(tmp_path / name)
    assert "damaged" not in str(caught.value)
