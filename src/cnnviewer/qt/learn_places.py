"""Where a network shows the idea of a page: its layer and unit, and what is to be said where it has none."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from cnnviewer.messages import View

if TYPE_CHECKING:
    from cnnviewer.messages import LayerSummary, RecordingSummary
    from cnnviewer.qt.panels.learn.page import Place

__all__ = ["Found", "find_place", "told_of"]


@dataclass(frozen=True)
class Found:
    """A place that a network has: the one that was sought, or another one instead; and its layer, with a channel."""

    place: Place
    layer: LayerSummary
    channel: int = 0


def find_place(recording: RecordingSummary, place: Place) -> Found | None:
    """Return the layer that shows an idea, or else what does instead; None where the network has neither."""
    sought: Place | None = place
    while sought is not None:
        layers = [layer for layer in recording.layers if _is_meant(layer, sought)]
        if layers:
            layer = layers[-1 if sought.is_last else 0]
            return Found(sought, layer, _channel(layer, recording))
        sought = sought.otherwise
    return None


def told_of(found: Found, place: Place, network: str) -> str:
    """Return what is to be said of a place that is not the one that was sought; '' of that."""
    if found.place is place:
        return ""
    return f"{network} has no {place.what}; {found.layer.name} is the nearest to it: {found.layer.settings}."


def _is_meant(layer: LayerSummary, place: Place) -> bool:
    if place.kind == "scores":
        return layer.is_scores
    has_view = not place.view or View(place.view) in layer.views
    has_words = not place.words or any(word in layer.settings for word in place.words)
    return layer.kind == place.kind and layer.settings.startswith(place.settings) and has_words and has_view


def _channel(layer: LayerSummary, recording: RecordingSummary) -> int:
    """Return which map is chosen: of class scores the winner, else the first; one number tells of two classes."""
    return min(recording.ranking[0], prod(layer.shape) - 1) if layer.is_scores and recording.ranking else 0
