"""Operators along axes: sums, means, extremes, softmax, running sums, products of matrices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional as F

from cnnviewer.networks.files.onnx_import.values import number, wholes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnnviewer.networks.files.onnx_import.node import Given
    from cnnviewer.networks.files.onnx_import.values import Value

    Reduce = Callable[[torch.Tensor, tuple[int, ...], bool], torch.Tensor]


def reduction(function: Reduce) -> Callable[..., torch.Tensor]:
    """Return an operator that makes one number of each along some axes, all where none are told."""

    def run(given: Given, x: torch.Tensor, axes: Value = None) -> torch.Tensor:
        found, keeps = wholes(given.list("axes", axes) or []), given.flag("keepdims", True)
        if not found and given.flag("noop_with_empty_axes"):
            return function(x.unsqueeze(0), (0,), False)
        return function(x, tuple(found) or tuple(range(x.ndim)), keeps)

    return run


def mean(x: torch.Tensor, axes: tuple[int, ...], keeps: bool) -> torch.Tensor:
    """Return the mean; of whole numbers, rounded towards 0."""
    if x.is_floating_point():
        return torch.mean(x, dim=axes, keepdim=keeps)
    return torch.mean(x.to(torch.float64), dim=axes, keepdim=keeps).to(x.dtype)


def total(x: torch.Tensor, axes: tuple[int, ...], keeps: bool) -> torch.Tensor:
    """Return the sum."""
    return torch.sum(x, dim=axes, keepdim=keeps, dtype=x.dtype) if axes else x


def _of_extremes(function: Callable[..., torch.Tensor], is_largest: bool) -> Reduce:
    def run(x: torch.Tensor, axes: tuple[int, ...], keeps: bool) -> torch.Tensor:
        if not axes:
            return x
        if all(x.shape[axis] for axis in axes):
            return function(x, dim=axes, keepdim=keeps)
        kept = {axis % x.ndim for axis in axes}
        shape = [1 if axis in kept else length for axis, length in enumerate(x.shape) if keeps or axis not in kept]
        return torch.full(shape, _least(x.dtype, is_largest), dtype=x.dtype)

    return run


def _least(kind: torch.dtype, is_largest: bool) -> Any:
    """Return the extreme of no numbers."""
    if kind is torch.bool:
        return not is_largest
    if kind.is_floating_point:
        return -math.inf if is_largest else math.inf
    return torch.iinfo(kind).min if is_largest else torch.iinfo(kind).max


largest, smallest = _of_extremes(torch.amax, True), _of_extremes(torch.amin, False)


def product(x: torch.Tensor, axes: tuple[int, ...], keeps: bool) -> torch.Tensor:
    """Return the product."""
    kind = x.dtype
    for axis in sorted((axis % x.ndim for axis in axes), reverse=True):
        x = torch.prod(x, dim=axis, keepdim=keeps, dtype=kind)
    return x


def _rounded(function: Reduce) -> Reduce:
    """Return a reduction that works on floating point numbers, of the type that there was."""

    def run(x: torch.Tensor, axes: tuple[int, ...], keeps: bool) -> torch.Tensor:
        return function(x, axes, keeps) if x.is_floating_point() else function(x.double(), axes, keeps).to(x.dtype)

    return run


first_norm = reduction(lambda x, axes, keeps: total(torch.abs(x), axes, keeps))
second_norm = reduction(_rounded(lambda x, axes, keeps: torch.sqrt(total(torch.square(x), axes, keeps))))
log_of_sum = reduction(_rounded(lambda x, axes, keeps: torch.log(total(x, axes, keeps))))
log_of_exponents = reduction(_rounded(lambda x, axes, keeps: torch.logsumexp(x, dim=axes, keepdim=keeps)))
sum_of_squares = reduction(lambda x, axes, keeps: total(torch.square(x), axes, keeps))


def softmax(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """Return an operator of softmax's kind; before version 13 it works on a matrix."""

    def run(given: Given, x: torch.Tensor) -> torch.Tensor:
        axis = given.get("axis", -1 if given.opset >= 13 else 1) % max(x.ndim, 1)
        if given.opset >= 13 or axis == x.ndim - 1 or math.prod(x.shape[axis + 1 :]) == 1:
            return function(x, dim=axis)
        return function(x.reshape(math.prod(x.shape[:axis]), -1), dim=1).reshape(x.shape)

    return run


def running(function: Callable[..., torch.Tensor], start: float) -> Callable[..., torch.Tensor]:
    """Return an operator that gives sums, or products, of all numbers up to each."""

    def run(given: Given, x: torch.Tensor, axis: Value) -> torch.Tensor:
        place, is_reverse = int(number(axis, 0)), given.flag("reverse")
        if is_reverse:
            x = torch.flip(x, [place])
        found = function(x, dim=place, dtype=x.dtype)
        if given.flag("exclusive"):
            ends = torch.full_like(found.narrow(place, 0, 1), start)
            found = torch.cat([ends, found.narrow(place, 0, x.shape[place] - 1)], dim=place)
        return torch.flip(found, [place]) if is_reverse else found

    return run


# ---- products of matrices


def product_module(given: Given, constants: Sequence[torch.Tensor | None]) -> nn.Module | None:
    """Return a linear layer without bias for the product with a constant matrix."""
    matrix = constants[1]
    if matrix is None or matrix.ndim != 2 or not matrix.is_floating_point() or not matrix.numel():
        return None
    return linear(matrix.T, None)


def linear(weight: torch.Tensor, bias: torch.Tensor | None) -> nn.Linear:
    """Return a linear layer of a weight ``(out, in)`` and a bias ``(out,)``."""
    rows, columns = weight.shape
    module = nn.Linear(columns, rows, bias=bias is not None, device="meta")
    module.weight = nn.Parameter(weight.contiguous())
    if bias is not None:
        module.bias = nn.Parameter(bias.contiguous())
    return module


def general_product(
    given: Given, first: torch.Tensor, second: torch.Tensor, added: torch.Tensor | None = None
) -> torch.Tensor:
    """Return ``alpha * A @ B + beta * C``, A and B transposed where it is said so."""
    if not first.is_floating_point():
        wide = general_product(given, first.double(), second.double(), None if added is None else added.double())
        return wide.to(first.dtype)
    found = torch.matmul(first.T if given.flag("transA") else first, second.T if given.flag("transB") else second)
    alpha, beta = given.get("alpha", 1.0), given.get("beta", 1.0)
    if alpha != 1:
        found = found * alpha
    if added is None:
        return found
    return found + (added if beta == 1 else added * beta)


def general_product_module(given: Given, constants: Sequence[torch.Tensor | None]) -> nn.Module | None:
    """Return a linear layer where the second matrix, and what is added, are constants."""
    matrix = constants[1]
    if matrix is None or given.flag("transA") or not matrix.is_floating_point() or not matrix.numel():
        return None
    weight = (matrix if given.flag("transB") else matrix.T) * given.get("alpha", 1.0)
    added = constants[2] if len(constants) > 2 else None
    if added is None:
        return linear(weight, None) if len(constants) < 3 else None
    if added.numel() not in (1, weight.shape[0]) or (added.ndim == 2 and added.shape[0] != 1) or added.ndim > 2:
        return None
    return linear(weight, (added * given.get("beta", 1.0)).reshape(-1).expand(weight.shape[0]))


def matrix_product(given: Given, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return a product of matrices."""
    return torch.matmul(first, second)


def einstein_sum(given: Given, *parts: torch.Tensor) -> torch.Tensor:
    """Return products, summed as an equation tells."""
    return torch.einsum(given.word("equation").replace(" ", ""), *parts)


def determinant(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return the determinants of matrices."""
    found: torch.Tensor = torch.linalg.det(x)
    return found


def hard_loss(
    given: Given, scores: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None = None
) -> torch.Tensor:
    """Return the negative log likelihood of the targets."""
    return F.nll_loss(
        scores,
        target.to(torch.int64),
        weight,
        ignore_index=given.get("ignore_index", -100),
        reduction=given.word("reduction", "mean"),
    )


def softmax_loss(
    given: Given, scores: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the cross entropy of the targets, and the log probabilities."""
    logs = F.log_softmax(scores, dim=1)
    return hard_loss(given, logs, target, weight), logs
