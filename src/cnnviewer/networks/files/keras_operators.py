"""Layers that files of Keras name, and that Keras 3 does not list: its own applications', and calls of TensorFlow.

Keras 2 keeps a function of TensorFlow that was called between layers by its name, as a layer. Those that networks over
images use are rows of a table here, each the function of Keras 3 that computes the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import ops
from keras.src.applications.convnext import LayerScale, StochasticDepth
from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FUNCTIONS", "OWN_LAYERS"]


def _two(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda x, y: function(x, y)


def _one(function: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda x: function(x)


def _over(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, axis=None, keepdims=False: function(x, axis=axis, keepdims=keepdims)


def _resize(images: Any, size: Any, method: str = "bilinear", antialias: bool = False) -> Any:
    return ops.image.resize(images, tuple(size), interpolation=method, antialias=antialias)


def _depth_to_space(x: Any, block_size: int, data_format: str = "NHWC") -> Any:
    _, height, width, channels = x.shape
    side, rest = block_size, channels // block_size**2
    parts = ops.reshape(x, (-1, height, width, side, side, rest))
    return ops.reshape(ops.transpose(parts, (0, 1, 3, 2, 4, 5)), (-1, height * side, width * side, rest))


def _pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: float = 0) -> Any:
    value = {"constant_values": constant_values} if mode.lower() == "constant" else {}
    return ops.pad(tensor, paddings, mode=mode.lower(), **value)


def _getitem(x: Any, slice_spec: Any) -> Any:
    parts = [slice(part["start"], part["stop"], part["step"]) if type(part) is dict else part for part in slice_spec]
    return x[tuple(parts)]


def _matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, **_: Any) -> Any:
    return ops.matmul(ops.swapaxes(a, -1, -2) if transpose_a else a, ops.swapaxes(b, -1, -2) if transpose_b else b)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "__operators__.add": _two(ops.add),
    "__operators__.getitem": _getitem,
    "cast": lambda x, **_: x,  # of a network in single precision
    "clip_by_value": lambda t, clip_value_min, clip_value_max: ops.clip(t, clip_value_min, clip_value_max),
    "concat": lambda values, axis: ops.concatenate(values, axis=axis),
    "convert_to_tensor": lambda value, **_: value,
    "expand_dims": lambda x, axis: ops.expand_dims(x, axis),
    "identity": _one(lambda x: x),
    "image.resize": _resize,
    "linalg.matmul": _matmul,
    "math.abs": _one(ops.abs),
    "math.add": _two(ops.add),
    "math.divide": _two(ops.divide),
    "math.exp": _one(ops.exp),
    "math.l2_normalize": lambda x, axis=None, epsilon=1e-12: ops.normalize(x, axis, 2, epsilon**0.5),
    "math.log": _one(ops.log),
    "math.maximum": _two(ops.maximum),
    "math.minimum": _two(ops.minimum),
    "math.multiply": _two(ops.multiply),
    "math.negative": _one(ops.negative),
    "math.pow": _two(ops.power),
    "math.reduce_max": _over(ops.max),
    "math.reduce_mean": _over(ops.mean),
    "math.reduce_min": _over(ops.min),
    "math.reduce_sum": _over(ops.sum),
    "math.rsqrt": _one(ops.rsqrt),
    "math.sigmoid": _one(ops.sigmoid),
    "math.softplus": _one(ops.softplus),
    "math.sqrt": _one(ops.sqrt),
    "math.square": _one(ops.square),
    "math.subtract": _two(ops.subtract),
    "math.tanh": _one(ops.tanh),
    "math.truediv": _two(ops.divide),
    "nn.depth_to_space": _depth_to_space,
    "nn.elu": _one(ops.elu),
    "nn.gelu": lambda features, approximate=False: ops.gelu(features, approximate),
    "nn.leaky_relu": lambda features, alpha=0.2: ops.leaky_relu(features, alpha),
    "nn.relu": _one(ops.relu),
    "nn.relu6": _one(ops.relu6),
    "nn.selu": _one(ops.selu),
    "nn.silu": lambda features, beta=1.0: ops.silu(features) if beta == 1 else features * ops.sigmoid(beta * features),
    "nn.softmax": lambda logits, axis=-1: ops.softmax(logits, -1 if axis is None else axis),
    "pad": _pad,
    "reshape": lambda tensor, shape: ops.reshape(tensor, tuple(shape)),
    "split": lambda value, num_or_size_splits, axis=0, **_: ops.split(value, num_or_size_splits, axis),
    "squeeze": lambda x, axis=None: ops.squeeze(x, axis),
    "stack": lambda values, axis=0: ops.stack(values, axis),
    "stop_gradient": _one(lambda x: x),
    "transpose": lambda a, perm=None, **_: ops.transpose(a, perm),
}
"""By the name of TensorFlow: what takes the same arguments, by the same names, and computes the same."""

FUNCTIONS.update(
    {
        "compat.v1.squeeze": FUNCTIONS["squeeze"],
        "compat.v1.transpose": FUNCTIONS["transpose"],
        "linalg.l2_normalize": FUNCTIONS["math.l2_normalize"],
        "nn.l2_normalize": FUNCTIONS["math.l2_normalize"],
        "nn.sigmoid": FUNCTIONS["math.sigmoid"],
        "nn.softplus": FUNCTIONS["math.softplus"],
        "nn.swish": FUNCTIONS["nn.silu"],
        "nn.tanh": FUNCTIONS["math.tanh"],
    }
)


class _Call(keras.layers.Layer):  # type: ignore[misc]
    """A call of a function of TensorFlow."""

    def __init__(self, function: str, **settings: Any) -> None:
        super().__init__(**settings)
        self.function = function

    def call(self, *args: Any, first: float | None = None, **kwargs: Any) -> Any:
        """Compute what the function computes; `first` is a number that comes before the tensors."""
        kwargs.pop("name", None)
        before = () if first is None else (first,)
        return FUNCTIONS[self.function](*before, *args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return what makes it again."""
        return {**super().get_config(), "function": self.function}


class _Thresholded(keras.layers.Layer):  # type: ignore[misc]
    """The layer ThresholdedReLU of Keras 2: x where it is above theta, else 0."""

    def __init__(self, theta: float = 1.0, **settings: Any) -> None:
        super().__init__(**settings)
        self.theta = theta

    def call(self, x: Any) -> Any:
        """Compute it."""
        return x * ops.cast(ops.greater(x, self.theta), x.dtype)


OWN_LAYERS: dict[str, type] = {
    "CustomScaleLayer": CustomScaleLayer,
    "LayerScale": LayerScale,
    "StochasticDepth": StochasticDepth,
    "ThresholdedReLU": _Thresholded,
    "TFOpLambda": _Call,
    "SlicingOpLambda": _Call,
}
"""By the name in a file."""
