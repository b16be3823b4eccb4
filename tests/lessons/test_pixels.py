"""An image is numbers."""

import numpy as np
import pytest
from PIL import Image

from cnnviewer.errors import CnnviewerError
from cnnviewer.lessons.answering import LessonContext, answer
from cnnviewer.lessons.messages import PixelsRequest
from cnnviewer.messages import LessonRequest

PHOTO = Image.fromarray(np.arange(8 * 10 * 3, dtype=np.uint8).reshape(8, 10, 3))


def test_the_numbers_are_the_photos():
    told = answer(PixelsRequest(64, 2, 3, 4), LessonContext(PHOTO))
    assert told.picture.shape == (8, 10)
    expected = np.asarray(PHOTO)[2:6, 3:7]
    for color in range(3):
        assert np.array_equal(told.planes[color], expected[..., color])
        # Each colour's picture shows that colour alone.
        shift = 16 - 8 * color
        assert np.array_equal(told.plane_pixels[color] & 0xFFFFFF, expected[..., color].astype(np.uint32) << shift)
    assert told.window[0, 0] == 0xFF000000 | 69 << 16 | 70 << 8 | 71


def test_a_large_photo_is_made_small_and_the_window_stays_inside():
    told = answer(PixelsRequest(20, 90, 90, 6), LessonContext(PHOTO.resize((200, 100))))
    assert told.picture.shape == (10, 20)
    assert (told.top, told.left) == (4, 14)
    tiny = answer(PixelsRequest(20, 3, 3, 6), LessonContext(PHOTO.crop((0, 0, 2, 3))))
    assert (tiny.top, tiny.left, tiny.window.shape) == (0, 0, (3, 2))


def test_an_edited_number_changes_the_picture():
    before = answer(PixelsRequest(64, 0, 0, 4), LessonContext(PHOTO))
    told = answer(PixelsRequest(64, 0, 0, 4, (((1, 2, 0), 255), ((70, 70, 1), 9))), LessonContext(PHOTO))
    assert told.planes[0][1][2] == 255
    assert told.picture[1, 2] == before.picture[1, 2] & 0xFF00FFFF | 0xFF0000
    assert (told.picture != before.picture).sum() == 1


def test_without_a_photo_there_is_a_sample():
    assert answer(PixelsRequest(48, 0, 0, 6), LessonContext()).picture.shape == (32, 48)


def test_an_unknown_request_is_told():
    with pytest.raises(CnnviewerError, match="No lesson answers"):
        answer(LessonRequest(), LessonContext())
