import errno

import pytest

from cnnviewer.files import PARTIAL, new_file, new_folder, write_text


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def write_half(writing, error):
    with writing as partial:
        (partial / "two" if partial.is_dir() else partial).write_text("half")
        raise error


def test_a_file_takes_the_place_of_the_old_one(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with new_file(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"
        assert partial.name.startswith(PARTIAL)
    assert path.read_text() == "new"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt(), ValueError("x")])
def test_the_old_file_stays_when_writing_fails(tmp_path, error):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(type(error)):
        write_half(new_file(path), error)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "deep" / "b"
    with new_folder(path) as partial:
        (partial / "one").write_text("1")
        assert not path.exists()
    assert names(path) == ["one"]
    with pytest.raises(OSError, match="full"):
        write_half(new_folder(path), OSError(errno.ENOSPC, "full"))
    assert names(path) == ["one"]
    with new_folder(path) as partial:
        (partial / "three").write_text("3")
    assert names(path) == ["three"]
    assert names(path.parent) == ["b"]
