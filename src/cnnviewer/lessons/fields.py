"""The receptive field of a unit, until `cnnviewer.receptive_field` is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnnviewer.recording import INPUT

if TYPE_CHECKING:
    from cnnviewer.recording import Layer, Recording

__all__ = ["receptive_field"]


@dataclass(frozen=True)
class Box:
    top: float
    left: float
    bottom: float
    right: float


def receptive_field(recording: Recording, layer: Layer, unit: tuple[int, ...]) -> Box:
    spans = [_span(recording, layer, axis, unit[axis + 1]) for axis in (0, 1)]
    return Box(spans[0][0], spans[1][0], spans[0][1], spans[1][1])


def _span(recording: Recording, layer: Layer, axis: int, place: int) -> tuple[int, int]:
    wanted: dict[str, tuple[int, int]] = {layer.name: (place, place + 1)}
    for one in reversed(recording.layers[: layer.index + 1]):
        if one.name not in wanted:
            continue
        low, high = wanted[one.name]
        for name in one.inputs:
            source = recording.input.shape if name == INPUT else recording[name].output.shape
            a, b = _before(one, axis, low, high, source[-2 + axis] if len(source) > 2 else 1)
            before = wanted.get(name, (a, b))
            wanted[name] = min(a, before[0]), max(b, before[1])
    return wanted[INPUT]


def _before(layer: Layer, axis: int, low: int, high: int, length: int) -> tuple[int, int]:
    settings = layer.settings
    if layer.operation == "pad":
        pad = settings["pad"]
        shift = pad[-2 * (axis + 1) + len(pad)] if len(pad) >= 4 else 0
        return low - shift, high - shift
    if layer.output.ndim == 3 and layer.output.shape[1 + axis] == length and layer.kind not in ("convolution", "pooling"):
        return low, high
    if layer.kind == "convolution" and "weight" in layer.parameters:
        kernel = layer.parameters["weight"].shape[2 + axis]
    elif layer.kind == "pooling" and "kernel_size" in settings:
        kernel = _of(settings["kernel_size"], axis)
    else:
        return 0, length
    stride = _of(settings.get("stride") or kernel, axis)
    padding, dilation = _of(settings.get("padding", 0), axis), _of(settings.get("dilation", 1), axis)
    return low * stride - padding, (high - 1) * stride - padding + dilation * (kernel - 1) + 1


def _of(value: Any, axis: int) -> int:
    return int(value[axis] if isinstance(value, (tuple, list)) and len(value) > 1 else value[0] if isinstance(value, (tuple, list)) else value)
