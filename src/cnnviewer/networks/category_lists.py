"""The lists of categories that the program knows by name (see `cnnviewer.categories.CATEGORY_LISTS`)."""

from __future__ import annotations

from functools import cache

from cnnviewer.categories import CATEGORY_LISTS
from cnnviewer.errors import NetworkError
from cnnviewer.suggestions import suggestion

__all__ = ["category_list", "list_of", "lists_of_count", "names_of"]


def names_of(categories: tuple[str, ...] | str) -> tuple[str, ...]:
    """Return the names of a card's categories, which may be those of a list.

    Raises
    ------
    NetworkError
        If there is no such list.
    """
    return category_list(categories) if isinstance(categories, str) and categories else tuple(categories)


@cache
def category_list(name: str) -> tuple[str, ...]:
    """Return the names of one of the lists, in the order of the classes.

    Raises
    ------
    NetworkError
        If there is none of this name.
    """
    if name not in CATEGORY_LISTS:
        hint = suggestion(name, list(CATEGORY_LISTS))
        raise NetworkError(f"There is no list of categories {name!r}, and no text file of this name. {hint}")
    if name == "ImageNet-1k":
        from torchvision.models import MobileNet_V2_Weights

        # The names of ImageNet's classes are the same for all weights of torchvision.
        return tuple(MobileNet_V2_Weights.IMAGENET1K_V1.meta["categories"])
    from cnnviewer.networks import recipe_of

    return recipe_of({"CIFAR-10": "resnet20", "digits": "lenet5", "Fashion-MNIST": "fashion-cnn"}[name]).categories


def list_of(names: tuple[str, ...]) -> str:
    """Return the name of the list that has exactly these names; '' where none has."""
    counted = (name for name, count in CATEGORY_LISTS.items() if count == len(names))
    return next((name for name in counted if category_list(name) == names), "")


def lists_of_count(classes: int) -> tuple[str, ...]:
    """Return the names of the lists that have so many categories; their number alone does not tell which is meant."""
    return tuple(name for name, count in CATEGORY_LISTS.items() if count == classes)
