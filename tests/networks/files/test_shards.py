"""Weights in several files, with a list of them."""

import json

import pytest
import timm
import torch
from safetensors.torch import save_file

import cnnviewer
from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.places import find_network, is_network
from cnnviewer.networks.files.shards import shards_of

NAMES = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")


@pytest.fixture
def module():
    torch.manual_seed(0)
    return timm.create_model("test_resnet", num_classes=3).eval()


def write(folder, state, names=NAMES, index="model.safetensors.index.json", tells=True):
    """Write a state dict into two files, and a list of them."""
    items = list(state.items())
    halves = dict(items[: len(items) // 2]), dict(items[len(items) // 2 :])
    for name, half in zip(names, halves, strict=True):
        save_file(half, folder / name) if name.endswith("safetensors") else torch.save(half, folder / name)
    if index:
        found = {key: name if tells else "" for name, half in zip(names, halves, strict=True) for key in half}
        (folder / index).write_text(json.dumps({"metadata": {}, "weight_map": found}))


BIN = ("pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin")


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"tells": False},
        {"index": ""},
        {"names": BIN, "index": "pytorch_model.bin.index.json"},
        {"names": ("a.safetensors", "b.safetensors"), "index": "model.safetensors.index.json"},
    ],
)
def test_all_files_make_one_network(tmp_path, module, how):
    write(tmp_path, module.state_dict(), **how)
    index, names = how.get("index", "model.safetensors.index.json"), how.get("names", NAMES)
    paths = [tmp_path / name for name in (*([index] if index else []), *(names if "00" in names[0] else ()))]
    paths += [tmp_path] if "00" in names[0] else []
    image = torch.rand(1, 3, 64, 64)
    for path in paths:
        assert is_network(path)
        network = cnnviewer.load_network(path)
        with torch.no_grad():
            assert torch.equal(network.module(image), module(image))


def test_the_folder_means_the_list(tmp_path, module):
    write(tmp_path, module.state_dict())
    assert find_network(tmp_path).name == "model.safetensors.index.json"
    save_file(module.state_dict(), tmp_path / "other.safetensors")
    with pytest.raises(NetworkError, match="holds 4 networks"):
        find_network(tmp_path)


def test_a_missing_file_is_named(tmp_path, module):
    write(tmp_path, module.state_dict())
    (tmp_path / NAMES[1]).unlink()
    for path in (tmp_path, tmp_path / NAMES[0], tmp_path / "model.safetensors.index.json"):
        with pytest.raises(NetworkError, match=r"model-00002-of-00002\.safetensors is missing"):
            cnnviewer.load_network(path)


@pytest.mark.parametrize(
    "name", ["../net.safetensors", "/etc/passwd", "a/b.safetensors", "..", "C:\\x", "a\0b", "c:x", "a\\b"]
)
def test_no_file_outside_of_the_folder_is_read(tmp_path, module, name):
    save_file(module.state_dict(), tmp_path / "net.safetensors")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": name}}))
    with pytest.raises(NetworkError, match="is refused: it names"):
        shards_of(folder / "model.safetensors.index.json")


def test_links_are_followed_as_the_cache_of_a_hub_has_them(tmp_path, module):
    folder = tmp_path / "snapshot"
    folder.mkdir()
    write(tmp_path, module.state_dict())
    for path in tmp_path.glob("model*"):
        (folder / path.name).symlink_to(path)
    assert [path.name for path in shards_of(folder / "model.safetensors.index.json")] == list(NAMES)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"weight_map": 3}', '{"weight_map": {"a": 3}}', "{" * 99_999])
def test_a_list_that_is_none_is_told(tmp_path, content):
    path = tmp_path / "model.safetensors.index.json"
    path.write_text(content)
    with pytest.raises(NetworkError, match=r"model\.safetensors\.index\.json"):
        shards_of(path)


def test_no_one_reads_a_million_names(tmp_path):
    (tmp_path / "a-1-of-999999.bin").touch()
    with pytest.raises(NetworkError, match="is none of 999,999 files"):
        shards_of(tmp_path / "a-1-of-999999.bin")
