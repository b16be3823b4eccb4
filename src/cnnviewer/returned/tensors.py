"""The tensors in what a network returned, with their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["is_vector", "named_tensors"]


def named_tensors(result: Any) -> tuple[tuple[str, torch.Tensor], ...]:
    """Return all tensors in what a network returned, with the keys, fields and numbers that lead to them.

    Tuples, lists, mappings, named tuples and dataclasses are gone through, however deep.
    """
    return tuple((".".join(path), tensor) for path, tensor in _walk(result, ()))


def _walk(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], torch.Tensor]]:
    if isinstance(value, torch.Tensor):
        yield path, value
    for name, part in _parts(value):
        yield from _walk(part, (*path, name) if name else path)


def _parts(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [(str(name), part) for name, part in value.items()]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return list(zip(value._fields, value, strict=True))
    if isinstance(value, (tuple, list)):
        # The list of one, such as the detections in each of the images, tells nothing.
        return [("", value[0])] if len(value) == 1 else [(str(number), part) for number, part in enumerate(value)]
    if is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name)) for field in fields(value)]
    return []


def is_vector(tensor: torch.Tensor) -> bool:
    """Whether a tensor is one row of numbers for an image, as class scores are: ``(1, N)``, ``(N,)``, ``(1, N, 1, 1)``.

    Maps, boxes and whole numbers, such as the number of a class, are none.
    """
    shape = tuple(tensor.shape)
    is_row = sum(length > 1 for length in shape) <= 1 and (len(shape) < 2 or shape[0] == 1)
    return is_row and tensor.is_floating_point() and tensor.numel() > 0
