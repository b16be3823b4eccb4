"""Whether an image can be what a network learnt to tell apart, judged by what both are, and what would suit it.

A photo of a cat is a bag to a network that knows clothes only, and its 77 % are true of nothing. What can't be judged
passes: networks whose classes are of another sort, and whatever is not plainly something else.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from cnnviewer.messages.summaries import Mismatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

__all__ = ["Subject", "judge", "subject_of"]

_DIGITS = frozenset("0123456789")
_DIGIT_WORDS = frozenset(("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"))
_CLOTHES = frozenset(("trouser", "pullover", "dress", "coat", "sandal", "sneaker", "bag", "ankle boot"))
_CIFAR = frozenset(("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"))
_IMAGENET = frozenset(("tench", "goldfish", "tiger cat", "tabby", "espresso"))
_SMALL = 64
_SIDE = 32
_COLOURED = 12.0
_NEAR = 16.0
_PLAIN, _PLAIN_PHOTO = 0.6, 0.5


class Subject(StrEnum):
    """What a network tells apart."""

    DIGITS = "handwritten digits"
    CLOTHES = "small grey images of clothing"
    GREY = "small grey images"
    PHOTOS = "photos"


_OFFERS = {
    Subject.DIGITS: ("digit-3", "Show a digit"),
    Subject.CLOTHES: ("clothing-9", "Show a boot"),
    Subject.GREY: ("digit-3", "Show a digit"),
    Subject.PHOTOS: ("chelsea", "Show a photo"),
}


def judge(
    title: str, image: Image.Image, network: str, categories: Sequence[str], shape: Sequence[int]
) -> Mismatch | None:
    """Return what to tell of an image that a network can't know, and what would suit it; None where it may know it.

    Parameters
    ----------
    title
        What the image is called: the program's own samples tell by it what they are.
    image
        What people see of it.
    network, categories, shape
        The network's name, its categories, and the shape of its input, ``(C, H, W)``.
    """
    subject = subject_of(categories, shape)
    if subject is None or _suits(subject, title, image):
        return None
    sample, offer = _OFFERS[subject]
    can_draw = subject is not Subject.PHOTOS and subject is not Subject.CLOTHES
    what = "images of this sort" if subject is Subject.PHOTOS else title
    known = f"{network} knows {subject.value} only"
    return Mismatch(f"{known}: what it says of {what} means nothing.", f"{known}.", sample, offer, can_draw)


def subject_of(categories: Sequence[str], shape: Sequence[int]) -> Subject | None:
    """Return what a network tells apart, by its categories and its input; None where that is not known."""
    names = frozenset(category.lower() for category in categories)
    if names in (_DIGITS, _DIGIT_WORDS):
        return Subject.DIGITS
    if names >= _CLOTHES:
        return Subject.CLOTHES
    if names == _CIFAR or names >= _IMAGENET:
        return Subject.PHOTOS
    is_grey = len(shape) == 3 and shape[0] == 1 and max(shape[1:]) <= _SMALL
    return Subject.GREY if is_grey else None


def _suits(subject: Subject, title: str, image: Image.Image) -> bool:
    is_small = max(image.size) <= _SMALL
    if title.startswith(("digit-", "clothing-")) and is_small:  # one of the program's own
        is_digit = title.startswith("digit-")
        return {Subject.DIGITS: is_digit, Subject.CLOTHES: not is_digit, Subject.GREY: True}.get(subject, False)
    is_coloured, plain = _looks(image)
    if subject is Subject.PHOTOS:
        return is_coloured or not (is_small or plain >= _PLAIN)
    if is_coloured:
        return plain >= _PLAIN_PHOTO and not is_small  # a digit on paper, a shoe on a table
    return is_small or plain >= _PLAIN


def _looks(image: Image.Image) -> tuple[bool, float]:
    """Return whether an image has colours, and how much of it is as its edge is: a plain ground, 0..1."""
    pixels = np.asarray(image.convert("RGB").resize((_SIDE, _SIDE)), dtype=np.float32)
    colour = float((pixels.max(axis=2) - pixels.min(axis=2)).mean())
    grey = pixels.mean(axis=2)
    edge = np.concatenate((grey[0], grey[-1], grey[:, 0], grey[:, -1]))
    plain = float((np.abs(grey - np.median(edge)) < _NEAR).mean())
    return colour > _COLOURED, plain
