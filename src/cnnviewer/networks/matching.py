"""Which architecture a file of weights is of, and that architecture filled with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from cnnviewer.downloads.progress import Beat
from cnnviewer.errors import NetworkError
from cnnviewer.network_reports import Fit, FitRow
from cnnviewer.networks import DEFAULT_NETWORK, recipe_of
from cnnviewer.networks.match_index import Candidate, as_many, candidates
from cnnviewer.networks.names import TIMM, cifar_depth, cifar_name
from cnnviewer.networks.outlines import COUNTER, Outline, build_on_meta, outline_of
from cnnviewer.networks.variants import Variant, variant_for
from cnnviewer.networks.weights import fit_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch import nn

    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.networks.recipe import Recipe
    from cnnviewer.networks.weights import State
    from cnnviewer.preprocessing import Preprocessing

__all__ = ["OpenedWeights", "find_fits", "fit_of", "open_weights"]

_BLOCK = re.compile(r"layer1\.(\d+)\.")
_LEAST_SHARE = 0.5
_NEAR = 0.2
"""How much less alike than the likeliest an architecture may be that is still compared."""


@dataclass(frozen=True, eq=False)
class OpenedWeights:
    """An architecture filled with the weights of a file.

    Parameters
    ----------
    module
        In eval mode, on the CPU.
    preprocessing
        The architecture's usual one, with the channels that the weights take.
    categories
        The architecture's usual ones; empty where the weights tell another number of classes apart.
    architecture
        Its name, as `load_network` takes it.
    """

    module: nn.Module
    preprocessing: Preprocessing
    categories: tuple[str, ...]
    architecture: str


def find_fits(state: State, count: int = 8, progress: ProgressCallback | None = None) -> tuple[Fit, ...]:
    """Return the architectures that fit a state dict best, the best first.

    The program's own networks are tried, torchvision's and timm's: a table tells which are like it, those are built
    without numbers, and compared tensor by tensor. A network with another number of classes, or of channels of the
    image, is one that fits; so is one that lacks batch normalisation's counters.

    Parameters
    ----------
    state
        Tensors by name, as `cnnviewer.networks.weights.read_weights` returns them.
    count
        How many at most.
    progress
        Called after each comparison; it may raise `Cancelled`.

    Returns
    -------
    tuple of Fit
        Those in which at least half of the tensors fit; where all fit, the networks without adaptation come first, then
        the program's own, torchvision's, and shorter names. Empty where nothing fits.

    Raises
    ------
    Cancelled
        If `progress` raised it.
    """
    outline = outline_of(state)
    groups = _groups(outline, count)
    beat, found = Beat("Looking for the architecture", progress), dict[str, Fit]()
    for number, group in enumerate(groups):
        beat(number, len(groups))
        if any(fit.is_whole and not fit.adaptation for fit in found.values()):
            # What fits as it is shares all tensors with nothing else than what the table tells together with it.
            break
        fits = _fits_of(group.names, state, is_likeliest=not found)
        found.update({fit.architecture: fit for fit in fits if _share(fit) >= _LEAST_SHARE})
    beat(len(groups), len(groups))
    return tuple(sorted(found.values(), key=_rank)[:count])


def fit_of(architecture: str, state: State) -> Fit:
    """Return how a state dict fits an architecture, adapted to its classes and channels.

    Raises
    ------
    NetworkError
        If there is no such architecture, or it can't be built.
    """
    return _compared(recipe_of(architecture), state)[0]


def open_weights(state: State, architecture: str, source: str = "The file") -> OpenedWeights:
    """Return an architecture filled with a state dict, adapted to its classes and channels.

    Parameters
    ----------
    state
        Tensors by name.
    architecture
        Its name, as `load_network` takes it.
    source
        What messages call the weights.

    Raises
    ------
    WeightsError
        If not all tensors fit; the first misfits are named.
    NetworkError
        If there is no such architecture.
    """
    recipe = recipe_of(architecture)
    fit, variant = _compared(recipe, state)
    if not fit.is_whole:
        variant = Variant()
    module = _builder(recipe, variant)()
    fit_weights(module, recipe.adapt(state, module) if recipe.adapt else state, source, architecture)
    return OpenedWeights(
        module=module.eval(),
        preprocessing=_with_channels(recipe.preprocessing, variant.channels),
        categories=recipe.categories if variant.classes is None else (),
        architecture=architecture,
    )


def _with_channels(preprocessing: Preprocessing, channels: int | None) -> Preprocessing:
    """Return a preprocessing for an image of so many channels: grey for one, else its colours again and again."""
    if channels is None:
        return preprocessing
    means, deviations = preprocessing.mean, preprocessing.deviation
    if channels == 1:
        mean, deviation = (sum(numbers) / len(numbers) for numbers in (means, deviations))
        return replace(preprocessing, channels=1, order="L", mean=(mean,), deviation=(deviation,))
    # A network that saw grey images has one number for all.
    order = "RGB" if preprocessing.is_grey else preprocessing.order
    return replace(
        preprocessing,
        channels=channels,
        order=order,
        mean=tuple(means[channel % len(means)] for channel in range(channels)),
        deviation=tuple(deviations[channel % len(deviations)] for channel in range(channels)),
    )


def _groups(outline: Outline, count: int) -> list[Candidate]:
    """Return what is to be compared, the likeliest first."""
    likely = candidates(outline)
    near = [found for found in likely if found.similarity >= likely[0].similarity - _NEAR][:count]
    best = likely[0].similarity if likely else 1.0
    cifar = _cifar_network(outline)
    known = [cifar] if cifar else []
    if as_many(outline, DEFAULT_NETWORK):
        # Its weights are found under other names, in the same order.
        known.append(DEFAULT_NETWORK)
    return [*(Candidate((name,), best) for name in known), *(group for group in near if group.names[0] not in known)]


def _cifar_network(outline: Outline) -> str | None:
    """Return the residual network for CIFAR-10 whose depth the names of tensors tell; None if they are of another."""
    if "linear.weight" not in outline or "layer3.0.conv2.weight" not in outline:
        return None
    blocks = [int(found[1]) for name in outline if (found := _BLOCK.match(name))]
    name = cifar_name(6 * (max(blocks, default=0) + 1) + 2)
    return name if cifar_depth(name) is not None else None


def _fits_of(names: Iterable[str], state: State, *, is_likeliest: bool) -> list[Fit]:
    """Return how a state dict fits architectures that have the same tensors; those that can't be built are left out."""
    fits: list[Fit] = []
    for name in names:
        try:
            # What the table says has the same tensors needs no second look, but for names that files have otherwise.
            recipe = recipe_of(name)
            is_known = bool(fits) and recipe.adapt is None and fits[0].is_whole
            fit = replace(fits[0], architecture=name) if is_known else _compared(recipe, state, is_likeliest)[0]
            fits.append(fit)
        except NetworkError:  # the table knows networks that another version of the library does not have
            continue
    return fits


def _compared(recipe: Recipe, state: State, is_likeliest: bool = True) -> tuple[Fit, Variant]:
    """Return how a state dict fits a network, and what the network was given to fit.

    One that is not the likeliest is given something only if then it fits wholly.
    """
    module = _built(recipe, Variant())
    plain = _fit(recipe, module, state, Variant())
    if plain.is_whole or recipe.variant is None:
        return plain, Variant()
    variant, is_all = variant_for(recipe, module, plain.rows)
    if variant == Variant() or not (is_likeliest or is_all):
        return plain, Variant()
    try:
        adapted = _fit(recipe, _built(recipe, variant), state, variant)
    except NetworkError:
        return plain, Variant()
    return (adapted, variant) if _share(adapted) > _share(plain) else (plain, Variant())


def _fit(recipe: Recipe, module: nn.Module, state: State, variant: Variant) -> Fit:
    renamed = recipe.adapt(state, module) if recipe.adapt else state
    rows = _rows(outline_of(module.state_dict()), outline_of(renamed))
    return Fit(recipe.name, rows, variant.describe(recipe))


def _rows(wanted: Outline, found: Outline) -> tuple[FitRow, ...]:
    rows = [
        FitRow(name, shape, found.get(name))
        for name, shape in wanted.items()
        if name in found or not name.endswith(COUNTER)
    ]
    return (*rows, *(FitRow(name, None, shape) for name, shape in found.items() if name not in wanted))


def _builder(recipe: Recipe, variant: Variant) -> Callable[[], nn.Module]:
    if recipe.variant is None or variant == Variant():
        return recipe.skeleton or recipe.build
    return partial(recipe.variant, variant.classes, variant.channels)


def _built(recipe: Recipe, variant: Variant) -> nn.Module:
    try:
        return build_on_meta(_builder(recipe, variant))
    except Exception as error:
        # A library's constructor raises anything where it does not know a setting.
        raise NetworkError(f"{recipe.name} can't be built for these weights: {error}") from error


def _share(fit: Fit) -> float:
    return fit.matches / max(len(fit.rows), 1)


def _rank(fit: Fit) -> tuple[bool, float, bool, bool, int, str]:
    """Return what sorts fits, the best first."""
    name = fit.architecture
    return not fit.is_whole, -_share(fit), bool(fit.adaptation), name.startswith(TIMM), len(name), name
