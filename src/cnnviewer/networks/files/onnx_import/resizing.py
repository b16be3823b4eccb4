"""Resize and Upsample: each of ONNX's ways, by torch's interpolation where that is proved to take the same pixels.

ONNX tells apart how coordinates are mapped, how they are rounded, and whether what is made smaller is smoothed before.
Each way is separable: a matrix an axis says which pixels, with which weights, make each new one. torch's interpolation
is tried on rows of random pixels: where it makes the same of them it runs, else products with the matrices do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from cnnviewer.networks.files.onnx_import.indexing import at_places
from cnnviewer.networks.files.onnx_import.values import UnsupportedError, numbers, on_axis, on_host

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.networks.files.onnx_import.node import Given
    from cnnviewer.networks.files.onnx_import.values import Value

    Array = np.ndarray[Any, Any]

_MAPPINGS = (
    "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn",
    "tf_crop_and_resize",
)  # fmt: skip
_NEAR, _NEAR_EACH = 1e-5, 5e-7
"""How near numbers are that are the same, and by how much more where coordinates are as large: in single precision."""
_PROBES = 4
"""So many rows of random pixels tell whether two ways take the same with the same weights."""
_LARGEST_MATRIX = 2**24


@dataclass(frozen=True)
class _Way:
    """How pixels are taken: what the node says of its interpolation, with ONNX's defaults."""

    mode: str
    mapping: str
    rounding: str
    is_smooth: bool
    cubic: float
    drops_outside: bool

    @classmethod
    def of(cls, given: Given) -> _Way:
        # Before version 11 there was one mapping, and no name for it.
        is_old = given.opset < 11 or given.kind == "Upsample"
        way = cls(
            given.word("mode", "nearest"),
            given.word("coordinate_transformation_mode", "asymmetric" if is_old else "half_pixel"),
            given.word("nearest_mode", "floor" if is_old else "round_prefer_floor"),
            given.flag("antialias"),
            given.get("cubic_coeff_a", -0.75),
            given.flag("exclude_outside"),
        )
        if way.mode not in ("nearest", "linear", "bilinear", "cubic") or way.mapping not in _MAPPINGS:
            raise UnsupportedError(f"{given.kind} with {way.mode}, {way.mapping}")
        return way


@dataclass(frozen=True)
class _Axis:
    """How one axis is resized: its length, the new one, the factor, and the part of it that is taken."""

    axis: int
    length: int
    new: int
    scale: float
    part: tuple[float, float] = (0.0, 1.0)

    @property
    def is_kept(self) -> bool:
        return self.length == self.new and abs(self.scale - 1) < _NEAR and self.part == (0.0, 1.0)


@dataclass(frozen=True)
class _Plan:
    """What is to be done: an interpolation of torch, or products axis by axis; `filler` is for places outside."""

    way: _Way
    axes: tuple[_Axis, ...]
    filler: float = 0.0
    interpolation: dict[str, Any] | None = field(default=None)


# ---- which pixels


def _coordinates(way: _Way, axis: _Axis) -> Array:
    """Return the place in the old image of each new pixel, in single precision as runtimes compute it."""
    place, scale = np.arange(axis.new, dtype=np.float32), np.float32(axis.scale)
    new_length = np.float32(axis.scale * axis.length)
    last = np.float32(axis.length - 1)
    if way.mapping == "align_corners":
        return np.zeros_like(place) if new_length == 1 else place * last / (new_length - 1)
    if way.mapping == "asymmetric":
        return place / scale
    if way.mapping == "tf_half_pixel_for_nn":
        return (place + np.float32(0.5)) / scale
    if way.mapping == "tf_crop_and_resize":
        begin, end = map(np.float32, axis.part)
        if axis.new == 1:
            return begin * last + np.full_like(place, (end - begin) * last / 2)
        return begin * last + place * (end - begin) * last / np.float32(axis.new - 1)
    if way.mapping == "pytorch_half_pixel" and new_length == 1:
        return np.full_like(place, -0.5)
    offset = np.float32(0)
    if way.mapping == "half_pixel_symmetric":
        offset = np.float32(axis.length / 2 * (1 - axis.new / (axis.scale * axis.length)))
    return offset + (place + np.float32(0.5)) / scale - np.float32(0.5)


def _nearest(way: _Way, places: Array) -> Array:
    """Return the pixel at each place."""
    if way.rounding == "floor":
        return np.floor(places)
    if way.rounding == "ceil":
        return np.ceil(places)
    return np.ceil(places - 0.5) if way.rounding == "round_prefer_floor" else np.floor(places + 0.5)


def _weights(way: _Way, distance: Array, scale: float) -> Array:
    """Return the weights of pixels by their distances from a place (Keys, 1981, for cubic ones)."""
    if way.is_smooth:
        distance = distance * min(scale, 1.0)
    distance = np.abs(distance)
    if way.mode != "cubic":
        return np.asarray(np.maximum(0.0, 1 - distance))
    a, d = way.cubic, distance
    inner = ((a + 2) * d - (a + 3)) * d * d + 1
    outer = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return np.where(d <= 1, inner, np.where(d < 2, outer, 0.0))


@lru_cache(maxsize=64)
def _taps(way: _Way, axis: _Axis) -> tuple[Array, Array, Array]:
    """Return which pixels make each new one, ``(new, taps)``, with which weights, and which new ones lie outside."""
    places = _coordinates(way, axis).astype(np.float64)
    is_outside = np.zeros(axis.new, dtype=bool)
    if way.mapping == "tf_crop_and_resize":
        is_outside = (places < 0) | (places > axis.length - 1)
    if way.mode == "nearest":
        taken = _nearest(way, places)[:, None]
        weights = np.ones_like(taken)
    else:
        reach = (2 if way.mode == "cubic" else 1) / (min(axis.scale, 1.0) if way.is_smooth else 1.0)
        taken = np.floor(places)[:, None] + np.arange(-int(np.ceil(reach)) + 1, int(np.ceil(reach)) + 1)
        weights = _weights(way, taken - places[:, None], axis.scale)
    if way.drops_outside:
        weights = np.where((taken < 0) | (taken >= axis.length), 0.0, weights)
    if way.drops_outside or way.is_smooth:
        weights = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
    weights[is_outside] = 0
    return np.clip(taken, 0, axis.length - 1).astype(np.int64), weights, is_outside


def _matrix(way: _Way, axis: _Axis) -> tuple[Array, Array]:
    """Return the weight of each pixel in each new one, ``(new, length)``, and which new ones lie outside."""
    if axis.new * axis.length > _LARGEST_MATRIX:
        raise UnsupportedError(f"Resize with {way.mode}, {way.mapping} from {axis.length:,} to {axis.new:,}")
    taken, weights, is_outside = _taps(way, axis)
    found = np.zeros((axis.new, axis.length))
    np.add.at(found, (np.arange(axis.new)[:, None], taken), weights)
    return found, is_outside


# ---- torch's interpolation


@cache
def _candidates(mode: str, is_smooth: bool) -> tuple[dict[str, Any], ...]:
    if mode == "nearest":
        return ({"mode": "nearest"}, {"mode": "nearest-exact"})
    name = "bicubic" if mode == "cubic" else "bilinear"
    smooth = {"antialias": True} if is_smooth else {}
    return (
        {"mode": name, "align_corners": False, **smooth},
        *(() if is_smooth else ({"mode": name, "align_corners": True},)),
    )


@lru_cache(maxsize=256)
def _is_same(way: _Way, axis: _Axis, number: int, by_scale: bool) -> bool:
    """Whether a candidate takes the same pixels along an axis."""
    taken, weights, is_outside = _taps(way, axis)
    if is_outside.any():
        return False
    options = _candidates(way.mode, way.is_smooth)[number]
    size: dict[str, Any] = {"scale_factor": (axis.scale, 1.0)} if by_scale else {"size": (axis.new, 1)}
    probes = np.random.default_rng(0).random((_PROBES, axis.length))
    near = _NEAR + _NEAR_EACH * max(axis.length, axis.new)
    wanted = (probes[:, taken] * weights).sum(axis=2)
    with torch._C.DisableTorchFunction():
        image = torch.from_numpy(probes).to(torch.float32)[None, :, :, None]
        found = F.interpolate(image, **size, **options)[0, :, :, 0].numpy()
    return found.shape == wanted.shape and bool(np.abs(found - wanted).max(initial=0.0) < near)


def _interpolation(way: _Way, ndim: int, axes: Sequence[_Axis], by_scale: bool) -> dict[str, Any] | None:
    """Return the arguments of torch's interpolation that does the same; None where there are none."""
    if ndim not in (3, 4, 5) or any(axis.axis < 2 for axis in axes):
        return None
    if ndim != 4 and (way.mode == "cubic" or way.is_smooth):
        return None
    spatial = {axis.axis: axis for axis in axes}
    for number, options in enumerate(_candidates(way.mode, way.is_smooth)):
        for is_by_scale in (True, False) if by_scale else (False,):
            if all(_is_same(way, axis, number, is_by_scale) for axis in axes):
                mode = str(options["mode"])
                named = {3: "linear", 4: "bilinear", 5: "trilinear"}[ndim] if mode == "bilinear" else mode
                key = "scale_factor" if is_by_scale else "size"
                return {key: _sizes(spatial, ndim, is_by_scale), **options, "mode": named}
    return None


def _sizes(axes: dict[int, _Axis], ndim: int, by_scale: bool) -> tuple[Any, ...]:
    # The lengths of axes that are kept are put in when the image is there.
    return tuple(
        (axes[axis].scale if by_scale else axes[axis].new) if axis in axes else (1.0 if by_scale else -1)
        for axis in range(2, ndim)
    )


# ---- what the node asks for


def _axes(given: Given, shape: Sequence[int], scales: Value, sizes: Value, parts: Value) -> list[_Axis]:
    """Return how each axis is resized."""
    ndim = len(shape)
    places = [axis % ndim for axis in given.get("axes", range(ndim))]
    factors = [float(factor) for factor in given.list("scales", scales) or []]
    wanted = [int(length) for length in numbers(sizes)]
    bounds = numbers(parts) or [0.0] * len(places) + [1.0] * len(places)
    if given.word("coordinate_transformation_mode") != "tf_crop_and_resize":
        bounds = [0.0] * len(places) + [1.0] * len(places)
    if wanted:
        factors = [new / shape[axis] for axis, new in zip(places, wanted, strict=True)]
        policy = given.word("keep_aspect_ratio_policy", "stretch")
        if policy != "stretch":
            factor = min(factors) if policy == "not_larger" else max(factors)
            factors = [factor] * len(factors)
            wanted = [int(factor * shape[axis] + 0.5) for axis in places]
    else:
        wanted = [
            int(np.float32(factor) * np.float32(shape[axis])) for axis, factor in zip(places, factors, strict=True)
        ]
    return [
        _Axis(axis, shape[axis], on_axis(new), factor, (float(begin), float(end)))
        for axis, new, factor, begin, end in zip(
            places, wanted, factors, bounds[: len(places)], bounds[len(places) :], strict=True
        )
    ]


def _planned(given: Given, shape: Sequence[int], scales: Value, sizes: Value, parts: Value) -> _Plan:
    way = _Way.of(given)
    axes = tuple(axis for axis in _axes(given, shape, scales, sizes, parts) if not axis.is_kept)
    by_scale = not numbers(sizes)
    filler = float(given.get("extrapolation_value", 0.0))
    return _Plan(way, axes, filler, _interpolation(way, len(shape), axes, by_scale) if axes else None)


def _ordered(given: Given, inputs: Sequence[Value]) -> tuple[Value, Value, Value]:
    """Return the factors, the lengths and the parts that are taken, of a node's inputs behind the image."""
    if given.opset < 11 or given.kind == "Upsample":
        return (inputs[0] if inputs else None), None, None
    padded = [*inputs, None, None, None]
    return padded[1], padded[2], padded[0]


def resized(given: Given, x: torch.Tensor, *inputs: Value) -> torch.Tensor:
    """Return an image in another size."""
    plan = _planned(given, x.shape, *_ordered(given, inputs))
    return _run(x, plan, [_as_tensors(plan, axis, x) for axis in plan.axes] if plan.interpolation is None else [])


def _as_tensors(plan: _Plan, axis: _Axis, like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
    matrix, is_outside = _matrix(plan.way, axis)
    kind = like.dtype if like.is_floating_point() else torch.float32
    with torch._C.DisableTorchFunction():
        filler = torch.from_numpy(is_outside * plan.filler).to(like.device, kind) if is_outside.any() else None
        return torch.from_numpy(matrix).to(like.device, kind), filler


def _run(x: torch.Tensor, plan: _Plan, tensors: Sequence[tuple[torch.Tensor, torch.Tensor | None]]) -> torch.Tensor:
    if not plan.axes:
        return x
    if plan.interpolation is not None:
        if not x.is_floating_point():
            return _run(x.float(), plan, tensors).to(x.dtype)
        options = dict(plan.interpolation)
        if "size" in options:
            options["size"] = tuple(
                new if new >= 0 else old for new, old in zip(options["size"], x.shape[2:], strict=True)
            )
        return F.interpolate(x, **options)
    kind = x.dtype
    for axis, (matrix, filler) in zip(plan.axes, tensors, strict=True):
        if plan.way.mode == "nearest" and filler is None:
            x = at_places(x, axis.axis, _taps(plan.way, axis)[0][:, 0].tolist())
            continue
        x = x if x.is_floating_point() else x.float()
        behind = x.ndim - 1 - axis.axis
        x = (
            torch.matmul(x, matrix.T)
            if not behind
            else torch.matmul(matrix, x.movedim(axis.axis, -2)).movedim(-2, axis.axis)
        )
        if filler is not None:
            x = x + filler.reshape(-1, *(1,) * behind)
    return x if x.dtype == kind else torch.round(x).to(kind)


class _Resizing(nn.Module):
    """A resizing of images of one known size, with its matrices as buffers: they are no part of each forward pass."""

    def __init__(self, given: Given, shape: Sequence[int], inputs: Sequence[Value]) -> None:
        super().__init__()
        self._given, self._shape, self._rest = given, tuple(shape), tuple(inputs)
        self._plan = _planned(given, shape, *_ordered(given, inputs))
        self._names: list[tuple[str, str | None]] = []
        for axis in self._plan.axes if self._plan.interpolation is None else ():
            matrix, filler = _as_tensors(self._plan, axis, torch.zeros(()))
            self.register_buffer(f"weights_{axis.axis}", matrix)
            self.register_buffer(f"outside_{axis.axis}", filler)
            self._names.append((f"weights_{axis.axis}", f"outside_{axis.axis}"))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the image in its new size."""
        if tuple(image.shape) != self._shape:
            return resized(self._given, image, *self._rest)
        return _run(
            image, self._plan, [(getattr(self, first), getattr(self, second or "")) for first, second in self._names]
        )


def resizing_module(given: Given, constants: Sequence[torch.Tensor | None]) -> nn.Module | None:
    """Return a module where all but the image is constant, and its size is known."""
    shape, inputs = given.shapes[0], [on_host(value) for value in constants[1:]]
    is_fixed = all(value is not None or not name for value, name in zip(inputs, given.inputs[1:], strict=True))
    _Way.of(given)
    return _Resizing(given, shape, inputs) if is_fixed and shape is not None else None
