"""What the network is given: images to step through, and a stream in their place. No worker reads anything here."""

import numpy as np
import pytest

from cnnviewer.frames import Frame
from cnnviewer.messages import ImageEdit, ImageRequest
from cnnviewer.qt.failures import Failure
from cnnviewer.qt.inputs import Inputs
from cnnviewer.qt.live.mailbox import Mailbox
from cnnviewer.readings import Reading

IMAGES = tuple(ImageRequest(f"photo {number}") for number in range(3))


class Listener:
    """Hears what is asked for, and answers in the worker's place."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self.asked, self.failures, self.left = [], [], []
        inputs.imageRequested.connect(self.asked.append)
        inputs.failed.connect(lambda failure: self.failures.append(failure.sentence))
        inputs.streamLeft.connect(lambda: self.left.append(True))

    def read(self) -> bool:
        """Tell that the image asked for last has been read."""
        return self.inputs.take(self.asked[-1])

    def refuse(self, sentence: str) -> None:
        """Tell that the image asked for last can't be read."""
        self.inputs.refuse(Failure(sentence, "", self.asked[-1]))


@pytest.fixture
def listener(qapp):
    return Listener(Inputs(Mailbox()))


@pytest.fixture
def shown(listener):
    """The first of three images is shown."""
    listener.inputs.show_images(IMAGES)
    assert listener.read()
    return listener


def frame(number):
    return Frame(number, f"webcam {number}", np.zeros((2, 2), np.uint32), 0.0)


def test_images_are_there_once_one_of_them_has_been_read(listener):
    inputs = listener.inputs
    inputs.show_images(IMAGES, 1)
    assert listener.asked == [IMAGES[1]]
    assert inputs.images == ()
    assert inputs.wanted_images == IMAGES
    assert listener.read()
    assert (inputs.images, inputs.position, inputs.photo) == (IMAGES, 1, IMAGES[1])


def test_an_image_that_cannot_be_read_gives_way_to_the_next_and_is_told_then(listener):
    listener.inputs.show_images(IMAGES, 2)
    listener.refuse("It is damaged.")
    assert listener.asked == [IMAGES[2], IMAGES[0]]
    assert listener.failures == []
    listener.read()
    assert listener.failures == ["It is damaged."]
    assert listener.inputs.photo is IMAGES[0]


def test_what_was_there_stays_where_none_of_others_can_be_read(shown):
    shown.inputs.show_images([ImageRequest("a text")])
    shown.refuse("It is no image.")
    assert shown.failures == ["It is no image."]
    assert shown.inputs.images == IMAGES
    assert shown.inputs.photo is IMAGES[0]


def test_stepping_goes_around(shown):
    shown.inputs.step_image(-1)
    assert shown.asked[-1] is IMAGES[2]
    shown.inputs.step_image(1)
    assert shown.asked[-1] is IMAGES[0]


def test_an_edit_is_of_the_photo_and_not_kept_among_the_images(shown):
    shown.inputs.edit_image(ImageEdit(angle=5))
    assert shown.asked[-1].edit == ImageEdit(angle=5)
    assert shown.inputs.images == IMAGES
    shown.inputs.edit_image(None)
    assert shown.asked[-1] == IMAGES[0]


def test_a_reading_is_kept_among_the_images(shown):
    shown.inputs.read_image(Reading((0, 4095)))
    assert shown.asked[-1].reading == Reading((0, 4095))
    assert shown.inputs.images[0] is shown.asked[-1]
    assert shown.inputs.images[1:] == IMAGES[1:]


def test_frames_are_shown_while_the_stream_is_open(shown):
    inputs = shown.inputs
    assert not inputs.take_frame(frame(1))
    assert not inputs.is_streaming
    inputs.open_stream()
    assert inputs.take_frame(frame(2))
    assert inputs.is_streaming
    assert inputs.photo is None
    assert inputs.photo_now.title == "webcam 2"
    inputs.close_stream()
    assert not inputs.take_frame(frame(3))
    assert not inputs.is_streaming


def test_images_that_come_during_a_stream_end_it_and_are_asked_for_once_more(shown):
    inputs = shown.inputs
    inputs.streamLeft.connect(inputs.close_stream)
    inputs.open_stream()
    inputs.show_images(IMAGES[1:])
    before = len(shown.asked)
    assert not shown.read(), "a frame may have come behind it"
    assert shown.left
    assert shown.asked[before:] == [IMAGES[1]]
    assert shown.read()
    assert inputs.photo is IMAGES[1]


def test_frames_that_are_kept_take_the_place_of_files_and_the_oldest_go(shown):
    for number in range(20):
        shown.inputs.keep_frame(frame(number))
    titles = [image.title for image in shown.inputs.images]
    assert titles == [f"webcam {number}" for number in range(8, 20)]
    assert shown.inputs.photo.title == "webcam 19"
