"""What waits for the worker: the newest of each sort, in turn."""

import pytest

from cnnviewer.messages import (
    DeviceRequest,
    HoldRequest,
    ImageRequest,
    MapRequest,
    NetworkRequest,
    ScaleChoice,
    ThumbnailRequest,
    WeightsRequest,
)
from cnnviewer.network_reports import FileRequest
from cnnviewer.qt.job_queue import JobQueue

MAP, OTHER_MAP = MapRequest(0, 0, ScaleChoice()), MapRequest(0, 1, ScaleChoice())
THUMBNAIL = ThumbnailRequest(ImageRequest("a photo"), 40)


@pytest.fixture
def queue():
    return JobQueue()


def taken(queue):
    """Return what the worker gets until nothing waits any more: openings, and keys of pictures."""
    jobs = []
    while (job := queue.take()) is not None:
        jobs.append(job.request if job.request is not None else tuple(key for key, _ in job.pictures))
        queue.finish()
    return jobs


def test_openings_go_before_pictures_and_each_in_its_turn(queue):
    network, image, device = NetworkRequest("lenet5"), ImageRequest("a photo"), DeviceRequest()
    queue.ask("card", MAP)
    for opening in (WeightsRequest("lenet5"), image, HoldRequest(True, "lenet5"), network, device):
        queue.put(opening)
    jobs = taken(queue)
    assert [type(job) for job in jobs[:-1]] == [
        DeviceRequest,
        NetworkRequest,
        HoldRequest,
        ImageRequest,
        WeightsRequest,
    ]
    assert jobs[-1] == ("card",)


def test_of_each_sort_and_of_each_key_only_the_newest_waits(queue):
    for name in ("lenet5", "tiny-vgg"):
        queue.put(NetworkRequest(name))
    queue.ask("card", MAP)
    queue.ask("inspector", MAP)
    queue.ask("card", OTHER_MAP)
    assert queue.take().request == NetworkRequest("tiny-vgg")
    queue.finish()
    assert queue.take().pictures == (("inspector", MAP), ("card", OTHER_MAP))


def test_nothing_is_taken_while_a_job_is_in_flight(queue):
    queue.put(NetworkRequest("lenet5"))
    queue.take()
    queue.put(NetworkRequest("tiny-vgg"))
    assert queue.take() is None
    queue.finish()
    assert queue.take().request == NetworkRequest("tiny-vgg")


def test_an_image_brings_what_is_shown_and_a_network_does_not(queue):
    queue.show("card", MAP)
    queue.put(ImageRequest("a photo"))
    assert queue.take().pictures == (("card", MAP),)
    queue.ask("card", MAP)  # it comes already
    queue.finish()
    assert queue.is_empty
    queue.put(NetworkRequest("lenet5"))
    assert queue.take().pictures == ()


def test_pictures_of_an_older_recording_are_wanted_no_more(queue):
    queue.show("card", MAP)
    queue.ask("card", MAP)
    queue.ask("strip", THUMBNAIL)
    queue.renew(has_other_layers=False)
    assert queue.shown == (("card", MAP),)
    job = queue.take()
    assert job.pictures == (("strip", THUMBNAIL),)
    assert queue.is_wanted(job.generation, MAP)
    queue.renew(has_other_layers=True)
    assert queue.shown == ()
    assert not queue.is_wanted(job.generation, MAP)
    assert queue.is_wanted(job.generation, THUMBNAIL), "it is of no recording"


def test_what_is_coming_is_the_newest_that_waits_or_is_in_flight(queue):
    assert queue.coming(NetworkRequest) is None
    queue.put(NetworkRequest("lenet5"))
    queue.take()
    assert queue.coming(NetworkRequest) == NetworkRequest("lenet5")
    assert queue.coming(FileRequest) is None
    queue.put(NetworkRequest("tiny-vgg"))
    assert queue.coming(NetworkRequest) == NetworkRequest("tiny-vgg")
    queue.drop(NetworkRequest)
    assert queue.coming(NetworkRequest) == NetworkRequest("lenet5")


def test_what_is_withdrawn_is_neither_made_nor_shown(queue):
    queue.show("card", MAP)
    queue.ask("card", MAP)
    queue.withdraw("card")
    assert queue.take() is None
    assert queue.shown == ()


@pytest.mark.parametrize("opening", [NetworkRequest("lenet5"), DeviceRequest(), ImageRequest("a photo")])
def test_what_may_take_long_says_so(queue, opening):
    queue.put(opening)
    assert queue.take().is_long


def test_pictures_and_weights_are_no_long_jobs(queue):
    queue.put(WeightsRequest("lenet5"))
    assert not queue.take().is_long
    queue.finish()
    queue.ask("card", MAP)
    assert not queue.take().is_long
