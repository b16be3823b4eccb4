"""ONNX's Resize and Upsample, where torch's interpolation takes the same pixels with the same weights.

ONNX tells apart how coordinates are mapped, how they are rounded, and whether what is made smaller is smoothed before;
torch has some of these combinations. Another would look right and be wrong: it is refused by its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["resizing"]

_LARGEST_FACTOR = 32
"""Above, torch's rounding of a coordinate may fall short of a whole number."""
_CUBIC = -0.75
_SMOOTH_CUBIC = -0.5

_HALF, _OLD_TORCH, _CORNERS, _ASYMMETRIC = "half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"
_EXACT: dict[tuple[str, str], dict[str, Any]] = {
    ("linear", _HALF): {"mode": "bilinear", "align_corners": False},
    ("linear", _OLD_TORCH): {"mode": "bilinear", "align_corners": False},
    ("linear", _CORNERS): {"mode": "bilinear", "align_corners": True},
    ("cubic", _HALF): {"mode": "bicubic", "align_corners": False},
    ("cubic", _OLD_TORCH): {"mode": "bicubic", "align_corners": False},
    ("cubic", _CORNERS): {"mode": "bicubic", "align_corners": True},
}
# By the mapping and the rounding: for whole factors, as else the two round at other places.
_NEAREST = {
    (_ASYMMETRIC, "floor"): "nearest",
    (_HALF, "round_prefer_floor"): "nearest-exact",
    (_HALF, "round_prefer_ceil"): "nearest-exact",
    (_OLD_TORCH, "round_prefer_floor"): "nearest-exact",
    (_OLD_TORCH, "round_prefer_ceil"): "nearest-exact",
    ("tf_half_pixel_for_nn", "floor"): "nearest-exact",
}


def resizing(
    kind: str, attributes: Mapping[str, Any], constants: Sequence[torch.Tensor | None], opset: int
) -> nn.Module:
    """Return a module for a Resize or Upsample; it takes the image, and the last input where that is no constant.

    Parameters
    ----------
    kind
        "Resize" or "Upsample".
    attributes
        Those of the node, by name.
    constants
        For each input its value; None where it is no constant, or is omitted.
    opset
        The version of ONNX's operations.

    Raises
    ------
    NotImplementedError
        If torch has no such interpolation; it says which.
    """
    given = _Given(kind, attributes, opset)
    if opset < 11:
        scales, sizes = (constants[1] if len(constants) > 1 else _scales(attributes)), None
    else:
        scales, sizes = (constants[place] if len(constants) > place else None for place in (2, 3))
    return _Resize(given, _plain(scales), _plain(sizes))


def _plain(value: torch.Tensor | None) -> list[float] | None:
    return None if value is None or not value.numel() else [float(number) for number in value.reshape(-1).tolist()]


def _scales(attributes: Mapping[str, Any]) -> torch.Tensor | None:
    return torch.tensor(attributes["scales"]) if "scales" in attributes else None


class _Given:
    """What a node says of its interpolation, with ONNX's defaults."""

    def __init__(self, kind: str, attributes: Mapping[str, Any], opset: int) -> None:
        def word(name: str, default: str) -> str:
            value = attributes.get(name, default)
            return value.decode() if isinstance(value, bytes) else str(value)

        self.kind = kind
        self.mode = word("mode", "nearest")
        # Before version 11 there was one mapping, and no name for it.
        self.mapping = word("coordinate_transformation_mode", _HALF if opset >= 11 else _ASYMMETRIC)
        self.rounding = word("nearest_mode", "round_prefer_floor" if opset >= 11 else "floor")
        self.is_smooth = bool(attributes.get("antialias", 0))
        self.cubic = float(attributes.get("cubic_coeff_a", _CUBIC))
        self.drops_outside = bool(attributes.get("exclude_outside", 0))
        self.policy = word("keep_aspect_ratio_policy", "stretch")
        self.axes = list(attributes.get("axes", range(4)))

    def settings(self) -> dict[str, Any]:
        """Return what torch's interpolation is given."""
        if self.policy != "stretch":
            raise self.refusal(f"keep_aspect_ratio_policy={self.policy}")
        if self.mode == "nearest":
            found = _NEAREST.get((self.mapping, self.rounding))
            if found is None:
                raise self.refusal()
            return {"mode": found}
        exact = _EXACT.get((self.mode, self.mapping))
        if exact is None or (self.is_smooth and exact["align_corners"]):
            raise self.refusal()
        if self.mode == "cubic" and self.cubic != (_SMOOTH_CUBIC if self.is_smooth else _CUBIC):
            raise self.refusal(f"cubic_coeff_a={self.cubic:g}")
        if self.drops_outside != self.is_smooth and (self.is_smooth or self.mode == "cubic"):
            raise self.refusal(f"exclude_outside={int(self.drops_outside)}")
        return {**exact, "antialias": True} if self.is_smooth else exact

    def refusal(self, more: str = "") -> NotImplementedError:
        parts = [self.mode, self.mapping, self.rounding if self.mode == "nearest" else ""]
        parts += ["antialias=1" if self.is_smooth else "", more]
        return NotImplementedError(f"{self.kind} with {', '.join(part for part in parts if part)}")

    def spatial(self, numbers: Sequence[float]) -> tuple[float, float] | None:
        """Return the numbers of height and width; None where those of the other axes must be looked at."""
        named = dict(zip((axis % 4 for axis in self.axes), numbers, strict=True))
        return (named[2], named[3]) if {2, 3} <= set(named) else None


class _Resize(nn.Module):
    """An interpolation; the size, or the factors, may come with each image."""

    def __init__(self, given: _Given, scales: list[float] | None, sizes: list[float] | None) -> None:
        super().__init__()
        self._given, self._settings = given, given.settings()
        self._scales = None if scales is None else self._factors(scales)
        self._sizes = None if sizes is None else self._lengths(sizes)

    def forward(self, image: torch.Tensor, asked: torch.Tensor | None = None) -> torch.Tensor:
        """Return the image in its new size."""
        scales, sizes = self._scales, self._sizes
        if asked is not None and asked.is_floating_point():
            scales = self._factors(asked.tolist())
        elif asked is not None:
            sizes = self._lengths(asked.tolist())
        if sizes is None:
            assert scales is not None
            return F.interpolate(image, scale_factor=scales, **self._settings)
        self._check_lengths(image, sizes)
        return F.interpolate(image, size=sizes, **self._settings)

    def _factors(self, scales: Sequence[float]) -> tuple[float, float]:
        found = self._given.spatial(scales)
        if found is None or (len(scales) == 4 and tuple(scales[:2]) != (1, 1)):
            raise self._given.refusal("of other axes than height and width")
        if self._given.mode == "nearest" and not all(map(_is_whole, found)):
            raise self._given.refusal(f"factors {found[0]:g} and {found[1]:g}")
        if self._given.mode != "nearest" and self._given.is_smooth and min(found) < 1:
            raise self._given.refusal(f"factors {found[0]:g} and {found[1]:g}")
        return found

    def _lengths(self, sizes: Sequence[float]) -> tuple[int, int]:
        found = self._given.spatial(sizes)
        if found is None:
            raise self._given.refusal("of other axes than height and width")
        if self._given.mapping == _OLD_TORCH and 1 in found:
            raise self._given.refusal("to a length of 1")
        return int(found[0]), int(found[1])

    def _check_lengths(self, image: torch.Tensor, sizes: tuple[int, int]) -> None:
        if self._given.mode == "nearest" and not all(
            _is_whole(length / old) for length, old in zip(sizes, image.shape[2:], strict=True)
        ):
            raise self._given.refusal(f"from {tuple(image.shape[2:])} to {sizes}")


def _is_whole(factor: float) -> bool:
    return factor == int(factor) and 1 <= factor <= _LARGEST_FACTOR
