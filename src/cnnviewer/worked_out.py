"""What a forward pass worked out without the image: a weight made of parameters, a grid, a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

__all__ = ["WorkedOut"]

_NAMED = 4


@dataclass(frozen=True, eq=False)
class WorkedOut:
    """How a tensor came about that no layer made, and that is no tensor of the network's own.

    Parameters
    ----------
    behind
        The network's tensors of which it was worked out, by their paths; those of the module that used it without the
        path of that module.
    operations
        The plain names of the operations that worked it out, in their order.
    is_drawn
        Whether random numbers are in it.
    """

    behind: Mapping[str, torch.Tensor]
    operations: tuple[str, ...]
    is_drawn: bool = False

    def sentence(self, name: str) -> str:
        """Return what is told of it, under the name by which the layer knows it."""
        operations, count = ", ".join(dict.fromkeys(self.operations)), len(self.operations)
        by = operations if count == 1 else f"{count} operations: {operations}"
        end = ", with numbers drawn at random in this pass" if self.is_drawn else ""
        if not self.behind:
            return f"{name}: made in the forward pass ({by}){end}."
        names = list(self.behind)
        first, last = names[: _NAMED - 1], names[_NAMED - 1 :]
        rest = last if len(last) < 2 else [f"{len(last)} more"]
        *front, end_name = [*first, *rest]
        told = f"{', '.join(front)} and {end_name}" if front else end_name
        return f"{name}: worked out in the forward pass from {told} ({by}){end}."
