"""What a layer costs: multiply-adds."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from cnnviewer.operations import Kind

if TYPE_CHECKING:
    from cnnviewer.recording import Layer, Recording

__all__ = ["multiply_adds"]


def multiply_adds(layer: Layer, recording: Recording) -> int:
    """Return how many multiplications with addition a layer makes.

    Counted are the layers that do nearly all of the work: convolutions (each output unit takes one product a
    weight of its filter), linear layers and matrix products. Others count as 0, as is usual for networks.
    """
    weight = layer.parameters.get("weight")
    if layer.kind is Kind.CONVOLUTION and weight is not None:
        if "transpose" in layer.operation:
            source = recording.input if layer.inputs[0] == "input" else recording[layer.inputs[0]].output
            return source.numel() * prod(weight.shape[1:])
        return layer.output.numel() * prod(weight.shape[1:])
    if layer.kind is Kind.LINEAR and weight is not None:
        return layer.output.numel() * weight.shape[-1]
    if layer.operation in ("matmul", "bmm", "mm"):
        return layer.output.numel() * _summed_length(layer, recording)
    return 0


def _summed_length(layer: Layer, recording: Recording) -> int:
    """Return over how many products each unit of a matrix product sums: the last axis of the factor in front."""
    if layer.call.is_constant_first:
        return int(next(iter(layer.parameters.values())).shape[-1])
    made = recording.input if layer.inputs[0] == "input" else recording[layer.inputs[0]].output
    return int(made.shape[-1])
