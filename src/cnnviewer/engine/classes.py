"""The layers whose units are the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.operations import Kind
from cnnviewer.outputs import Returns
from cnnviewer.recording import INPUT

if TYPE_CHECKING:
    from cnnviewer.recording import Recording

__all__ = ["class_layers", "class_of"]

_PASSING = frozenset((Kind.SOFTMAX, Kind.ACTIVATION, Kind.RESHAPE, Kind.DROPOUT))
_PASSING_OPERATIONS = frozenset(("add", "sub", "rsub", "mul", "div", "truediv", "neg", "log", "exp"))


def class_layers(recording: Recording) -> frozenset[str]:
    """Return the names of the layers whose units are the classes.

    They are the one that made the answer of the network, and those before it whose classes it only passes on. Of
    values they are those that have a name.
    """
    found: set[str] = set()
    is_named = recording.returns is not Returns.FEATURES and recording.vector_index is not None
    layer = recording.layers[recording.vector_index or 0] if is_named else None
    while layer is not None:
        found.add(layer.name)
        passes = (layer.kind in _PASSING or layer.operation in _PASSING_OPERATIONS) and len(layer.inputs) == 1
        before = layer.inputs[0] if passes else INPUT
        layer = None if before == INPUT or recording[before].shape != layer.shape else recording[before]
    return frozenset(found)


def class_of(layer: str, unit: tuple[int, ...], recording: Recording) -> str:
    """Return the class whose score a unit is; '' where it is none."""
    return recording.category(unit[0]) if len(unit) == 1 and layer in class_layers(recording) else ""
