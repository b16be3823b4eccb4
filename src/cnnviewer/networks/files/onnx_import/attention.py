"""Attention, and the rotation of embeddings by their places."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

from cnnviewer.networks.files.onnx_import.values import numbers, torch_type

if TYPE_CHECKING:
    from cnnviewer.networks.files.onnx_import.node import Given
    from cnnviewer.networks.files.onnx_import.values import Value


def _by_heads(x: torch.Tensor, heads: int | None) -> torch.Tensor:
    """Return ``(batch, heads, steps, width)`` of that, or of ``(batch, steps, heads * width)``."""
    if x.ndim == 4:
        return x
    assert heads is not None
    return x.reshape(*x.shape[:2], heads, -1).transpose(1, 2)


def attention(
    given: Given,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None = None,
    past_key: torch.Tensor | None = None,
    past_value: torch.Tensor | None = None,
    lengths: Value = None,
) -> tuple[torch.Tensor, ...] | torch.Tensor:
    """Return scaled dot-product attention (Vaswani et al., 2017); where they are wanted, keys, values, products."""
    is_flat = query.ndim == 3
    query = _by_heads(query, given.get("q_num_heads"))
    key, value = (_by_heads(part, given.get("kv_num_heads")) for part in (key, value))
    if past_key is not None and past_value is not None:
        key, value = torch.cat([past_key, key], dim=2), torch.cat([past_value, value], dim=2)
    before = 0 if past_key is None else past_key.shape[2]
    kept = key, value
    if key.shape[1] != query.shape[1]:
        times = query.shape[1] // key.shape[1]
        key, value = key.repeat_interleave(times, dim=1), value.repeat_interleave(times, dim=1)
    bias = _bias(given, query, key, mask, before, numbers(lengths))
    scale = given.get("scale", 1 / math.sqrt(query.shape[-1]))
    if not given.get("softcap", 0.0) and not given.wants(3) and bias is None and "softmax_precision" not in given:
        found, products = F.scaled_dot_product_attention(query, key, value, scale=scale), query
    else:
        found, products = _by_parts(given, query, key, value, bias, scale)
    if is_flat:
        found = found.transpose(1, 2).flatten(2)
    return (found, *kept, products) if len(given.outputs) > 1 else found


def _bias(
    given: Given, query: torch.Tensor, key: torch.Tensor, mask: torch.Tensor | None, before: int, lengths: list[int]
) -> torch.Tensor | None:
    """Return what is added to the products: minus infinity where a key is not looked at."""
    rows, columns = query.shape[2], key.shape[2]
    left, right = given.get("left_window_size", -1), given.get("right_window_size", -1)
    steps = torch.arange(columns, device=query.device)
    offsets = torch.tensor([count - rows for count in lengths], device=query.device).reshape(-1, 1, 1, 1)
    places = torch.arange(rows, device=query.device)[:, None] + (offsets if lengths else before)
    allowed = None
    if given.flag("is_causal"):
        allowed = steps <= places
    if left >= 0:
        allowed = (places - steps <= left) if allowed is None else allowed & (places - steps <= left)
    if right >= 0:
        allowed = (steps - places <= right) if allowed is None else allowed & (steps - places <= right)
    if lengths:
        known = steps < torch.tensor(lengths, device=query.device).reshape(-1, 1, 1, 1)
        allowed = known if allowed is None else allowed & known
    bias = None
    if allowed is not None:
        bias = torch.zeros(allowed.shape, dtype=query.dtype, device=query.device).masked_fill(~allowed, -math.inf)
    if mask is None:
        return bias
    if mask.dtype == torch.bool:
        mask = torch.zeros(mask.shape, dtype=query.dtype, device=query.device).masked_fill(~mask, -math.inf)
    if mask.shape[-1] < columns:
        mask = F.pad(mask, [0, columns - mask.shape[-1]], value=-math.inf)
    return mask if bias is None else mask + bias


def _by_parts(
    given: Given, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, bias: torch.Tensor | None, scale: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return attention and the products that are asked for: plain, limited, with the bias, or after softmax."""
    root = math.sqrt(scale)
    products = [torch.matmul(query * root, key.transpose(-1, -2) * root)]
    limit = given.get("softcap", 0.0)
    products.append(torch.tanh(products[-1] / limit) * limit if limit else products[-1])
    products.append(products[-1] if bias is None else products[-1] + bias)
    kind = torch_type(given.get("softmax_precision")) if "softmax_precision" in given else query.dtype
    weights = torch.softmax(products[-1].to(kind), dim=-1)
    if bias is not None:
        # A row of which no key may be looked at is 0.
        weights = weights.masked_fill(torch.isneginf(torch.amax(bias, dim=-1, keepdim=True)), 0.0)
    weights = weights.to(query.dtype)
    products.append(weights)
    return torch.matmul(weights, value), products[given.get("qk_matmul_output_mode", 0)]


def rotated(
    given: Given, x: torch.Tensor, cosines: torch.Tensor, sines: torch.Tensor, places: torch.Tensor | None = None
) -> torch.Tensor:
    """Return embeddings turned by angles that depend on their places (Su et al., 2021)."""
    is_flat = x.ndim == 3
    heads = _by_heads(x, given.get("num_heads"))
    width = given.get("rotary_embedding_dim", 0) or heads.shape[-1]
    if places is not None:
        cosines, sines = cosines[places.to(torch.int64)], sines[places.to(torch.int64)]
    cosines, sines = cosines.unsqueeze(1), sines.unsqueeze(1)
    part, rest = heads[..., :width], heads[..., width:]
    is_interleaved = given.flag("interleaved")
    first, second = (part[..., 0::2], part[..., 1::2]) if is_interleaved else part.chunk(2, dim=-1)
    real, imaginary = cosines * first - sines * second, sines * first + cosines * second
    if is_interleaved:
        turned = torch.stack([real, imaginary], dim=-1).flatten(-2)
    else:
        turned = torch.cat([real, imaginary], dim=-1)
    found = torch.cat([turned, rest], dim=-1) if rest.shape[-1] else turned
    return found.transpose(1, 2).flatten(2) if is_flat else found
