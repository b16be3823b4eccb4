"""What a rule is given: a call, the axes of its operands, and the shape of what it returned."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch

from cnnviewer.axes.atoms import unknown
from cnnviewer.slots import Slot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnnviewer.axes.atoms import Axes
    from cnnviewer.recording import Call

__all__ = ["Given"]


@dataclass(frozen=True, eq=False)
class Given:
    """One call to be followed.

    Parameters
    ----------
    call
        The call, with slots for the tensors that layers made.
    made
        The axes of those tensors, with the batch axis.
    shape
        The shape of what it returned, with the batch axis.
    """

    call: Call
    made: tuple[Axes, ...]
    shape: tuple[int, ...]

    @cached_property
    def operands(self) -> tuple[Axes, ...]:
        """The axes of all tensors among the arguments, in order; of weights and constants only the shape is known."""
        return tuple(self._axes_in((self.call.args, tuple(self.call.kwargs.values()))))

    @property
    def first(self) -> Axes:
        """The axes of the first tensor."""
        return self.operands[0]

    def argument(self, place: int, *names: str, default: Any = None) -> Any:
        """Return an argument that is given at a place, counted from 0, or by one of its names."""
        if len(self.call.args) > place:
            return self.call.args[place]
        return next((self.call.kwargs[name] for name in names if name in self.call.kwargs), default)

    def numbers(self, place: int, *names: str) -> tuple[int, ...]:
        """Return numbers that are given one by one from a place on, or as a list there, or by name."""
        value = self.argument(place, *names, default=())
        if isinstance(value, int):
            value = self.call.args[place:] or (value,)
        return tuple(int(number) for number in value)

    def _axes_in(self, value: Any) -> Iterator[Axes]:
        if isinstance(value, Slot):
            yield self.made[value.index]
        elif isinstance(value, torch.Tensor):
            yield unknown(tuple(value.shape))
        elif isinstance(value, (tuple, list)):
            for part in value:
                yield from self._axes_in(part)
