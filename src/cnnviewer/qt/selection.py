"""What is chosen of a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.messages import LayerSummary

__all__ = ["Selection", "kept_selection", "layer_named"]

_SEEN_FIRST = 4
"""How many layers of a new network are surely seen without scrolling."""


@dataclass(frozen=True)
class Selection:
    """What is chosen: a layer by name, one of its maps, and a unit (row, column) of that."""

    layer: str
    channel: int = 0
    unit: tuple[int, int] | None = None


def layer_named(name: str, layers: Sequence[LayerSummary]) -> LayerSummary | None:
    """Return the layer of this name; None where there is none."""
    return next((layer for layer in layers if layer.name == name), None)


def kept_selection(selection: Selection | None, layers: Sequence[LayerSummary]) -> Selection | None:
    """Return what is chosen where these layers have it too; else their first maps, or None where there are none."""
    chosen = None if selection is None else layer_named(selection.layer, layers)
    if chosen is not None and selection is not None:
        # The unit of a vector is told by the channel.
        count = chosen.shape[0] if len(chosen.shape) == 1 else chosen.maps
        if selection.channel < count:
            return selection
    return Selection(_first_of(layers).name) if layers else None


def _first_of(layers: Sequence[LayerSummary]) -> LayerSummary:
    """Return the layer that is chosen in a new network: one with maps to look at, among those that are seen first."""
    seen = layers[:_SEEN_FIRST]
    chosen = (layer for kind in ("activation", "convolution") for layer in seen if layer.kind == kind)
    return next(chosen, layers[0])
