"""The pixels that a tensor was made of, channel by channel, whatever the preprocessing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from cnnviewer.preprocessing import Preprocessing

IMAGENET = {"mean": (0.485, 0.456, 0.406), "deviation": (0.229, 0.224, 0.225)}
CASES = {
    "ImageNet": Preprocessing((24, 24), 28, **IMAGENET),
    "BGR, 0..255": Preprocessing((24, 24), 24, (103.9, 116.8, 123.7), (1.0,) * 3, divisor=1, order="BGR"),
    "grey, padded": Preprocessing((32, 32), 28, (0.1307,), (0.3081,), channels=1, padding=2, order="L"),
    "six channels": Preprocessing((24, 24), 24, (0.5,) * 6, (0.25,) * 6, channels=6),
    "in a border": Preprocessing((24, 24), 24, **IMAGENET, crop_mode="border", interpolation="bicubic"),
}


@pytest.mark.parametrize("name", CASES)
def test_they_are_those_of_the_photo_before_it_is_normalised(name):
    preprocessing = CASES[name]
    photo = Image.fromarray(np.random.default_rng(3).integers(0, 256, (40, 52, 3), dtype=np.uint8))
    pixels = preprocessing.pixels(photo)
    tensor = preprocessing(photo)[0]
    given = preprocessing.given(tensor)
    edge = preprocessing.padding
    height, width = preprocessing.size
    inside = given[:, edge : height - edge, edge : width - edge]
    assert given.dtype == torch.uint8
    for channel, plane in enumerate(preprocessing.planes):
        order = pixels[channel] if len(pixels) == preprocessing.channels > 3 else pixels[plane]
        assert torch.equal(inside[channel], order)
    if edge:
        assert not given[:, :edge].any()


def test_numbers_that_are_not_finite_are_shown_as_black():
    assert CASES["ImageNet"].given(torch.full((3, 24, 24), float("nan"))).max() == 0
