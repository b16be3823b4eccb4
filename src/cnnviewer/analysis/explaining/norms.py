"""Normalisation: a value less a mean, divided by a deviation, scaled and shifted."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from cnnviewer.analysis.explanation import Rule
from cnnviewer.analysis.links.table import response_channels
from cnnviewer.devices import exact

if TYPE_CHECKING:
    from cnnviewer.analysis.explaining.asked import Asked
    from cnnviewer.analysis.explanation import Explanation

__all__ = ["batch_norm", "group_norm", "layer_norm", "response_norm", "rms_norm", "unit_norm"]


def batch_norm(asked: Asked) -> Explanation | None:
    """Ioffe and Szegedy (2015): with the mean and variance that were kept in training, or those of this image.

    Instance norm, Ulyanov, Vedaldi and Lempitsky (2016), is the same over one image's map.
    """
    given, channel = asked.given, asked.index[1]
    x = asked.tensor(asked.main)
    is_batch = asked.layer.operation == "batch_norm"
    uses_own = given.get("training") if is_batch else given.get("use_input_stats", True)
    if uses_own or given.get("running_mean") is None:
        values = x[:, channel] if is_batch else x[asked.index[0], channel]
        mean, variance = _moments(values)
    else:
        mean, variance = (float(asked.tensor(given[name])[channel]) for name in ("running_mean", "running_var"))
    return _normalised(asked, mean, variance, float(given.get("eps", 1e-5)), *_affine(asked, channel))


def group_norm(asked: Asked) -> Explanation:
    """Wu and He (2018): with the mean and variance of a group of channels."""
    given, (image, channel, *_) = asked.given, asked.index
    x = asked.tensor(asked.main)
    size = x.shape[1] // int(given["num_groups"])
    first = channel // size * size
    mean, variance = _moments(x[image, first : first + size])
    return _normalised(asked, mean, variance, float(given.get("eps", 1e-5)), *_affine(asked, channel))


def layer_norm(asked: Asked) -> Explanation:
    """Ba, Kiros and Hinton (2016): with the mean and variance along the last axes."""
    row, within = _row_of(asked)
    mean, variance = _moments(row)
    return _normalised(asked, mean, variance, float(asked.given.get("eps", 1e-5)), *_affine(asked, within))


def rms_norm(asked: Asked) -> Explanation:
    """Zhang and Sennrich (2019): divided by the root of the mean square along the last axes."""
    row, within = _row_of(asked)
    eps = asked.given.get("eps")
    eps = float(torch.finfo(row.dtype).eps) if eps is None else float(eps)
    mean_square = float(exact(row).square().mean())
    scale, _ = _affine(asked, within)
    facts = {"mean square": mean_square, "epsilon": eps, "scale": scale}
    return _scaled(asked, scale / sqrt(mean_square + eps), 0.0, facts)


def response_norm(asked: Asked) -> Explanation:
    """Krizhevsky, Sutskever and Hinton (2012), section 3.3: divided by the squares of the channels around it."""
    given, (image, channel, *place) = asked.given, asked.index
    size = int(given["size"])
    alpha, beta, k = (float(given.get(name, usual)) for name, usual in (("alpha", 1e-4), ("beta", 0.75), ("k", 1.0)))
    x = asked.tensor(asked.main)
    first, last = response_channels(channel, size)
    near = x.movedim(1, -1)[(image, *place)][max(0, first) : last + 1]
    squares = float(exact(near).square().sum())
    divisor = (k + alpha * squares / size) ** beta
    facts = {"sum of squares": squares, "channels": float(size), "divisor": divisor}
    return _scaled(asked, 1.0 / divisor, 0.0, facts)


def unit_norm(asked: Asked) -> Explanation:
    """Divided by the length of the vector along an axis."""
    given, x = asked.given, asked.tensor(asked.main)
    axis = int(given.get("dim", 1)) % x.ndim
    line = exact(x.movedim(axis, -1)[(*asked.index[:axis], *asked.index[axis + 1 :])])
    length = float(line.norm(float(given.get("p", 2.0))))
    divisor = max(length, float(given.get("eps", 1e-12)))
    return _scaled(asked, 1.0 / divisor, 0.0, {"length": length})


def _row_of(asked: Asked) -> tuple[torch.Tensor, tuple[int, ...]]:
    """Return the values along the axes that are normalised, and the unit's index among them."""
    count = len(asked.given["normalized_shape"])
    split = len(asked.index) - count
    return asked.tensor(asked.main)[asked.index[:split]], asked.index[split:]


def _moments(values: torch.Tensor) -> tuple[float, float]:
    """Return mean and variance, in float64."""
    worked = exact(values)
    return float(worked.mean()), float(worked.var(correction=0))


def _affine(asked: Asked, index: Any) -> tuple[float, float]:
    """Return the scale and the shift that were learnt."""
    weight, bias = asked.given.get("weight"), asked.given.get("bias")
    scale = 1.0 if weight is None else float(asked.tensor(weight)[index])
    return scale, 0.0 if bias is None else float(asked.tensor(bias)[index])


def _normalised(asked: Asked, mean: float, variance: float, eps: float, scale: float, shift: float) -> Explanation:
    factor = scale / sqrt(variance + eps)
    facts = {"mean": mean, "variance": variance, "epsilon": eps, "scale": scale, "shift": shift}
    return _scaled(asked, factor, shift - mean * factor, facts)


def _scaled(asked: Asked, factor: float, bias: float, facts: dict[str, float]) -> Explanation:
    argument = asked.main
    x = float(asked.tensor(argument)[asked.index])
    part = asked.part(argument, np.array([asked.index]), np.array([x]), np.array([factor]))
    return asked.explanation(Rule.NORMALISATION, [part], bias, facts=facts)
