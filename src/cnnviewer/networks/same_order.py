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
_OWN_BIASES = ("q_bias", "v_bias")
_MAPS = 4
_RUNS = 2
"""Names that a layer gives go back more often: its weight stands before its bias."""
_IN_ORDER = (
    ("before", "0"), ("after", "1"), ("pre", "0"), ("post", "1"),
    ("first", "a"), ("expan", "a"),
)  # fmt: skip
"""Words that tell an order that the alphabet does not: of a MobileNet's block what expands comes first."""

Kind = tuple[str, tuple[int, ...]]
_Layer = tuple[bool, tuple[Kind, ...]]
_Joined = dict[str, tuple[tuple[int, ...], tuple[str, ...]]]
_Unit = dict[str, str]
_Units = dict[_Layer, list[_Unit]]
_Contents = frozenset[tuple[_Layer, int]]


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
    best: tuple[tuple[int, bool, bool], Pairing] | None = None
    plain: _Joined = {name: (shape, (name,)) for name, shape in found.items()}
    is_alphabet = _is_alphabet(_counted(found))
    for outline in (with_joined(found), plain):
        for ordered in _orders(outline, is_alphabet=is_alphabet):
            for tells_shortcuts, tells_parents in ((True, False), (True, True), (False, False), (False, True)):
                pairing = _paired(wanted, ordered, tells_shortcuts=tells_shortcuts, tells_parents=tells_parents)
                # Where no order goes with the blocks, what stands together in both tells more than the order alone.
                rank = len(pairing.sources), pairing.is_sure, tells_parents and not pairing.is_sure
                if best is None or rank > best[0]:
                    best = rank, pairing
                if pairing.is_sure and len(pairing.sources) == len(_counted(wanted)):
                    return pairing
    assert best is not None
    return best[1]


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


def _layer_kind(name: str, shape: tuple[int, ...]) -> Kind:
    """Return the kind of a tensor in a layer; a bias of a query or value alone is like no other number a channel."""
    own = name.rpartition(".")[2]
    return (own, shape) if own in _OWN_BIASES else kind_of(name, shape)


def is_pooler(name: str) -> bool:
    """Whether a tensor is of a transformer's pooler, which gives features and looks like a head."""
    return "pooler" in name


def with_joined(found: Outline) -> _Joined:
    """Return the tensors with their names in the file, where query, key and value are joined to one.

    Where the key has no bias, those of the other two are called as architectures have them: q_bias and v_bias.
    """
    joined: _Joined = {}
    threes: dict[str, dict[int, str]] = defaultdict(dict)
    for name in found:
        home, _, own = name.rpartition(".")
        match = _OF_THREE.search(home)
        if match:
            threes[f"{home[: match.start()]}qkv{home[match.end() :]}.{own}"][_THREE[match[1]]] = name
    partners = {name: whole for whole, three in threes.items() if len(three) == 3 for name in three.values()}
    biases = {
        name: f"{whole.removesuffix('qkv.bias')}{'qkv'[place]}_bias"
        for whole, three in threes.items()
        if three.keys() == {0, 2} and whole.endswith("qkv.bias")
        for place, name in three.items()
    }
    for name, shape in found.items():
        whole = partners.get(name)
        three = () if whole is None else tuple(threes[whole][place] for place in range(3))
        if whole is None or len({found[part] for part in three}) > 1:
            joined[biases.get(name, name)] = shape, (name,)
        elif whole not in joined:
            joined[whole] = (3 * shape[0], *shape[1:]), three
    return joined


def _counted(outline: Iterable[str]) -> list[str]:
    return [name for name in outline if not name.endswith(COUNTER)]


def _orders(found: _Joined, *, is_alphabet: bool) -> list[_Joined]:
    """Return the tensors in the orders that may be that of the layers: the file's, and that of the numbers in names."""
    natural = {name: found[name] for name in sorted(found, key=_natural)}
    return [natural, found] if is_alphabet else [found, natural]


def _is_alphabet(names: list[str]) -> bool:
    """Whether names stand in the alphabet's order, as in files of safetensors: there each dtype has its own run."""
    homes = list(dict.fromkeys(name.rpartition(".")[0] for name in names))
    return homes == sorted(homes) or sum(name > after for name, after in pairwise(names)) <= _RUNS


def _natural(name: str) -> list[tuple[int, str]]:
    for word, place in _IN_ORDER:
        name = name.replace(word, place)
    return natural_key(name)


def _paired(wanted: Outline, found: _Joined, *, tells_shortcuts: bool, tells_parents: bool) -> Pairing:
    theirs = _units({name: shape for name, (shape, _) in found.items()}, tells_shortcuts=tells_shortcuts)
    ours = _units(wanted, tells_shortcuts=tells_shortcuts)
    pairs = _alike(ours, theirs) if tells_parents else []
    pairs += [pair for layer, units in ours.items() for pair in zip(units, theirs.get(layer, ()), strict=False)]
    pairs += _ends(ours, theirs)
    sources: dict[str, tuple[str, ...]] = {}
    for our, their in pairs:
        sources.update({name: found[their[role]][1] for role, name in our.items() if role in their})
    return Pairing(
        sources, _is_one_to_one([(next(iter(our.values())), next(iter(their.values()))) for our, their in pairs])
    )


def _units(outline: Outline, *, tells_shortcuts: bool) -> _Units:
    """Return the layers, each its tensors by role, by what they are; a tensor without a usual role is one by itself."""
    units: dict[str, _Unit] = defaultdict(dict)
    for name in _counted(outline):
        role = kind_of(name, outline[name])[0]
        units[name.rpartition(".")[0] if role else name][role] = name
    layers: _Units = defaultdict(list)
    for home, unit in units.items():
        kinds = tuple(sorted(_layer_kind(name, outline[name]) for name in unit.values()))
        layers[tells_shortcuts and _SHORTCUT.search(home) is not None, kinds].append(unit)
    return layers


def _alike(ours: _Units, theirs: _Units) -> list[tuple[_Unit, _Unit]]:
    """Return the layers in modules that hold the same layers in both, and take them out of what is to be paired.

    In the alphabet's order a norm behind all blocks stands before those within them: what is in a block with it tells
    which of them goes with which.
    """
    pairs: list[tuple[_Unit, _Unit]] = []
    for levels in (2, 1):  # what two modules around it hold tells more than what one does
        own, other = _by_parents(ours, levels), _by_parents(theirs, levels)
        alike = [
            pair
            for key, units in own.items()
            if len(units) == len(other.get(key, ()))
            for pair in zip(units, other[key], strict=True)
        ]
        taken = {id(unit) for pair in alike for unit in pair}
        for layers in (ours, theirs):
            for layer, units in layers.items():
                layers[layer] = [unit for unit in units if id(unit) not in taken]
        pairs += alike
    return pairs


def _by_parents(layers: _Units, levels: int) -> dict[tuple[_Layer, tuple[_Contents, ...]], list[_Unit]]:
    """Return the layers by what they are and what the nearest modules around them hold; those in fewer are left."""
    places = [(layer, unit, _parents(unit)) for layer, units in layers.items() for unit in units]
    contents: dict[str, Counter[_Layer]] = defaultdict(Counter)
    for layer, _, parents in places:
        for parent in parents:
            contents[parent][layer] += 1
    whole = {parent: frozenset(counts.items()) for parent, counts in contents.items()}
    found: dict[tuple[_Layer, tuple[_Contents, ...]], list[_Unit]] = defaultdict(list)
    for layer, unit, parents in places:
        if len(parents) >= levels:
            found[layer, tuple(whole[parent] for parent in parents[-levels:])].append(unit)
    return found


def _parents(unit: _Unit) -> list[str]:
    """Return the modules around a layer, the outermost first."""
    role, name = next(iter(unit.items()))
    levels = name.split(".")[: -2 if role else -1]
    return [".".join(levels[:count]) for count in range(1, len(levels) + 1)]


def _ends(ours: _Units, theirs: _Units) -> list[tuple[_Unit, _Unit]]:
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
