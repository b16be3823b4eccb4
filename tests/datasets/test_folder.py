import os
import threading
import warnings

import pytest
import torch
from PIL import Image

from cnnviewer.datasets import decoding, load_dataset
from cnnviewer.datasets.decoding import FileImages
from cnnviewer.errors import Cancelled, DatasetError
from cnnviewer.preprocessing import Preprocessing


def paint(path, value=0, size=(12, 10)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (value, 255 - value, 7)).save(path)


def fill(folder, classes=("cats", "dogs"), count=20):
    for number, name in enumerate(classes):
        for index in range(count):
            paint(folder / name / f"img{index}.png", value=number * 100 + index)


def reds(split):
    return split.images[:][:, 0, 0, 0].tolist()


def test_a_folder_a_class(tmp_path):
    fill(tmp_path / "pets", count=20)
    dataset = load_dataset(tmp_path / "pets", validation=0.1)
    assert dataset.name == "pets"
    assert dataset.categories == ("cats", "dogs")
    assert dataset.image_shape == (3, 64, 64)
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (31, 3, 6)
    assert dataset.test.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert dataset.train.images.dtype == torch.uint8
    assert dataset.train.labels.dtype == torch.int64
    values = [value for split in (dataset.train, dataset.validation, dataset.test) for value in reds(split)]
    assert sorted(values) == [*range(20), *range(100, 120)]
    for split in (dataset.train, dataset.validation, dataset.test):
        assert [value // 100 for value in reds(split)] == split.labels.tolist()
    assert dataset.left_out == ()
    assert str(tmp_path) in dataset.source


def test_a_path_may_be_text_and_the_same_is_drawn_again(tmp_path):
    fill(tmp_path)
    first, again, other = (load_dataset(str(tmp_path), validation=0.2, seed=seed) for seed in (5, 5, 6))
    assert reds(first.validation) == reds(again.validation) != reds(other.validation)
    assert reds(first.test) == reds(other.test)


def test_fit_makes_the_pixels(tmp_path):
    fill(tmp_path)
    grey = Preprocessing(size=(28, 28), resize=28, mean=(0.5,), deviation=(0.5,), channels=1, order="L")
    dataset = load_dataset(tmp_path, fit=grey.pixels)
    assert dataset.image_shape == (1, 28, 28)


def test_names_are_sorted_naturally_and_may_be_any(tmp_path):
    names = ["class 10", "class 2", "Äpfel", "猫", "e\u0301tage"]
    fill(tmp_path, names, count=4)
    assert set(load_dataset(tmp_path).categories) == {"class 2", "class 10", "Äpfel", "猫", "étage"}
    assert load_dataset(tmp_path).categories[:2] == ("class 2", "class 10")


@pytest.mark.skipif(os.name != "posix", reason="other systems have no names that are no text")
def test_names_that_are_no_text_are_made_readable(tmp_path):
    fill(tmp_path, ["cats"], count=5)
    odd = tmp_path / os.fsdecode(b"d\xffgs")
    try:
        odd.mkdir()
    except OSError:
        pytest.skip("this file system refuses names that are no text")
    for index in range(5):
        paint(odd / f"{index}.png")
    assert load_dataset(tmp_path).categories == ("cats", "d\ufffdgs")


class TestSplits:
    @pytest.mark.parametrize("name", ["val", "valid", "validation", "Val"])
    def test_those_that_are_there_are_taken(self, tmp_path, name):
        for split, count in (("train", 6), (name, 2), ("test", 3)):
            fill(tmp_path / split, count=count)
        dataset = load_dataset(tmp_path, validation=0.5)
        assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (12, 4, 6)
        assert dataset.validation.labels.tolist() == [0, 0, 1, 1]
        assert reds(dataset.validation) == [0, 1, 100, 101]

    def test_train_alone_is_divided(self, tmp_path):
        fill(tmp_path / "train", count=20)
        dataset = load_dataset(tmp_path, validation=0.1)
        assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (31, 3, 6)

    def test_train_must_be_there(self, tmp_path):
        fill(tmp_path / "val")
        fill(tmp_path / "test")
        with pytest.raises(DatasetError, match="has test, val, but no folder train"):
            load_dataset(tmp_path)

    def test_two_of_one_kind_are_told(self, tmp_path):
        for split in ("train", "val", "valid"):
            fill(tmp_path / split)
        with pytest.raises(DatasetError, match="two folders for validation, val and valid; keep one"):
            load_dataset(tmp_path)

    def test_a_class_that_train_does_not_have_is_left_out(self, tmp_path):
        fill(tmp_path / "train")
        fill(tmp_path / "test", ["cats", "dogs", "birds"])
        dataset = load_dataset(tmp_path)
        assert dataset.categories == ("cats", "dogs")
        assert (len(dataset.test), set(dataset.test.labels.tolist())) == (40, {0, 1})
        assert [entry.reason for entry in dataset.left_out] == ["birds is left out: train has no class of this name."]

    def test_what_is_no_split_is_left_out(self, tmp_path):
        fill(tmp_path / "train")
        fill(tmp_path / "test")
        (tmp_path / "notes").mkdir()
        (tmp_path / "train" / "list.txt").write_text("cats, dogs")
        left = load_dataset(tmp_path).left_out
        assert {entry.path.name for entry in left} == {"notes", "list.txt"}

    def test_a_class_may_be_called_train(self, tmp_path):
        fill(tmp_path, ["bus", "train"])
        assert load_dataset(tmp_path).categories == ("bus", "train")

    def test_splits_without_class_folders_are_told(self, tmp_path):
        fill(tmp_path, ["train", "test"])
        with pytest.raises(DatasetError, match="train holds no folders; put the images of each class into a folder"):
            load_dataset(tmp_path)


class TestRefusals:
    def test_no_folders(self, tmp_path):
        with pytest.raises(DatasetError, match="holds no folders; put the images of each class"):
            load_dataset(tmp_path)

    def test_one_class_only(self, tmp_path):
        fill(tmp_path, ["cats"])
        with pytest.raises(DatasetError, match="one class folder only, cats"):
            load_dataset(tmp_path)

    def test_one_class_beside_an_empty_one(self, tmp_path):
        fill(tmp_path, ["cats"])
        (tmp_path / "birds").mkdir()
        (tmp_path / "birds" / "notes.txt").write_text("none yet")
        with pytest.raises(DatasetError, match=r"^The class birds has no images, .* put some into .*birds\.$"):
            load_dataset(tmp_path)

    def test_a_class_of_damaged_images(self, tmp_path):
        fill(tmp_path)
        for path in (tmp_path / "dogs").iterdir():
            path.write_bytes(b"no image")
        with pytest.raises(DatasetError, match=r"^No image of the class dogs can be read\. img0\.png is no image"):
            load_dataset(tmp_path)

    def test_nothing_but_damaged_images(self, tmp_path):
        for name in ("cats", "dogs"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "a.jpg").write_bytes(b"?")
        with pytest.raises(DatasetError, match="No image of the class cats"):
            load_dataset(tmp_path)

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
    def test_a_class_that_may_not_be_read(self, tmp_path):
        fill(tmp_path)
        (tmp_path / "dogs").chmod(0)
        try:
            with pytest.raises(DatasetError, match="can't be read"):
                load_dataset(tmp_path)
        finally:
            (tmp_path / "dogs").chmod(0o700)

    def test_too_few_images(self, tmp_path):
        fill(tmp_path, count=1)
        with pytest.raises(DatasetError, match="leaves no image for validation"):
            load_dataset(tmp_path)
        assert load_dataset(tmp_path, validation=0).test is None


class TestLacking:
    """Sets that lack something, and from which a network can learn all the same."""

    def test_an_empty_class_is_no_class(self, tmp_path):
        fill(tmp_path)
        (tmp_path / "birds").mkdir()
        (tmp_path / "birds" / "notes.txt").write_text("none yet")
        dataset = load_dataset(tmp_path)
        assert dataset.categories == ("cats", "dogs")
        assert "birds is no class: it has no images." in [entry.reason for entry in dataset.left_out]
        assert dataset.remarks == (f"Each folder in {tmp_path.name} is a class: cats, dogs.",)

    def test_a_class_of_damaged_images_is_no_class(self, tmp_path):
        fill(tmp_path, ["ants", "bees", "cats"])
        for path in (tmp_path / "bees").iterdir():
            path.write_bytes(b"no image")
        dataset = load_dataset(tmp_path, validation=0)
        assert dataset.categories == ("ants", "cats")
        assert [value // 200 for value in reds(dataset.train)] == dataset.train.labels.tolist()
        assert dataset.remarks[1] == "No image of bees can be read: no class is made of it."
        assert len(dataset.left_out) == 20

    def test_what_a_class_of_damaged_images_has_in_other_splits_is_not_measured(self, tmp_path):
        fill(tmp_path / "train", ["ants", "bees", "cats"])
        fill(tmp_path / "val", ["ants", "bees", "cats"], count=2)
        for path in (tmp_path / "train" / "ants").iterdir():
            path.write_bytes(b"no image")
        dataset = load_dataset(tmp_path)
        assert dataset.validation.labels.tolist() == [0, 0, 1, 1]
        assert reds(dataset.validation) == [100, 101, 200, 201]

    def test_a_class_of_damaged_images_in_a_split_is_not_measured(self, tmp_path):
        fill(tmp_path / "train")
        fill(tmp_path / "val", count=1)
        (tmp_path / "val" / "cats" / "img0.png").write_bytes(b"")
        dataset = load_dataset(tmp_path)
        assert dataset.validation.labels.tolist() == [1]
        assert dataset.remarks[1] == "For validation no image of cats can be read: nothing is measured on them there."

    def test_a_split_of_damaged_images_is_left_out(self, tmp_path):
        fill(tmp_path / "train")
        fill(tmp_path / "val", count=1)
        for name in ("cats", "dogs"):
            (tmp_path / "val" / name / "img0.png").write_bytes(b"")
        dataset = load_dataset(tmp_path, validation=0.1)
        assert len(dataset.validation) == 3  # held back of train
        assert dataset.remarks[1] == "No image for validation can be read: what was found for it is left out."

    @pytest.mark.parametrize("is_there", [True, False])
    def test_a_split_may_lack_a_class(self, tmp_path, is_there):
        fill(tmp_path / "train")
        fill(tmp_path / "val", ["dogs"], count=2)
        if is_there:
            (tmp_path / "val" / "cats").mkdir()
        dataset = load_dataset(tmp_path)
        assert dataset.categories == ("cats", "dogs")
        assert dataset.validation.labels.tolist() == [1, 1]
        assert dataset.remarks[1] == "For validation there are no images of cats: nothing is measured on them there."

    def test_a_split_of_empty_folders_is_left_out(self, tmp_path):
        fill(tmp_path / "train")
        for name in ("cats", "dogs"):
            (tmp_path / "val" / name).mkdir(parents=True)
        dataset = load_dataset(tmp_path, validation=0.1)
        assert len(dataset.validation) == 3
        assert dataset.remarks[1] == "There are no images for validation: what was found for it is left out."

    def test_what_can_not_be_learnt_is_not_measured(self, tmp_path):
        fill(tmp_path / "train")
        fill(tmp_path / "val", ["birds", "cats", "dogs"], count=2)
        (tmp_path / "train" / "birds").mkdir()
        dataset = load_dataset(tmp_path)
        assert dataset.categories == ("cats", "dogs")
        assert dataset.validation.labels.tolist() == [0, 0, 1, 1]
        assert [entry.reason for entry in dataset.left_out] == [
            "birds is no class: it has no images.",
            "birds is no class: train has no images.",
        ]


class TestLeftOut:
    def test_damaged_images_are_named_with_the_reason(self, tmp_path):
        fill(tmp_path)
        (tmp_path / "cats" / "img3.png").write_bytes(b"no image")
        whole = (tmp_path / "dogs" / "img5.png").read_bytes()
        (tmp_path / "dogs" / "img5.png").write_bytes(whole[:-30])
        dataset = load_dataset(tmp_path)
        assert [entry.path.name for entry in dataset.left_out] == ["img3.png", "img5.png"]
        assert dataset.left_out[0].reason.startswith("img3.png is no image")
        splits = (dataset.train, dataset.validation, dataset.test)
        assert sorted(value for split in splits for value in reds(split)) == sorted(
            {*range(20), *range(100, 120)} - {3, 105}
        )
        for split in splits:
            assert [value // 100 for value in reds(split)] == split.labels.tolist()

    def test_other_files_are_named_and_hidden_ones_passed_over(self, tmp_path):
        fill(tmp_path)
        (tmp_path / "readme.txt").write_text("pets")
        (tmp_path / "cats" / "Thumbs.db").write_bytes(b"?")
        (tmp_path / "cats" / "._img1.png").write_bytes(b"?")
        (tmp_path / ".git").mkdir()
        left = load_dataset(tmp_path).left_out
        assert [entry.reason for entry in left] == [
            "readme.txt lies in no class folder.",
            "Thumbs.db is no image: its name ends otherwise.",
        ]

    def test_a_huge_image_is_refused_before_it_is_decoded(self, tmp_path, monkeypatch):
        monkeypatch.setattr("cnnviewer.images.limits.LARGEST", 1000)
        fill(tmp_path)
        paint(tmp_path / "cats" / "huge.png", size=(40, 30))
        (left,) = load_dataset(tmp_path).left_out
        assert left.path.name == "huge.png"
        assert "1,200 pixels, more than" in left.reason

    def test_links_that_lead_up_are_passed_over(self, tmp_path):
        fill(tmp_path)
        try:
            (tmp_path / "up").symlink_to(tmp_path, target_is_directory=True)
            (tmp_path / "cats" / "up").symlink_to(tmp_path, target_is_directory=True)
            (tmp_path / "round").symlink_to(tmp_path / "round")
            (tmp_path / "dogs" / "gone.png").symlink_to(tmp_path / "nowhere.png")
        except OSError:
            pytest.skip("no links here")
        dataset = load_dataset(tmp_path, validation=0)
        assert dataset.categories == ("cats", "dogs")
        assert len(dataset.train) + len(dataset.test) == 40

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
    def test_a_pipe_is_no_image(self, tmp_path):
        fill(tmp_path)
        os.mkfifo(tmp_path / "cats" / "pipe.png")
        assert len(load_dataset(tmp_path).left_out) == 0


class TestDecoding:
    def test_progress_counts_images(self, tmp_path):
        fill(tmp_path)
        calls = []
        load_dataset(tmp_path, progress=lambda *call: calls.append(call))
        assert calls[0] == (0, 40, "Reading images")
        assert calls[-1] == (40, 40, "Reading images")

    @pytest.mark.parametrize("kept", [1 << 30, 0])
    def test_it_can_be_cancelled_and_leaves_no_thread(self, tmp_path, monkeypatch, kept):
        monkeypatch.setattr(decoding, "KEPT_BYTES", kept)
        fill(tmp_path)
        filters, threads = list(warnings.filters), set(threading.enumerate())

        def stop(done, total, text):
            raise Cancelled("stopped")

        with pytest.raises(Cancelled):
            load_dataset(tmp_path, progress=stop)
        assert set(threading.enumerate()) == threads
        assert warnings.filters == filters

    def test_what_does_not_fit_into_memory_is_decoded_when_asked_for(self, tmp_path, monkeypatch):
        fill(tmp_path)
        (tmp_path / "cats" / "img3.png").write_bytes(b"no image")
        kept = load_dataset(tmp_path, validation=0.2)
        monkeypatch.setattr(decoding, "KEPT_BYTES", 40 * 3 * 64 * 64 - 1)
        asked = load_dataset(tmp_path, validation=0.2)
        assert asked.left_out == kept.left_out
        for split, other in zip(
            (asked.train, asked.validation, asked.test), (kept.train, kept.validation, kept.test), strict=True
        ):
            assert not isinstance(split.images, torch.Tensor)
            assert split.images.shape == other.images.shape
            assert len(split.images) == len(other)
            chosen = torch.tensor([1, 0, 2])
            assert torch.equal(split.images[chosen], other.images[chosen])
            assert torch.equal(split.images[1:3], other.images[1:3])
            assert torch.equal(split.labels, other.labels)

    def test_a_file_that_has_gone_since_is_told(self, tmp_path):
        paint(tmp_path / "a.png")
        fit = Preprocessing(size=(8, 8), resize=8, mean=(0.0,) * 3, deviation=(1.0,) * 3).pixels
        images = FileImages([tmp_path / "a.png"], fit, torch.Size((3, 8, 8)))
        assert images[:].shape == (1, 3, 8, 8)
        (tmp_path / "a.png").unlink()
        with pytest.raises(DatasetError, match=r"changed while it was in use\. There is no file"):
            images[:]

    def test_too_little_memory_for_one_image_is_told(self, tmp_path):
        fill(tmp_path)

        def fit(image):
            if image.getpixel((0, 0))[0] == 4:
                raise MemoryError
            return torch.zeros(1, 2, 2, dtype=torch.uint8)

        (left,) = load_dataset(tmp_path, fit=fit).left_out
        assert left.reason == "img4.png needs more memory than there is; make it smaller first."

    def test_the_order_is_that_of_the_files(self, tmp_path, monkeypatch):
        monkeypatch.setattr(decoding, "_AHEAD", 7)
        fill(tmp_path, count=50)
        dataset = load_dataset(tmp_path, validation=0)
        values = reds(dataset.train)
        assert values == sorted(values)
