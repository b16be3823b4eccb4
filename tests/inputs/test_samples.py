"""The sample images are all there, and are what their names say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from cnnviewer.images import read_image
from cnnviewer.inputs.samples import Sample, list_samples

PHOTOS = {
    "chelsea": ("RGB", (451, 300)),
    "coffee": ("RGB", (600, 400)),
    "camera": ("L", (512, 512)),
    "rocket": ("RGB", (640, 427)),
    "astronaut": ("RGB", (512, 512)),
}


def test_names():
    names = [sample.name for sample in list_samples()]
    small = [f"{sort}-{number}" for sort in ("digit", "clothing") for number in range(10)]
    assert names == [*PHOTOS, *small]


def test_titles():
    titles = [sample.title for sample in list_samples()]
    assert all(titles)
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("sample", list_samples(), ids=lambda sample: sample.name)
def test_image(sample):
    image = read_image(sample.path)
    assert (image.mode, image.size) == PHOTOS.get(sample.name, ("L", (28, 28)))


@pytest.mark.parametrize("sample", list_samples()[5:15], ids=lambda sample: sample.name)
def test_digits_are_white_on_black(sample):
    pixels = np.asarray(read_image(sample.path))
    assert pixels[0].max() == 0
    assert pixels.max() >= 250
    assert pixels.mean() < 64


def test_frozen():
    sample = list_samples()[0]
    assert isinstance(sample, Sample)
    with pytest.raises(dataclasses.FrozenInstanceError):
        sample.name = "other"
