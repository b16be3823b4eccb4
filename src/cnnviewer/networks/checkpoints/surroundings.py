"""What stands beside the tensors in a file of weights: names of classes, settings, the numbers of a normaliser."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch

from cnnviewer.networks.files.stand_ins import StandIn

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Plain", "Surroundings", "surroundings_of"]

Plain = bool | int | float | str | None | tuple["Plain", ...] | Mapping[str, "Plain"]
"""A value without behaviour; keys that are numbers are written as text."""

_MOST = 200_000
"""So many values are read, those that lie deepest are left out first; a list of names has up to 22,000."""
_LONGEST = 20_000
_DEEPEST = 12
_NORMALISERS = {"mean": "std", "pixel_mean": "pixel_std", "image_mean": "image_std", "img_mean": "img_std"}


@dataclass(frozen=True, eq=False)
class Surroundings:
    """The plain values around the tensors of a file.

    Parameters
    ----------
    values
        As they are nested in the file: ``{"epoch": 3, "hyper_parameters": {"lr": 0.1}, "names": ("ant", "bee")}``.
        Objects of a class are told as what they keep. Of safetensors the metadata, all of them texts.
    mean, deviation
        Of a normaliser among the tensors (buffers ``mean`` and ``std``), a number a channel; empty where there is none.
    """

    values: Mapping[str, Plain] = field(default_factory=lambda: MappingProxyType({}))
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()

    def find(self, *keys: str) -> Iterator[Plain]:
        """Yield what stands under any of some keys, wherever it is nested, the outermost first."""
        waiting: deque[Plain] = deque([self.values])
        while waiting:
            value = waiting.popleft()
            if isinstance(value, Mapping):
                yield from (value[key] for key in keys if key in value)
                waiting.extend(value.values())
            elif isinstance(value, tuple):
                waiting.extend(part for part in value if isinstance(part, (Mapping, tuple)))


def surroundings_of(content: object, tensors: Mapping[str, torch.Tensor]) -> Surroundings:
    """Return what stands around the tensors.

    Parameters
    ----------
    content
        What the file holds: containers, plain values, and a `StandIn` for each object of a class.
    tensors
        All of its tensors, by their dotted paths.
    """
    found = _Reader().read(content, 0)
    values = found if isinstance(found, Mapping) else {}
    return Surroundings(MappingProxyType(dict(values)), *_normaliser(tensors))


class _Nothing:
    """What is no plain value."""


_NOTHING = _Nothing()


class _Reader:
    """Reads plain values; what was seen already is not read again, and no more than there may be."""

    def __init__(self) -> None:
        self._left = _MOST
        self._seen: set[int] = set()

    def read(self, value: Any, depth: int) -> Plain | _Nothing:
        """Return a value without all that is none."""
        self._left -= 1
        if value is None or isinstance(value, (bool, int, float)):
            return value
        if isinstance(value, str):
            return value if len(value) <= _LONGEST else _NOTHING
        if isinstance(value, StandIn):
            value = _kept_by(value)
        is_container = isinstance(value, (Mapping, list, tuple, set, frozenset))
        if not is_container or depth > _DEEPEST or id(value) in self._seen or len(value) > self._left:
            return _NOTHING
        self._seen.add(id(value))
        return self._mapping(value, depth) if isinstance(value, Mapping) else self._sequence(value, depth)

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> Plain | _Nothing:
        found: dict[str, Plain] = {}
        # What is plain comes before what is nested: of a file with too much the outermost is known.
        for key, part in sorted(value.items(), key=lambda item: isinstance(item[1], (Mapping, list, tuple, StandIn))):
            if isinstance(key, (str, int)) and not isinstance(part, torch.Tensor):
                plain = self.read(part, depth + 1)
                if not isinstance(plain, _Nothing):
                    found[str(key)] = plain
        # An empty one was written so; one that held tensors alone tells nothing.
        return MappingProxyType(found) if found or not value else _NOTHING

    def _sequence(self, value: Any, depth: int) -> Plain | _Nothing:
        found = [self.read(part, depth + 1) for part in value]
        # Without one of its elements a list of names would name other classes.
        plain = tuple(part for part in found if not isinstance(part, _Nothing))
        return plain if len(plain) == len(found) or all(isinstance(part, Mapping) for part in plain) else _NOTHING


def _kept_by(value: StandIn) -> object:
    """Return what an object keeps: its dictionary's items, or what it was filled with."""
    return value.items or value.rest or value.state


def _normaliser(tensors: Mapping[str, torch.Tensor]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the mean and deviation of the first normaliser among some tensors: one number a channel each."""
    for name, mean in tensors.items():
        parent, dot, own = name.rpartition(".")
        deviation = tensors.get(f"{parent}{dot}{_NORMALISERS[own]}") if own in _NORMALISERS else None
        if deviation is not None and _is_of_channels(mean) and mean.shape == deviation.shape:
            return tuple(mean.flatten().tolist()), tuple(deviation.flatten().tolist())
    return (), ()


def _is_of_channels(tensor: torch.Tensor) -> bool:
    return tensor.is_floating_point() and tensor.numel() in (1, 3, 4) and max(tensor.shape, default=1) == tensor.numel()
