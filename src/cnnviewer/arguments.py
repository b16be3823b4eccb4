"""The tensors among the arguments of a call, those in lists and tuples too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from cnnviewer.slots import Slot, with_slots

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["frozen", "operands_in", "tensors_in", "with_copies"]


def tensors_in(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[torch.Tensor]:
    """Return the tensors among the arguments, those in lists and tuples too, in order."""
    found: list[torch.Tensor] = []
    for value in (*args, *kwargs.values()) if kwargs else args:
        if isinstance(value, torch.Tensor):
            found.append(value)
        elif type(value) in (list, tuple):
            found += tensors_in(tuple(value), {})
    return found


def operands_in(value: Any) -> Iterator[torch.Tensor | Slot]:
    """Yield the tensors in an argument, and the slots for some, in order."""
    if isinstance(value, (torch.Tensor, Slot)):
        yield value
    elif type(value) in (list, tuple):
        for part in value:
            yield from operands_in(part)


def with_copies(
    args: tuple[Any, ...], kwargs: dict[str, Any], copies: dict[int, torch.Tensor]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments with copies in the place of some tensors, which are given by their ids."""

    def kept(tensor: torch.Tensor) -> torch.Tensor:
        return copies.get(id(tensor), tensor)

    return with_slots(args, kept), {name: with_slots(value, kept) for name, value in kwargs.items()}


def frozen(value: Any) -> Any:
    """Return an argument whose lists are copies, and plain ones."""
    if isinstance(value, list):
        return [frozen(part) for part in value]
    if type(value) is tuple:
        return tuple([frozen(part) for part in value])
    return value
