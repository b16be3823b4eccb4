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
        What their names in the file begin with; '' for all of the file. One that ends in ``*`` leaves out the next
        level of each name as well, where a network's backbone and head have names of their own.
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
    """Return a part without the first level of each name, where backbone and head have names of their own there."""
    split = [name.partition(".") for name in part.state]
    rests = {rest for _, _, rest in split}
    if len({first for first, _, _ in split}) < 2 or "" in rests or len(rests) < len(split):
        return []
    state = {rest: tensor for (_, _, rest), tensor in zip(split, part.state.values(), strict=True)}
    return [Part(f"{part.path}.*".removeprefix("."), state, part.origins)]
