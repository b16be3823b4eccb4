"""Which number of a tensor belongs to what, followed through operations that move, join and take together numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.recording import Layer

__all__ = ["along", "apart", "joined", "moved", "reduced", "spread"]

_KEEPING = frozenset(
    {
        "to", "float", "double", "half", "bfloat16", "type", "type_as", "contiguous", "clone", "detach", "data",
        "alias", "identity", "dequantize", "requires_grad", "cpu", "cuda", "lift_fresh_copy", "dropout",
        "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout",
    }
)  # fmt: skip
"""Operations that leave every number where it was."""


def along(layer: Layer, axis: int) -> torch.Tensor:
    """Return a number a class, where the classes lie along one axis of a layer's result."""
    shape = layer.result.shape
    if not shape:  # the product of two vectors is one number
        return torch.zeros(shape, dtype=torch.int64, device=layer.output.device)
    view = [1] * len(shape)
    view[axis] = shape[axis]
    return torch.arange(shape[axis], device=layer.output.device).reshape(view).expand(shape)


def apart(shape: Sequence[int], axes: tuple[int, ...], device: torch.device) -> torch.Tensor:
    """Return a number a group, where all that lies along some axes makes one group."""
    kept = [1 if axis in axes else length for axis, length in enumerate(shape)]
    count = 1
    for length in kept:
        count *= length
    return torch.arange(count, device=device).reshape(kept).expand(tuple(shape))


def spread(ids: torch.Tensor | None, layer: Layer) -> torch.Tensor | None:
    """Return the numbers for a result that one of its operands was broadcast to; None where they do not fit it."""
    shape = layer.result.shape
    try:
        return None if ids is None else ids.broadcast_to(shape)
    except RuntimeError:
        return None


def moved(layer: Layer, ids: Sequence[torch.Tensor | None]) -> torch.Tensor | None:
    """Return the numbers after an operation that only moves them: a view, a slice, a permutation, a concatenation."""
    if layer.operation in _KEEPING:
        return ids[0]
    if any(part is None for part in ids):
        return None
    try:
        found = layer.call.run([part for part in ids if part is not None])
    except Exception:  # a network may move numbers in a way that takes no whole ones
        return None
    return found if found.shape == layer.result.shape and not found.is_floating_point() else None


def joined(layer: Layer, ids: Sequence[torch.Tensor | None]) -> torch.Tensor | None:
    """Return the numbers after a concatenation: what is of another operand has other numbers."""
    apart, begin = [], 0
    for part in ids:
        if part is None:
            return None
        apart.append(part + begin)
        begin += int(part.max()) + 1 if part.numel() else 0
    return moved(layer, apart)


def reduced(
    ids: torch.Tensor | None, layer: Layer, axes: tuple[int, ...], *, are_groups: bool
) -> tuple[torch.Tensor | None, bool]:
    """Return the numbers after a mean, a sum or a maximum over some axes, and whether it took different ones together.

    Of groups none may lie along these axes: what is left of each still sums to one then.
    """
    if ids is None:
        return None, False
    low = ids.amin(axes, keepdim=True) if axes else ids
    if low.numel() != layer.result.numel():
        return None, True
    if are_groups:
        left, counts = torch.unique(low, return_counts=True)
        known, before = torch.unique(ids, return_counts=True)
        is_mixed = bool((before[torch.isin(known, left)] != counts).any())
    else:
        is_mixed = bool(axes) and bool((low != ids.amax(axes, keepdim=True)).any())
    return low.reshape(layer.result.shape), is_mixed
