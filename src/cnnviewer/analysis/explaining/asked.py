"""What is asked: a unit of a layer, with the operands and settings of the call that made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from cnnviewer.analysis.explanation import CONSTANT, Explanation, Part, Rule, Terms
from cnnviewer.recording import INPUT
from cnnviewer.slots import Slot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cnnviewer.recording import Layer, Recording

    Numbers = NDArray[np.float64]
    Places = NDArray[np.int64]

__all__ = ["Asked"]


@dataclass(frozen=True, eq=False)
class Asked:
    """A unit that is asked for.

    Parameters
    ----------
    recording, layer
        Where it is.
    index
        Its index in `Layer.result`, with the batch axis.
    """

    recording: Recording
    layer: Layer
    index: tuple[int, ...]

    @property
    def unit(self) -> tuple[int, ...]:
        """Its index in `Layer.output`."""
        return self.index[1:] if self.layer.is_batched else self.index

    @property
    def recorded(self) -> float:
        """Its value as the network recorded it."""
        return float(self.layer.result[self.index])

    @property
    def given(self) -> Mapping[str, Any]:
        """The arguments of the call by name."""
        return self.layer.call.given

    @property
    def main(self) -> Any:
        """The argument that the operation works on: a function calls it input, a method self."""
        return self.given["input"] if "input" in self.given else self.argument(0)

    def argument(self, position: int) -> Any:
        """Return an argument of the call by its position."""
        return list(self.given.values())[position]

    def tensor(self, value: Any) -> torch.Tensor:
        """Return the tensor that an argument is: what a layer made, or a constant."""
        return self.recording.result(self.source(value)) if isinstance(value, Slot) else value

    def source(self, value: Any) -> str:
        """Return the name of the layer that made an argument; `CONSTANT` where none did."""
        return self.layer.inputs[value.index] if isinstance(value, Slot) else CONSTANT

    def part(
        self, argument: Any, places: Places, values: Numbers, weights: Numbers, contributions: Numbers | None = None
    ) -> Part:
        """Return terms that come from an argument; `places` are indices with the batch axis, -1 for padding.

        The contributions are the products of values and weights where none are given; a weight of zero adds nothing,
        not to minus infinity either, which padding is in max pooling.
        """
        if self._is_batched(argument):
            places = places[:, 1:]
        if not len(places) == len(values) == len(weights):
            raise ValueError("its operands are not those that were recorded")
        if contributions is None:
            contributions = np.where(weights == 0, 0.0, values) * weights
        return Part(self.source(argument), places, values, weights, contributions)

    def explanation(
        self, rule: Rule, parts: Sequence[Part], bias: float = 0.0, value: float | None = None, **more: Any
    ) -> Explanation:
        """Return the explanation of the unit; its value is the sum of the contributions where none is given."""
        terms = Terms(parts)
        if value is None:
            value = float(terms.contributions.sum()) + bias
        return Explanation(self.layer.name, self.unit, rule, terms, bias, value, self.recorded, **more)

    def _is_batched(self, argument: Any) -> bool:
        if not isinstance(argument, Slot):
            return False
        name = self.source(argument)
        return name == INPUT or self.recording[name].is_batched


def numbers(tensor: torch.Tensor) -> Numbers:
    """Return a tensor's values, float64, flat."""
    found: Numbers = tensor.detach().cpu().double().reshape(-1).numpy()
    return found


def repeated(index: Sequence[int], shape: Sequence[int]) -> tuple[int, ...]:
    """Return an index in an operand of a shape that is repeated along its axes of one; the last axes are matched."""
    own = index[len(index) - len(shape) :]
    return tuple(0 if length == 1 else place for place, length in zip(own, shape, strict=True))


def one_by_one(axes: Sequence[NDArray[np.int64]]) -> Places:
    """Return the indices that a product of indices along each axis has, int64 ``(n, axes)``; -1 where any is -1."""
    places = np.stack([part.reshape(-1) for part in np.meshgrid(*axes, indexing="ij")], 1)
    places[(places < 0).any(1)] = -1
    return places


def at(tensor: torch.Tensor, axes: Sequence[NDArray[np.int64]], outside: float = 0.0) -> Numbers:
    """Return the values at a product of indices along each axis, float64, flat; `outside` where any is -1."""
    found, is_inside = tensor.detach(), np.ones((), bool)
    # Those of which least is left first: what follows copies no more than that.
    for axis in sorted(range(len(axes)), key=lambda axis: len(axes[axis]) / max(tensor.shape[axis], 1)):
        picked = torch.from_numpy(np.maximum(axes[axis], 0)).to(found.device)
        found = found.index_select(axis, picked)
    for indices in axes:
        is_inside = is_inside[..., None] & (indices >= 0)
    return np.where(is_inside.reshape(-1), numbers(found), outside)
