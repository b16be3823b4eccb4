"""How a network scales the image itself before its first weights, told by what it makes of plain colours.

A network that begins with a division by 255, a mean and a deviation, or Keras's Rescaling and Normalization, takes
pixels of 0..255. Whatever operations do it, black and white come out at the first convolution in a usual range.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from cnnviewer.networks.files.presets import applied, presets_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnnviewer.networks.files.presets import Preset
    from cnnviewer.preprocessing import Preprocessing

__all__ = ["OwnScaling", "own_scaling"]

_WEIGHING = frozenset(
    ("conv1d", "conv2d", "conv3d", "convolution", "_convolution", "linear", "matmul", "mm", "bmm", "addmm", "einsum")
)
"""Functions with weights, by their plain names: what comes before them is no more than scaling."""
_OUTER = ("0..255", "0..1", "−1..1", "grey, 0..255", "grey, 0..1", "grey, −1..1")
"""What an image may be before a network scales it, the likely ones first."""
_MOST_CHANNELS = 16
_NEAR = 0.02
_PLAIN = 0.05
_BLACK, _WHITE, _LEAST_RANGE = (-5.0, 0.6), (0.4, 6.0), 0.4
"""Where black and white come out after a scaling of someone's own."""


@dataclass(frozen=True)
class OwnScaling:
    """What a network does to a pixel: the image that it wants for that, and what becomes of black and white.

    Parameters
    ----------
    preset
        How the image is scaled that it wants.
    black, white
        What the first weights are given of such an image, ``(C,)``.
    is_usual
        Whether that is what one of the usual ways makes of them; else it is only likely.
    """

    preset: Preset
    black: tuple[float, ...]
    white: tuple[float, ...]
    is_usual: bool


class _UpToTheWeights(TorchFunctionMode):
    """Stops a forward pass at the first function with weights, and keeps what that is given."""

    def __init__(self) -> None:
        super().__init__()
        self.values: torch.Tensor | None = None

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if getattr(func, "__name__", "").partition(".")[0] in _WEIGHING:
            tensors = (value for value in (*args, *(kwargs or {}).values()) if isinstance(value, torch.Tensor))
            # Kept here, not in the exception: a library may raise another in its place.
            self.values = next(tensors) if self.values is None else self.values
            raise InterruptedError
        return func(*args, **(kwargs or {}))


def own_scaling(module: torch.nn.Module, preprocessing: Preprocessing) -> OwnScaling | None:
    """Return how a network scales its image itself; None where it does not, or not by a factor and a term a channel.

    Parameters
    ----------
    module
        In eval mode; it takes ``(1, C, H, W)``.
    preprocessing
        Of the size and channels at which it runs.
    """
    channels = preprocessing.channels
    if channels > _MOST_CHANNELS:
        return None
    plain = torch.stack([torch.full((channels,), value) for value in (0.0, 0.5, 1.0, 255.0)])
    found = [_weighed(module, colors, preprocessing.size) for colors in (*plain, *torch.eye(channels))]
    values = [part for part in found if part is not None and len(part) == channels]
    made = torch.stack(values) if len(values) == len(found) else torch.tensor(torch.nan)
    if not torch.isfinite(made).all():
        return None
    zero, half, one, most = made[:4]
    slope = (made[4:] - zero).T  # what each channel that is weighed takes of each of the image
    places = slope.abs().argmax(1)
    factor, term = torch.empty(channels), torch.empty(channels)
    factor[places], term[places] = slope.gather(1, places[:, None])[:, 0], zero
    is_line = torch.allclose(half, (zero + one) / 2, rtol=1e-3, atol=1e-4)
    is_line &= torch.allclose(most, zero + 255 * (one - zero), rtol=1e-3, atol=1e-2)
    is_own = torch.allclose(slope.sum(1), slope.gather(1, places[:, None])[:, 0], rtol=1e-3, atol=1e-6)
    is_plain = bool(((factor - 1).abs() < _PLAIN).all() and (term.abs() < _PLAIN).all())
    if not is_line or not is_own or is_plain or len(set(places.tolist())) != channels:
        return None
    return _wanted(factor, term, preprocessing)


def _weighed(module: torch.nn.Module, colors: torch.Tensor, size: tuple[int, int]) -> torch.Tensor | None:
    """Return what the first weights are given of an image of one colour, in its middle, ``(C,)``."""
    image = colors.view(1, -1, 1, 1).expand(1, -1, *size).clone()
    reached = _UpToTheWeights()
    with suppress(Exception), torch.no_grad(), reached:  # a module from a file may raise anything, too
        module(image)
    values = reached.values
    if values is None or values.ndim != 4 or values.is_quantized:  # levels of eight bits tell no factor
        return None
    return values[0, :, values.shape[2] // 2, values.shape[3] // 2].float()


def _wanted(factor: torch.Tensor, term: torch.Tensor, preprocessing: Preprocessing) -> OwnScaling | None:
    """Return the image for which black and white come out as they usually do, or in a range that is likely."""
    presets = presets_for(preprocessing.channels)
    outer = sorted(presets, key=lambda preset: _OUTER.index(preset.name) if preset.name in _OUTER else len(_OUTER))
    usual = [_levels(applied(preset, preprocessing)) for preset in presets]
    made = [(preset, _levels(applied(preset, preprocessing)) * factor + term) for preset in outer]
    for preset, levels in made:
        if any(_is_near(levels, own) for own in usual):
            return _scaling(preset, levels, is_usual=True)
    for preset, levels in made:
        if preset.name in _OUTER and _is_likely(levels):
            return _scaling(preset, levels, is_usual=False)
    return None


def _scaling(preset: Preset, levels: torch.Tensor, *, is_usual: bool) -> OwnScaling:
    black, white = levels.tolist()
    return OwnScaling(preset, tuple(black), tuple(white), is_usual)


def _levels(how: Preprocessing) -> torch.Tensor:
    """Return what becomes of black and white, ``(2, C)``, the channels in the order of the colours of a picture."""
    pixels = torch.tensor([[0.0], [255.0]]) / how.divisor
    levels = (pixels - torch.tensor(how.mean)) / torch.tensor(how.deviation)
    made = torch.empty_like(levels)
    made[:, list(how.planes) if sorted(how.planes) == list(range(how.channels)) else range(how.channels)] = levels
    return made


def _is_near(levels: torch.Tensor, usual: torch.Tensor) -> bool:
    reach = (usual[1] - usual[0]).abs().min()
    return bool((levels - usual).abs().max() < _NEAR * reach)


def _is_likely(levels: torch.Tensor) -> bool:
    black, white = levels
    is_black = bool(((black >= _BLACK[0]) & (black <= _BLACK[1])).all())
    is_white = bool(((white >= _WHITE[0]) & (white <= _WHITE[1])).all())
    return is_black and is_white and bool((white - black >= _LEAST_RANGE).all())
