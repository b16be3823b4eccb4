"""Normalisations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.networks.files.onnx_import.node import Given

_EPSILON = 1e-5


def batch_norm(
    given: Given, x: torch.Tensor, scale: torch.Tensor, bias: torch.Tensor, mean: torch.Tensor, variance: torch.Tensor
) -> torch.Tensor | tuple[torch.Tensor, ...]:
    """Return numbers normalised by the statistics of a training, or in training mode by their own."""
    epsilon = given.get("epsilon", _EPSILON)
    if not given.flag("training_mode"):
        if x.ndim < 2:
            return F.batch_norm(x.reshape(-1, 1), mean, variance, scale, bias, False, 0.0, epsilon).reshape(x.shape)
        return F.batch_norm(x, mean, variance, scale, bias, False, 0.0, epsilon)
    axes = (0, *range(2, x.ndim))
    own_mean, own_variance = torch.mean(x, dim=axes), torch.var(x, dim=axes, unbiased=False)
    old = given.get("momentum", 0.9)
    found = F.batch_norm(x, own_mean, own_variance, scale, bias, False, 0.0, epsilon)
    return found, mean * old + own_mean * (1 - old), variance * old + own_variance * (1 - old)


class _BatchNorm(nn.BatchNorm2d):
    """A batch normalisation of images, and of vectors too: a file tells its axes by its input alone."""

    def _check_input_dim(self, input: torch.Tensor) -> None:  # noqa: A002 - torch's own name
        pass


def batch_norm_module(given: Given, constants: Sequence[torch.Tensor | None]) -> nn.Module | None:
    """Return a batch normalisation with constant weights and statistics."""
    scale, bias, mean, variance = constants[1:5]
    if scale is None or bias is None or mean is None or variance is None or given.flag("training_mode"):
        return None
    if not all(part.ndim == 1 and part.dtype == scale.dtype for part in (scale, bias, mean, variance)):
        return None
    module = _BatchNorm(
        scale.numel(), eps=given.get("epsilon", _EPSILON), momentum=1 - given.get("momentum", 0.9), device="meta"
    )
    module.weight, module.bias = nn.Parameter(scale.contiguous()), nn.Parameter(bias.contiguous())
    module.running_mean, module.running_var = mean.clone(), variance.clone()
    module.num_batches_tracked = torch.zeros((), dtype=torch.int64)
    return module


def instance_norm(given: Given, x: torch.Tensor, scale: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Return each map normalised by its own mean and variance."""
    return F.instance_norm(x, weight=scale, bias=bias, eps=given.get("epsilon", _EPSILON))


def layer_norm(
    given: Given, x: torch.Tensor, scale: torch.Tensor, bias: torch.Tensor | None = None
) -> torch.Tensor | tuple[torch.Tensor, ...]:
    """Return the last axes normalised by their own mean and variance; these too where they are asked for."""
    axis, epsilon = given.get("axis", -1) % x.ndim, given.get("epsilon", _EPSILON)
    shape = list(x.shape[axis:])
    if list(scale.shape) == shape and (bias is None or list(bias.shape) == shape):
        found = F.layer_norm(x, shape, scale, bias, epsilon)
    else:
        found = F.layer_norm(x, shape, None, None, epsilon) * scale
        found = found if bias is None else found + bias
    if not (given.wants(1) or given.wants(2)):
        return found
    axes = tuple(range(axis, x.ndim))
    mean, variance = torch.mean(x, dim=axes, keepdim=True), torch.var(x, dim=axes, unbiased=False, keepdim=True)
    return found, mean, torch.rsqrt(variance + epsilon)


def layer_norm_module(given: Given, constants: Sequence[torch.Tensor | None]) -> nn.Module | None:
    """Return a layer normalisation with constant weights."""
    scale, bias = constants[1], constants[2] if len(constants) > 2 else None
    axis = given.get("axis", -1)
    if scale is None or axis >= 0 or scale.ndim != -axis or len(given.outputs) > 1 or scale.numel() == 1:
        return None
    if (len(constants) > 2) != (bias is not None) or (bias is not None and bias.shape != scale.shape):
        return None
    module = nn.LayerNorm(scale.shape, eps=given.get("epsilon", _EPSILON), bias=bias is not None, device="meta")
    module.weight = nn.Parameter(scale.contiguous())
    if bias is not None:
        module.bias = nn.Parameter(bias.contiguous())
    return module


def group_norm(given: Given, x: torch.Tensor, scale: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Return groups of channels normalised; before version 21 the weights are one a group."""
    groups, epsilon = given.get("num_groups"), given.get("epsilon", _EPSILON)
    if scale.numel() == x.shape[1]:
        return F.group_norm(x, groups, scale, bias, epsilon)
    times = x.shape[1] // groups
    return F.group_norm(x, groups, scale.repeat_interleave(times), bias.repeat_interleave(times), epsilon)


def rms_norm(given: Given, x: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Return the last axes divided by the root of their mean square (Zhang and Sennrich, 2019)."""
    shape = list(x.shape[given.get("axis", -1) % x.ndim :])
    epsilon = given.get("epsilon", _EPSILON)
    if list(scale.shape) == shape:
        return F.rms_norm(x, shape, scale, epsilon)
    return F.rms_norm(x, shape, None, epsilon) * scale


def local_response_norm(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return numbers divided by a sum of squares over neighbouring channels (Krizhevsky et al., 2012)."""
    size, alpha, beta, bias = (
        given.get("size"),
        given.real("alpha", 1e-4),
        given.real("beta", 0.75),
        given.real("bias", 1.0),
    )
    if size % 2:
        return F.local_response_norm(x, size, alpha, beta, bias)
    padded = F.pad(torch.square(x), [0, 0] * (x.ndim - 2) + [(size - 1) // 2, size // 2])
    sums = torch.sum(padded.unfold(1, size, 1), dim=-1)
    return torch.div(x, torch.pow(sums * (alpha / size) + bias, beta))


def norm_of_axis(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return an axis divided by its p-norm; 0 where that is 0."""
    axis, degree = given.get("axis", -1), given.get("p", 2)
    length = torch.linalg.vector_norm(x, degree, dim=axis, keepdim=True)
    return torch.where(length == 0, torch.zeros_like(x), x / length)


def mean_variance_norm(given: Given, x: torch.Tensor) -> torch.Tensor:
    """Return numbers with a mean of 0 and a variance of 1 along some axes."""
    axes = tuple(given.get("axes", (0, 2, 3)))
    mean = torch.mean(x, dim=axes, keepdim=True)
    deviation = torch.sqrt(torch.mean(torch.square(x), dim=axes, keepdim=True) - torch.square(mean))
    return (x - mean) / (deviation + 1e-9)
