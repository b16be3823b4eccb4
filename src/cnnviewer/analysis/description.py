"""A layer's settings in a few words: ``3×3, stride 2, padding 1``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnviewer.operations import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnnviewer.recording import Layer, Recording

__all__ = ["describe", "shape_text"]

_NAMES = {
    "relu": "ReLU",
    "relu6": "ReLU6",
    "leaky_relu": "leaky ReLU",
    "prelu": "PReLU",
    "elu": "ELU",
    "selu": "SELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "batch_norm": "batch norm",
    "layer_norm": "layer norm",
    "group_norm": "group norm",
    "local_response_norm": "local response norm",
    "rms_norm": "RMS norm",
    "log_softmax": "log softmax",
    "getitem": "slice",
    "setitem": "assignment to a slice",
    "put": "assignment to single units",
    "take": "single units",
    "quantize_per_tensor": "rounding to 8 bits",
    "dequantize": "back from 8 bits",
}
_OF_STEPS = frozenset(["scale", "zero_point", "output_scale", "output_zero_point"])


_WITH_NUMBERS = frozenset(["pow", "clamp", "clamp_min", "clamp_max", "clip", "gt", "lt", "ge", "le", "eq", "ne", "mul"])


def shape_text(shape: tuple[int, ...]) -> str:
    """Return ``32×112×112``; ``1`` for a single number."""
    return "×".join(str(length) for length in shape) or "1"


def describe(layer: Layer, recording: Recording) -> str:
    """Return a layer's settings in a few words, for people."""
    words = _WORDS.get(layer.kind)
    text = words(layer, recording) if words else ""
    text = text or _NAMES.get(layer.operation) or " ".join([layer.operation.replace("_", " "), *_numbers(layer)])
    return f"{text}, then {_NAMES.get(layer.fused, layer.fused)}" if layer.fused else text


def _numbers(layer: Layer) -> list[str]:
    """Return the plain numbers that an operation on single units was given: the 2 of a square."""
    is_single = layer.operation in _WITH_NUMBERS
    numbers = [value for name, value in layer.settings.items() if name not in _OF_STEPS]
    return [f"{value:g}" for value in numbers if type(value) in (int, float)] if is_single else []


def _convolution(layer: Layer, recording: Recording) -> str:
    weight = layer.parameters.get("weight")
    if weight is None:
        return ""
    settings, kernel = layer.settings, weight.shape[2:]
    parts = [shape_text(tuple(kernel))]
    groups = settings.get("groups", 1)
    channels = _input_shape(layer, recording)[0]
    if groups > 1:
        parts[0] += " depthwise" if groups == channels else f", {groups} groups"
    if "transpose" in layer.operation:
        parts[0] += " transposed"
    parts += [
        f"{name} {_lengths(settings[name])}"
        for name, usual in (("stride", 1), ("padding", 0), ("dilation", 1))
        if name in settings and not _all_equal(settings[name], usual)
    ]
    return ", ".join(parts)


def _pooling(layer: Layer, recording: Recording) -> str:
    settings = layer.settings
    how = (
        "min"
        if layer.operation == "amin"
        else "max"
        if "max" in layer.operation
        else "sum"
        if settings.get("divisor_override") == 1
        else "average"
    )
    before, after = _input_shape(layer, recording), layer.shape
    if "adaptive" in layer.operation:
        over = tuple(b // a for b, a in zip(before[1:], after[1:], strict=False))
        exact = all(b % a == 0 for b, a in zip(before[1:], after[1:], strict=False))
        return f"{how} over {shape_text(over)}" if exact else f"{how}, adaptive to {shape_text(after[1:])}"
    if "kernel_size" not in settings:
        return f"{how} over {shape_text(before[1:])}" if len(before) == 3 else how
    kernel = settings["kernel_size"]
    stride = settings.get("stride") or kernel
    parts = [f"{how} {_window(kernel)}", f"stride {_lengths(stride)}"]
    if not _all_equal(settings.get("padding", 0), 0):
        parts.append(f"padding {_lengths(settings['padding'])}")
    if settings.get("ceil_mode"):
        parts.append("rounded up")
    return ", ".join(parts)


def _activation(layer: Layer, recording: Recording) -> str:
    settings = layer.settings
    if layer.operation == "hardtanh" and settings.get("min_val") == 0:
        high = settings.get("max_val")
        return "ReLU6" if high == 6 else f"ReLU up to {high:g}"
    if layer.operation == "leaky_relu":
        return f"leaky ReLU, slope {settings.get('negative_slope', 0.01):g}"
    return ""


def _linear(layer: Layer, recording: Recording) -> str:
    weight = layer.parameters.get("weight")
    return "" if weight is None else f"{weight.shape[-1]} → {weight.shape[0]}"


def _dropout(layer: Layer, recording: Recording) -> str:
    return f"p {layer.settings.get('p', 0.5):g}, off outside training"


def _concatenation(layer: Layer, recording: Recording) -> str:
    axis = int(layer.settings.get("dim", layer.settings.get("axis", 0)))
    if axis != 1 or any(len(shape) != 3 for shape in _input_shapes(layer, recording)):
        return f"axis {axis}"
    channels = [shape[0] for shape in _input_shapes(layer, recording)]
    return " + ".join(map(str, channels)) + " channels" if len(channels) <= 4 else f"{len(channels)} inputs"


_WORDS: dict[Kind, Callable[[Layer, Recording], str]] = {
    Kind.CONVOLUTION: _convolution,
    Kind.POOLING: _pooling,
    Kind.ACTIVATION: _activation,
    Kind.LINEAR: _linear,
    Kind.DROPOUT: _dropout,
    Kind.CONCATENATION: _concatenation,
}


def _input_shapes(layer: Layer, recording: Recording) -> list[tuple[int, ...]]:
    return [tuple(recording.input.shape) if name == "input" else recording[name].shape for name in layer.inputs]


def _input_shape(layer: Layer, recording: Recording) -> tuple[int, ...]:
    shapes = _input_shapes(layer, recording)
    return shapes[0] if shapes else (0,)


def _all_equal(value: Any, usual: int) -> bool:
    return all(length == usual for length in value) if isinstance(value, (tuple, list)) else bool(value == usual)


def _lengths(value: Any) -> str:
    """Return one number where all axes have the same; "same" and "valid" stay words."""
    if isinstance(value, (tuple, list)):
        return str(value[0]) if len(set(value)) == 1 else shape_text(tuple(value))
    return str(value)


def _window(kernel: Any) -> str:
    return shape_text(tuple(kernel)) if isinstance(kernel, (tuple, list)) else f"{kernel}×{kernel}"
