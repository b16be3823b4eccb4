"""Operators of ONNX in forms that people's networks have, each against ONNX's own runtime."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import pytest
import torch
from made_networks import image
from onnx import TensorProto, helper, numpy_helper
from torch import nn

import cnnviewer
from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.onnx_file import open_file
from cnnviewer.recorder import Recorder

if TYPE_CHECKING:
    from pathlib import Path

FLOAT = TensorProto.FLOAT


def _random(*shape, scale=0.5):
    return (np.random.default_rng(sum(shape)).standard_normal(shape) * scale).astype(np.float32)


class Graph:
    """A graph in the making; `op` returns the name of a node's output."""

    def __init__(self, shape=(1, 3, 16, 16), opset=18, kind=FLOAT) -> None:
        self.nodes, self.stored, self.shape, self.opset, self.kind = [], [], shape, opset, kind
        self.domains = {"": opset}

    def constant(self, value) -> str:
        name = f"c{len(self.stored)}"
        self.stored.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def op(self, kind, inputs, outputs=1, domain="", **attributes):
        names = [f"t{len(self.nodes)}_{place}" for place in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, domain=domain, **attributes))
        self.domains.setdefault(domain, 1)
        return names[0] if outputs == 1 else names

    def save(self, folder: Path, *outputs: str, kinds=()) -> Path:
        kinds = kinds or [FLOAT] * len(outputs)
        ends = [helper.make_tensor_value_info(name, kind, None) for name, kind in zip(outputs, kinds, strict=True)]
        begin = [helper.make_tensor_value_info("x", self.kind, list(self.shape))]
        graph = helper.make_graph(self.nodes, "made", begin, ends, self.stored)
        imports = [helper.make_opsetid(domain, version) for domain, version in self.domains.items()]
        (folder / "net.onnx").write_bytes(
            helper.make_model(graph, opset_imports=imports, ir_version=9).SerializeToString()
        )
        return folder / "net.onnx"


def _same(path: Path, x: np.ndarray, tolerance: float = 1e-4):
    """Open a file, and compare all that it returns with the runtime's; return the module."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    wanted = session.run(None, {session.get_inputs()[0].name: x})
    module = open_file(path).module
    with torch.no_grad():
        found = module(torch.from_numpy(x.astype(np.float32)))
    found = list(found.values()) if isinstance(found, dict) else [found]
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one.numpy(), other, atol=tolerance, rtol=1e-3)
    return module


# ---- recurrent layers, as PyTorch exports them


class Reader(nn.Module):
    """Rows of an image, read by a recurrent layer."""

    def __init__(self, kind: str, has_state: bool, **options) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, stride=2, padding=1)
        self.layer = getattr(nn, kind)(16, 6, **options)
        self.has_state = has_state

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        rows = self.conv(image).permute(0, 3, 1, 2).flatten(2)
        rows = rows if self.layer.batch_first else rows.transpose(0, 1)
        if not self.has_state:
            return self.layer(rows)[0]
        ways = self.layer.num_layers * (2 if self.layer.bidirectional else 1)
        state = torch.full((ways, 1, 6), 0.3)
        return self.layer(rows, (state, state) if isinstance(self.layer, nn.LSTM) else state)[0]


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize(
    ("options", "has_state"),
    [({}, False), ({"bidirectional": True, "batch_first": True}, True), ({"num_layers": 2, "bias": False}, False)],
)
def test_recurrent_layers(tmp_path, kind, options, has_state):
    torch.manual_seed(0)
    network, path = Reader(kind, has_state, **options).eval(), tmp_path / "net.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network, (torch.zeros(1, 1, 16, 12),), path, dynamo=False, input_names=["x"])
    module = _same(path, _random(1, 1, 16, 12))
    recorder = Recorder(cnnviewer.from_module(module))
    names = [layer.operation for layer in recorder.record(image(1, 1, 16, 12)).layers]
    assert kind.lower() in " ".join(names)


def test_a_recurrent_layer_in_a_form_that_torch_has_not(tmp_path):
    graph = Graph((1, 1, 5, 4))
    rows = graph.op("Reshape", ["x", graph.constant(np.array([5, 1, 4]))])
    weights = [graph.constant(_random(1, 12, 4)), graph.constant(_random(1, 12, 3)), graph.constant(_random(1, 24))]
    inputs = [rows, *weights, "", "", "", graph.constant(_random(1, 9))]
    outputs = graph.op(
        "LSTM", inputs, 3, hidden_size=3, direction="reverse", clip=0.5, activations=["Sigmoid", "Relu", "Tanh"]
    )
    _same(graph.save(tmp_path, *outputs), _random(1, 1, 5, 4))


@pytest.mark.parametrize("before", [0, 1])
def test_a_gated_layer_by_its_reset(tmp_path, before):
    graph = Graph((1, 1, 5, 4))
    rows = graph.op("Reshape", ["x", graph.constant(np.array([5, 1, 4]))])
    weights = [graph.constant(_random(1, 9, 4)), graph.constant(_random(1, 9, 3)), graph.constant(_random(1, 18))]
    outputs = graph.op("GRU", [rows, *weights], 2, hidden_size=3, linear_before_reset=before)
    _same(graph.save(tmp_path, *outputs), _random(1, 1, 5, 4))


# ---- constants, padding, pooling


def test_layers_of_constants_are_worked_out(tmp_path):
    graph = Graph()
    made = graph.op(
        "Gemm", [graph.constant(_random(4, 2)), graph.constant(_random(3, 2)), graph.constant(_random(3))], transB=1
    )
    made = graph.op("ReduceMean", [made, graph.constant(np.array([0]))], keepdims=0)
    made = graph.op("Reshape", [made, graph.constant(np.array([1, 3, 1, 1]))])
    kernel = graph.op("Conv", [graph.constant(_random(3, 2, 3, 3)), graph.constant(_random(3, 2, 1, 1))])
    module = _same(
        graph.save(tmp_path, graph.op("Conv", [graph.op("Add", ["x", made]), kernel])), _random(1, 3, 16, 16)
    )
    recording = cnnviewer.record(cnnviewer.from_module(module), image(1, 3, 16, 16))
    assert [layer.kind for layer in recording.layers] == ["addition", "convolution"]


@pytest.mark.parametrize(
    "attributes",
    [
        {"kernel_shape": [3, 3], "pads": [2, 2, 2, 2], "dilations": [2, 2]},
        {"kernel_shape": [3, 3], "pads": [0, 1, 1, 2], "strides": [2, 2], "ceil_mode": 1},
        {"kernel_shape": [2, 3], "auto_pad": "SAME_LOWER", "strides": [2, 1]},
    ],
)
def test_pooling(tmp_path, attributes):
    graph = Graph(opset=19)
    outputs = graph.op("MaxPool", ["x"], 2, **attributes)
    means = [graph.op("AveragePool", ["x"], count_include_pad=whole, **attributes) for whole in (0, 1)]
    kinds = [FLOAT, TensorProto.INT64, FLOAT, FLOAT]
    plain = {name: value for name, value in attributes.items() if name != "dilations"}
    path = graph.save(
        tmp_path, *outputs, *(means if plain == attributes else []), kinds=kinds[: 4 if plain == attributes else 2]
    )
    _same(path, _random(1, 3, 16, 16))


@pytest.mark.parametrize(
    "attributes",
    [
        {"pads": [1, 0, 2, 1], "strides": [2, 2]},
        {"strides": [2, 3], "output_padding": [1, 2]},
        {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
        {"output_shape": [33, 31], "strides": [2, 2]},
    ],
)
def test_transposed_convolutions(tmp_path, attributes):
    graph = Graph((1, 3, 9, 8))
    weights = [graph.constant(_random(3, 2, 3, 3)), graph.constant(_random(2))]
    if "output_shape" in attributes:
        attributes = {**attributes, "output_shape": [18, 17]}
    _same(graph.save(tmp_path, graph.op("ConvTranspose", ["x", *weights], **attributes)), _random(1, 3, 9, 8))


# ---- what flows as the data does


def test_a_branch_that_the_image_decides(tmp_path):
    ends = {kind: helper.make_tensor_value_info(f"{kind}_y", FLOAT, None) for kind in ("Relu", "Neg")}
    branches = [
        helper.make_graph([helper.make_node(kind, ["x"], [end.name])], kind, [], [end]) for kind, end in ends.items()
    ]
    graph = Graph()
    total = graph.op("ReduceSum", ["x"], keepdims=0)
    condition = graph.op("Greater", [total, graph.constant(np.float32(0))])
    path = graph.save(tmp_path, graph.op("If", [condition], then_branch=branches[0], else_branch=branches[1]))
    for sign in (1, -1):
        _same(path, sign * np.abs(_random(1, 3, 16, 16)))


def test_shapes_of_a_free_size_are_no_layers(tmp_path):
    graph = Graph(("n", 3, "h", "w"))
    shape = graph.op("Shape", ["x"])
    side = graph.op("Gather", [shape, graph.constant(np.array(2))])
    other = graph.op("Div", [side, graph.constant(np.array(2))])
    sizes = [graph.op("Unsqueeze", [part, graph.constant(np.array([0]))]) for part in (other, side)]
    flat = graph.op("Concat", [graph.constant(np.array([1, 3])), *sizes, graph.constant(np.array([-1]))], axis=0)
    module = _same(graph.save(tmp_path, graph.op("Relu", [graph.op("Reshape", ["x", flat])])), _random(1, 3, 16, 16))
    recorder = Recorder(cnnviewer.from_module(module))
    assert [layer.operation for layer in recorder.record(image(1, 3, 12, 12)).layers] == ["reshape", "relu"]
    assert recorder.record(image(1, 3, 12, 12)).layers[0].shape == (3, 6, 12, 2)


def test_all_outputs_are_seen(tmp_path):
    graph = Graph()
    first, second = graph.op("Relu", ["x"]), graph.op("ReduceMean", ["x", graph.constant(np.array([2, 3]))], keepdims=0)
    opened = open_file(graph.save(tmp_path, first, second))
    with torch.no_grad():
        assert list(opened.module(image(1, 3, 16, 16))) == [first, second]
    assert opened.note == f"It has 2 outputs: {first}, {second}."


def test_bytes_for_pixels(tmp_path):
    graph = Graph((1, 8, 8, 3), kind=TensorProto.UINT8)
    pixels = graph.op("Transpose", [graph.op("Cast", ["x"], to=FLOAT)], perm=[0, 3, 1, 2])
    path = graph.save(tmp_path, graph.op("Div", [pixels, graph.constant(np.float32(255))]))
    opened = open_file(path)
    assert opened.hints.shape == (3, 8, 8)
    assert float(cnnviewer.load_network(str(path)).preprocess(np.full((8, 8, 3), 255, np.uint8)).max()) == 255
    x = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3), dtype=np.uint8)
    wanted = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    with torch.no_grad():
        found = opened.module(torch.from_numpy(x.astype(np.float32)).permute(0, 3, 1, 2))
    np.testing.assert_allclose(found.numpy(), wanted, atol=1e-6)


# ---- the runtime's own operators


def test_fused_operators(tmp_path):
    graph = Graph()
    weights = [graph.constant(_random(4, 3, 3, 3)), graph.constant(_random(4))]
    x = graph.op("FusedConv", ["x", *weights], domain="com.microsoft", activation="Relu", pads=[1, 1, 1, 1])
    x = graph.op("BiasGelu", [x, graph.constant(_random(16))], domain="com.microsoft")
    x = graph.op("FusedMatMul", [x, graph.constant(_random(5, 16))], domain="com.microsoft", transB=1, alpha=0.5)
    x = graph.op("FastGelu", [x], domain="com.microsoft")
    module = _same(graph.save(tmp_path, x), _random(1, 3, 16, 16), 2e-3)
    recording = cnnviewer.record(cnnviewer.from_module(module), image(1, 3, 16, 16))
    assert [layer.operation for layer in recording.layers][:2] == ["conv2d", "relu"]


def test_quantised_numbers(tmp_path):
    graph = Graph()
    scale, zero = graph.constant(np.float32(0.02)), graph.constant(np.uint8(128))
    weights = graph.constant(np.random.default_rng(0).integers(-100, 100, (4, 3, 3, 3), dtype=np.int8))
    scales, zeros = graph.constant(np.full(4, 0.01, np.float32)), graph.constant(np.zeros(4, np.int8))
    x = graph.op("QuantizeLinear", ["x", scale, zero])
    x = graph.op("QLinearConv", [x, scale, zero, weights, scales, zeros, graph.constant(np.float32(0.1)), zero])
    _same(
        graph.save(tmp_path, graph.op("DequantizeLinear", [x, graph.constant(np.float32(0.1)), zero])),
        _random(1, 3, 16, 16),
        0.11,
    )


# ---- what would fill the memory


@pytest.mark.parametrize(
    ("kind", "constants", "attributes"),
    [
        ("Pad", [np.array([0, 0, 10**6, 10**6] * 2)], {}),
        ("Resize", [np.zeros(0, np.float32), np.array([1, 1, 1e5, 1e5], np.float32)], {}),
        ("ConvTranspose", [np.ones((3, 1, 1, 1), np.float32)], {"strides": [2**20, 2**20]}),
        ("Tile", [np.array([1, 1, 10**6, 10**6])], {}),
        ("Pad", [np.array([0, 0, 10**9, 0] * 2)], {"mode": "edge"}),
        ("Resize", [np.zeros(0, np.float32), np.array([1, 1, 1e8, 1], np.float32)], {"mode": "cubic"}),
        ("OneHot", [np.array(10**10), np.array([0, 1], np.float32)], {}),
    ],
)
@pytest.mark.parametrize("is_constant", [False, True])
def test_what_would_fill_the_memory_is_refused(tmp_path, kind, constants, attributes, is_constant):
    graph = Graph()
    first = graph.constant(_random(1, 3, 16, 16)) if is_constant else "x"
    made = graph.op(kind, [first, *map(graph.constant, constants)], **attributes)
    with pytest.raises(NetworkError, match=r"net\.onnx can't be opened: its node .* asks for"):
        open_file(graph.save(tmp_path, graph.op("Add", ["x", made])))


def test_an_operator_that_no_network_over_an_image_needs_is_refused_by_its_name(tmp_path):
    graph = Graph()
    path = graph.save(tmp_path, graph.op("StringNormalizer", ["x"]))
    with pytest.raises(
        NetworkError, match="has the operation StringNormalizer, which is not run here: it works on texts"
    ):
        open_file(path)


def test_half_precision_within_a_branch_is_shown_in_single(tmp_path):
    half = TensorProto.FLOAT16
    graph = Graph(kind=half)
    end = helper.make_tensor_value_info("end", half, None)
    stored = numpy_helper.from_array(np.array([2], np.float16), "two")
    nodes = {
        "then_branch": helper.make_node("Mul", ["x", "two"], ["end"]),
        "else_branch": helper.make_node("Neg", ["x"], ["end"]),
    }
    branches = {name: helper.make_graph([node], name, [], [end], [stored]) for name, node in nodes.items()}
    total = graph.op("Cast", [graph.op("ReduceSum", ["x"], keepdims=0)], to=FLOAT)
    condition = graph.op("Greater", [total, graph.constant(np.float32(0))])
    opened = open_file(graph.save(tmp_path, graph.op("If", [condition], **branches), kinds=[half]))
    with torch.no_grad():
        assert torch.equal(opened.module(image(1, 3, 16, 16)), image(1, 3, 16, 16) * 2)
