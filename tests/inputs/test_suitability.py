"""Whether an image can be what a network knows."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cnnviewer.inputs.samples import Sample, list_samples
from cnnviewer.inputs.suitability import Subject, judge, subject_of
from cnnviewer.messages import Mismatch

DIGITS = tuple("0123456789")
CLOTHES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
CIFAR = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
IMAGENET = ("tench", "goldfish", "tabby", "tiger cat", "espresso", *(f"class {number}" for number in range(995)))
NETWORKS = {
    "digits": (DIGITS, (1, 32, 32)),
    "coloured digits": (DIGITS, (3, 28, 28)),
    "clothes": (CLOTHES, (1, 28, 28)),
    "cifar": (CIFAR, (3, 32, 32)),
    "imagenet": (IMAGENET, (3, 224, 224)),
}
SUITS = {
    "digits": ("digit",),
    "coloured digits": ("digit",),
    "clothes": ("clothing",),
    "cifar": ("photo",),
    "imagenet": ("photo",),
}


def picture(sample: Sample) -> Image.Image:
    with Image.open(sample.path) as image:
        return image.copy()


def told(network: str, title: str, image: Image.Image) -> Mismatch | None:
    return judge(title, image, network, *NETWORKS[network])


@pytest.mark.parametrize("network", NETWORKS)
def test_of_the_samples_only_the_fitting_ones_pass(network):
    for sample in list_samples():
        sort = sample.name.partition("-")[0] if "-" in sample.name else "photo"
        mismatch = told(network, sample.path.name, picture(sample))
        assert (mismatch is None) is (sort in SUITS[network]), sample.name


@pytest.mark.parametrize("network", NETWORKS)
def test_what_is_offered_suits(network):
    wrong = "chelsea" if network not in ("cifar", "imagenet") else "digit-3"
    samples = {sample.name: sample for sample in list_samples()}
    mismatch = told(network, samples[wrong].path.name, picture(samples[wrong]))
    offered = samples[mismatch.sample]
    assert told(network, offered.path.name, picture(offered)) is None


def test_digits_of_people_pass():
    """White on black, on paper, and under a warm lamp."""
    pen = Image.new("L", (600, 800), 235)
    ImageDraw.Draw(pen).line([(200, 150), (420, 150), (280, 650)], fill=40, width=45)
    for image in (
        pen,
        pen.convert("RGB"),
        Image.merge("RGB", (pen, pen.point(lambda v: v * 0.9), pen.point(lambda v: v * 0.75))),
    ):
        assert told("digits", "photo.jpg", image) is None
    drawn = Image.new("L", (280, 280))
    ImageDraw.Draw(drawn).ellipse((80, 50, 200, 230), outline=255, width=24)
    assert told("digits", "drawing", drawn) is None
    assert told("imagenet", "drawing", drawn).sample == "chelsea"


def test_a_grey_photo_is_a_photo():
    rows, columns = np.mgrid[:200, :300]
    hills = Image.fromarray((127 + 60 * np.sin(rows / 17) + 60 * np.cos(columns / 23)).astype(np.uint8))
    assert told("imagenet", "old.jpg", hills) is None
    assert told("digits", "old.jpg", hills) is not None


def test_networks_of_other_classes_are_not_judged():
    photo = picture(next(sample for sample in list_samples() if sample.name == "chelsea"))
    assert judge("cat", photo, "mine", ("cats", "dogs"), (3, 64, 64)) is None
    assert judge("cat", photo, "mine", (), (3, 224, 224)) is None
    assert subject_of(("benign", "malignant"), (1, 512, 512)) is None


def test_small_grey_networks_want_small_grey_images():
    assert subject_of((), (1, 28, 28)) is Subject.GREY
    assert subject_of(tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), (1, 28, 28)) is Subject.GREY
