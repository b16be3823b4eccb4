"""The table of datasets, and what is held back of them."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnnviewer.datasets import DEFAULT_DATASET, list_datasets, load_dataset
from cnnviewer.datasets.labelled import Dataset, LabelledImages
from cnnviewer.datasets.splits import draw, hold_back, take
from cnnviewer.errors import DatasetError


def dataset(counts, **others):
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    images = torch.arange(len(labels)).remainder(256).to(torch.uint8).reshape(-1, 1, 1, 1)
    return Dataset("some", LabelledImages(images, labels, tuple(map(str, range(len(counts))))), **others)


def test_names_are_listed_without_torch():
    code = (
        "import sys; from cnnviewer.datasets import list_datasets; list_datasets(); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_list_tells_of_each():
    infos = {info.name: info for info in list_datasets()}
    assert list(infos) == ["mnist-5k", "mnist", "fashion-mnist", "cifar10"]
    assert infos[DEFAULT_DATASET].needs_download == ""
    assert all(infos[name].needs_download.endswith(" MB") for name in ("mnist", "fashion-mnist", "cifar10"))
    assert infos["cifar10"].image_shape == (3, 32, 32)


def test_what_is_listed_is_what_is_loaded():
    info, loaded = list_datasets()[0], load_dataset(DEFAULT_DATASET)
    assert (info.name, info.categories, info.image_shape) == (loaded.name, len(loaded.categories), loaded.image_shape)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("minst", "There is no dataset 'minst', nor a folder of this name. Did you mean mnist or mnist-5k?"),
        ("CIFAR-10", "Did you mean cifar10?"),
        ("", "Choose one of mnist-5k, mnist, fashion-mnist, cifar10."),
        ("x" * 10_000, "Choose one of"),
        ("a\0b", "There is no dataset"),
        (Path("mnist"), "There is no folder mnist; check the path."),
        ("no/such/folder", "There is no folder no/such/folder; check the path."),
        (__file__, "is a file; choose a folder"),
    ],
)
def test_other_names_are_refused(tmp_path, monkeypatch, name, sentence):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatasetError) as caught:
        load_dataset(name)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("share", [-0.1, 1, 2.5, float("nan"), float("inf")])
def test_a_share_is_a_share(share):
    with pytest.raises(DatasetError, match="choose 0 for none, or a number below 1"):
        load_dataset(DEFAULT_DATASET, validation=share)


def test_nothing_is_held_back_of_0():
    assert load_dataset(DEFAULT_DATASET, validation=0).validation is None


@pytest.mark.parametrize(("counts", "share"), [([500, 500], 0.0001), ([1, 1, 1], 0.5)])
def test_a_share_without_an_image_is_told(counts, share):
    with pytest.raises(DatasetError, match=r"training images of some leaves no image for validation: choose a larger"):
        hold_back(dataset(counts), share, 0)


def test_a_validation_split_of_its_own_stays():
    own = dataset([2, 2])
    both = Dataset("some", own.train, validation=own.train)
    assert hold_back(both, 0.5, 0) is both


@given(st.lists(st.integers(0, 60), min_size=1, max_size=8), st.floats(0, 0.99), st.integers(0, 2**32))
def test_each_class_gives_its_share(counts, share, seed):
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    chosen = draw(labels, len(counts), share, seed)
    given_ = torch.bincount(labels[chosen], minlength=len(counts)).tolist()
    for count, number in zip(counts, given_, strict=True):
        assert abs(number - count * share) <= 1
        assert number < count or not count
    lone = sum(number == count - 1 for count, number in zip(counts, given_, strict=True))
    assert round(sum(counts) * share) - lone <= sum(given_) <= round(sum(counts) * share)
    assert torch.equal(chosen, draw(labels, len(counts), share, seed))


def test_no_image_is_lost_and_the_order_stays():
    whole = dataset([30, 20, 50])
    divided = hold_back(whole, 0.1, 3)
    assert divided.validation.labels.bincount().tolist() == [3, 2, 5]
    numbers = [split.images.flatten().tolist() for split in (divided.train, divided.validation)]
    assert sorted(numbers[0] + numbers[1]) == list(range(100))
    assert numbers == [sorted(part) for part in numbers]
    other = hold_back(whole, 0.1, 4).validation.images
    assert not torch.equal(divided.validation.images, other)


class Store:
    """Images that are no tensor, and tell which of them were asked for."""

    def __init__(self, images):
        self.images, self.asked = images, []
        self.shape = images.shape

    def __len__(self):
        return len(self.images)

    def __getitem__(self, chosen):
        self.asked += chosen.tolist()
        return self.images[chosen]


@pytest.mark.parametrize("chosen", [torch.tensor([2, 0]), slice(1, 3), slice(None), torch.tensor([], dtype=torch.long)])
def test_images_that_are_no_tensor_are_asked_for_those_that_are_wanted(chosen):
    train = dataset([3, 3]).train
    mask = torch.tensor([True, False, True, True, False, True])
    store = Store(train.images)
    some = take(LabelledImages(store, train.labels, train.categories), mask)
    assert some.images.shape == (len(some.images), 1, 1, 1) == (4, 1, 1, 1)
    assert store.asked == []
    expected = take(train, mask)
    assert torch.equal(some.images[chosen], expected.images[chosen])
    assert store.asked == mask.nonzero().flatten()[chosen].tolist()
    assert torch.equal(some.labels, expected.labels)
