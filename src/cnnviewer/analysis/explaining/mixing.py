"""Softmax, attention, and what is taken over whole axes: mean, sum, maximum."""

from __future__ import annotations

from math import log, prod, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from cnnviewer.analysis.explaining.asked import at, numbers, one_by_one
from cnnviewer.analysis.explanation import Rule
from cnnviewer.devices import exact, host
from cnnviewer.reductions import reduced_axes, softmax_axis
from cnnviewer.slots import Slot

if TYPE_CHECKING:
    from cnnviewer.analysis.explaining.asked import Asked
    from cnnviewer.analysis.explanation import Explanation

__all__ = ["attention", "multi_head_attention", "reduction", "softmax"]


def softmax(asked: Asked) -> Explanation:
    """Explain as the share of one exponential in the sum of all along the axis.

    A term's `weight` and `contribution` are its exponential, taken less the largest logit, which leaves the shares as
    they are.
    """
    operation = asked.layer.operation
    x = asked.tensor(asked.main)
    axis = softmax_axis(asked.layer.call.given, x.ndim)
    axes = [np.array([place]) for place in asked.index]
    axes[axis] = np.arange(x.shape[axis])
    logits = at(x, axes)
    signed = -logits if operation == "softmin" else logits
    with np.errstate(invalid="ignore"):  # all of them masked: PyTorch makes NaN of them, too
        exponentials = np.exp(signed - signed.max())
    own, total = float(exponentials[asked.index[axis]]), float(exponentials.sum())
    value = own / total
    if operation == "log_softmax":
        value = float(signed[asked.index[axis]]) - float(signed.max()) - log(total)
    part = asked.part(asked.main, one_by_one(axes), logits, exponentials, exponentials)
    facts = {"largest logit": float(logits.max()), "exponential": own, "sum of exponentials": total}
    return asked.explanation(Rule.SHARE, [part], value=value, facts=facts)


def reduction(asked: Asked) -> Explanation | None:
    """Explain as the mean, the sum or the largest value along some axes."""
    operation, argument = asked.layer.operation, asked.argument(0)
    if operation not in ("mean", "sum", "amax", "amin") or not isinstance(argument, Slot):
        return None
    x = asked.tensor(argument)
    reduced = reduced_axes(asked.layer.call.given, x.ndim)
    kept = iter(asked.index)
    keeps = len(asked.index) == x.ndim
    axes = []
    for axis in range(x.ndim):
        place = next(kept) if keeps or axis not in reduced else 0
        axes.append(np.arange(x.shape[axis]) if axis in reduced else np.array([place]))
    values = at(x, axes)
    count = prod(x.shape[axis] for axis in reduced)
    weights = np.full(len(values), 1.0 / count if operation == "mean" else 1.0)
    rule = Rule.AVERAGE if operation == "mean" else Rule.SUM
    if operation in ("amax", "amin"):
        rule, weights = Rule.MAXIMUM if operation == "amax" else Rule.MINIMUM, np.zeros(len(values))
        weights[int(values.argmax() if operation == "amax" else values.argmin())] = 1.0
    part = asked.part(argument, one_by_one(axes), values, weights)
    is_window = reduced == (x.ndim - 2, x.ndim - 1)
    facts = {"sum": float(values.sum()), "divisor": float(count)} if operation == "mean" else {}
    return asked.explanation(rule, [part], facts=facts, grid=(1, *x.shape[-2:]) if is_window else None)


# ---- attention: Vaswani and others (2017), equation 1


def attention(asked: Asked) -> Explanation | None:
    """Explain as the values of all places, each weighed by how well its key fits the query."""
    query, key, value, *_ = asked.given.values()
    if asked.given.get("enable_gqa") or not isinstance(value, Slot):
        return None
    q, k, v = (asked.tensor(argument) for argument in (query, key, value))
    *lead, row, column = asked.index
    scale = asked.given.get("scale")
    scale = 1 / sqrt(q.shape[-1]) if scale is None else float(scale)
    scores = (exact(k[tuple(lead)]) @ exact(q[(*lead, row)])) * scale
    scores = scores + _mask(asked, lead, row, scores)
    weights = scores.softmax(0)
    axes = [*(np.array([place]) for place in lead), np.arange(v.shape[-2]), np.array([column])]
    part = asked.part(value, one_by_one(axes), at(v, axes), numbers(weights))
    facts = {"scale": scale, "largest score": float(scores.max())}
    return asked.explanation(Rule.ATTENTION, [part], facts=facts)


def _mask(asked: Asked, lead: list[int], row: int, scores: torch.Tensor) -> torch.Tensor:
    """Return what a mask adds to the scores of a row."""
    added = torch.zeros_like(scores)
    if asked.given.get("is_causal"):
        added[row + 1 :] = -torch.inf
    argument: Any = asked.given.get("attn_mask")
    if argument is None:
        return added
    mask = asked.tensor(argument)
    full = mask.broadcast_to((*asked.layer.result.shape[:-2], *mask.shape[-2:]))
    line = host(full[(*lead, row if mask.shape[-2] > 1 else 0)])
    return added.masked_fill(~line, -torch.inf) if line.dtype == torch.bool else added + line.double()


def multi_head_attention(asked: Asked) -> Explanation | None:
    """Explain as the projected values of all tokens, each weighed by every head's attention to it.

    A term is a token: its `weight` is the attention to it, the mean of all heads; its `value` is its contribution
    divided by that, which no layer has, for each head looks at it in its own way.
    """
    given = asked.given
    plain = ("bias_k", "bias_v", "key_padding_mask", "attn_mask", "q_proj_weight")
    if (
        asked.layer.call.part
        or given.get("in_proj_weight") is None
        or given.get("add_zero_attn")
        or any(given.get(name) is not None for name in plain)
    ):
        return None
    place, image, unit = asked.index
    heads, size = int(given["num_heads"]), int(given["embed_dim_to_check"])
    x = [exact(asked.tensor(given[name])[:, image]) for name in ("query", "key", "value")]
    weights, biases = exact(asked.tensor(given["in_proj_weight"])), given.get("in_proj_bias")
    shifts = weights.new_zeros(3 * size) if biases is None else exact(asked.tensor(biases))
    parts = zip(x, weights.chunk(3), shifts.chunk(3), strict=True)
    q, k, v = ((tokens @ weight.T + shift).view(len(tokens), heads, -1) for tokens, weight, shift in parts)
    scores = torch.einsum("hd,shd->hs", q[place], k) / sqrt(size // heads)
    looks = scores.softmax(1)
    out = exact(asked.tensor(given["out_proj_weight"])[unit]).view(heads, -1)
    contributions = numbers(torch.einsum("hs,shd,hd->s", looks, v, out))
    mean = numbers(looks.mean(0))
    tokens = np.stack([np.arange(len(mean)), np.full(len(mean), image)], 1)
    part = asked.part(given["value"], tokens, contributions / np.maximum(mean, 1e-300), mean, contributions)
    bias = given.get("out_proj_bias")
    return asked.explanation(
        Rule.ATTENTION,
        [part],
        0.0 if bias is None else float(asked.tensor(bias)[unit]),
        facts={"heads": float(heads)},
    )
