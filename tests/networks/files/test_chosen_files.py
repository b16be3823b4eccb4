"""Which file of a folder is its network: one in several formats, and what lies beside one."""

import pytest
import timm
import torch
from safetensors.torch import save_file

from cnnviewer.errors import NetworkError
from cnnviewer.network_reports import FileRequest
from cnnviewer.networks import load_network
from cnnviewer.networks.files.opening import FileOpener
from cnnviewer.networks.files.places import find_network, other_formats


@pytest.mark.parametrize(
    ("names", "taken", "others"),
    [
        (["model.safetensors", "pytorch_model.bin"], "model.safetensors", ["pytorch_model.bin"]),
        (
            ["model.onnx", "model.safetensors", "pytorch_model.bin", "tf_model.h5"],
            "model.safetensors",
            ["model.onnx", "pytorch_model.bin", "tf_model.h5"],
        ),
        (["pytorch_model.bin", "tf_model.h5"], "pytorch_model.bin", ["tf_model.h5"]),
        (["best.onnx", "best.pt", "best.pt2"], "best.onnx", ["best.pt", "best.pt2"]),
        (["pytorch_model.bin", "training_args.bin", "optimizer.pt", "rng_state_0.pth"], "pytorch_model.bin", []),
        (["model.safetensors", "pytorch_model.bin", "scheduler.pt"], "model.safetensors", ["pytorch_model.bin"]),
        (["optimizer.pt"], "optimizer.pt", []),
    ],
)
def test_a_network_in_several_formats_is_one(tmp_path, names, taken, others):
    for name in names:
        (tmp_path / name).touch()
    assert find_network(tmp_path).name == taken
    assert list(other_formats(tmp_path)) == others


@pytest.mark.parametrize(
    "names",
    [["a.safetensors", "b.onnx"], ["net.pth", "net.onnx", "other.onnx"], ["model.onnx", "model_quantized.onnx"]],
)
def test_several_networks_are_no_network_in_several_formats(tmp_path, names):
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(NetworkError, match=f"holds {len(names)} networks"):
        find_network(tmp_path)
    assert other_formats(tmp_path) == ()


def test_shards_are_one_file_of_their_format(tmp_path):
    for stem, ending in (("model", "safetensors"), ("pytorch_model", "bin")):
        names = [f"{stem}-0000{place}-of-00002.{ending}" for place in (1, 2)]
        for name in names:
            (tmp_path / name).touch()
        files = ", ".join(f'"{name}": "{name}"' for name in names)
        (tmp_path / f"{stem}.{ending}.index.json").write_text(f'{{"weight_map": {{{files}}}}}')
    assert find_network(tmp_path).name == "model.safetensors.index.json"
    assert other_formats(tmp_path) == ("pytorch_model.bin.index.json",)


def test_what_else_lies_there_is_told(tmp_path):
    torch.manual_seed(0)
    first, second = (timm.create_model("test_resnet", num_classes=3).eval() for _ in range(2))
    save_file(first.state_dict(), tmp_path / "model.safetensors")
    torch.save(second.state_dict(), tmp_path / "pytorch_model.bin")
    report = FileOpener().inspect(FileRequest(tmp_path))
    assert report.note == (
        "pytorch_model.bin is in the folder, too, by the name the same network: model.safetensors is taken."
    )
    network, image = load_network(tmp_path), torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(network.module(image), first(image))
    assert "other formats" not in FileOpener().inspect(FileRequest(tmp_path / "model.safetensors")).note
