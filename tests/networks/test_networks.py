import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from cnnviewer.errors import NetworkError, WeightsError
from cnnviewer.networks import DEFAULT_NETWORK, check_name, is_downloaded, list_networks, load_network
from cnnviewer.networks.checkpoints.reading import read_checkpoint
from cnnviewer.networks.weights import fit_weights, load_weights
from cnnviewer.resources import resource


@pytest.fixture
def small():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 3))


def test_the_table_is_listed_without_anything_heavy():
    code = (
        "import sys; from cnnviewer.networks import check_name, list_networks; list_networks();"
        "check_name('resnet18');"
        "print([m for m in ('torch', 'torchvision', 'timm', 'numpy', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_names_are_grouped_by_source():
    networks = list_networks()
    assert networks["bundled"] == ("efficientnet-lite0", "lenet5", "fashion-cnn")
    assert {"alexnet", "googlenet", "resnet18", "squeezenet1_0"} <= set(networks["torchvision"])
    assert DEFAULT_NETWORK in networks["bundled"]


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(NetworkError, match=r"no network 'resnet81'\. Did you mean resnet18"):
        load_network("resnet81")
    with pytest.raises(NetworkError, match="Did you mean lenet5"):
        check_name("LeNet5")
    with pytest.raises(NetworkError, match="Choose one of efficientnet-lite0, lenet5"):
        check_name("?")


@pytest.mark.parametrize(
    ("name", "meant"),
    [("torchvision/resnet18", "resnet18"), ("hf-hub:timm/ResNet50", "resnet50"), ("microsoft/resnet-50", "resnet50")],
)
def test_a_name_behind_whose_it_is_leads_to_the_network(name, meant):
    with pytest.raises(NetworkError, match=rf"Did you mean {meant}\b"):
        load_network(name)


@pytest.mark.parametrize("name", ["", "x" * 5000, "a\0b"])
def test_odd_names_are_refused_with_a_sentence(name):
    with pytest.raises(NetworkError, match="There is no network"):
        check_name(name)


@pytest.mark.parametrize("as_type", [str, Path])
def test_a_path_is_opened_as_the_file_that_it_names(tmp_path, as_type):
    path = tmp_path / "weights.pth"
    torch.save(load_network("lenet5").module.state_dict(), path)
    network = load_network(as_type(path))
    assert (network.name, network.provenance) == ("weights", "weights from weights.pth")
    assert network.preprocessing == load_network("lenet5").preprocessing
    check_name(as_type(path))
    with pytest.raises(NetworkError, match="weights of its own"):
        load_network(as_type(path), weights=None)
    path.write_bytes(b"")
    with pytest.raises(NetworkError, match=r"weights\.pth is empty"):
        load_network(as_type(path))


def test_a_file_with_code_needs_leave(tmp_path):
    (tmp_path / "net.py").write_text("import torch\n\ndef make():\n    return torch.nn.Conv2d(3, 2, 3)\n")
    text = f"{tmp_path / 'net.py'}:make"
    with pytest.raises(NetworkError, match=r"net\.py:make runs Python code.*--allow-code.*allow_code=True"):
        load_network(text)
    assert load_network(text, allow_code=True).name == "make"


def test_efficientnet_lite0_recognises_the_cat():
    network = load_network(DEFAULT_NETWORK)
    assert network.provenance == "pretrained on ImageNet-1k"
    assert not network.module.training
    assert all(parameter.requires_grad for parameter in network.module.parameters())
    with torch.inference_mode():
        probabilities = network.module(network.preprocess(resource("samples", "chelsea.png"))).softmax(1)[0]
    best = [
        (network.categories[i], pytest.approx(probabilities[i].item(), abs=0.005))
        for i in probabilities.topk(3).indices.tolist()
    ]
    assert best == [("tiger cat", 0.395), ("Egyptian cat", 0.355), ("tabby", 0.170)]
    assert len(network.categories) == 1000
    assert is_downloaded(DEFAULT_NETWORK)


def test_efficientnet_lite0_takes_its_weights_under_both_names(tmp_path):
    network = load_network(DEFAULT_NETWORK, weights=None)
    assert network.provenance == "random weights"
    state = network.module.state_dict()
    stored = {f"_{index}.{name.rpartition('.')[2]}": tensor for index, (name, tensor) in enumerate(state.items())}
    for content in (state, stored):
        torch.save(content, tmp_path / "own.pth")
        found = load_network(DEFAULT_NETWORK, weights=tmp_path / "own.pth")
        assert found.provenance == "weights from own.pth"
        assert all(map(torch.equal, found.module.state_dict().values(), state.values()))


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_weights_come_from_either_kind_of_file(tmp_path, small, suffix):
    path, state = tmp_path / f"weights{suffix}", small.state_dict()
    save_file(state, path) if suffix == ".safetensors" else torch.save(state, path)
    other = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 3))
    fit_weights(other, read_checkpoint(path).tensors, path.name, "small")
    assert all(map(torch.equal, other.state_dict().values(), state.values()))


@pytest.mark.parametrize("nest", ["state_dict", "model", "model_state_dict"])
def test_nests_and_the_prefix_of_data_parallel_are_taken_away(tmp_path, small, nest):
    state = {f"module.{name}": tensor for name, tensor in small.state_dict().items()}
    torch.save({nest: state, "epoch": 3}, tmp_path / "nested.pth")
    other = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 3))
    load_weights(other, tmp_path / "nested.pth", "small")
    assert all(map(torch.equal, other.state_dict().values(), small.state_dict().values()))


def test_missing_batch_counters_are_forgiven(small):
    state = {name: t + 1 for name, t in small.state_dict().items() if not name.endswith("num_batches_tracked")}
    fit_weights(small, state, "old.pth", "small")
    assert all(torch.equal(small.state_dict()[name], tensor) for name, tensor in state.items())


def test_misfits_are_named_and_the_module_stays_as_it_was(small):
    before = {name: tensor.clone() for name, tensor in small.state_dict().items()}
    state = {"0.bias": torch.zeros(5), "head": torch.zeros(1), "1.bias": torch.ones(2)}
    with pytest.raises(WeightsError) as caught:
        fit_weights(small, state, "other.pth", "small")
    assert str(caught.value) == (
        "other.pth does not fit small: 0.weight is missing, 0.bias has shape (5,) instead of (2,), "
        "1.weight is missing, and 5 more misfits. Choose weights of small, or the right network."
    )
    assert all(map(torch.equal, small.state_dict().values(), before.values()))


def test_weights_of_another_network_are_refused(tmp_path):
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "linear.pth")
    with pytest.raises(WeightsError, match=r"linear\.pth does not fit lenet5: c1\.weight is missing"):
        load_network("lenet5", weights=str(tmp_path / "linear.pth"))


class Evil:
    def __reduce__(self):
        return (print, ("code ran",))


@pytest.mark.parametrize("content", [Evil(), {"state_dict": Evil()}])
def test_a_file_with_code_is_refused_and_not_run(tmp_path, capsys, content):
    torch.save(content, tmp_path / "evil.pth")
    with pytest.raises(WeightsError, match=r"evil\.pth is no network: it wants to run builtins\.print"):
        read_checkpoint(tmp_path / "evil.pth")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("content", [{}, [1, 2], 3.0, {"a": 1}, {3: torch.ones(1)}, {"state_dict": {}}])
def test_files_without_a_state_dict_are_refused(tmp_path, content):
    torch.save(content, tmp_path / "empty.pth")
    with pytest.raises(WeightsError, match=r"empty\.pth holds no state dict"):
        read_checkpoint(tmp_path / "empty.pth")


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("content", [b"", b"\x00", b"not weights at all", b"PK\x03\x04 cut"])
def test_damaged_files_are_refused(tmp_path, suffix, content):
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=f"bad{suffix}"):
        read_checkpoint(path)


def test_a_file_cut_in_half_is_refused(tmp_path, small):
    path = tmp_path / "cut.pth"
    torch.save(small.state_dict(), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(WeightsError, match=r"cut\.pth can't be read as weights"):
        read_checkpoint(path)


def test_missing_files_and_folders_are_told(tmp_path):
    for name in ("none.pth", "none.safetensors"):
        with pytest.raises(WeightsError, match="There is no weights file"):
            load_network("lenet5", weights=tmp_path / name)
    with pytest.raises(WeightsError, match="is a folder"):
        load_network("lenet5", weights=tmp_path)
