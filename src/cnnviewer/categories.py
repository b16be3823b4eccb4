"""The names of classes, and of labels and values."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from cnnviewer.outputs import Returns

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CATEGORY_LISTS", "answer_names", "category_name", "room_for_names"]

CATEGORY_LISTS = {"ImageNet-1k": 1000, "CIFAR-10": 10, "digits": 10, "Fashion-MNIST": 10}
"""The lists of names that the program knows, and how many names each has."""

_NOUNS = {Returns.MULTI_LABEL: "label", Returns.VALUES: "value"}


def category_name(categories: Sequence[str], index: int) -> str:
    """Return the name of a class; its number where it has none."""
    return categories[index] if index < len(categories) else f"class {index}"


def room_for_names(returns: Returns, count: int) -> int:
    """Return how many names so many numbers have room for: one each; one number that tells yes or no has two."""
    is_both = count == 1 and returns in (Returns.BINARY, Returns.CLASSES, Returns.MULTI_LABEL)
    return 0 if returns is Returns.FEATURES else 2 if is_both else count


@cache
def answer_names(categories: tuple[str, ...], returns: Returns, count: int) -> tuple[str, ...]:
    """Return the names of the numbers that a network returns; empty where it returns classes and none are known.

    Parameters
    ----------
    categories
        The names that are known.
    returns
        What the network returns. Labels and values without a name are numbered. One number that tells yes or no has two
        names: what its probability is of, the second of two names (the label 1), or the only one; and what holds
        otherwise.
    count
        How many numbers it returns.
    """
    if room_for_names(returns, count) != count and returns is not Returns.FEATURES:
        if len(categories) == 1:
            return categories[0], f"not {categories[0]}"
        return (categories[1], categories[0]) if categories else ("class 1", "class 0")
    if returns in _NOUNS:
        return (*categories[:count], *(f"{_NOUNS[returns]} {index}" for index in range(len(categories), count)))
    return categories
