"""Weights that an ONNX file holds once and that several nodes use are one parameter."""

import numpy as np
import pytest
import torch
from onnx import helper, numpy_helper
from onnx_models import model_of, saved

import cnnviewer

torch.set_num_threads(1)
node = helper.make_node
POOLED = [node("GlobalAveragePool", ["x"], ["p"]), node("Flatten", ["p"], ["f"])]
KERNEL, MATRIX, ONES = (3, 3, 3, 3), (3, 3), (3,)

TIED = {
    "convolutions": (
        [node("Conv", ["x", "w", "b"], ["a"], pads=[1] * 4), node("Conv", ["a", "w", "b"], ["y"], pads=[1] * 4)],
        {"w": KERNEL, "b": ONES},
        84,
    ),
    "one bias of its own": (
        [node("Conv", ["x", "w", "b"], ["a"], pads=[1] * 4), node("Conv", ["a", "w", "c"], ["y"], pads=[1] * 4)],
        {"w": KERNEL, "b": ONES, "c": ONES},
        87,
    ),
    "products": ([*POOLED, node("MatMul", ["f", "m"], ["a"]), node("MatMul", ["a", "m"], ["y"])], {"m": MATRIX}, 9),
    "general products": (
        [*POOLED, node("Gemm", ["f", "m"], ["a"], transB=1), node("Gemm", ["a", "m"], ["y"], transB=1)],
        {"m": MATRIX},
        9,
    ),
    "handed on": (
        [node("Identity", ["m"], ["n"]), *POOLED, node("MatMul", ["f", "m"], ["a"]), node("MatMul", ["a", "n"], ["y"])],
        {"m": MATRIX},
        9,
    ),
    "transposed twice": (
        [
            *POOLED,
            *(node("Transpose", ["m"], [name], perm=[1, 0]) for name in "st"),
            *(node("MatMul", ["f", "s"], ["a"]), node("MatMul", ["a", "t"], ["y"])),
        ],
        {"m": MATRIX},
        9,
    ),
    "not tied": (
        [*POOLED, node("MatMul", ["f", "m"], ["a"]), node("MatMul", ["a", "n"], ["y"])],
        {"m": MATRIX, "n": MATRIX},
        18,
    ),
}


@pytest.mark.parametrize("name", TIED)
def test_a_weight_of_two_nodes_counts_once(name, tmp_path):
    nodes, shapes, count = TIED[name]
    rng = np.random.default_rng(0)
    values = {key: rng.normal(size=shape).astype(np.float32) for key, shape in shapes.items() if len(shape) > 1}
    values |= {key: np.ones(shape, np.float32) for key, shape in shapes.items() if len(shape) == 1}
    if "n" in values:
        values["n"] = values["m"]  # the same numbers, and yet two weights
    stored = [numpy_helper.from_array(value, key) for key, value in values.items()]
    path = saved(model_of(nodes, initializers=stored), tmp_path)
    network = cnnviewer.load_network(str(path))
    assert network.parameter_count == count
    image = torch.randn(1, 3, 8, 8)
    recording = cnnviewer.record(network, image)
    ort = pytest.importorskip("onnxruntime")
    (expected,) = ort.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": image.numpy()})
    assert recording.layers[-1].result.numpy() == pytest.approx(expected, rel=1e-5, abs=1e-5)
