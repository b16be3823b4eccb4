import hashlib
import socket
import urllib.parse
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from huggingface_hub import constants
from PIL import Image
from safetensors.torch import save
from timm.data import create_transform, resolve_data_config
from timm.models import get_pretrained_cfg

import cnnviewer
from cnnviewer.errors import Cancelled, NetworkError, WeightsError
from cnnviewer.networks import check_name, is_downloaded, load_network
from cnnviewer.networks.facts import facts_of
from cnnviewer.networks.timm_networks import names, preprocessing_of, recipe
from cnnviewer.sizes import byte_text
from serving import serve

FAMILIES = (
    "test_resnet", "test_convnext", "test_vit", "deit_tiny_patch16_224", "swin_tiny_patch4_window7_224",
    "test_efficientnet", "mobilenetv3_small_050", "regnetx_002", "densenet121", "ghostnet_050", "mixer_s32_224",
    "resmlp_12_224", "poolformer_s12", "test_maxvit", "levit_128s", "mobilevit_xxs", "edgenext_xx_small", "test_nfnet",
    "hrnet_w18_small", "dla46_c", "xcit_nano_12_p16_224", "eva02_tiny_patch14_224", "repvit_m0_9",
)  # fmt: skip
NAME, REPOSITORY = "timm/test_efficientnet.r160_in1k", "timm/test_efficientnet.r160_in1k"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize("name", FAMILIES)
def test_random_networks_are_recorded_to_the_last_bit(name):
    network = load_network(f"timm/{name}", weights=None)
    assert (network.name, network.provenance) == (f"timm/{name}", "random weights")
    x = torch.rand(1, 3, *network.preprocessing.size, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = network.module(x)[0]
    recording = cnnviewer.record(network, x)
    assert torch.equal(recording.layers[-1].output, expected)


def photo(width, height):
    pixels = np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def kinds_of_preprocessing():
    """A name for each way in which timm prepares a photo, those with large inputs left out."""
    kinds = {}
    for name in names():
        config = get_pretrained_cfg(name.removeprefix("timm/")).to_dict()
        data = resolve_data_config({}, pretrained_cfg=config)
        if max(data["input_size"]) <= 320 or data["crop_mode"] == "border" or len(set(data["input_size"])) > 2:
            kinds.setdefault(tuple(map(str, data.values())), name)
    return list(kinds.values())


@pytest.mark.parametrize("size", [(300, 200), (180, 410)])
def test_photos_are_prepared_as_timm_does_it(size):
    kinds, modes = kinds_of_preprocessing(), set()
    assert len(kinds) > 60
    for name in kinds:
        config = get_pretrained_cfg(name.removeprefix("timm/")).to_dict()
        preprocessing = preprocessing_of(config)
        modes.add(preprocessing.crop_mode)
        expected = create_transform(**resolve_data_config({}, pretrained_cfg=config))(photo(*size))
        assert torch.equal(preprocessing(photo(*size))[0], expected), name
    assert modes == {"centre", "squash", "border"}


@pytest.mark.parametrize(
    ("name", "count", "first"),
    [
        ("timm/test_resnet.r160_in1k", 1000, "tench"),
        ("timm/vit_tiny_patch16_224.augreg_in21k", 21843, "organism, being"),
        ("timm/convnext_tiny.in12k", 11821, None),
        ("timm/vit_small_patch14_dinov2.lvd142m", 0, None),
    ],
)
def test_categories_are_those_of_the_weights(name, count, first):
    found = recipe(name)
    assert len(found.categories) == count
    assert first is None or found.categories[0] == first


def test_names_are_checked_and_the_nearest_are_told():
    check_name("timm/convnext_atto")
    check_name("timm/convnext_atto.d2_in1k")
    with pytest.raises(NetworkError, match="Did you mean timm/convnext_atto"):
        check_name("convnext_atto")
    with pytest.raises(NetworkError, match=r"Did you mean timm/resnet50\."):
        check_name("timm/resnet50.nothing")


def test_what_nobody_trained_says_so():
    name = next(name for name in names() if not timm.is_model_pretrained(name.removeprefix("timm/")))
    assert not is_downloaded(name)
    with pytest.raises(WeightsError, match="no trained weights"):
        load_network(name)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Empty caches, and no hub."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        point_to(monkeypatch, f"http://127.0.0.1:{unused.getsockname()[1]}")
    return tmp_path / "hub"


def point_to(monkeypatch, address):
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}")


def trained(architecture="test_efficientnet"):
    torch.manual_seed(3)
    return timm.create_model(architecture).eval()


def left(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def hub(monkeypatch):
    """Serve files of the repository, bytes by name."""
    stack = []

    def begin(slow=False, etag=None, **files):
        paths = {f"/{REPOSITORY}/resolve/main/{name.replace('__', '.')}": content for name, content in files.items()}
        headers = {
            path: {"ETag": f'"{etag or hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": COMMIT}
            for path, content in paths.items()
        }
        server = serve(paths, headers)
        stack.append(server)
        running = server.__enter__()
        point_to(monkeypatch, running.url)
        if slow:
            for path, content in paths.items():
                running.headers[path]["Location"] = f"{running.url}/slow{path}"
                running.headers[f"/slow{path}"] = {}
                running.files[f"/slow{path}"] = content
        return running

    yield begin
    for server in stack:
        server.__exit__(None, None, None)


def test_weights_come_from_the_hub_once_and_are_loaded_by_timm(hub, cache):
    module, calls = trained(), []
    server = hub(model__safetensors=save(module.state_dict()))
    assert not is_downloaded(NAME)
    network = load_network(NAME, progress=lambda *call: calls.append(call))
    assert network.provenance == "pretrained on ImageNet-1k"
    assert not network.module.training
    assert all(map(torch.equal, network.module.state_dict().values(), module.state_dict().values()))
    assert {text for _, _, text in calls} == {f"Downloading {NAME}"}
    assert calls[-1][0] == calls[-1][1] == len(save(module.state_dict()))
    assert is_downloaded(NAME)
    count = len(server.requests)
    load_network(NAME)
    assert len(server.requests) == count == 1


def test_the_hubs_own_client_finds_what_was_downloaded(hub, cache):
    from huggingface_hub import hf_hub_download, scan_cache_dir

    hub(model__safetensors=save(trained().state_dict()))
    load_network(NAME)
    path = Path(hf_hub_download(REPOSITORY, "model.safetensors", cache_dir=str(cache), local_files_only=True))
    assert path.parent.name == COMMIT
    report = scan_cache_dir(cache)
    assert not report.warnings
    assert [repository.repo_id for repository in report.repos] == [REPOSITORY]


def test_a_repository_without_safetensors(hub, tmp_path):
    module = trained()
    torch.save(module.state_dict(), tmp_path / "weights.bin")
    hub(pytorch_model__bin=(tmp_path / "weights.bin").read_bytes())
    network = load_network(NAME)
    assert all(map(torch.equal, network.module.state_dict().values(), module.state_dict().values()))


class Evil:
    def __reduce__(self):
        return (print, ("code ran",))


def test_code_in_weights_is_not_run(hub, tmp_path, capsys):
    torch.save({"weight": Evil()}, tmp_path / "weights.bin")
    hub(pytorch_model__bin=(tmp_path / "weights.bin").read_bytes())
    with pytest.raises(WeightsError, match="damaged"):
        load_network(NAME)
    assert capsys.readouterr().out == ""


def test_damaged_weights_are_named(hub, cache):
    content = save(trained().state_dict())
    hub(model__safetensors=content[: len(content) // 2])
    with pytest.raises(WeightsError, match=r"models--timm--test_efficientnet.*is damaged\. Delete it and open"):
        load_network(NAME)


def test_weights_of_another_network_are_damaged_ones(hub):
    hub(model__safetensors=save(trained("test_vit").state_dict()))
    with pytest.raises(WeightsError, match="is damaged"):
        load_network(NAME)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"other__txt": b"nothing"}, f"{REPOSITORY} has no file of weights. Choose another network"),
        ({"model__safetensors": b"wrong", "etag": "0" * 64}, "SHA-256 is wrong"),
    ],
)
def test_what_the_hub_lacks_is_told_and_leaves_nothing(hub, cache, files, told):
    hub(**files)
    with pytest.raises(WeightsError) as caught:
        load_network(NAME)
    assert told in str(caught.value)
    assert str(caught.value).endswith(", or go on with random weights.")
    assert not cache.exists() or not list(cache.iterdir())


def test_no_connection_is_told(cache):
    with pytest.raises(WeightsError) as caught:
        load_network(NAME)
    assert str(caught.value) == (
        f"The weights of {NAME} (about {byte_text(facts_of(NAME).nbytes)}) could not be downloaded: no connection. "
        "Connect and try again, or go on with random weights."
    )
    assert not left(cache)


def test_a_hub_that_is_forbidden_is_told(monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(WeightsError, match=r"could not be downloaded: HF_HUB_OFFLINE forbids it\. Unset it and"):
        load_network(NAME)


def test_a_download_that_hangs_can_be_stopped(hub, cache):
    server = hub(slow=True, model__safetensors=save(trained().state_dict()))
    seen = []

    def stop(done, total, text):
        seen.append(done)
        if done and len(seen) > 5:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        load_network(NAME, progress=stop)
    assert any(path.startswith("/slow") for path in server.requests)
    assert not list(cache.iterdir())


def test_a_hub_that_does_not_answer_can_be_left(monkeypatch):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        point_to(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}")

        def stop(*_):
            raise Cancelled("stopped")

        with pytest.raises(Cancelled):
            load_network(NAME, progress=stop)


def test_weights_at_an_address_of_their_own(monkeypatch, tmp_path):
    name = "timm/gcvit_xxtiny.in1k"
    url = get_pretrained_cfg("gcvit_xxtiny.in1k").url
    path = tmp_path / "torch" / "hub" / "checkpoints" / Path(urllib.parse.urlparse(url).path).name
    path.parent.mkdir(parents=True)
    assert not is_downloaded(name)
    module = trained("gcvit_xxtiny")
    torch.save(module.state_dict(), path)
    assert is_downloaded(name)
    network = load_network(name)
    assert all(map(torch.equal, network.module.state_dict().values(), module.state_dict().values()))
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(WeightsError, match="is damaged"):
        load_network(name)


@pytest.mark.parametrize(
    ("error", "told"),
    [(MemoryError(), "needs more memory than is free"), (PermissionError(13, "not yours"), "can't be read: not yours")],
)
def test_what_is_no_fault_of_the_file_does_not_ask_to_delete_it(hub, cache, monkeypatch, error, told):
    def fails(*_, **__):
        raise error

    hub(model__safetensors=save(trained().state_dict()))
    load_network(NAME)
    monkeypatch.setattr("timm.create_model", fails)
    with pytest.raises(WeightsError, match=told) as found:
        load_network(NAME)
    assert "Delete" not in str(found.value)
