"""What a network returned: the tensors in it, and which of them are the scores of the classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["class_scores", "named_tensors"]

_SCORE_NAMES = ("logits", "out", "output", "outputs")


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


def class_scores(result: Any) -> torch.Tensor | None:
    """Return the scores of the classes in what a network returned, ``(1, classes)`` or ``(1, classes, 1, 1)``.

    Of several tensors they are those named "logits" or "out", or else the first: GoogLeNet's and Inception's auxiliary
    scores come behind. None where there are none: maps of scores, boxes, whole numbers.
    """
    tensors = named_tensors(result)
    if not tensors:
        return None
    by_name = dict(tensors)
    found = next((by_name[name] for name in _SCORE_NAMES if name in by_name), tensors[0][1])
    return found if _are_scores(found) else None


def _are_scores(tensor: torch.Tensor) -> bool:
    shape = tuple(tensor.shape)
    is_vector = len(shape) == 2 or (len(shape) == 4 and shape[2:] == (1, 1))
    return is_vector and shape[0] == 1 and shape[1] > 1 and tensor.is_floating_point()
