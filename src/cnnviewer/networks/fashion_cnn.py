"""A small network with maximum pooling for ten sorts of clothing, trained on Fashion-MNIST by ``cnnviewer train``."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from cnnviewer.designs import from_json
from cnnviewer.networks.designed import build_design, design_preprocessing
from cnnviewer.networks.recipe import Recipe, shipped
from cnnviewer.networks.stems import with_channels
from cnnviewer.resources import resource

if TYPE_CHECKING:
    from torch import nn

    from cnnviewer.designs import Design

__all__ = ["recipe"]


def recipe(name: str) -> Recipe:
    """Return how ``fashion-cnn``, the only network of this source, is made: its card tells its design."""
    card = json.loads(resource("networks", "fashion-cnn.json").read_text(encoding="utf-8"))
    design, categories = from_json(card["architecture"]["design"]), tuple(card["categories"])
    build = partial(build_design, design, len(categories))
    return Recipe(
        name=name,
        preprocessing=design_preprocessing(design),
        categories=categories,
        trained_on="Fashion-MNIST",
        build=build,
        pretrained=partial(shipped, name, build),
        variant=partial(_variant, design, len(categories)),
    )


def _variant(design: Design, usual: int, classes: int | None, channels: int | None) -> nn.Module:
    module = build_design(design, classes or usual)
    return module if channels is None else with_channels(module, channels)
