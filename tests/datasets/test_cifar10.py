import hashlib
import io
import pickle
import tarfile

import numpy as np
import pytest
import torch
from torchvision.datasets import CIFAR10

from cnnviewer.datasets import load_dataset
from cnnviewer.errors import Cancelled, DatasetError
from serving import serve

NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
BASE = CIFAR10.base_folder


def batches():
    """Files like the published ones, 20 images each."""
    files = {}
    for number, name in enumerate([*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]):
        data = np.full((20, 3072), number, np.uint8)
        data[:, :1024] = 200  # the red plane
        files[name] = pickle.dumps({"data": data, "labels": [index % 10 for index in range(20)]})
    files["batches.meta"] = pickle.dumps({"label_names": NAMES})
    return files


def packed(files):
    """An archive with these files, and one that must not be unpacked."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, data in {**{f"{BASE}/{name}": data for name, data in files.items()}, "../evil": b"evil"}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


@pytest.fixture
def files(monkeypatch):
    """The files, known to torchvision by their MD5 sums."""
    files = batches()
    sums = {name: hashlib.md5(data).hexdigest() for name, data in files.items()}
    monkeypatch.setattr(CIFAR10, "train_list", [[f"data_batch_{n}", sums[f"data_batch_{n}"]] for n in range(1, 6)])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", sums["test_batch"]]])
    monkeypatch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": sums["batches.meta"]})
    return files


@pytest.fixture(autouse=True)
def home(torch_home, monkeypatch):
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    return torch_home / "datasets"


@pytest.fixture
def server(files, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    archive = packed(files)
    with serve({f"/{CIFAR10.filename}": archive}) as server:
        monkeypatch.setattr(CIFAR10, "url", f"{server.url}/{CIFAR10.filename}")
        monkeypatch.setattr(CIFAR10, "tgz_md5", hashlib.md5(archive).hexdigest())
        yield server


def write(root, files):
    (root / BASE).mkdir(parents=True)
    for name, data in files.items():
        (root / BASE / name).write_bytes(data)


def left(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("inside", ["", BASE])
def test_it_is_read(tmp_path, files, inside):
    write(tmp_path, files)
    dataset = load_dataset("cifar10", folder=tmp_path / inside, validation=0.1)
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (90, 10, 20)
    assert dataset.categories == tuple(NAMES)
    assert dataset.image_shape == (3, 32, 32)
    assert dataset.train.images.dtype == torch.uint8
    assert dataset.train.labels.dtype == torch.int64
    red, green = dataset.test.images[0, :2]
    assert (red == 200).all()
    assert (green == 5).all()


class Loud:
    def __reduce__(self):
        return (pytest.fail, ("it was unpickled",))


@pytest.mark.parametrize("name", ["data_batch_1", "data_batch_5", "test_batch", "batches.meta"])
def test_files_of_others_are_not_unpickled(tmp_path, files, name):
    write(tmp_path, {**files, name: pickle.dumps(Loud())})
    with pytest.raises(DatasetError, match="not those of CIFAR-10, or are damaged; delete the folder"):
        load_dataset("cifar10", folder=tmp_path)


def test_a_missing_set_is_told(tmp_path, home):
    with pytest.raises(DatasetError, match=r"CIFAR-10 is not on this machine\..*170 MB.*--download"):
        load_dataset("cifar10")
    with pytest.raises(DatasetError, match="is not in "):
        load_dataset("cifar10", folder=tmp_path)
    assert not home.exists()


def test_it_is_downloaded_once_and_only_what_is_known_is_unpacked(server, files, home):
    texts = []
    for _ in range(2):
        dataset = load_dataset("cifar10", download=True, progress=lambda *call: texts.append(call[2]))
        assert len(dataset.test) == 20
    assert left(home) == sorted([BASE, *(f"{BASE}/{name}" for name in files)])
    assert len(server.requests) == 1
    assert {"Downloading CIFAR-10", "Unpacking CIFAR-10"} >= set(texts) >= {"Downloading CIFAR-10"}


def test_an_archive_that_lies_there_is_unpacked_and_kept(server, tmp_path):
    archive = tmp_path / CIFAR10.filename
    archive.write_bytes(server.files[f"/{CIFAR10.filename}"])
    assert len(load_dataset("cifar10", folder=tmp_path, download=True).test) == 20
    assert archive.exists()
    assert server.requests == []


@pytest.mark.parametrize("when", ["Downloading", "Unpacking"])
def test_a_download_that_is_cancelled_leaves_nothing(server, home, when):
    def stop(done, total, text):
        if text.startswith(when) and (done or when == "Unpacking"):
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        load_dataset("cifar10", download=True, progress=stop)
    assert left(home) == []
    assert len(load_dataset("cifar10", download=True).test) == 20


def test_wrong_bytes_are_told(server, home):
    server.files[f"/{CIFAR10.filename}"] = b"something else"
    with pytest.raises(DatasetError, match=r"its MD5 is wrong\)\. Try again, or give a folder with the files\.$"):
        load_dataset("cifar10", download=True)
    assert left(home) == []


@pytest.mark.parametrize("damage", ["half", "incomplete"])
def test_an_archive_that_can_not_be_unpacked_is_told(server, files, home, monkeypatch, damage):
    archive = server.files[f"/{CIFAR10.filename}"][:-200] if damage == "half" else packed({"readme": b""})
    server.files[f"/{CIFAR10.filename}"] = archive
    monkeypatch.setattr(CIFAR10, "tgz_md5", hashlib.md5(archive).hexdigest())
    with pytest.raises(DatasetError, match="The archive of CIFAR-10 can't be unpacked"):
        load_dataset("cifar10", download=True)
    assert left(home) == []


def test_a_folder_that_can_not_be_written_is_told(server, home):
    home.parent.write_text("a file in the way")
    with pytest.raises(DatasetError, match=r"can't be written to .*TORCH_HOME, or give a folder"):
        load_dataset("cifar10", download=True)
