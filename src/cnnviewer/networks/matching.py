"""Which architecture a file of weights is of, and that architecture filled with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cnnviewer.downloads.progress import Beat
from cnnviewer.errors import NetworkError
from cnnviewer.network_reports import Fit, FitRow
from cnnviewer.networks import DEFAULT_NETWORK, recipe_of
from cnnviewer.networks.checkpoints.parts import Part, is_within, parts_of, preferred
from cnnviewer.networks.filling import Filling, build_outline, builder, by_names, by_order
from cnnviewer.networks.match_index import Candidate, as_many, candidates, candidates_by_shape
from cnnviewer.networks.names import TIMM, cifar_depth, cifar_name
from cnnviewer.networks.outlines import COUNTER, Outline, outline_of
from cnnviewer.networks.same_order import with_joined
from cnnviewer.networks.variants import Variant
from cnnviewer.networks.weights import fit_weights

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torch import nn

    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.networks.recipe import Recipe
    from cnnviewer.networks.weights import State
    from cnnviewer.preprocessing import Preprocessing

__all__ = ["OpenedWeights", "copies_of", "find_fits", "fit_of", "open_weights"]

_BLOCK = re.compile(r"layer1\.(\d+)\.")
_LEAST_SHARE = 0.5
_NEAR = 0.2
"""How much less alike than the likeliest an architecture may be that is still compared."""
_GOOD = 0.9
"""A part that shares so much of its tensors with an architecture is looked into no further."""
_MANY = 1_000_000
_MOST_PARTS, _MOST_BY_ORDER = 4, 3
"""How many parts of a file, and architectures for each, are compared by order."""
_FURTHEST = 8
"""Of so many those are compared, too, that have exactly as many tensors."""


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


def find_fits(
    tensors: State, count: int = 8, progress: ProgressCallback | None = None, *, path: str | None = None
) -> tuple[Fit, ...]:
    """Return the architectures that the tensors of a file fit best, the best first.

    The program's own networks are tried, torchvision's and timm's, with each group of tensors that may be a network: a
    table tells which are like it, those are built without numbers, and compared tensor by tensor. A network with
    another number of classes, another head, or other channels of the image is one that fits; so is one that lacks batch
    normalisation's counters. Where no names fit, tensors are told by their order and shapes.

    Parameters
    ----------
    tensors
        All tensors of the file by their paths, as in `cnnviewer.networks.checkpoints.reading.Checkpoint`.
    count
        How many at most.
    progress
        Called after each comparison; it may raise `Cancelled`.
    path
        Which part of the file is to be a network; None for the one that fits best.

    Returns
    -------
    tuple of Fit
        Those in which at least half of the tensors fit, all of one part: the largest of which all fit. Where several
        fit so, the networks without adaptation come first, then the program's own, torchvision's, and shorter names.
        Empty where nothing fits.

    Raises
    ------
    Cancelled
        If `progress` raised it.
    WeightsError
        If weights are stored in a way that does not tell them.
    """
    parts = parts_of(tensors)
    tried = _distinct(part for part in parts if path in (None, part.path))
    beat = Beat("Looking for the architecture", progress)
    looks = _looks(tried, count)
    found = _fits_by_name(looks, beat)
    # Where nearly all names fit, they are right, and something else is wrong.
    if max((_share(fit) for fit in found.values()), default=0.0) < _GOOD:
        fits = [fit for look in _looks_by_shape(tried) for fit in _fits_by_order(look, beat)]
        found.update({(fit.part, fit.architecture): fit for fit in fits if fit.is_whole})
    beat(len(looks) + 1, len(looks) + 1)
    ranked = sorted(found.values(), key=_rank)
    likeliest = [fit for fit in ranked if fit.part == ranked[0].part][:count]
    beside = _beside(parts, likeliest[0].part) if likeliest else ()
    return tuple(replace(fit, rows=(*fit.rows, *beside)) for fit in likeliest)


def _fits_by_name(looks: list[_Look], beat: Beat) -> dict[tuple[str, str], Fit]:
    """Return how parts fit architectures by the names of their tensors, by part and architecture."""
    found: dict[tuple[str, str], Fit] = {}
    for number, look in enumerate(looks):
        beat(number, len(looks) + 1)
        known = [fit for fit in found.values() if fit.part == look.part.path]
        if any(fit.is_whole and not fit.adaptation for fit in known):
            # What fits as it is shares all tensors with nothing else than what the table tells together with it.
            continue
        fits = _fits_of(look, max(map(_share, known), default=0.0))
        found.update({(fit.part, fit.architecture): fit for fit in fits if _share(fit) >= _LEAST_SHARE})
    return found


def _beside(parts: Sequence[Part], path: str) -> tuple[FitRow, ...]:
    """Return the tensors of a file that are in none of the copies of a network, one of which is at a path."""
    taken = {name for copy in _copies(parts, path) for name in copy.origins}
    return tuple(
        FitRow(name, None, tuple(tensor.shape), is_left=True)
        for name, tensor in parts[0].state.items()
        if name not in taken
    )


def copies_of(tensors: State, path: str) -> tuple[str, ...]:
    """Return the parts of a file that are the network in one of them, with other weights: the average, other folds.

    Returns
    -------
    tuple of str
        Their paths, that of the part itself among them, in the order of the file.
    """
    return tuple(part.path for part in _copies(parts_of(tensors), path))


def _copies(parts: Sequence[Part], path: str) -> list[Part]:
    own = next((part for part in parts if part.path == path), None)
    if own is None:
        return []
    copies = [part for part in parts if part.outline == own.outline and (part is own or not is_within(part, own))]
    order = parts[0].origins
    return sorted(copies, key=lambda part: order.index(part.origins[0]))


def fit_of(architecture: str, tensors: State, path: str | None = None) -> Fit:
    """Return how the tensors of a file fit an architecture, adapted to its classes, channels and head.

    Raises
    ------
    NetworkError
        If there is no such architecture, or it can't be built.
    """
    recipe = recipe_of(architecture)
    part, filling = _filled(recipe, tensors, path)
    return _fit(recipe, part, filling)


def open_weights(tensors: State, architecture: str, source: str = "The file", path: str | None = None) -> OpenedWeights:
    """Return an architecture filled with the tensors of a file, adapted to its classes, channels and head.

    Parameters
    ----------
    tensors
        All of the file's, by their paths.
    architecture
        Its name, as `load_network` takes it.
    source
        What messages call the weights.
    path
        Which part of the file; None for the one that fits best.

    Raises
    ------
    WeightsError
        If not all tensors fit; the first misfits are named.
    NetworkError
        If there is no such architecture.
    """
    recipe = recipe_of(architecture)
    part, filling = _filled(recipe, tensors, path)
    if not filling.is_whole:
        module = builder(recipe, Variant())()
        fit_weights(module, recipe.adapt(part.state, module) if recipe.adapt else part.state, source, architecture)
    variant = filling.variant
    module = builder(recipe, variant)()
    fit_weights(module, filling.renamed(recipe, part.state, module), source, architecture)
    is_usual = variant.classes is None and variant.head is None
    return OpenedWeights(
        module=module.eval(),
        preprocessing=_with_channels(recipe.preprocessing, variant.channels),
        categories=recipe.categories if is_usual else (),
        architecture=architecture,
    )


def _filled(recipe: Recipe, tensors: State, path: str | None) -> tuple[Part, Filling]:
    """Return the part of a file that fills an architecture best, and how it does."""
    parts = _distinct(part for part in parts_of(tensors) if path in (None, part.path))
    if not parts:
        raise NetworkError(f"The file has no part {path!r}.")
    wanted = {name for name in build_outline(recipe) if not name.endswith(COUNTER)}
    part = max(parts, key=lambda part: (len(wanted & part.state.keys()), -len(part.state)))
    named = by_names(recipe, part.state)
    if named.is_whole or named.share > _GOOD:
        return part, named
    ordered = [(part, by_order(recipe, part.state)) for part in parts[:_MOST_PARTS]]
    return next(((part, filling) for part, filling in ordered if filling.is_whole), (part, named))


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


@dataclass(frozen=True, eq=False)
class _Look:
    """A part of a file, and architectures that share their tensors, to be compared; how alike they are, 0..1."""

    part: Part
    names: tuple[str, ...]
    similarity: float

    @property
    def weight(self) -> float:
        """How likely the part is the network: of two that are alike the larger is."""
        return self.similarity**2 * len(self.part.state)


def _distinct(parts: Iterable[Part]) -> list[Part]:
    """Return one of the parts with the same names and shapes each, in order: the one that is preferred."""
    copies: dict[object, list[Part]] = {}
    for part in parts:
        copies.setdefault(part.outline, []).append(part)
    return [preferred(same) for same in copies.values()]


def _looks(parts: list[Part], count: int) -> list[_Look]:
    """Return what is to be compared, the likeliest first."""
    found: list[_Look] = []
    for part in parts:
        if any(_tells(look, part) for look in found):
            continue
        outline = outline_of(part.state)
        likely = candidates(outline)
        known = _known(outline, likely[0].similarity if likely else 0.0)
        taken = {name for group in known for name in group.names}
        groups = [*known, *(group for group in likely[:count] if group.names[0] not in taken)]
        found += [_Look(part, group.names, group.similarity) for group in groups]
    return _near(found)[: count + 1]


def _tells(look: _Look, part: Part) -> bool:
    """Whether a part is a stage of a network that is told as a whole."""
    is_stage = len(part.state) < _GOOD * len(look.part.state) and is_within(part, look.part)
    return is_stage and look.similarity > _GOOD


def _near(looks: list[_Look]) -> list[_Look]:
    """Return what is about as likely as the likeliest, part by part; of one part the likeliest first."""
    best: dict[Part, float] = {}
    for look in looks:
        best[look.part] = max(best.get(look.part, 0.0), look.weight)
    most = max(best.values(), default=0.0)
    near = [
        look
        for look in looks
        if best[look.part] >= (1 - _NEAR) ** 2 * most and look.weight >= (1 - _NEAR) ** 2 * best[look.part]
    ]
    return sorted(near, key=lambda look: -best[look.part])


def _known(outline: Outline, similarity: float) -> list[Candidate]:
    """Return the networks of the program's own that the table does not tell."""
    cifar = _cifar_network(outline)
    names = [cifar] if cifar else []
    if similarity < 1 and as_many(outline, DEFAULT_NETWORK):
        # Its weights are found under other names, in the same order; by their own names others have them as well.
        names.append(DEFAULT_NETWORK)
    return [Candidate((name,), similarity) for name in names]


def _looks_by_shape(parts: list[Part]) -> list[_Look]:
    """Return what is to be compared whatever its names are: levels of names that are left out change nothing."""
    found = []
    for part in [part for part in parts if not part.path.endswith("*")][:_MOST_PARTS]:
        outline = outline_of(part.state)
        joined = {name: shape for name, (shape, _) in with_joined(outline).items()}
        for tried in (outline, joined) if len(joined) < len(outline) else (outline,):
            likely = candidates_by_shape(tried)
            further = [group for group in likely[_MOST_BY_ORDER:_FURTHEST] if as_many(tried, group.names[0])]
            groups = [*likely[:_MOST_BY_ORDER], *further]
            found += [_Look(part, group.names, group.similarity) for group in groups]
    return _near(found)


def _fits_by_order(look: _Look, beat: Beat) -> list[Fit]:
    """Return how a part fits some architectures with the same tensors, told by order and shapes; all, or none."""
    beat(0, None)
    fits: list[Fit] = []
    filling: Filling | None = None
    for name in look.names:
        try:
            recipe = recipe_of(name)
            # Where a head goes, and what pools before it, each has by another name.
            if filling is None or filling.variant.head is not None:
                filling = by_order(recipe, look.part.state)
        except NetworkError:
            continue
        if filling.is_whole:
            fits.append(replace(_fit(recipe, look.part, filling), architecture=name))
        elif not fits:
            return []
    return fits


def _cifar_network(outline: Outline) -> str | None:
    """Return the residual network for CIFAR-10 whose depth the names of tensors tell; None if they are of another."""
    if "linear.weight" not in outline or "layer3.0.conv2.weight" not in outline:
        return None
    blocks = [int(found[1]) for name in outline if (found := _BLOCK.match(name))]
    name = cifar_name(6 * (max(blocks, default=0) + 1) + 2)
    return name if cifar_depth(name) is not None else None


def _fits_of(look: _Look, best: float) -> list[Fit]:
    """Return how a part fits architectures that have the same tensors; those that can't be built are left out."""
    fits: list[Fit] = []
    for name in look.names:
        try:
            # What the table says has the same tensors needs no second look, but for names that files have otherwise.
            recipe = recipe_of(name)
            if fits and recipe.adapt is None and fits[0].is_whole:
                fits.append(replace(fits[0], architecture=name))
            else:
                filling = by_names(recipe, look.part.state, best)
                fits.append(_fit(recipe, look.part, filling))
        except NetworkError:  # the table knows networks that another version of the library does not have
            continue
    return fits


def _fit(recipe: Recipe, part: Part, filling: Filling) -> Fit:
    origins = dict(zip(part.state, part.origins, strict=True))
    # What is left over is told by its name in the file.
    rows = tuple(replace(row, key=origins.get(row.key, row.key)) if row.is_left else row for row in filling.rows)
    variant = filling.variant
    return Fit(
        recipe.name,
        rows,
        variant.describe(recipe),
        part.path,
        filling.is_by_order,
        filling.is_sure,
        guesses=() if variant.head is None else variant.head.guesses,
    )


def _share(fit: Fit) -> float:
    return fit.matches / max(fit.count, 1)


def _rank(fit: Fit) -> tuple[bool, float, float, bool, bool, int, str]:
    """Return what sorts fits, the best first: of those that are whole, the part with the most tensors."""
    name = fit.architecture
    size = (len(fit.left_over) - _MANY * fit.matches) if fit.is_whole else 0
    return not fit.is_whole, size, -_share(fit), bool(fit.adaptation), name.startswith(TIMM), len(name), name
