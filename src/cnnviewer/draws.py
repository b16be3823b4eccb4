"""The state of torch's random generators: the same numbers are drawn twice from one."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Draws", "draws_now", "same_draws", "set_draws"]

Draws = tuple[torch.Tensor, ...]


def draws_now(device: torch.device) -> Draws:
    """Return the state of torch's random generators: that of the CPU, and that of a device."""
    own = (torch.cuda.get_rng_state(device),) if device.type == "cuda" else ()
    return (torch.get_rng_state(), *own)


def set_draws(draws: Draws, device: torch.device) -> None:
    """Bring torch's random generators to a state that they had."""
    torch.set_rng_state(draws[0])
    for state in draws[1:]:
        torch.cuda.set_rng_state(state, device)


@contextmanager
def same_draws(draws: Draws, device: torch.device) -> Iterator[None]:
    """Draw what was drawn from a state on, and leave torch's random generators as they are."""
    now = draws_now(device)
    set_draws(draws, device)
    try:
        yield
    finally:
        set_draws(now, device)
