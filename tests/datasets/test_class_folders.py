"""Folders of images as people have them: what is read as what, and what is left out."""

import pytest
from PIL import Image

from cnnviewer.datasets import load_dataset
from cnnviewer.datasets.class_folders import find_class_folders
from cnnviewer.datasets.folder_names import split_in
from cnnviewer.errors import Cancelled, DatasetError


def fill(folder, count=6):
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        (folder / f"img{index}.png").write_bytes(b"found by its name")


def classes(folder, names=("cats", "dogs"), count=6):
    for name in names:
        fill(folder / name, count)


def counts(found):
    return {split: [len(files) for files in groups] for split, groups in found.splits.items()}


def reasons(found):
    return [entry.reason for entry in found.left_out]


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("training_set", "validation_set", "test_set"),
        ("Training", "Validation", "Testing"),
        ("TRAIN", "DEV", "TEST"),
        ("seg_train", "seg_val", "seg_test"),
        ("train2017", "val2017", "test2017"),
        ("trainset", "devset", "testset"),
        ("Train Images", "Valid Images", "Test Images"),
        ("TrainImages", "ValImages", "TestImages"),
        ("train-data", "eval-data", "test-data"),
    ],
)
def test_what_is_called_like_a_split_is_one(tmp_path, train, validation, test):
    for name, count in ((train, 6), (validation, 2), (test, 3)):
        classes(tmp_path / name, count=count)
    found = find_class_folders(tmp_path)
    assert found.categories == ("cats", "dogs")
    assert counts(found) == {"train": [6, 6], "validation": [2, 2], "test": [3, 3]}
    assert found.left_out == ()
    assert found.remarks == (
        f"{train} is read as train, {validation} is read as validation, {test} is read as test; "
        "each folder in them is a class: cats, dogs.",
    )


@pytest.mark.parametrize(
    "names",
    [("bus", "train"), ("steam train", "bullet train", "test car"), ("train1", "train2"), ("contest", "trainer")],
)
def test_classes_may_be_called_like_splits(tmp_path, names):
    classes(tmp_path, names)
    assert set(find_class_folders(tmp_path).categories) == set(names)


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("training_set", ("train", "")),
        ("seg_train", ("train", "seg")),
        ("Testing", ("test", "")),
        ("latest", None),
        ("train_test", None),
        ("retrain", None),
        ("", None),
    ],
)
def test_what_a_name_tells(name, split):
    assert split_in(name) == split


class TestCopies:
    def test_a_folder_that_holds_one_folder_is_passed_through(self, tmp_path):
        classes(tmp_path / "dataset" / "dataset")
        (tmp_path / "dataset" / "README.md").write_text("pets")
        found = find_class_folders(tmp_path)
        assert counts(found) == {"train": [6, 6]}
        assert found.remarks == ("Each folder in dataset/dataset is a class: cats, dogs.",)
        assert reasons(found) == ["README.md lies beside the folder dataset, which holds the classes."]

    def test_splits_may_be_nested_in_their_own_names(self, tmp_path):
        for name in ("seg_train", "seg_test"):
            classes(tmp_path / name / name)
        fill(tmp_path / "seg_pred" / "seg_pred")
        found = find_class_folders(tmp_path)
        assert counts(found) == {"train": [6, 6], "test": [6, 6]}
        assert reasons(found) == ["seg_pred is no split: those are train, val and test."]
        assert "seg_train/seg_train is read as train" in found.remarks[0]

    def test_a_copy_within_itself_is_no_class(self, tmp_path):
        for folder in (tmp_path / "pets", tmp_path / "pets" / "pets"):
            classes(folder)
        found = find_class_folders(tmp_path / "pets")
        assert found.categories == ("cats", "dogs")
        assert reasons(found) == ["pets is a copy of pets within itself."]

    def test_a_copy_beside_the_splits_is_left_out(self, tmp_path):
        for folder in (tmp_path / "xray", tmp_path / "xray" / "xray"):
            for split in ("train", "test"):
                classes(folder / split)
        found = find_class_folders(tmp_path / "xray")
        assert counts(found) == {"train": [6, 6], "test": [6, 6]}
        assert reasons(found) == ["xray is no split: those are train, val and test."]

    def test_one_class_of_images_is_not_passed_through(self, tmp_path):
        fill(tmp_path / "cats")
        with pytest.raises(DatasetError, match="one class folder only, cats"):
            find_class_folders(tmp_path)


class TestSplitsInClasses:
    @pytest.mark.parametrize(
        ("train", "validation", "test"), [("train", "val", "test"), ("Training", "Validation", "Testing")]
    )
    def test_classes_may_hold_the_splits(self, tmp_path, train, validation, test):
        for name in ("cats", "dogs"):
            for split, count in ((train, 6), (validation, 2), (test, 3)):
                fill(tmp_path / "pets" / name / split, count)
        found = find_class_folders(tmp_path / "pets")
        assert found.categories == ("cats", "dogs")
        assert counts(found) == {"train": [6, 6], "validation": [2, 2], "test": [3, 3]}
        assert found.remarks == (
            "Each folder in pets is a class: cats, dogs.",
            f"In them, {train} is read as train, {validation} is read as validation, {test} is read as test.",
        )
        assert found.left_out == ()

    def test_a_class_may_lack_a_split(self, tmp_path):
        for name, splits in (("cats", ("train", "test")), ("dogs", ("train",)), ("owls", ("test",))):
            for split in splits:
                fill(tmp_path / name / split, 3)
        found = find_class_folders(tmp_path)
        assert found.categories == ("cats", "dogs")
        assert counts(found) == {"train": [3, 3], "test": [3, 0]}
        assert reasons(found) == ["owls is no class: it has no images.", "test is no class: train has no images."]
        assert found.remarks[2] == "For test there are no images of dogs: nothing is measured on them there."

    def test_images_beside_the_splits_are_for_training(self, tmp_path):
        for name in ("cats", "dogs"):
            fill(tmp_path / name / "train", 3)
            fill(tmp_path / name / "test", 2)
        fill(tmp_path / "cats" / "more", 4)
        fill(tmp_path / "owls", 5)
        found = find_class_folders(tmp_path)
        assert counts(found) == {"train": [7, 3, 5], "test": [2, 2, 0]}
        assert found.remarks[2] == "Images of cats, owls that lie in no split are read as train."

    def test_a_class_within_a_class_may_be_called_train(self, tmp_path):
        for path in ("vehicles/train", "vehicles/bus", "animals"):
            fill(tmp_path / path, 3)
        found = find_class_folders(tmp_path)
        assert counts(found) == {"train": [3, 6]}

    def test_two_folders_for_a_split_are_told(self, tmp_path):
        for path in ("cats/train", "cats/val", "cats/valid", "dogs/train"):
            fill(tmp_path / path, 3)
        with pytest.raises(DatasetError, match="two folders for validation, val and valid; keep one"):
            find_class_folders(tmp_path)


class TestOtherClasses:
    def test_a_spelling_more_of_a_class_is_left_out(self, tmp_path):
        classes(tmp_path / "train")
        classes(tmp_path / "val", ("Cats", "cats", "dogs"), count=2)
        if len(list((tmp_path / "val").iterdir())) < 3:
            pytest.skip("this file system takes both for one")
        found = find_class_folders(tmp_path)
        assert counts(found) == {"train": [6, 6], "validation": [2, 2]}
        assert reasons(found) == ["Cats is left out: cats is that class already."]

    def test_one_class_alone_can_be_measured(self, tmp_path):
        classes(tmp_path / "train")
        fill(tmp_path / "test" / "dogs", 3)
        found = find_class_folders(tmp_path)
        assert counts(found) == {"train": [6, 6], "test": [0, 3]}


MADE = ["__MACOSX", "lost+found", "$RECYCLE.BIN", "System Volume Information", "__pycache__", "@eaDir", "#recycle"]


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("place", [".", "train", "train/cats"])
@pytest.mark.parametrize("has_images", [True, False])
def test_what_programs_make_is_no_class(tmp_path, name, place, has_images):
    classes(tmp_path / "train")
    fill(tmp_path / place / name, count=int(has_images))
    found = find_class_folders(tmp_path)
    assert counts(found) == {"train": [6, 6]}
    assert reasons(found) == [f"{name} was made by a program: it is no class."]


@pytest.mark.parametrize("name", [".ipynb_checkpoints", ".thumbnails", ".git", ".Trash-1000"])
def test_what_is_hidden_is_passed_over(tmp_path, name):
    classes(tmp_path)
    fill(tmp_path / name)
    fill(tmp_path / "cats" / name)
    found = find_class_folders(tmp_path)
    assert (found.categories, counts(found), found.left_out) == (("cats", "dogs"), {"train": [6, 6]}, ())


class TestBelowAClass:
    def test_images_in_a_class_and_below_it_are_all_used(self, tmp_path):
        classes(tmp_path)
        fill(tmp_path / "cats" / "more" / "older", count=4)
        (tmp_path / "cats" / "more" / "list.txt").write_text("cats")
        found = find_class_folders(tmp_path)
        assert counts(found) == {"train": [10, 6]}
        assert reasons(found) == ["list.txt is no image: its name ends otherwise."]

    def test_links_are_followed_once(self, tmp_path):
        fill(tmp_path / "elsewhere", count=3)
        classes(tmp_path / "pets")
        link(tmp_path / "pets" / "cats" / "batch", tmp_path / "elsewhere")
        link(tmp_path / "elsewhere" / "back", tmp_path / "pets" / "cats")
        link(tmp_path / "pets" / "cats" / "again", tmp_path / "pets" / "cats")
        link(tmp_path / "pets" / "cats" / "round", tmp_path / "pets" / "cats" / "round")
        link(tmp_path / "pets" / "dogs" / "others", tmp_path / "pets" / "cats")
        link(tmp_path / "pets" / "me", tmp_path / "pets")
        found = find_class_folders(tmp_path / "pets")
        assert counts(found) == {"train": [9, 6]}
        assert reasons(found) == ["round is a link to nothing."]

    def test_a_class_may_be_a_link(self, tmp_path):
        classes(tmp_path / "real")
        (tmp_path / "linked").mkdir()
        for name in ("cats", "dogs"):
            link(tmp_path / "linked" / name, tmp_path / "real" / name)
        assert counts(find_class_folders(tmp_path / "linked")) == {"train": [6, 6]}


class TestWithoutLabels:
    @pytest.mark.parametrize("place", ["test", "test/unknown", "test1", "Testing/Testing"])
    def test_a_test_split_without_classes_is_left_out(self, tmp_path, place):
        classes(tmp_path / "train")
        fill(tmp_path / place)
        found = find_class_folders(tmp_path)
        assert counts(found) == {"train": [6, 6]}
        (reason,) = reasons(found)
        assert reason.endswith(
            "has no folder of a class: its 6 images have no labels, and nothing can be measured on them."
        )

    def test_images_beside_the_classes_are_told(self, tmp_path):
        classes(tmp_path / "train")
        fill(tmp_path / "train", count=1)
        assert reasons(find_class_folders(tmp_path)) == ["img0.png lies in no class folder."]


def test_images_are_told_by_their_content_where_the_name_tells_nothing(tmp_path):
    for name in ("cats", "dogs"):
        (tmp_path / name).mkdir()
        for index, ending in enumerate(("", ".1", ".jfif", ".ppm")):
            kind = {".ppm": "PPM", ".jfif": "JPEG"}.get(ending, "PNG")
            Image.new("RGB", (8, 8)).save(tmp_path / name / f"photo{index}{ending}", kind)
    (tmp_path / "cats" / "notes").write_text("none of them")
    (tmp_path / "cats" / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    found = find_class_folders(tmp_path)
    assert counts(found) == {"train": [4, 4]}
    assert reasons(found) == [
        "notes is no image.",
        "phone.heic is a HEIC photo; convert it to JPEG or PNG, and open that.",
    ]


class TestNames:
    def test_a_class_may_be_spelt_otherwise_in_another_split(self, tmp_path):
        classes(tmp_path / "train", ("Wild Cats", "dogs"))
        classes(tmp_path / "val", ("wild_cats", "Dogs "), count=2)
        found = find_class_folders(tmp_path)
        assert found.categories == ("dogs", "Wild Cats")
        assert counts(found) == {"train": [6, 6], "validation": [2, 2]}
        assert [files[0].parent.name for files in found.splits["validation"]] == ["Dogs ", "wild_cats"]

    def test_two_classes_that_are_spelt_alike_are_told(self, tmp_path):
        classes(tmp_path, ("cats", "Cats", "dogs"))
        if len(list(tmp_path.iterdir())) < 3:
            pytest.skip("this file system takes both for one")
        found = find_class_folders(tmp_path)
        assert len(found.categories) == 3
        assert "two classes, though their names are almost the same" in found.remarks[1]


def test_listing_tells_how_far_it_is_and_can_be_cancelled(tmp_path):
    classes(tmp_path, count=600)
    calls = []
    find_class_folders(tmp_path, lambda *call: calls.append(call))
    assert calls == [(500, None, "Looking through the folders"), (1000, None, "Looking through the folders")]

    def stop(done, total, text):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        load_dataset(tmp_path, progress=stop)


def test_a_dataset_tells_what_was_read(tmp_path):
    for name in ("cats", "dogs"):
        for index in range(12):
            (tmp_path / "training_set" / name).mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8)).save(tmp_path / "training_set" / name / f"{index}.png")
    fill(tmp_path / "test_set")
    dataset = load_dataset(tmp_path)
    assert dataset.remarks == ("training_set is read as train; each folder in it is a class: cats, dogs.",)
    assert "test_set has no folder of a class" in dataset.left_out[0].reason


def link(place, target):
    try:
        place.symlink_to(target, target_is_directory=True)
    except OSError:
        pytest.skip("no links here")
