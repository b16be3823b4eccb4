"""The groups of tensors in a file that may each be a network: whatever holds them, whatever they are called there.

A name like ``state_dict.module.encoder_q.layer1.0.conv1.weight`` tells a tree, be its levels dictionaries, attributes
of a Lightning module, or a training tool's wrappers. Each subtree with some tensors may be a network; which of them is
one is found by comparing it with the architectures that are known.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviewer.networks.checkpoints.folding import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import torch

    State = Mapping[str, torch.Tensor]

__all__ = ["Part", "is_within", "parts_of", "preferred"]

_WRAPPERS = frozenset(["module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module"])
"""What training tools put around a network or a layer, wherever that stands: it has one child, the thing itself."""
_ASIDE = re.compile(r"(^|\.)(optim\w*|opt|amp|scaler|schedulers?|lr_schedulers?|callbacks|loops)\.")
"""What belongs to the training: an optimiser's moments have the shapes of the weights."""
_COUNTED = ("total_ops", "total_params", "n_averaged")
"""What tools count within a network: operations, parameters, averaged steps."""
_LEAST = 4
_MOST = 48
_AVERAGED = re.compile(r"ema|teacher|averag|swa|shadow")
_LAGGING = re.compile(r"student|target|momentum|_k\b|\bkey|discriminator|\bold|\binit")


@dataclass(frozen=True, eq=False)
class Part:
    """Tensors of a file that may be a network.

    Parameters
    ----------
    path
        What their names in the file begin with; '' for all of the file. One that ends in ``*`` leaves out what the
        names of a network's backbone, and as a rule of its head, begin with as well.
    state
        The tensors by their names within the part, without wrappers; a weight that is stored in several is one.
    origins
        Their names in the file, without wrappers, in the same order.
    """

    path: str
    state: State
    origins: tuple[str, ...]

    @property
    def outline(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Names and shapes: parts with the same are copies of one network."""
        return tuple((name, tuple(tensor.shape)) for name, tensor in self.state.items())


def parts_of(tensors: State) -> tuple[Part, ...]:
    """Return the groups of tensors in a file that may be networks, the largest first; the first is all of the file.

    What only counts (steps, operations) and what belongs to an optimiser is in none of them.
    """
    kept = {name: tensor for name, tensor in tensors.items() if not name.endswith(_COUNTED) and not _ASIDE.search(name)}
    whole = folded(_without_wrappers(kept))
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in whole:
        levels = name.split(".")[:-1]
        for depth in range(1, len(levels) + 1):
            groups[tuple(levels[:depth])].append(name)
    sizable = {path: names for path, names in groups.items() if len(names) >= _LEAST}
    inner = sorted(sizable.items(), key=lambda item: -len(item[1]))[:_MOST]
    parts = [Part("", whole, tuple(whole)), *(_part(".".join(path), names, whole) for path, names in inner)]
    found = [one for part in parts for one in (part, *_merged(part))]
    # Some networks have layers that are called like wrappers.
    plain = folded(kept)
    return (*found, Part("", plain, tuple(whole))) if plain.keys() != whole.keys() else tuple(found)


def preferred(parts: Iterable[Part]) -> Part:
    """Return the one of several copies of a network that is taken where nothing is said.

    That is the average of the weights (EMA, SWA, a teacher), which evaluation uses, too; then what learns by itself
    rather than what follows it (MoCo's key, a target network); of several folds the first.
    """
    return min(parts, key=lambda part: (not _AVERAGED.search(part.path), bool(_LAGGING.search(part.path))))


def is_within(part: Part, other: Part) -> bool:
    """Whether two parts share tensors."""
    return not set(part.origins).isdisjoint(other.origins)


def _part(path: str, names: list[str], whole: State) -> Part:
    return Part(path, {name[len(path) + 1 :]: whole[name] for name in names}, tuple(names))


def _without_wrappers(tensors: State) -> State:
    """Return the tensors under names without wrappers; as they are where two would be called the same."""
    bare = {_bare(name): tensor for name, tensor in tensors.items()}
    return bare if len(bare) == len(tensors) else tensors


def _bare(name: str) -> str:
    *levels, own = name.split(".")
    return ".".join([*(level for level in levels if level not in _WRAPPERS), own])


def _merged(part: Part) -> list[Part]:
    """Return a part without the first levels of its names, where backbone and head have names of their own there.

    Beside the backbone a child keeps its name where without it nothing would tell its tensors from others.
    """
    children: dict[str, list[str]] = defaultdict(list)
    for name in part.state:
        first, dot, _ = name.partition(".")
        if dot:
            children[first].append(name)
    backbone = max(children, key=lambda first: len(children[first]), default="")
    if len(children) < 2:
        return []
    start = _shared_start(children[backbone])
    short = {name: name[len(start) :] for name in children[backbone]}
    taken = set(short.values())
    is_main = 2 * len(short) >= sum(map(len, children.values()))
    for names in [names for first, names in children.items() if first != backbone]:
        rests = {name: name.partition(".")[2] for name in names}
        if not any(rest in taken or "." not in rest or rest[0].isdigit() for rest in rests.values()):
            short.update(rests)
            taken.update(rests.values())
        elif not is_main:
            return []
    # What lies in no child is beside the network: a queue, averages under names of their own.
    origins = dict(zip(part.state, part.origins, strict=True))
    kept = {name for names in children.values() for name in names}
    found = {short.get(name, name): name for name in part.state if name in kept}
    if len(found) < len(kept):
        return []
    state = {name: part.state[source] for name, source in found.items()}
    return [Part(f"{part.path}.*".removeprefix("."), state, tuple(origins[name] for name in found.values()))]


def _shared_start(names: list[str]) -> str:
    """Return the levels with which all of some names begin, with their dots."""
    levels = [name.split(".")[:-1] for name in names]
    count = next((depth for depth, level in enumerate(zip(*levels, strict=False)) if len(set(level)) > 1), None)
    return "".join(f"{level}." for level in levels[0][: min(map(len, levels)) if count is None else count])
