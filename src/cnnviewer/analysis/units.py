"""Units: which layer and which number of it is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.errors import RecordingError
from cnnviewer.recording import INPUT, Layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.recording import Recording

__all__ = ["checked_layer", "checked_unit"]


def checked_layer(recording: Recording, layer: Layer | str) -> Layer | None:
    """Return the layer that is meant; None for the image.

    Raises
    ------
    RecordingError
        If the recording has none of this name.
    """
    name = layer.name if isinstance(layer, Layer) else layer
    return None if name == INPUT else recording[name]


def checked_unit(recording: Recording, layer: Layer | None, unit: Sequence[int]) -> tuple[int, ...]:
    """Return the index of a unit in `Layer.result`, with the batch axis; `unit` is its index in `Layer.output`.

    Raises
    ------
    RecordingError
        If there is no such unit.
    """
    name = INPUT if layer is None else layer.name
    shape = tuple(recording.input.shape) if layer is None else layer.shape
    is_inside = len(unit) == len(shape) and all(-n <= index < n for index, n in zip(unit, shape, strict=True))
    if not is_inside:
        raise RecordingError(f"{name} has no unit {tuple(unit)}: its shape is {shape}.")
    index = tuple(int(place) % length for place, length in zip(unit, shape, strict=True))
    return (0, *index) if layer is None or layer.is_batched else index
