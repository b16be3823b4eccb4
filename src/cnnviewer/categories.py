"""The names of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CATEGORY_LISTS", "category_name"]

CATEGORY_LISTS = {"ImageNet-1k": 1000, "CIFAR-10": 10, "digits": 10, "Fashion-MNIST": 10}
"""The lists of names that the program knows, and how many names each has."""


def category_name(categories: Sequence[str], index: int) -> str:
    """Return the name of a class; its number where it has none."""
    return categories[index] if index < len(categories) else f"class {index}"
