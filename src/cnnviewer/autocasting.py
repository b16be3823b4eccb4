"""Autocast: the type of numbers in which a part of a forward pass asks torch to compute."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

__all__ = ["Autocast", "autocast_now", "under"]


@dataclass(frozen=True)
class Autocast:
    """What `torch.autocast` was given where a call stood: the type of the device, and that of the numbers."""

    device: str
    dtype: torch.dtype


def autocast_now(device: torch.device) -> Autocast | None:
    """Return the autocast in force for a device; None where none is."""
    kind = device.type
    if not torch.amp.is_autocast_available(kind) or not torch.is_autocast_enabled(kind):
        return None
    return Autocast(kind, torch.get_autocast_dtype(kind))


def under(autocast: Autocast | None) -> AbstractContextManager[object]:
    """Return the context in which calls compute as they did under an autocast."""
    return nullcontext() if autocast is None else torch.autocast(autocast.device, autocast.dtype)
