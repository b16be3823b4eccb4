"""The sample images: those whose right answers are known, by the names that lists of categories give them; and all."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from cnnviewer.images import read_image
from cnnviewer.inputs.samples import list_samples
from cnnviewer.networks.category_lists import category_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

__all__ = ["known_photos", "sample_groups"]

_PHOTOS = {
    "chelsea": ("tabby", "tabby cat", "tiger cat", "Egyptian cat", "cat"),
    "coffee": ("espresso", "cup", "coffee mug"),
    "camera": ("tripod",),
    "rocket": ("missile", "projectile", "space shuttle"),
}
_OTHERS = ("astronaut",)
_SETS = (("digit", "digits"), ("clothing", "Fashion-MNIST"))
"""Samples that are one of each class of a list, in its order."""


def known_photos(categories: Sequence[str]) -> list[tuple[Image, frozenset[int]]]:
    """Return the samples that show something of these categories, each with the classes that are right for it."""
    for samples, name in _SETS:
        if tuple(categories) == category_list(name):
            return [(_photo(f"{samples}-{index}"), frozenset([index])) for index in range(len(categories))]
    places: dict[str, set[int]] = {}
    for index, category in enumerate(categories):
        for name in category.split(","):  # timm tells several names of a class, "tabby, tabby cat"
            places.setdefault(name.strip().lower(), set()).add(index)
    found = ((sample, [places.get(name.lower(), set()) for name in names]) for sample, names in _PHOTOS.items())
    return [(_photo(sample), frozenset().union(*right)) for sample, right in found if any(right)]


def sample_groups(channels: int) -> list[list[Image]]:
    """Return the samples that a network over so many channels may have learnt from the like of, a group a kind."""
    names = [(*_PHOTOS, *_OTHERS)]
    if channels == 1:
        names += [tuple(f"{samples}-{index}" for index in range(10)) for samples, _ in _SETS]
    return [[_photo(name) for name in group] for group in names]


@cache
def _photo(name: str) -> Image:
    path = next(sample.path for sample in list_samples() if sample.name == name)
    return read_image(path)
