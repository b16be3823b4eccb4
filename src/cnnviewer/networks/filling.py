"""How the tensors of a file fill an architecture: what it is given to fit them, and which tensor goes where."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import torch

from cnnviewer.errors import NetworkError
from cnnviewer.network_reports import FitRow
from cnnviewer.networks.file_heads import head_for, scoring_layer
from cnnviewer.networks.outlines import COUNTER, Outline, build_on_meta, outline_of
from cnnviewer.networks.same_order import in_same_order, is_pooler
from cnnviewer.networks.variants import Variant, variant_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from torch import nn

    from cnnviewer.networks.file_heads import Head
    from cnnviewer.networks.recipe import Recipe
    from cnnviewer.networks.weights import State

__all__ = ["Filling", "build_outline", "builder", "by_names", "by_order"]

_INDICES = (torch.int32, torch.int64)
"""What an architecture lacks of these is no weight: places in a table, which it works out by itself."""
_NEAR = 0.02
_MATRIX = 2
_NAMED = 0.6
"""So much of an architecture must have been found in a file before a head of it is built."""


@dataclass(frozen=True, eq=False)
class Filling:
    """How a state dict fills an architecture.

    Parameters
    ----------
    variant
        What the architecture is given.
    rows
        A row a tensor, as in `cnnviewer.network_reports.Fit`.
    sources
        For tensors of the architecture that are called otherwise in the file: the names there; several are joined.
    is_by_order
        Whether the tensors were told by their order and shapes.
    is_sure
        Of those, whether each block has its tensors from one place.
    """

    variant: Variant
    rows: tuple[FitRow, ...]
    sources: Mapping[str, tuple[str, ...]]
    is_by_order: bool = False
    is_sure: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether all tensors fit but what stands beside the network."""
        return all(row.is_match or row.is_left for row in self.rows)

    @property
    def is_complete(self) -> bool:
        """Whether all tensors fit, and nothing stands beside the network that may be layers of its head."""
        return self.is_whole and not any(row.is_left and row.found and len(row.found) == _MATRIX for row in self.rows)

    @property
    def share(self) -> float:
        """How many of the tensors fit, 0..1."""
        return sum(row.is_match for row in self.rows) / max(sum(not row.is_left for row in self.rows), 1)

    def renamed(self, recipe: Recipe, state: State, module: nn.Module) -> dict[str, torch.Tensor]:
        """Return the tensors that fill a module, by its own names."""
        given = recipe.adapt(state, module) if recipe.adapt else state
        shapes = outline_of(module.state_dict())
        taken = {row.key for row in self.rows if row.wanted is not None and row.found is not None}
        if self.is_by_order or self.sources:
            given = {**given, **{name: _joined(state, names) for name, names in self.sources.items()}}
        filled = {name: tensor for name, tensor in given.items() if name in taken or name.endswith(COUNTER)}
        return {
            # A one-by-one convolution and a linear layer have the same numbers.
            name: tensor.reshape(shapes[name]) if name in self.sources else tensor
            for name, tensor in filled.items()
            if name in shapes
        }


def by_names(recipe: Recipe, state: State, least: float = 0.0) -> Filling:
    """Return how a state dict fills an architecture by the names of its tensors.

    One of which less fits than that share of the likeliest is given something only if then it fits wholly.

    Raises
    ------
    NetworkError
        If the architecture can't be built.
    """
    module = _built(recipe, Variant())
    usual = _tops(module.state_dict())
    best = _filling(recipe, module, state, Variant(), {}, usual)
    if all(row.is_match for row in best.rows) or recipe.variant is None:
        return best
    is_likely = best.share >= least - _NEAR
    variant, is_all = variant_for(recipe, module, best.rows)
    if variant != Variant() and (is_likely or is_all):
        with suppress(NetworkError):
            best = _better(best, _filling(recipe, _built(recipe, variant), state, variant, {}, usual))
    if is_likely and (not best.is_complete or variant.classes == 0) and best.share >= _NAMED:
        with suppress(NetworkError):
            best = _better(best, _with_head(recipe, state, variant.channels, usual))
    if is_likely and not best.is_whole and best.share >= _NAMED:
        with suppress(NetworkError):
            best = _better(best, _without_head(recipe, module, state, variant.channels, usual))
    return best


def by_order(recipe: Recipe, state: State) -> Filling:
    """Return how a state dict fills an architecture by the order and the shapes of its tensors.

    Raises
    ------
    NetworkError
        If the architecture can't be built.
    """
    module = _built(recipe, Variant())
    best = _ordered(recipe, module, state, Variant())
    if best.is_whole or recipe.variant is None:
        return best
    variant, _ = variant_for(recipe, module, best.rows)
    likely = best.share
    if variant != Variant():
        with suppress(NetworkError):
            best = _better(best, _ordered(recipe, _built(recipe, variant), state, variant))
    if likely >= _NAMED and (not best.is_complete or variant.classes == 0):
        with suppress(NetworkError):
            best = _better(best, _ordered_with_head(recipe, state, variant.channels))
    return best


def build_outline(recipe: Recipe) -> Outline:
    """Return the outline of the usual network of an architecture.

    Raises
    ------
    NetworkError
        If it can't be built.
    """
    return outline_of(_built(recipe, Variant()).state_dict())


def builder(recipe: Recipe, variant: Variant) -> Callable[[], nn.Module]:
    """Return what makes the module that a file of weights will fill."""
    build = recipe.skeleton or recipe.build
    if recipe.variant is not None and (variant.classes, variant.channels) != (None, None):
        build = partial(recipe.variant, variant.classes, variant.channels)
    if variant.head is None:
        return build
    return partial(_build_with_head, build, variant)


def _build_with_head(build: Callable[[], nn.Module], variant: Variant) -> nn.Module:
    assert variant.head is not None
    return variant.head.put_into(build())


def _built(recipe: Recipe, variant: Variant) -> nn.Module:
    try:
        return build_on_meta(builder(recipe, variant))
    except Exception as error:
        # A library's constructor raises anything where it does not know a setting.
        raise NetworkError(f"{recipe.name} can't be built for these weights: {error}") from error


def _with_head(recipe: Recipe, state: State, channels: int | None, usual: set[str]) -> Filling | None:
    """Return how an architecture is filled with the head that the file has in the place of its own."""
    module = _built(recipe, Variant(channels=channels))
    plain = _filling(recipe, module, state, Variant(channels=channels), {}, usual)
    head = _head_of(module, plain)
    if head is None:
        return None
    variant = Variant(channels=channels, head=head)
    sources = {name: (source,) for name, source in head.sources(state).items()}
    return _filling(recipe, _built(recipe, variant), state, variant, sources, usual)


def _without_head(
    recipe: Recipe, module: nn.Module, state: State, channels: int | None, usual: set[str]
) -> Filling | None:
    """Return how an architecture is filled but for its head, in whose place the file has what tells no layers."""
    head = scoring_layer(module)
    if recipe.variant is None or not head:
        return None
    variant = Variant(classes=0, channels=channels)
    filling = _filling(recipe, _built(recipe, variant), state, variant, {}, usual)
    rows = [
        replace(row, is_left=True) if row.wanted is None and row.key.startswith(f"{head}.") else row
        for row in filling.rows
    ]
    return replace(filling, rows=tuple(rows))


def _ordered_with_head(recipe: Recipe, state: State, channels: int | None) -> Filling | None:
    """Return the same of a file with other names."""
    module = _built(recipe, Variant(channels=channels))
    plain = _ordered(recipe, module, state, Variant(channels=channels))
    head = _head_of(module, plain)
    if head is None:
        return None
    variant = Variant(channels=channels, head=head)
    fitting = {row.key for row in plain.rows if row.is_match}
    sources = {name: names for name, names in plain.sources.items() if name in fitting}
    sources |= {name: (source,) for name, source in head.sources(state).items()}
    rows = _rows(outline_of(_built(recipe, variant).state_dict()), state, sources, None)
    return Filling(variant, rows, sources, is_by_order=True, is_sure=plain.is_sure)


def _head_of(module: nn.Module, plain: Filling) -> Head | None:
    """Return the head that a file has instead of an architecture's own, which fits but for that."""
    missing = [row.key for row in plain.rows if row.wanted is not None and not row.is_match]
    spare = {row.source or row.key: row.found for row in plain.rows if row.found is not None and not row.is_match}
    spare = {name: shape for name, shape in spare.items() if not is_pooler(name)}
    own = scoring_layer(module)
    if spare and own and not missing:
        # What the file has to spare may go on from the scores of the architecture's own head.
        missing = [name for name in module.state_dict() if name.rpartition(".")[0] == own]
        spare = {name: tuple(module.state_dict()[name].shape) for name in missing} | spare
    return head_for(module, missing, spare) if missing else None


def _better(first: Filling, other: Filling | None) -> Filling:
    """Return the one of two that more tensors fit; of the same share that which leaves less over."""
    if other is None:
        return first
    ranks = [(one.share, -sum(row.is_left for row in one.rows)) for one in (first, other)]
    return other if ranks[1] > ranks[0] else first


def _filling(
    recipe: Recipe,
    module: nn.Module,
    state: State,
    variant: Variant,
    sources: Mapping[str, tuple[str, ...]],
    usual: set[str],
) -> Filling:
    renamed = recipe.adapt(state, module) if recipe.adapt else state
    rows = _rows(outline_of(module.state_dict()), renamed, sources, usual)
    # A recipe that finds all tensors under names that no tensor of the file has goes by their order.
    return Filling(variant, rows, sources, is_by_order=renamed.keys().isdisjoint(state))


def _ordered(recipe: Recipe, module: nn.Module, state: State, variant: Variant) -> Filling:
    wanted = outline_of(module.state_dict())
    pairing = in_same_order(wanted, outline_of(state))
    rows = _rows(wanted, state, pairing.sources, None)
    return Filling(variant, rows, pairing.sources, is_by_order=True, is_sure=pairing.is_sure)


def _rows(
    wanted: Outline, state: State, sources: Mapping[str, tuple[str, ...]], usual: set[str] | None
) -> tuple[FitRow, ...]:
    """Return the rows of a fit; `usual` are the first levels of the architecture's own names, None for other names."""
    rows, taken, is_by_order, found = [], set[str](), usual is None, outline_of(state)
    for name, shape in wanted.items():
        names = sources.get(name, (name,) if name in found and not is_by_order else ())
        if not names:
            if not name.endswith(COUNTER):
                rows.append(FitRow(name, shape, None))
            continue
        taken.update(names)
        rows.append(FitRow(name, shape, _as_wanted(shape, names, found), "" if names == (name,) else " + ".join(names)))
    is_beside = _beside(taken) if usual is None else _beside_all(usual | _tops(wanted))
    spare = [name for name in found if name not in taken and not (is_by_order and name.endswith(COUNTER))]
    # Of a file that has nothing of the network nothing stands beside it.
    rows += [
        FitRow(name, None, found[name], is_left=bool(taken) and (state[name].dtype in _INDICES or is_beside(name)))
        for name in spare
    ]
    return tuple(rows)


def _tops(names: Iterable[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def _beside_all(ours: set[str]) -> Callable[[str], bool]:
    """Return what tells whether a tensor of a file lies in no module of the network: there it would change it."""
    return lambda name: name.partition(".")[0] not in ours


def _beside(taken: set[str]) -> Callable[[str], bool]:
    """Return the same for names of another library: what is in none of its blocks, which are numbered."""
    starts = {name[:place] for name in taken for place, sign in enumerate(name) if sign == "."}

    def is_beside(name: str) -> bool:
        levels = name.split(".")
        inner = next((place for place in range(len(levels)) if ".".join(levels[: place + 1]) not in starts), 0)
        return not any(level.isdigit() for level in levels[: inner + 1])

    return is_beside


def _as_wanted(wanted: tuple[int, ...], names: tuple[str, ...], found: Outline) -> tuple[int, ...]:
    """Return the shape of tensors, joined; as the architecture's, where only axes of one element are others."""
    first = found[names[0]]
    shape = (len(names) * first[0], *first[1:]) if len(names) > 1 else first
    bare, bare_wanted = ([size for size in one if size != 1] for one in (shape, wanted))
    return wanted if bare == bare_wanted and names != () and len(shape) != len(wanted) else shape


def _joined(state: State, names: tuple[str, ...]) -> torch.Tensor:
    return state[names[0]] if len(names) == 1 else torch.cat([state[name] for name in names])
