"""`Recipe`: what a source tells of one network, and how a `Network` is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cnnviewer.errors import WeightsError
from cnnviewer.network import Network
from cnnviewer.networks.weights import load_weights
from cnnviewer.provenance import RANDOM_WEIGHTS
from cnnviewer.resources import resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.networks.weights import Adapt
    from cnnviewer.preprocessing import Preprocessing

__all__ = ["Recipe", "no_pretrained", "shipped"]


def _always() -> bool:
    return True


def no_pretrained(name: str, progress: ProgressCallback | None) -> nn.Module:
    """Raise: nobody has trained this network.

    Raises
    ------
    WeightsError
        Always.
    """
    raise WeightsError(f"There are no trained weights of {name}. Train it, or open it with random weights.")


def shipped(name: str, build: Callable[[], nn.Module], progress: ProgressCallback | None) -> nn.Module:
    """Return a module with the weights that the program ships for it.

    Raises
    ------
    WeightsError
        If they are damaged.
    """
    module = build()
    load_weights(module, resource("networks", f"{name}.safetensors"), name)
    return module


@dataclass(frozen=True, eq=False)
class Recipe:
    """How one network is made.

    Each source is a file with one public function ``recipe(name: str) -> Recipe``.

    Parameters
    ----------
    name
        The name under which the network is listed.
    preprocessing
        How a photo becomes the tensor that the network takes.
    categories
        One name a class.
    trained_on
        The dataset of the pretrained weights, for people; '' where it is not known by name.
    build
        Makes the module with random weights; of a network that is trained from scratch it takes the number of classes,
        too.
    pretrained
        Makes the module with its pretrained weights, telling a download's progress; raises `WeightsError`.
    skeleton
        Makes the module that a file of weights will fill; `build` by default.
    adapt
        Renames a file's tensors for the module, where files exist with other names.
    is_local
        Whether the pretrained weights lie on this machine; by default they do.
    tag
        What the library calls the pretrained weights, where their dataset is not known: "openai".
    variant
        Makes the module for a file of weights with another number of classes, and of channels of the image; None for
        those that it has anyway. It may raise what the library raises where it can't. None where there are no others.
    """

    name: str
    preprocessing: Preprocessing
    categories: tuple[str, ...]
    trained_on: str
    build: Callable[..., nn.Module]
    pretrained: Callable[[ProgressCallback | None], nn.Module]
    skeleton: Callable[[], nn.Module] | None = None
    adapt: Adapt | None = None
    is_local: Callable[[], bool] = _always
    tag: str = ""
    variant: Callable[[int | None, int | None], nn.Module] | None = None

    def make(self, weights: str | Path | None, progress: ProgressCallback | None) -> Network:
        """Return the network in eval mode; see `cnnviewer.networks.load_network`."""
        if weights is None:
            module, provenance = self.build(), RANDOM_WEIGHTS
        elif weights == "DEFAULT":
            module, provenance = self.pretrained(progress), self._pretrained_how
        else:
            path = Path(weights)
            module, provenance = self._filled(path), f"weights from {path.name}"
        return Network(module.eval(), self.name, self.preprocessing, self.categories, provenance)

    @property
    def _pretrained_how(self) -> str:
        if self.trained_on:
            return f"pretrained on {self.trained_on}"
        return f"pretrained, weights: {self.tag}" if self.tag else "pretrained"

    def _filled(self, path: Path) -> nn.Module:
        module = (self.skeleton or self.build)()
        load_weights(module, path, self.name, self.adapt)
        return module
