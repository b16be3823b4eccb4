"""What the core knows of cameras, videos and screens."""

import os

import numpy as np
import pytest
from PIL import Image

from cnnviewer.errors import StreamError
from cnnviewer.inputs.cameras import failure_text, preferred_size
from cnnviewer.inputs.screens import Region, is_captured
from cnnviewer.inputs.videos import check_video, is_video, time_text


@pytest.mark.parametrize(
    ("sizes", "wanted"),
    [
        ([], None),
        ([(640, 480), (1920, 1080), (1280, 720), (320, 240)], (1280, 720)),
        ([(1920, 1080), (3840, 2160)], (1920, 1080)),
        ([(720, 1280), (640, 480)], (640, 480)),
        ([(1280, 720), (1280, 720)], (1280, 720)),
    ],
)
def test_the_size_that_is_taken_of_a_camera(sizes, wanted):
    assert preferred_size(sizes) == wanted


def test_a_camera_that_fails_is_told_with_its_reason():
    assert "Webcam gives no pictures (device busy): another program" in failure_text("Webcam", "device busy")
    assert "()" not in failure_text("Webcam", "")


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "0:00.0"), (2449, "0:02.4"), (61_000, "1:01.0"), (3_600_000, "1:00:00.0"), (-5, "0:00.0"), (59_960, "1:00.0")],
)
def test_places_in_a_video(milliseconds, text):
    assert time_text(milliseconds) == text


def test_videos_are_told_by_their_names_and_gifs_by_their_frames(tmp_path):
    for name in ("clip.mp4", "CLIP.WEBM", "clip.avi", "clip.txt", "clip.png", "broken.gif"):
        (tmp_path / name).write_bytes(b"x")
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "green", "blue")]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "still.gif")
    (tmp_path / "folder.mp4").mkdir()
    found = sorted(path.name for path in tmp_path.iterdir() if is_video(path))
    assert found == ["CLIP.WEBM", "clip.avi", "clip.mp4", "moving.gif"]
    assert not is_video(tmp_path / "missing.mp4")


def test_a_region_of_a_picture():
    pixels = np.arange(24, dtype=np.uint32).reshape(4, 6)
    assert np.array_equal(Region().cut(pixels), pixels)
    assert np.array_equal(Region(1 / 6, 0.25, 0.5, 0.75).cut(pixels), pixels[1:3, 1:3])
    assert Region(0.99, 0.99, 1.0, 1.0).cut(pixels).shape == (1, 1)
    assert Region(0.5, 0.5, 0.5, 0.5).cut(pixels).shape == (1, 1)
    assert Region(-1.0, -1.0, 3.0, 3.0).cut(pixels).shape == (4, 6)


@pytest.mark.parametrize(
    ("platform", "wanted"),
    [("xcb", True), ("wayland-egl", True), ("cocoa", True), ("offscreen", False), ("vnc", False)],
)
def test_where_a_screen_can_be_captured(platform, wanted):
    assert is_captured(platform) is wanted


def _box(kind: bytes, data: bytes = b"", *, is_long: bool = False) -> bytes:
    if is_long:
        return b"\0\0\0\1" + kind + (len(data) + 16).to_bytes(8, "big") + data
    return (len(data) + 8).to_bytes(4, "big") + kind + data


_FTYP = _box(b"ftyp", b"isom\0\0\2\0isommp41")
_MDAT, _MOOV = _box(b"mdat", bytes(5000)), _box(b"moov", bytes(200))


@pytest.mark.parametrize(
    "parts",
    [
        (_FTYP, _MOOV, _MDAT),
        (_FTYP, _MDAT, _MOOV),
        (_FTYP, _box(b"mdat", bytes(5000), is_long=True), _MOOV),
        (_FTYP, _box(b"free"), _MOOV, _MDAT[:700]),
        (_MDAT, _MOOV),
    ],
)
def test_a_video_with_its_index_may_play(tmp_path, parts):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"".join(parts))
    check_video(path)


@pytest.mark.parametrize(
    "parts",
    [
        (_FTYP,),
        (_FTYP, _MDAT),
        (_FTYP, _MDAT[:700]),
        (_FTYP, b"\0\0\0\0mdat", bytes(900)),
        (_FTYP, _MDAT, _MOOV[:100]),
        (_box(b"styp", b"msdh"), _box(b"moof"), _MDAT),
    ],
)
@pytest.mark.parametrize("name", ["clip.mp4", "clip.mov", "clip"])
def test_a_video_that_was_not_finished_is_told(tmp_path, parts, name):
    path = tmp_path / name
    path.write_bytes(b"".join(parts))
    with pytest.raises(StreamError, match=r"was not finished: its index \(moov\) is missing"):
        check_video(path)


def test_where_a_video_can_not_be_read_it_is_told(tmp_path):
    with pytest.raises(StreamError, match="There is no file"):
        check_video(tmp_path / "clip.mp4")
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(StreamError, match="no regular file"):
        check_video(tmp_path / "folder.mp4")
    if os.name == "posix":
        os.mkfifo(tmp_path / "pipe.mp4")  # reading one would wait for ever
        with pytest.raises(StreamError, match="no regular file"):
            check_video(tmp_path / "pipe.mp4")
        odd = tmp_path / os.fsdecode(b"caf\xe9.mp4")
        odd.write_bytes(_FTYP + _MOOV + _MDAT)
        with pytest.raises(StreamError, match="not written in UTF-8"):
            check_video(odd)
