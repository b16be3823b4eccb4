"""Files and folders become a list of images."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviewer.errors import ImageError
from cnnviewer.inputs import files
from cnnviewer.inputs.files import find_images


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def names(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in find_images([folder])]


def test_nothing():
    assert find_images([]) == ()


def test_files_stay_as_given(tmp_path):
    touch(tmp_path, "b.png", "a.jpg", "notes.txt")
    given_paths = [tmp_path / name for name in ("notes.txt", "b.png", "a.jpg", "b.png")]
    assert find_images(given_paths) == tuple(given_paths)
    assert find_images(map(str, given_paths)) == tuple(given_paths)


def test_folder(tmp_path):
    touch(tmp_path, "a.JPG", "b.Tiff", "notes.txt", "jpg", "below/c.png")
    (tmp_path / "folder.png").mkdir()
    assert names(tmp_path) == ["a.JPG", "b.Tiff"]


def test_folders_below_only_where_there_is_nothing_directly(tmp_path):
    touch(tmp_path, "cat/10.png", "cat/9.png", "ant/deep/1.png", "notes.txt")
    assert names(tmp_path) == ["ant/deep/1.png", "cat/9.png", "cat/10.png"]


def test_hidden(tmp_path):
    touch(tmp_path, "._cat.jpg", ".hidden.png", ".cache/thumbnail.png", "photos/cat.jpg", "photos/.git/x.png")
    assert names(tmp_path) == ["photos/cat.jpg"]


def test_natural_order(tmp_path):
    expected = ["1.png", "02.png", "10.png", "img2.png", "IMG3.png", "img10.png", "img10b1.png", "x².png"]
    touch(tmp_path, *reversed(expected))
    assert names(tmp_path) == expected


def test_order_of_equal_names(tmp_path):
    equal = ["01.png", "1.PNG", "1.png"]
    touch(tmp_path, *reversed(equal))
    assert sorted(names(tmp_path)) == names(tmp_path)


def test_files_and_folders(tmp_path):
    touch(tmp_path, "single.png", "folder/2.png", "folder/1.png")
    found = find_images([tmp_path / "single.png", tmp_path / "folder"])
    assert [path.name for path in found] == ["single.png", "1.png", "2.png"]


def test_broken_link(tmp_path):
    touch(tmp_path, "a.png")
    try:
        (tmp_path / "b.png").symlink_to(tmp_path / "gone.png")
    except OSError:
        pytest.skip("this system makes no links")
    assert names(tmp_path) == ["a.png"]


def test_links_in_a_circle(tmp_path):
    touch(tmp_path, "below/a.png")
    try:
        (tmp_path / "below" / "up").symlink_to(tmp_path, target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no links")
    assert names(tmp_path) == ["below/a.png"]


@pytest.mark.parametrize("name", ["gone.png", "a\0b.png", "folder/gone"])
def test_missing(tmp_path, name):
    with pytest.raises(ImageError, match=r"There is no file or folder .*\.$"):
        find_images([tmp_path / name])


def test_name_too_long(tmp_path):
    with pytest.raises(ImageError, match=r"\.$"):
        find_images([tmp_path / ("x" * 5000)])


@pytest.mark.parametrize("content", [[], ["notes.txt"], ["below/notes.txt", ".hidden.png"]])
def test_folder_without_images(tmp_path, content):
    touch(tmp_path, *content)
    with pytest.raises(ImageError, match=r"holds no images .*jpg.*\.$") as error:
        find_images([tmp_path])
    assert str(tmp_path) in str(error.value)


def test_forbidden_folder(tmp_path, monkeypatch):
    # The tests may run as root, who may read everything: the refusal is made up.
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(ImageError, match="Permission denied") as error:
        find_images([tmp_path])
    assert str(tmp_path) in str(error.value)


@given(
    st.lists(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=12), max_size=8),
    st.randoms(use_true_random=False),
)
def test_any_names_have_an_order(texts, random):
    paths = [Path("folder", text) for text in texts]
    ordered = files.in_natural_order(paths)
    random.shuffle(paths)
    assert files.in_natural_order(paths) == ordered


@given(st.lists(st.integers(0, 10**20), min_size=2, max_size=6))
def test_numbers_are_sorted_by_value(numbers):
    ordered = files.in_natural_order(Path(f"img{number}.png") for number in numbers)
    assert ordered == [Path(f"img{number}.png") for number in sorted(numbers)]


@pytest.mark.parametrize("module", ["files", "samples"])
def test_imports_nothing_heavy(module):
    code = (
        f"import sys, cnnviewer.inputs.{module}\nprint(*({{'PIL', 'numpy', 'torch', 'PySide6'}} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == ""
