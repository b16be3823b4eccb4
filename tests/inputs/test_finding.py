"""Whatever is given becomes images, videos, networks, trainings, or a sentence."""

from __future__ import annotations

import io
import json
import os
from itertools import count
from pathlib import Path

import pytest
from PIL import Image

from cnnviewer.inputs.finding import Found, find
from cnnviewer.messages import ImageRequest

MP4 = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2"


def png() -> bytes:
    file = io.BytesIO()
    Image.new("L", (4, 4)).save(file, "PNG")
    return file.getvalue()


def gif(frames: int) -> bytes:
    file = io.BytesIO()
    pictures = [Image.new("L", (4, 4), 40 * frame) for frame in range(frames)]
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:])
    return file.getvalue()


def make(folder: Path, *names: str, content: bytes = b"") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def found_in(*given: Path | str) -> Found:
    *_, last = find(given)
    assert isinstance(last, Found)
    return last


def names(folder: Path) -> list[str]:
    return [image.path.relative_to(folder).as_posix() for image in found_in(folder).images]


def test_nothing():
    assert found_in().is_empty


def test_files_are_told_by_what_is_in_them(tmp_path):
    make(tmp_path, "a.txt", "b.mp4", "c", content=png())
    make(tmp_path, "clip.png", "d.jpg", content=MP4)
    make(tmp_path, "one.gif", content=gif(1))
    make(tmp_path, "many.gif", content=gif(3))
    make(tmp_path, "net.jpg", content=b"\x89HDF\r\n\x1a\n" + bytes(60))
    found = found_in(*sorted(tmp_path.iterdir()))
    assert [image.title for image in found.images] == ["a.txt", "b.mp4", "c", "one.gif"]
    assert [path.name for path in found.videos] == ["clip.png", "d.jpg", "many.gif"]
    assert [path.name for path in found.networks] == ["net.jpg"]
    assert not found.left_out


def test_what_can_not_be_shown_is_left_out_with_a_sentence(tmp_path):
    make(tmp_path, "good.png", content=png())
    make(tmp_path, "notes.txt", content=b"words")
    make(tmp_path, "photo.jpg", content=b"\0\0\0\x24ftypheic\0\0\0\0mif1heic")
    make(tmp_path, "song.mp3", content=b"ID3\x04")
    make(tmp_path, "empty.mp4")
    make(tmp_path, "odd.xyz", content=bytes(99))
    given = [tmp_path / "gone.png", tmp_path / "notes.txt", tmp_path / "good.png", tmp_path / "photo.jpg"]
    found = found_in(*given, tmp_path / "song.mp3", tmp_path / "empty.mp4", tmp_path / "odd.xyz")
    assert [image.title for image in found.images] == ["good.png"]
    assert found.left_out == (
        f"There is no file or folder {tmp_path / 'gone.png'}. Check the path.",
        "notes.txt is text; choose an image, a video or a network.",
        "photo.jpg is a HEIC photo; convert it to JPEG or PNG, and open that.",
        "song.mp3 is an MP3 file; choose an image or a video.",
        "empty.mp4 is empty (0 bytes); it may not have been copied to its end.",
        "odd.xyz is damaged, or no image, video or network of a known kind.",
    )


@pytest.mark.parametrize("name", ["a\0b.png", "x" * 5000, "folder/gone"])
def test_paths_that_no_file_can_have(tmp_path, name):
    found = found_in(tmp_path / name)
    assert found.is_empty
    assert found.left_out[0].endswith(".")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert "no regular file" in found_in(tmp_path / "pipe.png").left_out[0]


# ---- folders


def test_a_folder(tmp_path):
    make(tmp_path, "a.JPG", "b.Tiff", "d.jfif", "e.avif", "notes.txt", "jpg", "below/c.png")
    (tmp_path / "folder.png").mkdir()
    assert names(tmp_path) == ["a.JPG", "b.Tiff", "d.jfif", "e.avif"]


def test_a_file_without_an_ending_in_a_folder(tmp_path):
    make(tmp_path, "photo", content=png())
    make(tmp_path, "README", content=b"words")
    assert names(tmp_path) == ["photo"]


def test_folders_below_only_where_there_is_nothing_directly(tmp_path):
    make(tmp_path, "cat/10.png", "cat/9.png", "ant/deep/1.png", "notes.txt")
    assert names(tmp_path) == ["ant/deep/1.png", "cat/9.png", "cat/10.png"]


def test_a_folder_of_videos(tmp_path):
    make(tmp_path, "b.MTS", "a.mp4", "notes.txt", content=MP4)
    make(tmp_path, "clip.ts", content=(b"G" + bytes(187)) * 4)
    assert [path.name for path in found_in(tmp_path).videos] == ["a.mp4", "b.MTS", "clip.ts"]
    make(tmp_path, "above/below/c.3gp", content=MP4)
    assert [path.name for path in found_in(tmp_path / "above").videos] == ["c.3gp"]


def test_images_before_videos(tmp_path):
    make(tmp_path, "a.mp4", "b.png")
    found = found_in(tmp_path)
    assert [image.title for image in found.images] == ["b.png"]
    assert not found.videos


def test_a_folder_with_a_network(tmp_path):
    make(tmp_path, "net/net.pth", "net/README.md", "carded/net.onnx", "carded/card.json", "carded/cat.png")
    make(tmp_path, "photos/helper.py", "photos/cat.png", "photos/net.pth")
    assert found_in(tmp_path / "net", tmp_path / "carded").networks == (tmp_path / "net", tmp_path / "carded")
    assert not found_in(tmp_path / "photos").networks
    assert names(tmp_path / "photos") == ["cat.png"]


def test_a_training(tmp_path):
    make(tmp_path, "run/run.json", content=json.dumps({}).encode())
    make(tmp_path, "cat.png", content=png())
    found = found_in(tmp_path / "cat.png", tmp_path / "run")
    assert found.runs == (tmp_path / "run",)
    assert [image.title for image in found.images] == ["cat.png"]


def test_hidden(tmp_path):
    make(tmp_path, "._cat.jpg", ".hidden.png", ".cache/thumbnail.png", "photos/cat.jpg", "photos/.git/x.png")
    assert names(tmp_path) == ["photos/cat.jpg"]


def test_natural_order(tmp_path):
    expected = ["1.png", "02.png", "10.png", "img2.png", "IMG3.png", "img10.png", "img10b1.png", "x².png"]
    make(tmp_path, *reversed(expected))
    assert names(tmp_path) == expected


def test_links(tmp_path):
    make(tmp_path, "below/a.png")
    try:
        (tmp_path / "below" / "up").symlink_to(tmp_path, target_is_directory=True)
        (tmp_path / "below" / "b.png").symlink_to(tmp_path / "gone.png")
    except OSError:
        pytest.skip("this system makes no links")
    assert names(tmp_path) == ["below/a.png"]


@pytest.mark.parametrize("content", [[], ["notes.txt"], ["below/notes.txt", ".hidden.png"]])
def test_a_folder_without_anything(tmp_path, content):
    make(tmp_path, *content, content=b"words")
    found = found_in(tmp_path)
    assert found.is_empty
    assert found.left_out == (
        f"The folder {tmp_path} holds no images (jpg, png, webp and others) and no videos; choose another.",
    )


def test_a_forbidden_folder(tmp_path, monkeypatch):
    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied")

    make(tmp_path, "below/a.png", "photos/b.png")
    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: refuse(path) if Path(path).name == "below" else real(path))
    assert "Permission denied" in found_in(tmp_path / "below").left_out[0]
    found = found_in(tmp_path)  # one of several: the others are shown
    assert [image.title for image in found.images] == ["b.png"]
    assert "below can't be read" in found.left_out[0]


# ---- how far it is


@pytest.fixture
def impatient(monkeypatch):
    """Have each step told, as in a folder that takes long."""
    monkeypatch.setattr("cnnviewer.inputs.finding.PATIENCE", 0.0)
    monkeypatch.setattr("cnnviewer.inputs.finding.BEAT", 0.0)


def test_a_search_counts_and_gives_an_image_at_once(tmp_path, impatient):
    make(tmp_path, *(f"{number}.png" for number in range(50)))
    *counted, found = find([tmp_path])
    assert [news.count for news in counted if news.count] == sorted(news.count for news in counted if news.count)
    assert len(found.images) == 50
    first = {news.first for news in counted if news.first is not None}
    assert len(first) == 1  # the same one all the time, and in the list at last
    assert first <= set(found.images)


def test_a_search_that_is_stopped_keeps_what_it_has(tmp_path, impatient):
    make(tmp_path, *(f"{number}.png" for number in range(50)))
    asked = count()
    *_, found = find([tmp_path, tmp_path / "gone"], lambda: next(asked) > 20)
    assert isinstance(found, Found)
    assert 0 < len(found.images) < 50
    assert not found.left_out


# ---- names


def test_a_name_that_is_no_utf_8(tmp_path):
    name = os.fsdecode(b"caf\xe9.png")
    try:
        (tmp_path / name).write_bytes(png())
    except OSError:
        pytest.skip("this system has no such names")
    for given in (tmp_path, tmp_path / name, f"file://{tmp_path}/caf%E9.png"):
        (image,) = found_in(given).images
        assert isinstance(image, ImageRequest)
        assert image.title == "caf\ufffd.png"
        assert image.path == tmp_path / name
