"""The shapes of results of PyTorch's commonest operations, known from those of their operands.

PyTorch's own functions for that are written in Python: they take long, and the first of them imports its compiler,
which takes seconds.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch

__all__ = ["on_meta", "shaped_result"]

_OF_TRUTH = frozenset(
    ["eq", "ne", "lt", "le", "gt", "ge", "isnan", "isinf", "isposinf", "isneginf", "isfinite", "signbit"]
)
_OF_WHOLES = frozenset(["add", "sub", "rsub", "mul", "remainder", "maximum", "minimum", "neg", "abs"])
_aten = torch.ops.aten
_REDUCTIONS = (_aten.mean.dim, _aten.sum.dim_IntList, _aten.amax.default, _aten.amin.default)


def on_meta(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor of the same shape, strides and type without numbers, on the device "meta"."""
    return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")


def shaped_result(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return tensors without numbers, of the shapes of an operation's results.

    Parameters
    ----------
    func, args, kwargs
        A call of an operation of PyTorch's; the tensors in it may have numbers or not.

    Returns
    -------
    Any
        On the device "meta"; None where the shapes are not known here.
    """
    if func is _aten.cat.default:
        return _joined(args[0], args[1] if len(args) > 1 else kwargs.get("dim", 0))
    first = args[0] if args else None
    if not isinstance(first, torch.Tensor):
        return None
    if _is_pointwise(func):
        return _by_number(func, first, [*args, *kwargs.values()])
    return _mixed(func, first, args, kwargs) if first.is_floating_point() else None


def _mixed(func: Any, first: torch.Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return tensors for an operation that works on windows, or along axes."""
    if func is _aten.native_batch_norm.default and not args[5]:
        return _empty(first.shape, first), _empty((0,), first), _empty((0,), first)
    if func is _aten.convolution.default and not args[6]:
        return _empty(_convolved(tuple(first.shape), tuple(args[1].shape), *args[3:6]), first)
    if func is _aten.native_layer_norm.default:
        count = len(args[1])
        each = _empty((*first.shape[: first.ndim - count], *(1,) * count), first)
        return _empty(first.shape, first), each, each
    if func is _aten.native_group_norm.default:
        each = _empty((first.shape[0], args[6]), first)
        return _empty(first.shape, first), each, each
    if func in _REDUCTIONS and kwargs.get("dtype") is None:
        return _empty(_reduced(tuple(first.shape), *args[1:], **kwargs), first)
    if func in (_aten._softmax.default, _aten._log_softmax.default) and not args[2]:
        return _empty(first.shape, first)
    return None


@cache
def _name_of(func: Any) -> str:
    return str(func._schema.name).rpartition(":")[2]


@cache
def _is_pointwise(func: Any) -> bool:
    """Whether an operation works on each number by itself, and changes none."""
    is_plain = torch.Tag.pointwise in func.tags and not func._schema.is_mutable and len(func._schema.returns) == 1
    return is_plain and not _name_of(func).startswith(("logical", "bitwise", "_to_copy", "where", "masked"))


def _by_number(func: Any, first: torch.Tensor, given: list[Any]) -> torch.Tensor | None:
    """Return a tensor for an operation that works on each number by itself; None where its type is not known here."""
    tensors = [part for part in given if isinstance(part, torch.Tensor)]
    name = _name_of(func)
    is_whole = name in _OF_WHOLES and not any(isinstance(part, float) for part in given)
    if any(part.dtype != first.dtype for part in tensors):
        return None
    if name not in _OF_TRUTH and not is_whole and not first.is_floating_point():
        return None
    shape = np.broadcast_shapes(*(tuple(part.shape) for part in tensors))  # torch's imports SymPy
    return torch.empty(shape, dtype=torch.bool if name in _OF_TRUTH else first.dtype, device="meta")


def _empty(shape: Any, like: torch.Tensor) -> torch.Tensor:
    return torch.empty(shape, dtype=like.dtype, device="meta")


def _joined(parts: list[torch.Tensor], dim: int) -> torch.Tensor | None:
    first = parts[0]
    if any(part.dtype != first.dtype or part.ndim != first.ndim for part in parts) or not first.ndim:
        return None
    shape = list(first.shape)
    shape[dim] = sum(part.shape[dim] for part in parts)
    rest = {axis for axis in range(first.ndim) if axis != dim % first.ndim}
    if any(part.shape[axis] != first.shape[axis] for part in parts for axis in rest):
        return None  # it fails: PyTorch tells why
    return _empty(shape, first)


def _reduced(
    shape: tuple[int, ...], dim: list[int] | None = None, keepdim: bool = False, dtype: None = None
) -> list[int]:
    """Return the shape that is left when some axes, or all, are made one number."""
    gone = {axis % len(shape) for axis in dim or range(len(shape))}
    return [1 if axis in gone else length for axis, length in enumerate(shape) if keepdim or axis not in gone]


def _convolved(
    image: tuple[int, ...], weight: tuple[int, ...], strides: list[int], padding: list[int], dilations: list[int]
) -> list[int]:
    """Return the shape of a convolution's result; a number of one axis may stand for all."""
    count = len(weight) - 2
    steps, ends, gaps = (part * count if len(part) == 1 else part for part in (strides, padding, dilations))
    sides = [
        (image[axis - count] + 2 * ends[axis] - gaps[axis] * (weight[axis + 2] - 1) - 1) // steps[axis] + 1
        for axis in range(count)
    ]
    return [*image[: len(image) - count - 1], weight[0], *sides]
