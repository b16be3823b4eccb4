"""Moving images whose bytes were cut anywhere."""

from io import BytesIO

import pytest
from PIL import Image

from cnnviewer.inputs.videos import is_video


@pytest.mark.parametrize("name", ["GIF", "WEBP", "PNG"])
def test_a_cut_or_changed_image_is_moving_or_not(tmp_path, name):
    frames = [Image.new("RGB", (9, 7), color) for color in ("red", "blue", "lime")]
    whole = BytesIO()
    frames[0].save(whole, name, save_all=True, append_images=frames[1:])
    data, path = whole.getvalue(), tmp_path / f"moving.{name.lower()}"
    for place in range(len(data)):
        for changed in (data[:place], data[:place] + b"\x2c" + data[place + 1 :]):
            path.write_bytes(changed)
            assert is_video(path) in (True, False)
