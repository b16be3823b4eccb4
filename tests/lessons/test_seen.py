"""What layers see: the strongest units, and the part of the photo that they see."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from cnnviewer import load_network, receptive_field, record
from cnnviewer.images import as_image
from cnnviewer.lessons.answering import LessonContext, answer
from cnnviewer.lessons.network_messages import SeenRequest


@pytest.fixture(scope="module")
def context(samples):
    network, photo = load_network("efficientnet-lite0"), as_image(samples / "chelsea.png")
    return LessonContext(photo, network, record(network, photo))


@pytest.fixture(scope="module")
def seen(context):
    return answer(SeenRequest(patches=4, side=60), context)


def test_each_patch_is_of_the_strongest_unit_of_its_channel(context, seen):
    assert len(seen.depths) == 3
    for depth in seen.depths:
        output = context.recording[depth.layer].output
        assert len(depth.patches) == 4
        stands_out = output.amax(dim=(1, 2)) - output.mean(dim=(1, 2))
        chosen = [patch.channel for patch in depth.patches]
        assert stands_out[chosen].min() >= stands_out.sort(descending=True).values[3] - 1e-2
        for patch in depth.patches:
            assert patch.value == output[(patch.channel, *patch.unit)]
            assert patch.value == pytest.approx(float(output[patch.channel].max()), abs=1e-2)


def test_fields_grow_with_depth_and_are_those_of_the_network(context, seen):
    rows = [field.size[0] for field in seen.fields]
    assert rows == sorted(rows)
    assert rows[0] < rows[-1]
    assert seen.fields[0].share < 0.001
    assert seen.fields[-1].share == 1
    for field in seen.fields:
        layer = context.recording[field.layer]
        middle = (0, layer.shape[1] // 2, layer.shape[2] // 2)
        assert field.size == receptive_field(context.recording, layer, middle).size


def test_what_is_outside_of_a_patch_frame_changes_nothing(context, seen):
    """The frame on the patch, put back on the input, holds all pixels that the unit depends on."""
    depth = seen.depths[0]
    for patch in depth.patches:
        tensor = context.recording.input[None]
        height, width = tensor.shape[-2:]
        left, top, right, bottom = patch.box
        side_x, side_y = (right - left) * width, (bottom - top) * height
        columns = [round(left * width + share * side_x) for share in patch.frame[::2]]
        rows = [round(top * height + share * side_y) for share in patch.frame[1::2]]
        noise = torch.randn_like(tensor)
        noise[..., max(rows[0], 0) : rows[1], max(columns[0], 0) : columns[1]] = 0
        changed = record(context.network, tensor + noise)[depth.layer].output[(patch.channel, *patch.unit)]
        assert float(changed) == pytest.approx(patch.value, abs=1e-4)
        assert (columns[1] - columns[0], rows[1] - rows[0]) == depth.field.size[::-1]


def test_patches_are_cut_from_what_the_network_is_given(context, seen):
    given = context.network.preprocessing.invert(context.recording.input)
    size = given.shape[-1]
    for depth in seen.depths:
        for patch in depth.patches:
            assert patch.pixels.shape == (60, 60)
            left, top, right, bottom = (round(edge * size) for edge in patch.box)
            assert right - left == bottom - top <= round(0.45 * size)
            middle = (top + bottom) // 2, (left + right) // 2
            if depth is seen.depths[0] and 0 <= middle[0] < size and 0 <= middle[1] < size:
                red, green, blue = given[:, middle[0], middle[1]].tolist()
                assert patch.pixels[30, 30] == 0xFF000000 | red << 16 | green << 8 | blue


def test_the_surroundings_are_told(context, seen):
    crop = context.network.preprocessing.crop(*context.photo.size)
    assert seen.crop == (crop.left, crop.top, crop.right, crop.bottom)
    assert seen.size == context.photo.size
    grey = LessonContext(Image.new("L", (28, 28), 7), load_network("lenet5"))
    recording = record(grey.network, grey.photo)
    assert answer(SeenRequest(), LessonContext(grey.photo, grey.network, recording)).fill == 0xFF070707


def test_without_a_photo_it_says_what_is_missing():
    found = answer(SeenRequest(), LessonContext())
    assert "photo" in found.note
    assert found.depths == found.fields == ()


def test_a_padded_digit_is_measured_without_its_frame(samples):
    network, photo = load_network("lenet5"), as_image(samples / "digit-3.png")
    recording = record(network, photo)
    depth = answer(SeenRequest(), LessonContext(photo, network, recording)).depths[0]
    for patch in depth.patches:
        field = receptive_field(recording, "relu1", (patch.channel, *patch.unit))
        left, top, right, bottom = patch.box
        assert ((left + right) / 2 * 28, (top + bottom) / 2 * 28) == pytest.approx(
            (field.centre[1] - 2, field.centre[0] - 2), abs=0.51
        )
    assert np.unique(depth.patches[0].pixels).size > 2
