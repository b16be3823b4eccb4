"""The head that a file of weights has in the place of an architecture's own: a layer, or a few in a row.

The file tells its layers with weights, by names and shapes, and where their names are numbers, where something without
weights stands between. What that is it does not tell: the first thing behind a linear layer is taken for a ReLU, as in
nearly all such heads, all else for dropout, which does nothing once a network has learnt. One that begins with the
normalisation of twice as many numbers as the network has maps is fastai's, which takes the maximum and mean of each.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cnnviewer.networks.outlines import Outline

__all__ = ["Head", "HeadLayer", "head_for", "natural_key", "scoring_layer"]

_NUMBERS = re.compile(r"(\d+)")
_HEADS = re.compile(r"head|fc|classif|linear|logit|cls|output|last|dense|pred")
_NORM_STATE = {"weight", "bias", "running_mean", "running_var"}
_COUNTER = "num_batches_tracked"


@dataclass(frozen=True)
class HeadLayer:
    """A layer of a head: its kind, how many numbers it takes and gives, whether it adds a bias, its name in the file.

    A layer without weights has no name and no numbers.
    """

    kind: str
    before: int = 0
    after: int = 0
    has_bias: bool = False
    source: str | None = None

    def build(self) -> nn.Module:
        """Return it with random weights."""
        if self.kind == "Linear":
            return nn.Linear(self.before, self.after, bias=self.has_bias)
        if self.kind == "Conv2d":
            return nn.Conv2d(self.before, self.after, kernel_size=1, bias=self.has_bias)
        if self.kind in ("BatchNorm1d", "LayerNorm"):
            return nn.BatchNorm1d(self.after) if self.kind == "BatchNorm1d" else nn.LayerNorm(self.after)
        plain: dict[str, type[nn.Module]] = {"ReLU": nn.ReLU, "Dropout": nn.Dropout, "Flatten": nn.Flatten}
        return plain[self.kind]()

    def describe(self) -> str:
        """Return it for people: "Linear 512 → 2"."""
        return f"{self.kind} {self.before:,} → {self.after:,}" if self.kind in ("Linear", "Conv2d") else self.kind


class AdaptiveConcatPool2d(nn.Module):
    """The maximum of each map, then the mean of each, as fastai's layer of that name has them."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return ``(N, 2 C, 1, 1)`` of ``(N, C, H, W)``."""
        pooled = nn.functional.adaptive_max_pool2d(maps, 1), nn.functional.adaptive_avg_pool2d(maps, 1)
        return torch.cat(pooled, dim=1)


@dataclass(frozen=True)
class Head:
    """A head that takes the place of the module at `path` in an architecture.

    `pool` is the path of the architecture's pooling layer where maxima and means take its place, too; else ''.
    """

    path: str
    layers: tuple[HeadLayer, ...]
    pool: str = ""

    @property
    def guesses(self) -> tuple[str, ...]:
        """What is in it that changes numbers, and of which the file tells nothing."""
        has_activation = any(layer.kind == "ReLU" for layer in self.layers)
        return (*(["AdaptiveConcatPool2d"] if self.pool else []), *(["ReLU"] if has_activation else []))

    def put_into(self, module: nn.Module) -> nn.Module:
        """Give a module this head, with random weights, in place; return the module."""
        built = [layer.build() for layer in self.layers]
        _put(module, self.path, built[0] if len(built) == 1 else nn.Sequential(*built))
        if self.pool:
            _put(module, self.pool, AdaptiveConcatPool2d())
        return module

    def sources(self, state: Iterable[str]) -> dict[str, str]:
        """Return the names of the head's tensors in the architecture, and for each that in the file."""
        found = {}
        for index, layer in enumerate(self.layers):
            home = self.path if len(self.layers) == 1 else f"{self.path}.{index}"
            for name in state:
                parent, _, own = name.rpartition(".")
                if parent == layer.source:
                    found[f"{home}.{own}"] = name
        return found

    def describe(self) -> str:
        """Return it for people."""
        layers = [*(["AdaptiveConcatPool2d"] if self.pool else []), *(layer.describe() for layer in self.layers)]
        return f"its head was built from the file: {', '.join(layers)}"


def head_for(module: nn.Module, missing: Iterable[str], spare: Outline) -> Head | None:
    """Return the head that a file has in the place of an architecture's own; None where it has none that would do.

    Parameters
    ----------
    module
        The architecture, built without numbers.
    missing
        The tensors of the architecture that the file lacks, or has with another shape.
    spare
        The tensors of the file that nothing else of the architecture takes.
    """
    path = _common([name.rpartition(".")[0] for name in missing])
    old = dict(module.named_modules()).get(path) if path else None
    first = None if old is None else next((part for part in old.modules() if _is_scoring(part)), None)
    if old is None or first is None or not _is_last(module, path):
        return None
    width = int(first.in_features if isinstance(first, nn.Linear) else first.in_channels)
    is_convolution = isinstance(first, nn.Conv2d)
    long = (_in_a_row(units, width) for units in _rows_of(spare))
    groups = (_chain(units, width, is_convolution=is_convolution) for units in _groups(path, spare))
    for layers in (*long, *groups):
        if layers:
            is_spatial = any(isinstance(part, nn.Flatten) for part in old.modules())
            return Head(path, ((HeadLayer("Flatten"),) if is_spatial else ()) + layers)
    return _head_of_fastai(module, path, 2 * width, spare)


def scoring_layer(module: nn.Module) -> str:
    """Return the path of the last layer of a module that may make scores of classes; '' where none does."""
    return next((name for name, part in reversed(list(module.named_modules())) if _is_scoring(part)), "")


def _head_of_fastai(module: nn.Module, path: str, width: int, spare: Outline) -> Head | None:
    """Return a head as fastai builds it, in the place of an architecture's and its pooling; None where it has none."""
    pool = _pool_of(module, path)
    for units in _groups(path, spare) if pool else ():
        # What stands before the first is the pooling, which has no weights either.
        layers = _chain(units, width, is_convolution=False)
        layers = layers[1:] if layers and layers[0].kind == "Dropout" else layers
        if layers and layers[0].kind == "BatchNorm1d":
            return Head(path, (HeadLayer("Flatten"), *layers), pool)
    return None


def _pool_of(module: nn.Module, path: str) -> str:
    """Return where a network takes the mean of each of its last maps; '' where no layer of its own does."""
    found = ""
    for name, part in module.named_modules():
        if name == path or name.startswith(f"{path}."):
            continue
        # What has weights and stands between takes as many numbers as there are maps.
        if next(part.parameters(recurse=False), None) is not None:
            found = ""
        is_mean = isinstance(part, nn.AdaptiveAvgPool2d) and part.output_size in (1, (1, 1))
        # timm's layer, which holds another that does it.
        if not found and (is_mean or getattr(part, "pool_type", "") in ("avg", "fast", "fastavg")):
            found = name
    return found


def _put(module: nn.Module, path: str, part: nn.Module) -> None:
    parent, _, own = path.rpartition(".")
    setattr(module.get_submodule(parent), own, part)


def natural_key(name: str) -> list[tuple[int, str]]:
    """Return what sorts names with numbers in them as people would."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in _NUMBERS.split(name)]


def _is_scoring(part: nn.Module) -> bool:
    return isinstance(part, nn.Linear) or (isinstance(part, nn.Conv2d) and part.kernel_size == (1, 1))


def _is_last(module: nn.Module, path: str) -> bool:
    """Whether the last layer of a module that scores lies within one of its submodules."""
    last = scoring_layer(module)
    return last == path or last.startswith(f"{path}.")


def _common(names: list[str]) -> str:
    """Return the levels with which all of some dotted names begin."""
    levels = [name.split(".") for name in names]
    shared = []
    for parts in zip(*levels, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return ".".join(shared)


def _rows_of(spare: Outline) -> list[dict[str, Outline]]:
    """Return all layers that a file has to spare, in its own order, and in that of the numbers in their names."""
    units = _units(spare)
    natural = dict(sorted(units.items(), key=lambda item: natural_key(item[0])))
    return [units, natural] if list(natural) != list(units) else [units]


def _groups(path: str, spare: Outline) -> list[dict[str, Outline]]:
    """Return the layers of a file that may be a head, those at its usual place first, then those that are called so."""
    units = _units(spare)
    own_place = {name: unit for name, unit in units.items() if name == path or name.startswith(f"{path}.")}
    others: dict[str, dict[str, Outline]] = defaultdict(dict)
    for name, unit in units.items():
        first = name.partition(".")[0]
        others["" if first.isdigit() else first][name] = unit
    named = sorted(others, key=lambda first: not _HEADS.search(first))
    groups = [own_place, *(others[first] for first in named), dict(units)]
    return [dict(sorted(group.items(), key=lambda item: natural_key(item[0]))) for group in groups if group]


def _units(spare: Outline) -> dict[str, Outline]:
    """Return layers by their names, each its tensors by their own."""
    units: dict[str, Outline] = defaultdict(dict)
    for name, shape in spare.items():
        parent, _, own = name.rpartition(".")
        if own != _COUNTER:
            units[parent][own] = shape
    return units


def _in_a_row(units: Mapping[str, Outline], width: int) -> tuple[HeadLayer, ...]:
    """Return the layers that work one after another on so many numbers, whatever stands between; at least two of them.

    What has no bias and follows another may be no layer, but the centres of classes with which a network learns.
    """
    layers: list[HeadLayer] = []
    for name, unit in units.items():
        layer = _layer(name, unit, width, is_convolution=False)
        if layer is not None and not (layers and not layer.has_bias):
            layers.append(layer)
            width = layer.after
    while layers and layers[-1].kind != "Linear":
        layers.pop()
    return _with_gaps(layers) if sum(layer.kind == "Linear" for layer in layers) > 1 else ()


def _chain(units: Mapping[str, Outline], width: int, *, is_convolution: bool) -> tuple[HeadLayer, ...]:
    """Return layers that work one after another on so many numbers; none where some would not."""
    layers: list[HeadLayer] = []
    for name, unit in units.items():
        layer = _layer(name, unit, width, is_convolution=is_convolution)
        if layer is None:
            return ()
        layers.append(layer)
        width = layer.after
    if not layers or layers[-1].kind not in ("Linear", "Conv2d"):
        return ()
    return _with_gaps(layers)


def _layer(name: str, unit: Outline, width: int, *, is_convolution: bool) -> HeadLayer | None:
    weight, bias = unit.get("weight"), unit.get("bias")
    if weight is None or not unit.keys() <= _NORM_STATE or (bias is not None and bias != weight[:1]):
        return None
    if unit.keys() == _NORM_STATE and weight == (width,):
        return HeadLayer("BatchNorm1d", width, width, True, name)
    if unit.keys() == {"weight", "bias"} and weight == (width,):
        return HeadLayer("LayerNorm", width, width, True, name)
    is_pixel = len(weight) == 4 and weight[2:] == (1, 1) and is_convolution
    if "running_mean" in unit or weight[1:2] != (width,) or not (len(weight) == 2 or is_pixel):
        return None
    return HeadLayer("Conv2d" if is_pixel else "Linear", width, weight[0], bias is not None, name)


def _with_gaps(layers: list[HeadLayer]) -> tuple[HeadLayer, ...]:
    """Return the layers with those between that have no weights."""
    found: list[HeadLayer] = []
    # Whether the last linear layer waits for its activation.
    is_bare, last = False, -1
    numbers = _numbers(layers)
    for place, layer in enumerate(layers):
        gap = 0 if numbers is None else numbers[place] - last - 1
        if numbers is None:
            gap = int(is_bare and layer.kind == "Linear")
        for _ in range(min(gap, 2 if place else 1)):
            found.append(HeadLayer("ReLU" if is_bare else "Dropout"))
            is_bare = False
        found.append(layer)
        is_bare = is_bare or layer.kind in ("Linear", "Conv2d")
        last = last if numbers is None else numbers[place]
    return tuple(found)


def _numbers(layers: list[HeadLayer]) -> list[int] | None:
    """Return the places of layers in the `Sequential` that they are in; None where they are in none."""
    split = [(layer.source or "").rpartition(".") for layer in layers]
    if all(layer.source and layer.source.isdigit() for layer in layers[1:]) and not split[0][2].isdigit():
        # A layer of the network itself, which is the first in the `Sequential`.
        return [0, *(int(layer.source or 0) for layer in layers[1:])]
    is_one = len({parent for parent, _, _ in split}) == 1 and all(own.isdigit() for _, _, own in split)
    return [int(own) for _, _, own in split] if is_one else None
