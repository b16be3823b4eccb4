"""What is asked for that is not there: a sentence for each."""

import pytest
import torch
from torch import nn

import cnnviewer
from cnnviewer.analysis.receptive_field import reach_of_pixel
from cnnviewer.errors import RecordingError
from cnnviewer.recorder import Recorder, record

torch.set_num_threads(1)


def network():
    torch.manual_seed(0)
    return cnnviewer.from_module(
        nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 5)
        ),
        name="mine",
    )


def noise(seed=0):
    return torch.randn((1, 3, 8, 8), generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def recording():
    return record(network(), noise())


ASK = [cnnviewer.explain, cnnviewer.receptive_field]


@pytest.mark.parametrize("ask", [*ASK, lambda recording, layer, unit: reach_of_pixel(recording, layer, (0, 0))])
def test_no_such_layer(recording, ask):
    with pytest.raises(RecordingError, match=r"^mine has no layer named 'conv9'\.$"):
        ask(recording, "conv9", (0, 0, 0))


@pytest.mark.parametrize("ask", ASK)
@pytest.mark.parametrize("unit", [(4, 0, 0), (0, 6, 0), (0, 0, 6), (-5, 0, 0), (0, 0, -7), (0, 0), (0, 0, 0, 0), ()])
def test_no_such_unit(recording, ask, unit):
    with pytest.raises(RecordingError, match=r"^0 has no unit \(.*\): its shape is \(4, 6, 6\)\.$"):
        ask(recording, "0", unit)


@pytest.mark.parametrize("unit", [(3, 0, 0), (0, 8, 0), (0,)])
def test_no_such_number_of_the_image(recording, unit):
    with pytest.raises(RecordingError, match=r"^input has no unit \(.*\): its shape is \(3, 8, 8\)\.$"):
        cnnviewer.receptive_field(recording, "input", unit)


@pytest.mark.parametrize("pixel", [(8, 0), (0, 8), (-9, 0)])
def test_no_such_pixel(recording, pixel):
    with pytest.raises(RecordingError, match=r"^input has no unit .*: its shape is \(3, 8, 8\)\.$"):
        reach_of_pixel(recording, "0", pixel)


def test_the_image_is_not_explained(recording):
    with pytest.raises(RecordingError, match=r"^The image is what goes in: its numbers come from the photo\.$"):
        cnnviewer.explain(recording, "input", (0, 0, 0))


def test_negative_indices_count_from_the_end(recording):
    found, wanted = (cnnviewer.explain(recording, "0", unit) for unit in [(-1, -2, -6), (3, 4, 0)])
    assert found.unit == wanted.unit == (3, 4, 0)
    assert found.value == wanted.value
    fields = [cnnviewer.receptive_field(recording, "0", unit) for unit in [(-1, -2, -6), (3, 4, 0)]]
    assert fields[0] == fields[1]
    reach = [reach_of_pixel(recording, "0", pixel).mask for pixel in [(-1, -8), (7, 0)]]
    assert (reach[0] == reach[1]).all()


def test_a_layer_or_its_name(recording):
    layer = recording["3"]
    assert cnnviewer.explain(recording, layer, (1, 1, 1)).value == cnnviewer.explain(recording, "3", (1, 1, 1)).value
    assert cnnviewer.receptive_field(recording, layer, (1, 1, 1)) == cnnviewer.receptive_field(
        recording, "3", (1, 1, 1)
    )


# ---- frames of a stream


def frame(kept):
    recorder = Recorder(network())
    for seed in (1, 2):  # frames are run by what two images have proved
        recorder.record(noise(seed))
    return recorder.record_frame(noise(), frozenset(kept))


def test_a_layer_that_a_frame_did_not_keep():
    found = frame([0, 1])
    sentence = r"^2 was not kept for this frame; freeze the frame and ask again\.$"
    with pytest.raises(RecordingError, match=sentence):
        cnnviewer.explain(found, "2", (0, 0, 0))
    assert not found["1"].output.is_meta


def test_a_layer_whose_operands_a_frame_did_not_keep():
    found = frame([2])
    assert not found["2"].output.is_meta
    with pytest.raises(RecordingError, match=r"^2 was not kept .*freeze"):
        cnnviewer.explain(found, "2", (0, 0, 0))


def test_the_field_of_a_layer_that_a_frame_did_not_keep(recording):
    found = frame([0])
    for unit in [(0, 0, 0), (3, 2, 1)]:
        wanted = cnnviewer.receptive_field(recording, "3", unit)
        assert cnnviewer.receptive_field(found, "3", unit) == wanted
        assert wanted.size == (4, 4)
    mask = reach_of_pixel(found, "3", (2, 3)).mask
    assert (mask == reach_of_pixel(recording, "3", (2, 3)).mask).all()
    assert mask.any()


def test_a_frame_that_was_kept_is_explained(recording):
    found = frame(range(len(recording.layers)))
    for layer in recording.layers:
        for unit in [(0,) * len(layer.shape), tuple(length - 1 for length in layer.shape)]:
            one, other = (cnnviewer.explain(which, layer.name, unit) for which in (found, recording))
            assert one.value == pytest.approx(other.value, rel=1e-4, abs=1e-5)
            assert one.value == pytest.approx(one.recorded, rel=1e-4, abs=1e-5)
            assert (one.rule, len(one.terms), one.grid) == (other.rule, len(other.terms), other.grid)
