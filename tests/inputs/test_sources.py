"""What the core knows of cameras, videos and screens."""

import numpy as np
import pytest
from PIL import Image

from cnnviewer.inputs.cameras import failure_text, preferred_size
from cnnviewer.inputs.screens import Region, is_captured
from cnnviewer.inputs.videos import is_video, time_text


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
