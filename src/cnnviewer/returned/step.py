"""What a rule is given: a layer, and what is known of the numbers that it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch

from cnnviewer.recording import INPUT
from cnnviewer.slots import Slot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnnviewer.recording import Layer
    from cnnviewer.returned.nature import Nature

__all__ = ["Side", "Step"]


_WORDS = {
    "add": "sum",
    "amax": "maximum",
    "amin": "minimum",
    "cat": "concatenation",
    "clamp": "clip",
    "div": "division",
    "mul": "multiplication",
    "neg": "change of sign",
    "rdiv": "division",
    "rsub": "difference",
    "stack": "concatenation",
    "sub": "difference",
    "truediv": "division",
}


class Known(Protocol):
    """Tells the nature of a layer's numbers, by its name."""

    def __call__(self, name: str) -> Nature:
        """Return it."""


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two operands of a sum or a product.

    Parameters
    ----------
    nature
        What is known of it; None of what is no layer's, or the same for every image.
    layer
        The layer that made it; None for the image and for constants.
    number
        Its value, of one number that is the same for every image; None where there are several.
    """

    nature: Nature | None = None
    layer: Layer | None = None
    number: float | None = None


@dataclass(frozen=True, eq=False)
class Step:
    """One operation that is to be followed.

    Parameters
    ----------
    layer
        What it made.
    layers
        All layers by their names.
    known
        Tells the nature of what it took.
    """

    layer: Layer
    layers: Mapping[str, Layer]
    known: Known

    @property
    def word(self) -> str:
        """The operation, in a word."""
        return _WORDS.get(self.layer.operation, self.layer.operation.replace("_", " "))

    @property
    def made(self) -> tuple[Nature, ...]:
        """The natures of what it took, an entry an input of the layer."""
        return tuple(self.known(name) for name in self.layer.inputs)

    @property
    def first(self) -> Nature:
        """The nature of the first tensor that it took."""
        return self.known(self.layer.inputs[0])

    @property
    def before(self) -> Layer | None:
        """The layer that made the first tensor that it took; None for the image."""
        return self.layers.get(self.layer.inputs[0])

    @property
    def shape_before(self) -> tuple[int, ...]:
        """The shape of the first tensor that it took, with the batch axis; () for the image."""
        return () if self.before is None else tuple(self.before.result.shape)

    @property
    def has_places(self) -> bool:
        """Whether its result is maps of several units each."""
        shape = self.layer.result.shape
        return len(shape) > 2 and any(length > 1 for length in shape[2:])

    def sides(self) -> tuple[Side, Side]:
        """Return the two operands of a sum or a product, in the order in which they were given."""
        found = [self._side(value) for value in list(self.layer.call.given.values())[:2]]
        return (found[0], found[1]) if len(found) == 2 else (found[0], Side())

    def argument(self, *names: str) -> float | None:
        """Return an argument that is one number, by one of its names; None where it is none or was left out."""
        given = self.layer.call.given
        return next((_number(given[name]) for name in names if given.get(name) is not None), None)

    def _side(self, value: object) -> Side:
        if not isinstance(value, Slot):
            return Side(number=_number(value))
        name = self.layer.inputs[value.index]
        layer, nature = self.layers.get(name), self.known(name)
        if nature.is_constant and layer is not None:
            return Side(number=_number(layer.output))
        return Side(nature, None if name == INPUT else layer)


def _number(value: object) -> float | None:
    if isinstance(value, (int, float)):
        return float(value)
    is_one = isinstance(value, torch.Tensor) and value.numel() == 1 and not value.is_meta and not value.is_complex()
    return float(value) if is_one else None  # type: ignore[arg-type]
