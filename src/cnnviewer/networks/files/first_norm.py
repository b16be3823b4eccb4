"""What the first batch normalisation of a network remembers of the images that it learnt from.

Its running mean and variance are those of its input during the training (Ioffe and Szegedy, Batch Normalization, 2015).
Sample images that are scaled as the training's were give nearly the same; scaled in another way they give others. That
needs no names of classes, and the network's last layers may be anybody's.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from cnnviewer.networks.files.known_photos import sample_groups

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL.Image import Image

    from cnnviewer.preprocessing import Preprocessing

__all__ = ["remembered_way"]

_CLEAR = 0.08
"""The next way must be farther away by that: of networks whose way is known, the right one was at 0.01 to 0.03, and the
next that is not nearly the same at 0.13 or more."""
_FARTHEST = 0.3
_ALIKE = 0.03
"""Ways nearer to each other than that can't be told apart: −1..1, and (x − 127) / 128."""
_LEAST_VARIANCE = 1e-8
_NORMS = ("batch_norm", "_native_batch_norm_legit_no_training", "native_batch_norm")


@dataclass(frozen=True, eq=False)
class _Reached:
    """What a batch normalisation is given, ``(1, C, H, W)``, and its statistics, ``(C,)``."""

    values: torch.Tensor
    mean: torch.Tensor
    variance: torch.Tensor


class _UpToTheNorm(TorchFunctionMode):
    """Stops a forward pass at its first batch normalisation, and keeps what that is given."""

    def __init__(self) -> None:
        super().__init__()
        self.found: _Reached | None = None

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if getattr(func, "__name__", "").partition(".")[0] in _NORMS:
            # torch.nn.functional's own has the statistics before the weights, torch's after them.
            first = 1 if func is functional.batch_norm else 3
            found = [*args[:1], *args[first : first + 2]]
            names = ("input", "running_mean", "running_var")
            found += [given[name] for name in names[len(found) :] if name in given]
            if len(found) == len(names) and all(isinstance(part, torch.Tensor) for part in found):
                # Kept here, not in the exception: a library may raise another in its place.
                self.found = _Reached(*found) if self.found is None else self.found
                raise InterruptedError
        return func(*args, **given)


@dataclass(frozen=True, eq=False)
class _Moments:
    """The mean and the variance of each channel, ``(C,)``."""

    mean: torch.Tensor
    variance: torch.Tensor

    def distance(self, other: _Moments) -> float:
        """Return the mean over the channels of the Bhattacharyya distance of two normal distributions."""
        total = self.variance + other.variance
        apart = (self.mean - other.mean) ** 2 / total / 4
        return float((apart + torch.log(total / (2 * (self.variance * other.variance).sqrt())) / 2).mean())


def remembered_way(module: torch.nn.Module, ways: Sequence[Preprocessing]) -> int | None:
    """Return which way of scaling the images of the training had; None where that is not clear.

    Parameters
    ----------
    module
        In eval mode; nothing of it is changed.
    ways
        Of one size; of those that are as near to each other as can't be told apart the first is taken.

    Returns
    -------
    int or None
        A place in `ways`.
    """
    groups = [_distances(module, ways, photos) for photos in sample_groups(ways[0].channels)]
    distances = [min(of_way) for of_way in zip(*filter(None, groups), strict=True)]
    if not distances:
        return None
    nearest = min(distances)
    found = next(place for place, distance in enumerate(distances) if distance < nearest + _ALIKE)
    others = [distance for distance in distances if distance >= nearest + _ALIKE]
    return found if nearest < _FARTHEST and others and min(others) > nearest + _CLEAR else None


def _distances(module: torch.nn.Module, ways: Sequence[Preprocessing], photos: Sequence[Image]) -> list[float]:
    """Return how far what photos give is from what is remembered, for each way; nothing where that can't be told."""
    found = []
    for how in ways:
        first = _run(module, how(photos[0]))
        remembered = None if first is None else _remembered(module, first)
        if first is None or remembered is None:
            return []
        others = [_run(module, how(photo)) for photo in photos[1:]]
        reached = [first, *(part for part in others if part is not None)]
        values = torch.cat([part.values.transpose(0, 1).flatten(1) for part in reached], 1).double()
        seen = remembered.variance > _LEAST_VARIANCE  # a channel that is always 0 tells nothing
        variance = values.var(1, correction=0).clamp_min(_LEAST_VARIANCE)
        made = _Moments(values.mean(1)[seen], variance[seen])
        found.append(made.distance(_Moments(remembered.mean[seen], remembered.variance[seen])))
    return found if all(distance == distance for distance in found) else []


def _run(module: torch.nn.Module, image: torch.Tensor) -> _Reached | None:
    """Return what the first batch normalisation is given of an image; None where there is none."""
    reached = _UpToTheNorm()
    with suppress(Exception), torch.no_grad(), reached:  # a module from a file may raise anything, too
        module(image)
    return reached.found


def _remembered(module: torch.nn.Module, reached: _Reached) -> _Moments | None:
    """Return the statistics of the training, without what is left in them of the 0 and the 1 that they began with.

    After n batches that is (1 - momentum)^n, as in the averages of Adam (Kingma and Ba, 2015): of a network that learnt
    for a short time it is much.
    """
    mean, variance = reached.mean.double(), reached.variance.double()
    owner = next((part for part in module.modules() if getattr(part, "running_mean", None) is reached.mean), None)
    count, momentum = getattr(owner, "num_batches_tracked", None), getattr(owner, "momentum", None)
    if isinstance(count, torch.Tensor) and count.numel() == 1 and isinstance(momentum, float) and 0 < momentum < 1:
        left = (1 - momentum) ** max(float(count), 0.0)
        if 0 < left < 1:
            mean, variance = mean / (1 - left), (variance - left) / (1 - left)
    is_untouched = bool((mean == 0).all() and (variance == 1).all())
    return None if is_untouched or not bool((variance > _LEAST_VARIANCE).any()) else _Moments(mean, variance)
