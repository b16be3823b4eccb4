"""Animated WebP, APNG and AVIF play as GIFs do."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt

from cnnviewer.errors import StreamError
from cnnviewer.inputs.animations import Animation, is_animated
from cnnviewer.inputs.videos import is_video

from .conftest import WAIT

pytestmark = pytest.mark.usefixtures("media")

SHADES = (20, 130, 240)
OPTIONS = {".webp": {"lossless": True}, ".png": {}, ".apng": {"format": "PNG"}, ".jpg": {"format": "WEBP"}}


def animated(path, **options):
    frames = [Image.fromarray(np.full((40, 40, 3), shade, np.uint8)) for shade in SHADES]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=120, **options)
    return path


def until(driver, is_done) -> None:
    driver.bot.waitUntil(is_done, timeout=WAIT)


def shade(driver) -> int:
    """Which of the frames is on the screen."""
    shown = driver.window.open_live().live.shown
    return -1 if shown is None else int(np.abs(np.array(SHADES) - int(shown.pixels[20, 20] & 255)).argmin())


@pytest.mark.parametrize("ending", list(OPTIONS))
def test_it_plays_to_its_end_and_stays_there(lenet, tmp_path, ending):
    path = animated(tmp_path / f"moving{ending}", **OPTIONS[ending])
    assert is_video(path)
    lenet.window.open_paths([path])
    commands = lenet.window.open_live()
    until(lenet, lambda: shade(lenet) == 2 and not commands.controls.video.is_playing)
    assert lenet.window.input.live_bar.video.isVisible()
    assert lenet.window.input.live_bar.video.time.endswith("/ 0:00.4")
    lenet.bot.keyClick(lenet.window, Qt.Key.Key_Comma)
    until(lenet, lambda: shade(lenet) == 1)
    lenet.window.input.live_bar.video.slider.setValue(10)
    until(lenet, lambda: shade(lenet) == 0)
    commands.live.stop()
    until(lenet, lambda: lenet.session.is_idle)


def test_a_still_one_is_a_photo(tmp_path):
    for ending in (".webp", ".png"):
        Image.new("RGB", (30, 30), "white").save(tmp_path / f"still{ending}")
        assert not is_video(tmp_path / f"still{ending}")
    (tmp_path / "text.png").write_text("no image")
    assert not is_animated(tmp_path / "text.png")


def test_a_damaged_one_is_told(lenet, tmp_path):
    path = animated(tmp_path / "torn.webp", lossless=True)
    path.write_bytes(path.read_bytes()[:-30])
    commands = lenet.window.open_live()
    commands.live.open_video(path)
    until(lenet, lambda: lenet.window.error.isVisible() and not commands.live.is_running)
    assert "torn.webp" in lenet.window.error.sentence


def test_frames_lie_over_white_and_are_found_by_their_time(tmp_path):
    path = tmp_path / "clear.png"
    frames = [Image.new("RGBA", (8, 8), (200, 100, 0, alpha)) for alpha in (0, 51, 255)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[100, 200, 300], blend=0)
    animation = Animation(path)
    colors = [animation.frame(index).getpixel((0, 0)) for index in range(3)]
    assert colors == [(255, 255, 255), (244, 224, 204), (200, 100, 0)]
    assert [animation.at(place) for place in (0, 99, 100, 299, 300, 9999)] == [0, 0, 1, 1, 2, 2]
    assert animation.frame(0).getpixel((0, 0)) == (255, 255, 255)
    animation.close()


def test_what_is_no_animation_is_told(tmp_path):
    (tmp_path / "no.webp").write_bytes(b"no image")
    with pytest.raises(StreamError, match=r"no\.webp can't be played"):
        Animation(tmp_path / "no.webp")
