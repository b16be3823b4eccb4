import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cnnviewer.datasets.labelled import LabelledImages
from cnnviewer.networks.lenet5 import PREPROCESSING as DIGITS
from cnnviewer.preprocessing import Preprocessing
from cnnviewer.training.feed import Feed, fit_images, plain_batch, shift_images
from cnnviewer.training.settings import Settings

COLOR = Preprocessing(size=(24, 20), resize=28, mean=(0.4, 0.5, 0.6), deviation=(0.2, 0.3, 0.25), order="BGR")


def random_images(count, channels, height, width, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (count, channels, height, width), dtype=torch.uint8, generator=generator)


def as_photo(image):
    pixels = image.permute(1, 2, 0).numpy()
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


@pytest.mark.parametrize(("channels", "preprocessing"), [(1, DIGITS), (3, DIGITS), (3, COLOR), (1, COLOR)])
@pytest.mark.parametrize("size", [(28, 28), (28, 40), (64, 48)])
def test_a_batch_is_what_the_network_sees_of_each_photo(channels, preprocessing, size):
    images = random_images(5, channels, *size)
    fitted = fit_images(images, preprocessing)
    for image, found in zip(images, fitted, strict=True):
        expected = preprocessing.pixels(as_photo(image))
        resized = min(size) != preprocessing.resize
        assert (found.int() - expected.int()).abs().max() <= (1 if resized else 0)
    if min(size) == preprocessing.resize:
        batch = preprocessing.normalise(fitted)
        each = torch.cat([preprocessing(as_photo(image)) for image in images])
        assert torch.equal(batch, each)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3), st.integers(0, 3), st.integers(0, 2), st.integers(0, 1000))
def test_shifts_move_whole_images(channels, largest, padding, seed):
    images = random_images(6, channels, 7, 9, seed)
    shifts = torch.randint(-largest, largest + 1, (2, 6), generator=torch.Generator().manual_seed(seed))
    moved = shift_images(images, shifts, largest, padding)
    for image, down, across, found in zip(images, *shifts.tolist(), moved, strict=True):
        expected = np.zeros((channels, 7 + 2 * padding, 9 + 2 * padding), np.uint8)
        for row in range(7):
            for column in range(9):
                y, x = row + padding + down, column + padding + across
                if 0 <= y < expected.shape[1] and 0 <= x < expected.shape[2]:
                    expected[:, y, x] = image[:, row, column]
        assert np.array_equal(found.numpy(), expected)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.integers(1, 70), st.integers(0, 5))
def test_each_epoch_has_each_image_once(count, batch, seed):
    data = LabelledImages(random_images(count, 1, 28, 28), torch.zeros(count, dtype=torch.long), ("a",))
    feed = Feed(data, DIGITS, Settings(batch_size=batch, seed=seed))
    orders = []
    for epoch in range(2):
        steps = range(epoch * feed.batches_per_epoch, (epoch + 1) * feed.batches_per_epoch)
        orders.append(torch.cat([feed.chosen(step) for step in steps]).tolist())
        assert sorted(orders[-1]) == list(range(count))
    if count > 12:
        assert orders[0] != orders[1]


def test_shares_of_a_batch_make_the_whole_batch():
    data = LabelledImages(random_images(50, 3, 28, 28), torch.arange(50) % 4, tuple("abcd"))
    feed = Feed(data, COLOR, Settings(batch_size=21, shift=2, flip=True))
    for step in (0, 2, 4):
        inputs, labels = feed.training_batch(step)
        for size in (2, 3):
            for rank in range(size):
                part, own = feed.training_batch(step, slice(rank, None, size))
                assert torch.equal(part, inputs[rank::size])
                assert torch.equal(own, labels[rank::size])


def test_mirrored_images_are_mirrored():
    data = LabelledImages(random_images(40, 1, 28, 28), torch.zeros(40, dtype=torch.long), ("a",))
    feed = Feed(data, DIGITS, Settings(batch_size=40, flip=True))
    inputs, _ = feed.training_batch(0)
    plain, _ = plain_batch(data, feed.chosen(0), DIGITS)
    mirrored = [torch.equal(image, other.flip(2)) for image, other in zip(inputs, plain, strict=True)]
    same = [torch.equal(image, other) for image, other in zip(inputs, plain, strict=True)]
    assert all(a != b for a, b in zip(mirrored, same, strict=True))
    assert 8 < sum(mirrored) < 32
