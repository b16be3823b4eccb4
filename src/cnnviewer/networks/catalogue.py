"""The catalogue: every network that can be opened by its name, with what is known of it before it is opened.

What the libraries themselves don't tell (how many parameters a network of timm has, how good its weights are) is in
`cnnviewer.networks.facts`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cnnviewer.network_reports import CatalogueEntry, WeightsPlace
from cnnviewer.networks import list_networks, recipe_of
from cnnviewer.networks.facts import facts_of
from cnnviewer.networks.families import family_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchvision.models import WeightsEnum

__all__ = ["catalogue"]

_OWN_FAMILIES = {
    "efficientnet-lite0": "EfficientNet",
    "lenet5": "LeNet",
    "fashion-cnn": "CNN",
    "tiny-vgg": "VGG",
}


def catalogue() -> tuple[CatalogueEntry, ...]:
    """Return all networks, those that the program carries first; this imports torch, torchvision and timm.

    Of timm's networks there is an entry for each set of pretrained weights, and one for each architecture without.
    Their `CatalogueEntry.download` is the size of their parameters as float32, about that of the file.
    """
    return (*_own("bundled"), *_own("untrained"), *_of_torchvision(), *_of_timm())


def _own(source: str) -> Iterator[CatalogueEntry]:
    for name in list_networks()[source]:
        recipe = recipe_of(name)
        facts = facts_of(name)
        yield CatalogueEntry(
            name=name,
            source=source,
            family=_OWN_FAMILIES.get(name, "ResNet (CIFAR)"),
            parameters=facts.parameters,
            size=recipe.preprocessing.size,
            top1=facts.top1,
            weights=WeightsPlace.HERE if recipe.trained_on else WeightsPlace.NONE,
            trained_on=recipe.trained_on,
        )


def _of_torchvision() -> Iterator[CatalogueEntry]:
    from torchvision.models import get_model_builder

    from cnnviewer.networks import torchvision_networks as source
    from cnnviewer.networks.downloads import weights_path

    for name in source.names():
        weights: WeightsEnum = source.default_weights(name)
        yield CatalogueEntry(
            name=name,
            source="torchvision",
            family=family_of(get_model_builder(name).__module__.rpartition(".")[2]),
            task=source.task_of(name),
            parameters=weights.meta["num_params"],
            size=source.preprocessing_of(name, weights).size,
            top1=source.top1(weights),
            weights=WeightsPlace.HERE if weights_path(weights.url).exists() else WeightsPlace.DOWNLOAD,
            download=source.file_size(weights),
            trained_on=source.trained_on(weights),
        )


def _of_timm() -> Iterator[CatalogueEntry]:
    from cnnviewer.networks import timm_networks as source

    cached = _cached_repositories()
    for name in source.names():
        config = source.config(name)
        facts, place = facts_of(name), _place(config, cached)
        yield CatalogueEntry(
            name=name,
            source="timm",
            family=family_of(source.module_of(name)),
            parameters=facts.parameters,
            size=source.preprocessing_of(config).size,
            top1=facts.top1,
            weights=place,
            download=None if place is WeightsPlace.NONE else facts.nbytes,
            trained_on=source.trained_on(config),
            tag=source.tag_of(config),
        )


def _cached_repositories() -> frozenset[str]:
    """Return which repositories of the hub have a folder in the cache: most have none, and needn't be looked up."""
    from cnnviewer.networks.hub_files import cache_folder, folder_of

    with suppress(OSError):
        return frozenset(path.name for path in cache_folder().glob(folder_of("*")))
    return frozenset()


def _place(config: dict[str, Any], cached: frozenset[str]) -> WeightsPlace:
    from cnnviewer.networks import timm_weights
    from cnnviewer.networks.hub_files import folder_of

    if not timm_weights.has_weights(config):
        return WeightsPlace.NONE
    repository = config.get("hf_hub_id")
    if repository and folder_of(repository) not in cached:
        return WeightsPlace.DOWNLOAD
    return WeightsPlace.HERE if timm_weights.is_here(config) else WeightsPlace.DOWNLOAD
