import gzip

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from idx_files import digits, idx

from cnnviewer.datasets.idx import read_idx, read_split
from cnnviewer.errors import DatasetError

CATEGORIES = tuple("0123456789")


def write(folder, images, labels, suffix=""):
    for name, values in (("images-idx3", images), ("labels-idx1", labels)):
        data = gzip.compress(idx(values)) if suffix else idx(values)
        (folder / f"t10k-{name}-ubyte{suffix}").write_bytes(data)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_plain_and_packed_files_are_read(tmp_path, suffix):
    images, labels = digits(13)
    write(tmp_path, images, labels, suffix)
    data = read_split(tmp_path, "test", CATEGORIES)
    assert data.images.shape == (13, 1, 28, 28)
    assert torch.equal(data.images[:, 0], images)
    assert torch.equal(data.labels, labels.long())
    assert (data.images.dtype, data.labels.dtype) == (torch.uint8, torch.int64)
    assert (len(data), data.categories) == (13, CATEGORIES)


def test_a_missing_file_is_named(tmp_path):
    write(tmp_path, *digits(3))
    with pytest.raises(DatasetError, match=r"lacks the file train-images-idx3-ubyte \(or train-images"):
        read_split(tmp_path, "train", CATEGORIES)


def test_counts_must_agree(tmp_path):
    images, labels = digits(3)
    write(tmp_path, images, labels[:2])
    with pytest.raises(DatasetError, match=r"has 3 images, t10k-labels-idx1-ubyte 2 labels"):
        read_split(tmp_path, "test", CATEGORIES)


def test_labels_must_be_classes(tmp_path):
    images, labels = digits(10)
    write(tmp_path, images, labels + 1)
    with pytest.raises(DatasetError, match="has the label 10; the classes go from 0 to 9"):
        read_split(tmp_path, "test", CATEGORIES)


@pytest.mark.parametrize("shape", [(0, 28, 28), (3, 32, 32), (3, 28, 0)])
def test_images_must_be_there_and_have_their_size(tmp_path, shape):
    write(tmp_path, torch.zeros(shape).byte(), torch.zeros(shape[0]).byte())
    with pytest.raises(DatasetError, match=rf"{shape[0]} images of {shape[1]} × {shape[2]} pixels, where 28 × 28"):
        read_split(tmp_path, "test", CATEGORIES)


@pytest.mark.parametrize(
    "data", [b"", b"\0\0\x08", b"\0\0\x0d\x01\0\0\0\0", b"\x89PNG and so on", idx(torch.ones(2, 2))]
)
def test_other_files_are_refused(tmp_path, data):
    (tmp_path / "odd").write_bytes(data)
    with pytest.raises(DatasetError, match="odd is no IDX file of unsigned bytes with 1 axes"):
        read_idx(tmp_path / "odd", axes=1)


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"\0"])
def test_the_length_must_be_that_of_the_header(tmp_path, change):
    (tmp_path / "labels").write_bytes(change(idx(digits(3)[1])))
    with pytest.raises(DatasetError, match=r"labels holds [24] bytes of values where its header tells of 3"):
        read_idx(tmp_path / "labels", axes=1)


def test_an_empty_file_of_images_is_read(tmp_path):
    (tmp_path / "none").write_bytes(idx(torch.zeros(0, 28, 28, dtype=torch.uint8)))
    assert read_idx(tmp_path / "none", axes=3).shape == (0, 28, 28)


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda _: b"no gzip", lambda _: b""])
def test_damaged_archives_are_refused(tmp_path, damage):
    path = tmp_path / "images.gz"
    path.write_bytes(damage(gzip.compress(idx(digits(3)[0]))))
    with pytest.raises(DatasetError, match=r"images\.gz (is damaged|is no IDX file).*delete it and download it again"):
        read_idx(path, axes=3)


@given(st.binary(max_size=64), st.sampled_from(["odd", "odd.gz"]), st.booleans())
def test_any_bytes_are_a_tensor_or_a_sentence(tmp_path_factory, data, name, is_packed):
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(gzip.compress(data) if is_packed else data)
    try:
        values = read_idx(path, axes=1)
    except DatasetError:
        return
    assert values.dtype == torch.uint8
    assert values.ndim == 1


def test_what_can_not_be_read_is_told(tmp_path):
    with pytest.raises(DatasetError, match="can't be read"):
        read_idx(tmp_path, axes=1)
