"""The layers whose units are the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.operations import Kind
from cnnviewer.recording import INPUT

if TYPE_CHECKING:
    from cnnviewer.recording import Recording

__all__ = ["class_layers", "class_of"]


def class_layers(recording: Recording) -> frozenset[str]:
    """Return the names of the layers whose units are the classes.

    They are the one that made the scores, and those before it whose classes it only passes on.
    """
    found: set[str] = set()
    layer = None if recording.scores_index is None else recording.layers[recording.scores_index]
    while layer is not None:
        found.add(layer.name)
        passes = layer.kind in (Kind.SOFTMAX, Kind.RESHAPE, Kind.DROPOUT) and len(layer.inputs) == 1
        before = layer.inputs[0] if passes else INPUT
        layer = None if before == INPUT or recording[before].shape != layer.shape else recording[before]
    return frozenset(found)


def class_of(layer: str, unit: tuple[int, ...], recording: Recording) -> str:
    """Return the class whose score a unit is; '' where it is none."""
    return recording.category(unit[0]) if len(unit) == 1 and layer in class_layers(recording) else ""
