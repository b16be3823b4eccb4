"""A known network under another library's names: its tensors in the same order, told by what they are and their shapes.

Each library names its layers in its own way, and writes some in another order: a shortcut before or after the layers
that it goes around, the norms of a transformer's block behind its linear layers. So tensors are paired kind by kind:
the layers that have the same tensors of the same shapes follow one another in both, whatever stands between them.
Shortcuts are kinds of their own, as where they stand differs; a transformer's query, key and value are one layer where
the architecture has them as one.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from cnnviewer.networks.file_heads import natural_key
from cnnviewer.networks.outlines import COUNTER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cnnviewer.networks.outlines import Outline

__all__ = ["Pairing", "in_same_order", "is_pooler", "kind_of", "order_words", "with_joined"]

_ROLES = frozenset(["weight", "bias", "running_mean", "running_var"])
_OTHER_ROLES = {"in_proj_weight": "weight", "in_proj_bias": "bias", "kernel": "weight"}
_SHORTCUT = re.compile(r"shortcut|downsample|skip|identity|short_conv|proj_conv|\bmatch\b", re.IGNORECASE)
_SCORES = re.compile(r"head|classif|\bfc|logit|score|pred", re.IGNORECASE)
_THREE = {"query": 0, "key": 1, "value": 2, "q": 0, "k": 1, "v": 2}
_OF_THREE = re.compile(r"(?:^|(?<=[._]))(query|key|value|q|k|v)(?=_proj\b|_lin\b|$)")
_MAPS = 4
_IN_ORDER = (
    ("before", "0"), ("after", "1"), ("pre", "0"), ("post", "1"),
    ("first", "a"), ("expan", "a"),
)  # fmt: skip
"""Words that tell an order that the alphabet does not: of a MobileNet's block what expands comes first."""

Kind = tuple[str, tuple[int, ...]]
_Layer = tuple[bool, tuple[Kind, ...]]
_Joined = dict[str, tuple[tuple[int, ...], tuple[str, ...]]]
_Unit = dict[str, str]


@dataclass(frozen=True, eq=False)
class Pairing:
    """Which tensors of a file are those of an architecture, paired by order.

    Parameters
    ----------
    sources
        By the architecture's name those of the file; several are one below the other in it (query, key, value).
    is_sure
        Whether each block of the architecture has its tensors from one place in the file, which no other has.
    """

    sources: dict[str, tuple[str, ...]]
    is_sure: bool


def in_same_order(wanted: Outline, found: Outline) -> Pairing:
    """Return the tensors of a file that are those of an architecture.

    Tensors whose shapes depend on the number of classes or channels find no partner of their own shape: the
    convolution that sees the image, and the last layer, are paired with each other where one of each is left over.

    Parameters
    ----------
    wanted
        The architecture's, in the order of its layers.
    found
        The file's, in its own order; where that is the alphabet's, numbers in names tell it.
    """
    best: Pairing | None = None
    plain: _Joined = {name: (shape, (name,)) for name, shape in found.items()}
    for outline in (with_joined(found), plain):
        for ordered in _orders(outline):
            for tells_shortcuts in (True, False):
                pairing = _paired(wanted, ordered, tells_shortcuts=tells_shortcuts)
                if best is None or _rank(pairing) > _rank(best):
                    best = pairing
                if best.is_sure and len(best.sources) == len(_counted(wanted)):
                    return best
    assert best is not None
    return best


def order_words(outline: Outline) -> Iterator[str]:
    """Yield a word for each tensor that tells its role and shape, and how many of the same came before; no name."""
    counts: Counter[Kind] = Counter()
    for name, shape in outline.items():
        if not name.endswith(COUNTER):
            kind = kind_of(name, shape)
            counts[kind] += 1
            yield f"{kind} {counts[kind]}"


def kind_of(name: str, shape: tuple[int, ...]) -> Kind:
    """Return the role of a tensor, and its shape as far as libraries agree: a 1x1 convolution is a linear layer."""
    own = name.rpartition(".")[2]
    role = own if own in _ROLES else _OTHER_ROLES.get(own, "")
    if not role:
        return "", tuple(size for size in shape if size != 1)
    if len(shape) == _MAPS and shape[:-1] == (1, 1, 1):
        # A number a channel, written so that it goes with maps whose last axis are the channels.
        return role, shape[-1:]
    return role, shape[:2] if len(shape) == _MAPS and shape[2:] == (1, 1) else shape


def is_pooler(name: str) -> bool:
    """Whether a tensor is of a transformer's pooler, which gives features and looks like a head."""
    return "pooler" in name


def with_joined(found: Outline) -> _Joined:
    """Return the tensors with their names in the file, where query, key and value are joined to one."""
    joined: _Joined = {}
    threes: dict[str, dict[int, str]] = defaultdict(dict)
    for name in found:
        home, _, own = name.rpartition(".")
        match = _OF_THREE.search(home)
        if match:
            threes[f"{home[: match.start()]}qkv{home[match.end() :]}.{own}"][_THREE[match[1]]] = name
    partners = {name: whole for whole, three in threes.items() if len(three) == 3 for name in three.values()}
    for name, shape in found.items():
        whole = partners.get(name)
        three = () if whole is None else tuple(threes[whole][place] for place in range(3))
        if whole is None or len({found[part] for part in three}) > 1:
            joined[name] = shape, (name,)
        elif whole not in joined:
            joined[whole] = (3 * shape[0], *shape[1:]), three
    return joined


def _counted(outline: Iterable[str]) -> list[str]:
    return [name for name in outline if not name.endswith(COUNTER)]


def _orders(found: _Joined) -> list[_Joined]:
    """Return the tensors in the orders that may be that of the layers: the file's, and that of the numbers in names."""
    natural = {name: found[name] for name in sorted(found, key=_natural)}
    # Files of safetensors have the counters, which are whole numbers, before all else.
    homes = list(dict.fromkeys(name.rpartition(".")[0] for name in _counted(found)))
    is_alphabet = homes == sorted(homes)
    return [natural, found] if is_alphabet else [found, natural]


def _natural(name: str) -> list[tuple[int, str]]:
    for word, place in _IN_ORDER:
        name = name.replace(word, place)
    return natural_key(name)


def _rank(pairing: Pairing) -> tuple[int, bool]:
    return len(pairing.sources), pairing.is_sure


def _paired(wanted: Outline, found: _Joined, *, tells_shortcuts: bool) -> Pairing:
    theirs = _units({name: shape for name, (shape, _) in found.items()}, tells_shortcuts=tells_shortcuts)
    ours = _units(wanted, tells_shortcuts=tells_shortcuts)
    pairs = [pair for kind, units in ours.items() for pair in zip(units, theirs.get(kind, ()), strict=False)]
    pairs += _ends(ours, theirs)
    sources: dict[str, tuple[str, ...]] = {}
    for our, their in pairs:
        sources.update({name: found[their[role]][1] for role, name in our.items() if role in their})
    return Pairing(
        sources, _is_one_to_one([(next(iter(our.values())), next(iter(their.values()))) for our, their in pairs])
    )


def _units(outline: Outline, *, tells_shortcuts: bool) -> dict[_Layer, list[_Unit]]:
    """Return the layers, each its tensors by role, by what they are; a tensor without a usual role is one by itself."""
    units: dict[str, _Unit] = defaultdict(dict)
    for name in _counted(outline):
        role = kind_of(name, outline[name])[0]
        units[name.rpartition(".")[0] if role else name][role] = name
    layers: dict[_Layer, list[_Unit]] = defaultdict(list)
    for home, unit in units.items():
        kinds = tuple(sorted(kind_of(name, outline[name]) for name in unit.values()))
        layers[tells_shortcuts and _SHORTCUT.search(home) is not None, kinds].append(unit)
    return layers


def _ends(ours: dict[_Layer, list[_Unit]], theirs: dict[_Layer, list[_Unit]]) -> list[tuple[_Unit, _Unit]]:
    """Return what is left over of both and may be the same layer with other classes or channels."""
    left = [(layer, unit) for layer, units in ours.items() for unit in units[len(theirs.get(layer, ())) :]]
    spare = [(layer, unit) for layer, units in theirs.items() for unit in units[len(ours.get(layer, ())) :]]
    pairs = []
    for layer, unit in left:
        fitting = [
            their for other, their in spare if _is_like(layer, other) and not any(map(is_pooler, their.values()))
        ]
        named = [their for their in fitting if any(_SCORES.search(name) for name in their.values())]
        # A network that learns from another has two heads, of the same classes.
        twins = [own for other, own in left if other == layer]
        for taken in (fitting, named):
            if len(taken) == len(twins):
                pairs.append((unit, taken[twins.index(unit)]))
                break
    return pairs


def _is_like(layer: _Layer, other: _Layer) -> bool:
    """Whether two layers have the same tensors, of weights that differ in one axis."""
    kinds = list(zip(layer[1], other[1], strict=False))
    if len(layer[1]) != len(other[1]) or any(ours[0] != theirs[0] for ours, theirs in kinds):
        return False
    weights = [(ours[1], theirs[1]) for ours, theirs in kinds if ours[0] == "weight"]
    return len(weights) == 1 and _has_one_other(*weights[0])


def _has_one_other(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return len(shape) == len(other) > 1 and sum(a != b for a, b in zip(shape, other, strict=True)) == 1


def _home(name: str) -> tuple[str, ...]:
    """Return the block that a tensor is in: the levels of its name up to the last with a number, but its layer."""
    levels = name.split(".")[:-1]
    numbered = [place for place, level in enumerate(levels[:-1]) if level[-1:].isdigit()]
    return tuple(levels[: numbered[-1] + 1]) if numbered else ()


def _is_one_to_one(pairs: list[tuple[str, str]]) -> bool:
    """Whether blocks go with blocks: what two of ours take from the file has not one place there."""
    places: dict[tuple[str, ...], tuple[str, ...]] = {}
    for our, their in pairs:
        levels = tuple(their.split(".")[:-1])
        home = _home(our)
        if home:
            places[home] = _shared(places.get(home, levels), levels)
    # Neighbours in the order of their places: one that lies within another follows it.
    ordered = sorted((place, home) for home, place in places.items())
    return not any(
        _begins(place, first) and not _begins(home, own) and not _begins(own, home)
        for (first, own), (place, home) in pairwise(ordered)
    )


def _shared(levels: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    count = next((place for place, (a, b) in enumerate(zip(levels, others, strict=False)) if a != b), None)
    return levels[: min(len(levels), len(others)) if count is None else count]


def _begins(levels: tuple[str, ...], start: tuple[str, ...]) -> bool:
    return levels[: len(start)] == start
