"""MNIST, Fashion-MNIST and the shipped digits: found, read, downloaded."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from idx_files import set_files, write_set
from torchvision.datasets import MNIST, FashionMNIST

from cnnviewer.datasets import fashion_mnist, load_dataset, mnist_5k
from cnnviewer.datasets.mnist import read_mnist
from cnnviewer.errors import Cancelled, CnnviewerError, DatasetError
from serving import serve

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "mnist"


@pytest.fixture(autouse=True)
def home(torch_home, monkeypatch):
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    monkeypatch.setattr(fashion_mnist, "_SET", replace(fashion_mnist._SET, elsewhere=None))
    return torch_home


@pytest.fixture
def server(monkeypatch):
    """A mirror of small sets, after one that has nothing; torchvision's own mirrors are not asked."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    files = set_files()
    sums = [(name, hashlib.md5(data).hexdigest()) for name, data in files.items()]
    with serve({f"/set/{name}": data for name, data in files.items()}) as server:
        for published in (MNIST, FashionMNIST):
            monkeypatch.setattr(published, "mirrors", [f"{server.url}/missing/", f"{server.url}/set/"])
            monkeypatch.setattr(published, "resources", sums)
        yield server


def left(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(("name", "layout"), [("mnist", "MNIST/raw"), ("fashion-mnist", "FashionMNIST/raw")])
class TestSets:
    @pytest.mark.parametrize("place", ["folder", "folder as torchvision has it", "default"])
    def test_it_is_found(self, tmp_path, home, name, layout, place):
        root = home / "datasets" if place == "default" else tmp_path / "mine"
        write_set(root if place == "folder" else root / layout)
        dataset = load_dataset(name, folder=None if place == "default" else root, validation=0.25)
        assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (30, 10, 20)
        assert dataset.name == name
        assert dataset.image_shape == (1, 28, 28)
        assert len(dataset.categories) == 10
        assert dataset.test.images[:, 0, 0, 0].tolist() == list(range(100, 120))

    def test_it_is_downloaded_from_the_next_mirror_once(self, server, home, name, layout):
        calls = []
        for _ in range(2):
            dataset = load_dataset(name, download=True, progress=lambda *call: calls.append(call))
            assert len(dataset.test) == 20
        assert left(home / "datasets") == left(home / "datasets" / layout) == sorted(set_files())
        assert len(server.requests) == 8
        title = "MNIST" if name == "mnist" else "Fashion-MNIST"
        assert {call[2] for call in calls} == {f"Downloading {title}, file {number} of 4" for number in range(1, 5)}

    def test_it_is_downloaded_into_a_given_folder(self, server, tmp_path, home, name, layout):
        load_dataset(name, folder=tmp_path / "new", download=True)
        assert left(tmp_path / "new" / layout) == sorted(set_files())
        assert not home.exists()

    def test_a_missing_set_is_told(self, home, name, layout):
        with pytest.raises(DatasetError, match=r"not on this machine\..*\(.*MB, to .*torch/datasets\).* --download"):
            load_dataset(name)
        assert not home.exists()

    def test_a_folder_without_it_is_told(self, tmp_path, name, layout):
        with pytest.raises(DatasetError, match=rf"is not in {tmp_path}\."):
            load_dataset(name, folder=tmp_path)

    def test_a_missing_file_is_named(self, tmp_path, name, layout):
        write_set(tmp_path)
        (tmp_path / "t10k-labels-idx1-ubyte.gz").unlink()
        with pytest.raises(DatasetError, match="lacks the file t10k-labels-idx1-ubyte "):
            load_dataset(name, folder=tmp_path)

    def test_a_download_that_is_cancelled_leaves_whole_files_only(self, server, home, name, layout):
        def stop(done, total, text):
            if done and "file 2" in text:
                raise Cancelled("stopped")

        with pytest.raises(Cancelled):
            load_dataset(name, download=True, progress=stop)
        assert left(home) == ["train-images-idx3-ubyte.gz"]
        assert len(load_dataset(name, download=True).test) == 20
        assert len([path for path in server.requests if "train-images" in path]) == 2  # one a mirror

    def test_wrong_bytes_are_told_and_not_kept(self, server, home, name, layout):
        server.files["/set/train-labels-idx1-ubyte.gz"] = b"something else"
        with pytest.raises(DatasetError, match=r"could not be downloaded.*or give a folder with the files\.$"):
            load_dataset(name, download=True)
        assert left(home) == ["train-images-idx3-ubyte.gz"]

    def test_a_folder_that_can_not_be_written_is_told_at_once(self, server, home, name, layout):
        home.write_text("a file in the way")
        with pytest.raises(DatasetError, match=r"can't be written to .*TORCH_HOME, or give a folder"):
            load_dataset(name, download=True)
        assert server.requests == []


def test_debians_fashion_is_found(tmp_path, monkeypatch):
    write_set(tmp_path / "debian")
    monkeypatch.setattr(fashion_mnist, "_SET", replace(fashion_mnist._SET, elsewhere=tmp_path / "debian"))
    dataset = load_dataset("fashion-mnist")
    assert dataset.categories[::9] == ("T-shirt/top", "Ankle boot")


@pytest.mark.skipif(not fashion_mnist.DEBIAN.is_dir(), reason="needs Debian's package dataset-fashion-mnist")
def test_debians_fashion_is_the_published_set(monkeypatch):
    monkeypatch.setattr(fashion_mnist, "_SET", replace(fashion_mnist._SET, elsewhere=fashion_mnist.DEBIAN))
    dataset = load_dataset("fashion-mnist")
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (55_000, 5_000, 10_000)
    assert dataset.test.labels[:5].tolist() == [9, 2, 1, 1, 6]
    assert dataset.test.labels.bincount().tolist() == [1000] * 10


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs MNIST in ../shared/data/mnist")
def test_the_real_digits_have_their_known_numbers():
    data = read_mnist(SHARED, "test")
    assert data.images.shape == (10_000, 1, 28, 28)
    assert data.labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert data.labels.bincount().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    dataset = load_dataset("mnist", folder=SHARED)
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (55_000, 5_000, 10_000)


class TestShipped:
    def test_it_has_500_digits_a_class_and_a_fixed_test_split(self):
        dataset, other = (load_dataset("mnist-5k", seed=seed) for seed in (0, 1))
        assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (4125, 375, 500)
        assert dataset.test.labels.bincount().tolist() == [50] * 10
        assert set(dataset.validation.labels.bincount().tolist()) == {37, 38}
        assert torch.equal(dataset.test.images, other.test.images)
        assert not torch.equal(dataset.validation.images, other.validation.images)
        assert dataset.image_shape == (1, 28, 28)
        assert "CC BY-SA" in dataset.source

    def test_no_digit_is_in_two_splits(self):
        dataset = load_dataset("mnist-5k")
        splits = (dataset.train, dataset.validation, dataset.test)
        images = {image.numpy().tobytes() for split in splits for image in split.images}
        assert len(images) == 5000

    @pytest.mark.skipif(not SHARED.is_dir(), reason="needs MNIST in ../shared/data/mnist")
    def test_its_digits_are_training_digits_with_their_labels(self):
        train = read_mnist(SHARED, "train")
        label_of = dict(zip((image.numpy().tobytes() for image in train.images), train.labels.tolist(), strict=True))
        shipped = load_dataset("mnist-5k", validation=0).train
        labels = [label_of[image.numpy().tobytes()] for image in shipped.images]
        assert labels == shipped.labels.tolist()

    def test_a_damaged_installation_is_told(self, tmp_path, monkeypatch):
        monkeypatch.setattr(mnist_5k, "resource", lambda *_: tmp_path)
        with pytest.raises(DatasetError, match="install it again"):
            load_dataset("mnist-5k")

    def test_a_missing_file_is_told(self, monkeypatch):
        def lacking(*_):
            raise CnnviewerError("The installation of cnnviewer lacks the file x; install it again.")

        monkeypatch.setattr(mnist_5k, "resource", lacking)
        with pytest.raises(DatasetError, match="lacks the file x; install it again"):
            load_dataset("mnist-5k")
