"""Which maps of a layer are made of which maps of the layers before it, and by how large weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from cnnviewer.analysis.statistics import feature_maps
from cnnviewer.operations import Kind
from cnnviewer.recording import INPUT

if TYPE_CHECKING:
    from cnnviewer.recording import Layer, Recording

__all__ = ["connections", "tile_count", "tiles", "weights_through"]


def tiles(layer: Layer) -> torch.Tensor:
    """Return a layer's output as tiles, float ``(tiles, H, W)``: its feature maps; each number of a vector is one."""
    if layer.output.ndim == 1:
        return feature_maps(layer).reshape(-1, 1, 1)
    return feature_maps(layer)


def tile_count(layer: Layer) -> int:
    """Return how many tiles a layer's output has."""
    return len(tiles(layer))


def connections(recording: Recording, layer: Layer) -> tuple[tuple[str, torch.Tensor], ...]:
    """Return what each tile of a layer is made of.

    Parameters
    ----------
    recording
        The recording that holds the layer.
    layer
        Any of its layers.

    Returns
    -------
    tuple
        For each of the layer's inputs its name and the strengths, float32 ``(tiles, tiles of the input)``. The
        size is the norm of the weights between the two: of a convolution's kernel, or of one weight; 1 where there
        are no weights; 0 where the one does not depend on the other. The sign is that of the weights' sum.
    """
    counts = [len(recording.input) if name == INPUT else tile_count(recording[name]) for name in layer.inputs]
    own = tile_count(layer)
    if layer.kind is Kind.CONVOLUTION and "weight" in layer.parameters and len(counts) == 1:
        return ((layer.inputs[0], _of_kernels(layer, own, counts[0])),)
    if layer.kind is Kind.LINEAR and "weight" in layer.parameters and len(counts) == 1:
        weight = layer.parameters["weight"].detach()
        if tuple(weight.shape) == (own, counts[0]):
            return ((layer.inputs[0], weight.float().cpu()),)
    if layer.kind is Kind.CONCATENATION and sum(counts) == own:
        parts = torch.split(torch.eye(own), counts, dim=1)
        return tuple(zip(layer.inputs, parts, strict=True))
    return tuple((name, _without_weights(layer, own, count)) for name, count in zip(layer.inputs, counts, strict=True))


def weights_through(strengths: torch.Tensor, passed: torch.Tensor) -> torch.Tensor:
    """Return the strengths past a layer that hands numbers on unchanged.

    Parameters
    ----------
    strengths
        Of the tiles behind it, ``(tiles, its tiles)``.
    passed
        Which of its tiles come from which before it, zeros and ones, ``(its tiles, tiles before)``.
    """
    return (strengths.square() @ passed).sqrt() * (strengths @ passed).sign()


def _of_kernels(layer: Layer, own: int, count: int) -> torch.Tensor:
    """Return the size of each kernel, with the sign of its sum; zero between maps of different groups."""
    weight = layer.parameters["weight"].detach().float()
    groups = int(layer.settings.get("groups", 1))
    is_transposed = "transpose" in layer.operation or bool(layer.settings.get("transposed", False))
    found = torch.zeros(own, count)
    size = (weight.flatten(2).norm(dim=2) * weight.flatten(2).sum(2).sign()).cpu()
    rows, columns = own // groups, count // groups
    for group in range(groups):
        there = slice(group * rows, (group + 1) * rows), slice(group * columns, (group + 1) * columns)
        found[there] = size[there[1]].T if is_transposed else size[there[0]]
    return found


def _without_weights(layer: Layer, own: int, count: int) -> torch.Tensor:
    if layer.kind in (Kind.SOFTMAX, Kind.ATTENTION, Kind.LINEAR, Kind.CONVOLUTION):
        return torch.ones(own, count)
    if own == count:
        return torch.eye(own)
    if layer.kind is Kind.RESHAPE and own % count == 0:
        return torch.eye(count).repeat_interleave(own // count, dim=0)
    if layer.kind is Kind.RESHAPE and count % own == 0:
        return torch.eye(own).repeat_interleave(count // own, dim=1)
    return torch.ones(own, count)
