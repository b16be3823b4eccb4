"""What a call makes of its operands, and how steeply that changes with each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnnviewer.recording import Call

__all__ = ["value_and_slopes"]


def value_and_slopes(
    call: Call, operands: Sequence[torch.Tensor], pick: Callable[[torch.Tensor], torch.Tensor]
) -> tuple[torch.Tensor, tuple[torch.Tensor | None, ...]]:
    """Return one number of what a call makes, and its slope along each operand; None of what it does not change.

    Parameters
    ----------
    call
        The call, without tensors of the inference mode.
    operands
        Its operands, likewise.
    pick
        Returns the number, of the call's result.
    """
    with torch.inference_mode(False), torch.enable_grad():
        given = [operand.clone().requires_grad_(operand.is_floating_point()) for operand in operands]
        try:
            unit = pick(call.run(given))
            slopes = _slopes(unit, given)
        except RuntimeError as error:
            if "derivative" not in str(error):
                raise
            # PyTorch has none for steps: between them they are flat.
            return pick(call.run([operand.detach() for operand in given])), (None,) * len(given)
        return unit.detach(), slopes


def _slopes(unit: torch.Tensor, given: Sequence[torch.Tensor]) -> tuple[torch.Tensor | None, ...]:
    free = [operand for operand in given if operand.requires_grad]
    if not free or not unit.requires_grad:
        return (None,) * len(given)
    found = iter(torch.autograd.grad(unit, free, allow_unused=True))
    return tuple(next(found) if operand.requires_grad else None for operand in given)
