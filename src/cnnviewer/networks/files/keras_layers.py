"""The layers of Keras as modules of torch, over maps ``(N, C, H, W)``: one function a class, and one line in the table.

Nothing of Keras is imported: a layer is made of its configuration and its weights. What Keras computes over the last
axis is computed here over the channels; where the order of numbers matters (`Flatten`, `Reshape`), the maps are turned
to Keras's order and back.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional as F

from cnnviewer.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    Weights = Mapping[str, np.ndarray]
    Config = Mapping[str, Any]
    Make = Callable[[Config, Weights], nn.Module]

__all__ = ["KNOWN", "layer_of", "weight_names"]


def layer_of(kind: str, config: Config, weights: Weights) -> nn.Module:
    """Return the module of a Keras layer.

    Parameters
    ----------
    kind
        The name of its class: "Conv2D".
    config
        Its configuration.
    weights
        Its weights by name, in Keras's shapes: ``{"kernel": (kH, kW, C_in, C_out), ...}``.

    Raises
    ------
    NetworkError
        If it has a setting that is not known; or KeyError, ValueError where something is missing.
    """
    module = _MAKERS[kind](config, weights)
    activation = config.get("activation") if kind != "Activation" else None
    name = activation if isinstance(activation, str) else "linear"
    if activation is not None and not isinstance(activation, str):
        name = _activation_name(activation)
    if name == "linear":
        return module
    return nn.Sequential(OrderedDict([(kind.lower(), module), (name, _activation(name))]))


def weight_names(kind: str, config: Config) -> tuple[str, ...]:
    """Return the names of a layer's weights in the order in which Keras keeps them."""
    has_bias = ("bias",) if config.get("use_bias", True) else ()
    if kind in ("BatchNormalization", "LayerNormalization", "GroupNormalization"):
        learnt = tuple(
            name for name, switch in (("gamma", "scale"), ("beta", "center")) if config.get(switch, True) is not False
        )
        return learnt + (("moving_mean", "moving_variance") if kind == "BatchNormalization" else ())
    if kind in ("Conv2D", "Convolution2D", "Conv2DTranspose", "Dense"):
        return ("kernel", *has_bias)
    if kind == "DepthwiseConv2D":
        return ("depthwise_kernel", *has_bias)
    if kind == "SeparableConv2D":
        return ("depthwise_kernel", "pointwise_kernel", *has_bias)
    if kind == "PReLU":
        return ("alpha",)
    if kind == "Normalization":
        return ("mean", "variance") if config.get("mean") is None else ()
    return ()


# ---- settings

_LAST, _FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
"""How axes are turned so that the channels are the last, and the second again."""


def _pair(value: Any) -> tuple[int, int]:
    first, second = (value, value) if isinstance(value, int) else value
    return int(first), int(second)


def _tensor(weights: Weights, name: str) -> torch.Tensor:
    return torch.from_numpy(weights[name].copy()).float()


def _parameter(tensor: torch.Tensor) -> nn.Parameter:
    return nn.Parameter(tensor.contiguous())


def _check_format(config: Config) -> None:
    if config.get("data_format") == "channels_first":
        raise NetworkError("it has its channels first, which is not known here")


def _padding(kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]) -> tuple[int, int] | None:
    """Return the padding that keeps a map's size, where both sides get as much whatever the size is."""
    spans = [step * (side - 1) for side, step in zip(kernel, dilation, strict=True)]
    if stride != (1, 1) or any(span % 2 for span in spans):
        return None
    return spans[0] // 2, spans[1] // 2


class _SamePadding(nn.Module):
    """Padding so that a window moved by `stride` gives ``ceil(n / stride)`` outputs; more behind than before."""

    def __init__(
        self, kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int], value: float
    ) -> None:
        super().__init__()
        self._windows, self._value = tuple(zip(kernel, stride, dilation, strict=True)), value

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        pads: list[int] = []
        for length, (kernel, stride, dilation) in zip(maps.shape[-2:], self._windows, strict=True):
            missing = max((-(-length // stride) - 1) * stride + dilation * (kernel - 1) + 1 - length, 0)
            pads = [missing // 2, missing - missing // 2, *pads]
        return F.pad(maps, pads, value=self._value)


def _windowed(
    config: Config, kernel: tuple[int, int], make: Callable[[tuple[int, int]], nn.Module], value: float = 0.0
) -> nn.Module:
    """Return a layer of windows, `make(padding)`, with a padding before it where torch's own can't say it."""
    stride, dilation = _stride(config, kernel), _pair(config.get("dilation_rate", 1))
    if config.get("padding", "valid") == "valid":
        return make((0, 0))
    if config["padding"] != "same":
        raise NetworkError(f"the padding {config['padding']!r}")
    padding = _padding(kernel, stride, dilation)
    if padding is not None:
        return make(padding)
    return nn.Sequential(
        OrderedDict([("pad", _SamePadding(kernel, stride, dilation, value)), ("window", make((0, 0)))])
    )


def _stride(config: Config, kernel: tuple[int, int]) -> tuple[int, int]:
    given = config.get("strides", 1)
    return kernel if given is None else _pair(given)


# ---- convolution


def _filters(config: Config, weight: torch.Tensor, bias: torch.Tensor | None, groups: int) -> nn.Module:
    _check_format(config)
    kernel = (weight.shape[2], weight.shape[3])

    def make(padding: tuple[int, int]) -> nn.Module:
        layer = nn.Conv2d(
            1, 1, kernel, _stride(config, kernel), padding, _pair(config.get("dilation_rate", 1)), bias=bias is not None
        )
        layer.in_channels, layer.out_channels, layer.groups = weight.shape[1] * groups, weight.shape[0], groups
        layer.weight = _parameter(weight)
        if bias is not None:
            layer.bias = _parameter(bias)
        return layer

    return _windowed(config, kernel, make)


def _bias(weights: Weights) -> torch.Tensor | None:
    return _tensor(weights, "bias") if "bias" in weights else None


def _convolution(config: Config, weights: Weights) -> nn.Module:
    weight = _tensor(weights, "kernel").permute(3, 2, 0, 1)
    return _filters(config, weight, _bias(weights), int(config.get("groups", 1)))


def _depthwise_weight(weights: Weights) -> torch.Tensor:
    kernel = _tensor(weights, "depthwise_kernel")
    rows, columns, channels, multiplier = kernel.shape
    return kernel.permute(2, 3, 0, 1).reshape(channels * multiplier, 1, rows, columns)


def _depthwise(config: Config, weights: Weights) -> nn.Module:
    channels = weights["depthwise_kernel"].shape[2]
    return _filters(config, _depthwise_weight(weights), _bias(weights), channels)


def _separable(config: Config, weights: Weights) -> nn.Module:
    depthwise = _filters(config, _depthwise_weight(weights), None, weights["depthwise_kernel"].shape[2])
    plain = {**config, "strides": 1, "dilation_rate": 1, "padding": "valid"}
    pointwise = _filters(plain, _tensor(weights, "pointwise_kernel").permute(3, 2, 0, 1), _bias(weights), 1)
    return nn.Sequential(OrderedDict([("depthwise", depthwise), ("pointwise", pointwise)]))


class _Dense(nn.Linear):
    """A linear layer over vectors, and over the channels of maps."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        if values.ndim != 4:
            return super().forward(values)
        return super().forward(values.permute(_LAST)).permute(_FIRST)


def _dense(config: Config, weights: Weights) -> nn.Module:
    kernel = _tensor(weights, "kernel")
    bias = _bias(weights)
    layer = _Dense(1, 1, bias=bias is not None)
    layer.in_features, layer.out_features = kernel.shape
    layer.weight = _parameter(kernel.T)
    if bias is not None:
        layer.bias = _parameter(bias)
    return layer


# ---- normalisation


class _BatchNorm(nn.modules.batchnorm._BatchNorm):
    """Over maps, and over vectors."""

    is_second = False

    def _check_input_dim(self, input: torch.Tensor) -> None:  # noqa: A002 -- the name in the base class
        if self.is_second and input.ndim == 4:
            raise ValueError("a batch normalisation of rows, not of channels")


def _batch_norm(config: Config, weights: Weights) -> nn.Module:
    axis = config.get("axis", -1)
    axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    if axis not in (-1, 3, 1):
        raise NetworkError(f"a normalisation along the axis {axis}")
    mean = _tensor(weights, "moving_mean")
    layer = _BatchNorm(len(mean), eps=float(config.get("epsilon", 1e-3)))
    layer.is_second = axis == 1  # of a vector that is the last
    layer.running_mean, layer.running_var = mean, _tensor(weights, "moving_variance")
    layer.weight = _parameter(_tensor(weights, "gamma") if "gamma" in weights else torch.ones_like(mean))
    layer.bias = _parameter(_tensor(weights, "beta") if "beta" in weights else torch.zeros_like(mean))
    return layer


class _LayerNorm(nn.LayerNorm):
    """Over the channels, of maps too."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        if values.ndim != 4:
            return super().forward(values)
        return super().forward(values.permute(_LAST)).permute(_FIRST)


def _layer_norm(config: Config, weights: Weights) -> nn.Module:
    axis = config.get("axis", -1)
    if axis not in (-1, [-1], [3]) or config.get("rms_scaling"):
        raise NetworkError(f"a layer normalisation along the axis {axis}")
    if not weights:
        raise NetworkError("a layer normalisation without weights")
    size = next(iter(weights.values())).shape
    layer = _LayerNorm(size, eps=float(config.get("epsilon", 1e-3)))
    layer.weight = _parameter(_tensor(weights, "gamma") if "gamma" in weights else torch.ones(size))
    layer.bias = _parameter(_tensor(weights, "beta") if "beta" in weights else torch.zeros(size))
    return layer


class _Affine(nn.Module):
    """``x * scale + offset``, channel by channel."""

    scale: torch.Tensor
    offset: torch.Tensor

    def __init__(self, scale: torch.Tensor, offset: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("scale", scale.reshape(1, -1, 1, 1))
        self.register_buffer("offset", offset.reshape(1, -1, 1, 1))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return maps * self.scale + self.offset


def _rescaling(config: Config, weights: Weights) -> nn.Module:
    scale, offset = (torch.tensor(_numbers(config[name]), dtype=torch.float32) for name in ("scale", "offset"))
    return _Affine(scale, offset)


def _numbers(value: Any) -> Any:
    """Return numbers, also from Keras's way to write an array."""
    if isinstance(value, dict) and "config" in value:
        value = value["config"]
    return value["value"] if isinstance(value, dict) and "value" in value else value


def _normalisation(config: Config, weights: Weights) -> nn.Module:
    if config.get("invert"):
        raise NetworkError("an inverted normalisation")
    if config.get("mean") is None:
        mean, variance = _tensor(weights, "mean").reshape(-1), _tensor(weights, "variance").reshape(-1)
    else:
        mean, variance = (torch.tensor(_numbers(config[name])).float().reshape(-1) for name in ("mean", "variance"))
    deviation = variance.sqrt().clamp_min(1e-7)
    return _Affine(1 / deviation, -mean / deviation)


# ---- activations

_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "swish": nn.SiLU,
    "mish": nn.Mish,
    "softplus": nn.Softplus,
    "softsign": nn.Softsign,
    "hard_sigmoid": nn.Hardsigmoid,
    "hard_swish": nn.Hardswish,
    "hard_silu": nn.Hardswish,
    "log_softmax": lambda: nn.LogSoftmax(1),
    "softmax": lambda: nn.Softmax(1),
    "leaky_relu": lambda: nn.LeakyReLU(0.2),
}


def _activation(name: str) -> nn.Module:
    if name not in _ACTIVATIONS:
        raise NetworkError(f"the activation {name!r}")
    return _ACTIVATIONS[name]()


def _activation_name(given: Any) -> str:
    """Return the name of an activation that is written as an object."""
    if isinstance(given, dict) and given.get("registered_name") is None:
        return str(given.get("class_name", "")).lower()
    raise NetworkError(f"an activation of its own ({str(given)[:60]})")


def _relu(config: Config, weights: Weights) -> nn.Module:
    slope, threshold = config.get("negative_slope") or 0, config.get("threshold") or 0
    largest = config.get("max_value")
    if threshold:
        raise NetworkError("a ReLU with a threshold")
    if slope:
        return nn.LeakyReLU(float(slope))
    return nn.ReLU() if largest is None else nn.ReLU6() if largest == 6 else nn.Hardtanh(0.0, float(largest))


def _leaky_relu(config: Config, weights: Weights) -> nn.Module:
    return nn.LeakyReLU(float(config.get("negative_slope", config.get("alpha", 0.3))))


def _softmax(config: Config, weights: Weights) -> nn.Module:
    if config.get("axis", -1) not in (-1, [-1]):
        raise NetworkError("a softmax along another axis than the last")
    return nn.Softmax(1)


def _prelu(config: Config, weights: Weights) -> nn.Module:
    alpha = _tensor(weights, "alpha")
    if alpha.numel() != alpha.shape[-1]:
        raise NetworkError("a PReLU that is not shared over rows and columns")
    layer = nn.PReLU(alpha.numel())
    layer.weight = _parameter(alpha.reshape(-1))
    return layer


# ---- pooling and shapes


def _pool(kind: Any, value: float) -> Make:
    def make_layer(config: Config, weights: Weights) -> nn.Module:
        _check_format(config)
        kernel = _pair(config.get("pool_size", 2))
        stride = _stride(config, kernel)

        def make(padding: tuple[int, int]) -> nn.Module:
            if kind is nn.AvgPool2d:
                return nn.AvgPool2d(kernel, stride, padding, count_include_pad=False)
            layer: nn.Module = kind(kernel, stride, padding)
            return layer

        if kind is nn.AvgPool2d and config.get("padding") == "same" and _padding(kernel, stride, (1, 1)) is None:
            return _AveragePool(kernel, stride)
        return _windowed({**config, "dilation_rate": 1}, kernel, make, value)

    return make_layer


class _AveragePool(nn.Module):
    """Average pooling that counts no padding, where that is more behind than before."""

    def __init__(self, kernel: tuple[int, int], stride: tuple[int, int]) -> None:
        super().__init__()
        self._kernel, self._stride = kernel, stride
        self.pad = _SamePadding(kernel, stride, (1, 1), 0.0)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        share = F.avg_pool2d(self.pad(torch.ones_like(maps[:1, :1])), self._kernel, self._stride)
        return F.avg_pool2d(self.pad(maps), self._kernel, self._stride) / share


class _Global(nn.Module):
    def __init__(self, function: Callable[..., torch.Tensor], keeps: bool) -> None:
        super().__init__()
        self._function, self._keeps = function, keeps

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return self._function(maps, dim=(2, 3), keepdim=self._keeps)


def _global(function: Callable[..., torch.Tensor]) -> Make:
    return lambda config, _weights: _Global(function, bool(config.get("keepdims", False)))


class _Reshape(nn.Module):
    """Flattening and reshaping, in the order of numbers that Keras has."""

    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__()
        self._shape = tuple(shape)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        if values.ndim == 4 and values.shape[2:] != (1, 1):
            values = values.permute(_LAST)
        shaped = values.reshape((values.shape[0], *self._shape))
        return shaped.permute(_FIRST) if shaped.ndim == 4 else shaped


def _flatten(config: Config, weights: Weights) -> nn.Module:
    return _Reshape([-1])


def _reshape(config: Config, weights: Weights) -> nn.Module:
    shape = [-1 if length is None else int(length) for length in config["target_shape"]]
    if len(shape) not in (1, 3):
        raise NetworkError(f"a reshape to {shape}")
    return _Reshape(shape)


def _sides(value: Any) -> list[int]:
    """Return left, right, top, bottom."""
    (top, bottom), (left, right) = (_pair(side) for side in ((value, value) if isinstance(value, int) else value))
    return [left, right, top, bottom]


def _zero_padding(config: Config, weights: Weights) -> nn.Module:
    _check_format(config)
    left, right, top, bottom = _sides(config.get("padding", 1))
    return nn.ZeroPad2d((left, right, top, bottom))


def _cropping(config: Config, weights: Weights) -> nn.Module:
    _check_format(config)
    left, right, top, bottom = (-side for side in _sides(config.get("cropping", 0)))
    return nn.ZeroPad2d((left, right, top, bottom))


def _upsampling(config: Config, weights: Weights) -> nn.Module:
    _check_format(config)
    mode = config.get("interpolation", "nearest")
    if mode not in ("nearest", "bilinear"):
        raise NetworkError(f"upsampling by {mode}")
    factors = tuple(map(float, _pair(config.get("size", 2))))
    return nn.Upsample(scale_factor=factors, mode=mode, align_corners=False if mode == "bilinear" else None)


class _Merge(nn.Module):
    def __init__(self, function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], is_mean: bool = False) -> None:
        super().__init__()
        self._function, self._is_mean = function, is_mean

    def forward(self, first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        for other in others:
            first = self._function(first, other)
        return first / (len(others) + 1) if self._is_mean else first


def _merge(function: Callable[..., torch.Tensor], is_mean: bool = False) -> Make:
    return lambda _config, _weights: _Merge(function, is_mean)


class _Concatenate(nn.Module):
    def __init__(self, axis: int) -> None:
        super().__init__()
        self._axis = axis

    def forward(self, *parts: torch.Tensor) -> torch.Tensor:
        places = (0, 2, 3, 1) if parts[0].ndim == 4 else tuple(range(parts[0].ndim))
        return torch.cat(parts, dim=places[self._axis])


def _concatenate(config: Config, weights: Weights) -> nn.Module:
    return _Concatenate(int(config.get("axis", -1)))


def _nothing(config: Config, weights: Weights) -> nn.Module:
    """Return a layer that does something in training only: nothing."""
    return nn.Identity()


_MAKERS: dict[str, Make] = {
    "Conv2D": _convolution,
    "Convolution2D": _convolution,
    "DepthwiseConv2D": _depthwise,
    "SeparableConv2D": _separable,
    "Dense": _dense,
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm,
    "Rescaling": _rescaling,
    "Normalization": _normalisation,
    "Activation": lambda config, _weights: _activation(str(config["activation"])),
    "ReLU": _relu,
    "LeakyReLU": _leaky_relu,
    "ELU": lambda config, _weights: nn.ELU(float(config.get("alpha", 1.0))),
    "PReLU": _prelu,
    "Softmax": _softmax,
    "MaxPooling2D": _pool(nn.MaxPool2d, float("-inf")),
    "AveragePooling2D": _pool(nn.AvgPool2d, 0.0),
    "GlobalAveragePooling2D": _global(torch.mean),
    "GlobalMaxPooling2D": _global(torch.amax),
    "Flatten": _flatten,
    "Reshape": _reshape,
    "ZeroPadding2D": _zero_padding,
    "Cropping2D": _cropping,
    "UpSampling2D": _upsampling,
    "Add": _merge(torch.add),
    "Subtract": _merge(torch.sub),
    "Multiply": _merge(torch.mul),
    "Average": _merge(torch.add, is_mean=True),
    "Maximum": _merge(torch.maximum),
    "Minimum": _merge(torch.minimum),
    "Concatenate": _concatenate,
    **dict.fromkeys(
        (
            "Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "AlphaDropout", "ActivityRegularization",
            "RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast", "RandomBrightness",
        ),
        _nothing,
    ),
}  # fmt: skip

KNOWN = frozenset(_MAKERS)
"""The classes of layers that can be made."""
