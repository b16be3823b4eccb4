"""Slots: places in the arguments of a call that tensors are put into when it is made again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["Slot", "filled", "slots_in", "with_slots"]


@dataclass(slots=True)
class Slot:
    """Stands in an argument for a tensor; `index` tells which."""

    index: int


def with_slots(value: Any, replace: Callable[[torch.Tensor], torch.Tensor | Slot]) -> Any:
    """Return an argument with its tensors, those in lists and tuples too, replaced in order."""
    if isinstance(value, torch.Tensor):
        return replace(value)
    if type(value) in (list, tuple):
        return type(value)([with_slots(part, replace) for part in value])
    return value


def filled(value: Any, tensors: Sequence[Any] | Mapping[int, Any]) -> Any:
    """Return an argument with tensors put into its slots."""
    if isinstance(value, Slot):
        return tensors[value.index]
    if type(value) in (list, tuple):
        return type(value)([filled(part, tensors) for part in value])
    return value


def slots_in(value: Any) -> Iterator[int]:
    """Yield the numbers of the slots in an argument, however deep."""
    if isinstance(value, Slot):
        yield value.index
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from slots_in(part)
