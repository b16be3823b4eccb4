"""ONNX graphs in half or double precision, brought to single precision: the program chooses the precision itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onnx import GraphProto

__all__ = ["in_single"]

_OTHERS = (TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE)
_TYPES = ("to", "dtype")
"""The attributes that name a type of numbers: of Cast, and of what makes numbers."""


def in_single(graph: GraphProto) -> bool:
    """Bring all floating point numbers of a graph to float32: its input, its constants, its casts, and in those within.

    Numbers too large for that become infinite, as where a limit means none.

    Returns
    -------
    bool
        Whether there was something to change.
    """
    count = sum(_convert(tensor) for tensor in _tensors(graph))
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.name in _TYPES and attribute.i in _OTHERS:
                attribute.i = TensorProto.FLOAT
                count += 1
            inner = [*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])]
            count += sum(in_single(part) for part in inner)
    for value in (*graph.input, *graph.output, *graph.value_info):
        if value.type.tensor_type.elem_type in _OTHERS:
            value.type.tensor_type.elem_type = TensorProto.FLOAT
            count += 1
    return count > 0


def _tensors(graph: GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors


def _convert(tensor: TensorProto) -> bool:
    if tensor.data_type not in _OTHERS:
        return False
    # Empty tensors have no numbers to read.
    numbers = numpy_helper.to_array(tensor) if math.prod(tensor.dims) else np.zeros(tensor.dims)
    with np.errstate(over="ignore"):
        tensor.CopyFrom(numpy_helper.from_array(numbers.astype(np.float32), tensor.name))
    return True
