"""Models of ONNX, made node by node."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from pathlib import Path


def model_of(nodes, inputs=None, initializers=(), outputs=("y",), **options) -> onnx.ModelProto:
    """Return a model of some nodes, by default from an image "x" to "y"."""
    inputs = inputs or [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    graph = helper.make_graph(nodes, "made", inputs, ends, list(initializers))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], **options)


def saved(model: onnx.ModelProto, folder: Path) -> Path:
    (folder / "net.onnx").write_bytes(model.SerializeToString())
    return folder / "net.onnx"


def value_of(*shape, kind=TensorProto.FLOAT, name="x"):
    return helper.make_tensor_value_info(name, kind, shape)


def row_of_relus(count: int) -> onnx.ModelProto:
    names = ["x", *(f"v{number}" for number in range(count - 1)), "y"]
    return model_of([helper.make_node("Relu", [one], [other]) for one, other in pairwise(names)])


def integers(name: str, *numbers: int) -> TensorProto:
    return numpy_helper.from_array(np.array(numbers, dtype=np.int64), name)
