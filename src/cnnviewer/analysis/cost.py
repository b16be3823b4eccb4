"""What a layer costs: multiply-adds."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from cnnviewer.operations import Kind
from cnnviewer.slots import Slot

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from cnnviewer.recording import Layer, Recording

__all__ = ["multiply_adds"]


def multiply_adds(layer: Layer, recording: Recording) -> int:
    """Return how many multiplications with addition a layer makes.

    Counted are the layers that do nearly all of the work: convolutions (each output unit takes one product a
    weight of its filter), linear layers, products of matrices and attention. Others count as 0, as is usual for
    networks, and so does what the forward pass works out without the image.
    """
    count = _COUNTS.get(layer.operation) or _BY_KIND.get(layer.kind)
    is_first = layer.call.part == 0  # one call may return several tensors
    return count(_Sizes(layer, recording)) if count is not None and is_first else 0


class _Sizes:
    """The shapes of a layer's operands, with the batch axis."""

    def __init__(self, layer: Layer, recording: Recording) -> None:
        self.layer, self._recording = layer, recording
        self.given = layer.call.given
        self.units = layer.output.numel()

    def named(self, name: str) -> tuple[int, ...]:
        """Return the shape of an argument; empty where there is none of that name."""
        return self._of(self.given.get(name))

    @property
    def all(self) -> list[tuple[int, ...]]:
        """The shapes of all operands, those in lists too, in their order."""
        values: list[Any] = []
        for value in self.given.values():
            values += value if isinstance(value, (list, tuple)) else [value]
        return [self._of(value) for value in values if isinstance(value, Slot) or hasattr(value, "shape")]

    def _of(self, value: Slot | torch.Tensor | Any) -> tuple[int, ...]:
        if isinstance(value, Slot):
            return tuple(self._recording.result(self.layer.inputs[value.index]).shape)
        return tuple(getattr(value, "shape", ()))


def _convolution(sizes: _Sizes) -> int:
    weight, layer = sizes.named("weight"), sizes.layer
    is_transposed = "transpose" in layer.operation or bool(layer.settings.get("transposed", False))
    units = prod(sizes.all[0]) if is_transposed else sizes.units
    return units * prod(weight[1:]) if weight else 0


def _linear(sizes: _Sizes) -> int:
    weight = sizes.named("weight")
    return sizes.units * prod(weight[1:]) if weight else 0


def _product(sizes: _Sizes) -> int:
    return sizes.units * sizes.all[0][-1]


def _added_product(sizes: _Sizes) -> int:
    return sizes.units * sizes.all[1][-1]


def _einstein_sum(sizes: _Sizes) -> int:
    """Count the places along all axes: each letter is one."""
    equation, shapes = str(next(iter(sizes.given.values()))).replace(" ", ""), sizes.all
    operands = equation.partition("->")[0].split(",")
    if len(shapes) != 2 or "." in equation or len(operands) != 2:
        return 0
    lengths = {
        letter: length
        for letters, shape in zip(operands, shapes, strict=True)
        for letter, length in zip(letters, shape, strict=True)
    }
    return prod(lengths.values())


def _attention(sizes: _Sizes) -> int:
    """Count queries times keys, and shares times values."""
    query, key, value = sizes.all[:3]
    return prod(query) * key[-2] + prod(query[:-1]) * key[-2] * value[-1]


def _multi_head_attention(sizes: _Sizes) -> int:
    """Count three projections, attention and another projection; positions stand first."""
    query, key, value = sizes.all[:3]
    width = query[-1]
    projected = (prod(query) + prod(key) + prod(value)) * width
    return projected + 2 * prod(query) * key[0] + prod(query) * width


_COUNTS: dict[str, Callable[[_Sizes], int]] = {
    **dict.fromkeys(("matmul", "bmm", "mm", "mv"), _product),
    **dict.fromkeys(("addmm", "baddbmm"), _added_product),
    "einsum": _einstein_sum,
    "scaled_dot_product_attention": _attention,
    "multi_head_attention_forward": _multi_head_attention,
}
_BY_KIND: dict[Kind, Callable[[_Sizes], int]] = {Kind.CONVOLUTION: _convolution, Kind.LINEAR: _linear}
