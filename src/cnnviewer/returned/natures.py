"""The natures of all layers of a forward pass, each worked out when it is asked for."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from cnnviewer.recording import INPUT
from cnnviewer.returned.nature import FEATURES, UNKNOWN
from cnnviewer.returned.rules import activated, rule_of
from cnnviewer.returned.step import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.recording import Layer
    from cnnviewer.returned.nature import Nature

__all__ = ["Natures"]

_DEEPEST = 120
"""So many operations are followed back: what makes an answer of numbers is among the last ones."""


class Natures:
    """Tells what is known of the numbers of each layer, from the operations that made them."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = MappingProxyType({layer.name: layer for layer in layers})
        self._known: dict[str, Nature] = {INPUT: replace(FEATURES, words=("image",))}
        self._depth = 0

    def __call__(self, name: str) -> Nature:
        """Return what is known of a layer of this name, or of the image for `INPUT`."""
        if name not in self._known:
            if self._depth > _DEEPEST:
                return UNKNOWN
            self._depth += 1
            try:
                self._known[name] = self._followed(self._layers[name])
            finally:
                self._depth -= 1
        return self._known[name]

    def _followed(self, layer: Layer) -> Nature:
        if not layer.inputs:
            return replace(UNKNOWN, is_constant=True)
        step = Step(layer, self._layers, self)
        found = rule_of(layer.operation, layer.kind)(step)
        return activated(found, step) if layer.fused else found
