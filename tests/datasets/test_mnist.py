import gzip
import struct
from pathlib import Path

import pytest
import torch

from cnnviewer.datasets.mnist import read_idx, read_mnist
from cnnviewer.errors import DatasetError

MNIST = Path(__file__).resolve().parents[3] / "shared" / "data" / "mnist"


def idx(values):
    return struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.numpy().tobytes()


@pytest.fixture
def digits():
    images = torch.arange(3 * 28 * 28).reshape(3, 28, 28).to(torch.uint8)
    return images, torch.tensor([7, 0, 9], dtype=torch.uint8)


def write(folder, digits, suffix=""):
    for name, values in zip(("images-idx3", "labels-idx1"), digits, strict=True):
        data = gzip.compress(idx(values)) if suffix else idx(values)
        (folder / f"t10k-{name}-ubyte{suffix}").write_bytes(data)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_plain_and_packed_files_are_read(tmp_path, digits, suffix):
    write(tmp_path, digits, suffix)
    data = read_mnist(tmp_path, "test")
    assert torch.equal(data.images, digits[0])
    assert torch.equal(data.labels, digits[1])
    assert data.images.dtype == data.labels.dtype == torch.uint8
    assert (len(data), len(data.head(2)), data.categories[7]) == (3, 2, "7")


def test_a_missing_file_is_named(tmp_path, digits):
    write(tmp_path, digits)
    with pytest.raises(DatasetError, match=r"lacks the file train-images-idx3-ubyte \(or train-images"):
        read_mnist(str(tmp_path), "train")


def test_counts_must_agree(tmp_path, digits):
    write(tmp_path, (digits[0], digits[1][:2]))
    with pytest.raises(DatasetError, match=r"has 3 images, t10k-labels-idx1-ubyte 2 labels"):
        read_mnist(tmp_path, "test")


def test_labels_must_be_digits(tmp_path, digits):
    write(tmp_path, (digits[0], digits[1] + 1))
    with pytest.raises(DatasetError, match="has the label 10; digits go from 0 to 9"):
        read_mnist(tmp_path, "test")


@pytest.mark.parametrize(
    "data", [b"", b"\0\0\x08", b"\0\0\x0d\x01\0\0\0\0", b"\x89PNG and so on", idx(torch.ones(2, 2))]
)
def test_other_files_are_refused(tmp_path, data):
    (tmp_path / "odd").write_bytes(data)
    with pytest.raises(DatasetError, match="odd is no IDX file of unsigned bytes with 1 axes"):
        read_idx(tmp_path / "odd", axes=1)


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"\0"])
def test_the_length_must_be_that_of_the_header(tmp_path, digits, change):
    (tmp_path / "labels").write_bytes(change(idx(digits[1])))
    with pytest.raises(DatasetError, match=r"labels holds [24] bytes of values where its header tells of 3"):
        read_idx(tmp_path / "labels", axes=1)


def test_an_empty_set_is_read(tmp_path):
    (tmp_path / "none").write_bytes(idx(torch.zeros(0, 28, 28, dtype=torch.uint8)))
    assert read_idx(tmp_path / "none", axes=3).shape == (0, 28, 28)


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda _: b"no gzip", lambda _: b""])
def test_damaged_archives_are_refused(tmp_path, digits, damage):
    path = tmp_path / "images.gz"
    path.write_bytes(damage(gzip.compress(idx(digits[0]))))
    with pytest.raises(DatasetError, match=r"images\.gz (is damaged|is no IDX file)"):
        read_idx(path, axes=3)


def test_what_can_not_be_read_is_told(tmp_path):
    with pytest.raises(DatasetError, match="can't be read"):
        read_idx(tmp_path, axes=1)


@pytest.mark.skipif(not MNIST.is_dir(), reason="needs MNIST in ../shared/data/mnist")
def test_the_real_set_has_its_known_sizes():
    data = read_mnist(MNIST, "test")
    assert data.images.shape == (10_000, 28, 28)
    assert data.labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert data.labels.long().bincount().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
