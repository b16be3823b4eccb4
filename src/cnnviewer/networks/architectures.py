"""What can be trained: a small network from scratch, a network of the chooser with a new head, or a design.

No torch when it is imported: the window and the command line choose an architecture before that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnviewer import designs
from cnnviewer.errors import NetworkError
from cnnviewer.networks import list_networks, load_network, recipe_of
from cnnviewer.provenance import NEW_HEAD, RANDOM_WEIGHTS
from cnnviewer.suggestions import suggestion

if TYPE_CHECKING:
    from cnnviewer.designs import Design
    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.network import Network
    from cnnviewer.preprocessing import Preprocessing

__all__ = ["FROM_SCRATCH", "Architecture", "build", "list_architectures", "preprocessing_of"]

FROM_SCRATCH = ("lenet5", "tiny-vgg", "resnet20", "resnet32", "resnet44", "resnet56")
"""The networks that are trained from random weights, all of their layers."""


def list_architectures() -> tuple[str, ...]:
    """Return the names of what can be trained, those from scratch first."""
    listed = (name for names in list_networks().values() for name in names)
    return (*FROM_SCRATCH, *(name for name in listed if name not in FROM_SCRATCH))


@dataclass(frozen=True)
class Architecture:
    """A network to be trained.

    Parameters
    ----------
    name
        A listed name; '' for a design.
    frozen
        Whether a network with a new head learns the head alone.
    pretrained
        Whether such a network begins with its pretrained weights.
    design
        The design, where it is one.
    """

    name: str = ""
    frozen: bool = False
    pretrained: bool = False
    design: Design | None = None

    @classmethod
    def named(cls, name: str, *, frozen: bool = False, pretrained: bool = True) -> Architecture:
        """Return the architecture of a listed name, or of a file with a design.

        Raises
        ------
        NetworkError
            If there is none; the nearest names are told.
        """
        if name.endswith(".json"):
            return cls(design=designs.open_design(Path(name)))
        return cls._listed(name, frozen=frozen, pretrained=pretrained)

    @classmethod
    def _listed(cls, name: str, *, frozen: bool, pretrained: bool) -> Architecture:
        if name not in list_architectures():
            hint = suggestion(name, list_architectures(), FROM_SCRATCH)
            raise NetworkError(f"There is no network {name!r} to train. {hint}")
        is_scratch = name in FROM_SCRATCH
        if is_scratch and frozen:
            raise NetworkError(f"{name} is trained from random weights: nothing of it can be frozen.")
        return cls(name, frozen=frozen, pretrained=pretrained and not is_scratch)

    @property
    def title(self) -> str:
        """What it is called."""
        return self.name if self.design is None else self.design.name

    def to_json(self) -> dict[str, Any]:
        """Return it for a file."""
        if self.design is not None:
            return {"design": designs.to_json(self.design)}
        return {"name": self.name, "frozen": self.frozen, "pretrained": self.pretrained}

    @classmethod
    def from_json(cls, stored: object) -> Architecture:
        """Return what `to_json` was given.

        Raises
        ------
        NetworkError
            If it is no such thing.
        """
        if isinstance(stored, dict) and "design" in stored:
            return cls(design=designs.from_json(stored["design"]))
        if not isinstance(stored, dict) or not isinstance(stored.get("name"), str):
            raise NetworkError("The card of the run does not tell which network it trains.")
        flags = {name: stored.get(name, False) for name in ("frozen", "pretrained")}
        for name, flag in flags.items():
            if not isinstance(flag, bool):
                raise NetworkError(f"The card of the run has the {name} {flag!r} instead of true or false.")
        # Not `named`: a card that points to a file of a design would mean another network when that file changes.
        return cls._listed(stored["name"], **flags)


def preprocessing_of(architecture: Architecture) -> Preprocessing:
    """Return how a photo becomes the tensor that an architecture takes.

    Raises
    ------
    NetworkError
        If there is no such network.
    """
    if architecture.design is not None:
        from cnnviewer.networks.designed import design_preprocessing

        return design_preprocessing(architecture.design)
    return recipe_of(architecture.name).preprocessing


def build(
    architecture: Architecture,
    categories: tuple[str, ...],
    *,
    seed: int,
    progress: ProgressCallback | None = None,
) -> Network:
    """Return a network that can learn these classes, in eval mode.

    Parameters
    ----------
    architecture
        Which.
    categories
        One name a class; the head has as many outputs.
    seed
        Of the random weights; torch's own random numbers are left as they are.
    progress
        Called while pretrained weights are downloaded; see `cnnviewer.networks.load_network`.

    Raises
    ------
    NetworkError
        If it can't be built.
    WeightsError
        If its pretrained weights can't be had.
    """
    import torch

    if len(categories) < 2:
        raise NetworkError(f"A network learns to tell at least 2 classes apart; here is {len(categories)}.")
    with torch.random.fork_rng(devices=[]):
        # Not torch.manual_seed, which seeds the accelerators too: weights are made on the CPU.
        torch.default_generator.manual_seed(seed)
        return _build(architecture, categories, seed, progress)


def _build(
    architecture: Architecture, categories: tuple[str, ...], seed: int, progress: ProgressCallback | None
) -> Network:
    from cnnviewer.network import Network

    if architecture.design is not None:
        from cnnviewer.networks.designed import build_design

        module = build_design(architecture.design, len(categories))
    elif architecture.name in FROM_SCRATCH:
        module = recipe_of(architecture.name).build(len(categories))
    else:
        return _with_new_head(architecture, categories, seed, progress)
    preprocessing, provenance = preprocessing_of(architecture), f"{RANDOM_WEIGHTS}, seed {seed}"
    return Network(module.eval(), architecture.title, preprocessing, categories, provenance)


def _with_new_head(
    architecture: Architecture, categories: tuple[str, ...], seed: int, progress: ProgressCallback | None
) -> Network:
    from cnnviewer.networks.heads import replace_head

    weights = "DEFAULT" if architecture.pretrained else None
    network = load_network(architecture.name, weights, progress=progress)
    replace_head(network, len(categories), frozen=architecture.frozen)
    first = f"{network.provenance}, {NEW_HEAD}" if architecture.pretrained else network.provenance
    # A network of its own: the first has the old head in what it keeps of its modules.
    return replace(network, categories=categories, provenance=f"{first}, seed {seed}")
