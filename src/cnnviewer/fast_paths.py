"""PyTorch's fast path for attention: taken by a network alone, and not where its operations are seen one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

if TYPE_CHECKING:
    from cnnviewer.network import Network
    from cnnviewer.tape import Operation, Tape

__all__ = ["STEPWISE", "has_fast_path"]

STEPWISE = (
    "run step by step: PyTorch alone runs attention layers of its kind as one fused operation, "
    "whose last digits may be others"
)
"""What is told of a network that would take the fast path."""


def has_fast_path(tape: Tape, network: Network) -> bool:
    """Whether PyTorch would run an attention layer as one operation where no tape looks on.

    The conditions are those of `torch.nn.MultiheadAttention.forward` and `torch.nn.TransformerEncoderLayer.forward`.
    """
    attentions = [operation for operation in tape.operations if operation.function is F.multi_head_attention_forward]
    if not attentions or not torch.backends.mha.get_fastpath_enabled():
        return False
    modules = dict(network.module.named_modules())
    return any(_is_fast(operation, modules.get(operation.module)) for operation in attentions)


def _is_fast(operation: Operation, module: torch.nn.Module | None) -> bool:
    if not isinstance(module, torch.nn.MultiheadAttention) or operation.autocast is not None:
        return False
    query, key, value = operation.args[:3]
    return (
        module.batch_first
        and query is key is value
        and module._qkv_same_embed_dim
        and module.in_proj_bias is not None
        and module.num_heads % 2 == 0
    )
