"""ONNX of both of torch's exporters gives what ONNX's own runtime gives, in layers with readable names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import torchvision
from made_networks import image, small, to_onnx
from onnx import TensorProto, helper, numpy_helper
from onnx_models import integers, model_of, row_of_relus, saved, value_of
from torch import nn

import cnnviewer
from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.gathering import evidence_within
from cnnviewer.networks.files.onnx_file import open_file
from cnnviewer.recorder import Recorder

MNIST = Path(__file__).parents[4] / "shared" / "data" / "weights" / "mnist.onnx"


def _runtime(path: Path, x: torch.Tensor) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]


def _check(path: Path, shape: tuple[int, ...]):
    """Open a file, compare it with the runtime, and return its recording."""
    opened, x = open_file(path), image(*shape)
    wanted = _runtime(path, x)
    recording = cnnviewer.record(cnnviewer.from_module(opened.module), x)
    scale = np.abs(wanted).max()
    assert scale > 0
    np.testing.assert_allclose(recording.scores.numpy(), wanted[0], atol=1e-4 * scale, rtol=1e-4)
    return opened, recording


@pytest.mark.parametrize("dynamo", [False, True])
def test_a_small_network_with_its_names(tmp_path, dynamo):
    opened, recording = _check(to_onnx(small(), tmp_path / "net.onnx", dynamo=dynamo), (1, 3, 32, 32))
    assert opened.hints.shape == (3, 32, 32)
    names = [layer.name for layer in recording.layers]
    assert names[0] in ("stem.0", "stem.1")
    assert names[1] == "stem.2"
    assert {"gelu", "sigmoid", "slice", "max_pool", "fc"} <= set(names)
    assert recording["concat"].inputs == ("stem.2", "gelu")
    assert recording["slice"].settings["key"] == (slice(None), slice(2, 10))
    assert set(recording["fc"].parameters) == {"weight", "bias"}
    assert recording["max_pool"].settings["kernel_size"] == (2, 2)


@pytest.mark.parametrize("dynamo", [False, True])
def test_layers_are_explained_and_replayed(tmp_path, dynamo):
    opened = open_file(to_onnx(small(), tmp_path / "net.onnx", dynamo=dynamo))
    recorder = Recorder(cnnviewer.from_module(opened.module))
    recorder.record(image())
    other = torch.rand(1, 3, 32, 32)
    recording = recorder.record(other)
    assert recorder._plan is not None
    with torch.no_grad():
        assert torch.equal(recording.scores, opened.module(other)[0])
    for layer in recording.layers:
        unit = tuple(length // 2 for length in layer.shape)
        explanation = cnnviewer.explain(recording, layer, unit)
        assert explanation.value == pytest.approx(explanation.recorded, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "dynamo"),
    [("resnet18", False), ("resnet18", True), ("squeezenet1_0", True), ("mobilenet_v2", False), ("densenet121", False)],
)
def test_torchvision_networks(tmp_path, name, dynamo):
    torch.manual_seed(0)
    network = torchvision.models.get_model(name, weights=None).eval()
    _, recording = _check(to_onnx(network, tmp_path / "net.onnx", (1, 3, 64, 64), dynamo=dynamo), (1, 3, 64, 64))
    assert all(layer.kind != "other" for layer in recording.layers)
    if name == "resnet18":
        assert recording["layer2.0.add"].inputs == ("layer2.0.conv2", "layer2.0.downsample.0") or dynamo
        assert "layer1.0.relu_1" in [layer.name for layer in recording.layers] or dynamo


@pytest.mark.parametrize("dynamo", [False, True])
def test_a_vision_transformer(tmp_path, dynamo):
    torch.manual_seed(0)
    network = torchvision.models.VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=4).eval()
    nn.init.normal_(network.heads.head.weight)
    _, recording = _check(to_onnx(network, tmp_path / "vit.onnx", dynamo=dynamo), (1, 3, 32, 32))
    assert "layer_norm" in [layer.operation for layer in recording.layers]


@pytest.mark.parametrize("dynamo", [False, True])
def test_a_free_batch_and_size(tmp_path, dynamo):
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)
    ).eval()
    axes = (
        {"dynamic_shapes": ({0: "n", 2: "h", 3: "w"},)}
        if dynamo
        else {"input_names": ["x"], "dynamic_axes": {"x": {0: "n", 2: "h", 3: "w"}}}
    )
    path = to_onnx(network, tmp_path / "net.onnx", (2, 3, 16, 16), dynamo=dynamo, **axes)
    opened, _ = _check(path, (1, 3, 20, 24))
    assert opened.hints.shape == (3, None, None)


@pytest.mark.skipif(not MNIST.exists(), reason="needs the shared data")
def test_the_model_zoo_s_digits():
    opened, recording = _check(MNIST, (1, 1, 28, 28))
    assert opened.hints.shape == (1, 28, 28)
    assert [layer.operation for layer in recording.layers][:4] == ["conv2d", "add", "relu", "max_pool2d"]
    assert recording["Times212"].kind == "linear"


def test_weights_beside_the_file_are_read(tmp_path):
    path = to_onnx(small(), tmp_path / "net.onnx", dynamo=False)
    model = onnx.load(path)
    onnx.save(model, path, save_as_external_data=True, location="net.data", size_threshold=0)
    _check(path, (1, 3, 32, 32))
    (tmp_path / "net.data").unlink()
    with pytest.raises(NetworkError, match=r"its weights in another file, net\.data, which is not beside it"):
        open_file(path)


def _counting_loop(turns: int, twice: bool = False) -> onnx.ModelProto:
    """Return a model that adds 1 to the image so many times, or doubles its channels each time."""
    own = helper.make_node("Concat", ["state", "state"], ["next"], axis=1)
    own = own if twice else helper.make_node("Add", ["state", "one"], ["next"])
    states = [value_of(1, None, 8, 8, name=name) for name in ("state", "next")]
    conditions = [value_of(kind=TensorProto.BOOL, name=name) for name in ("go", "more")]
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["more"]), own],
        "body",
        [value_of(kind=TensorProto.INT64, name="i"), conditions[0], states[0]],
        [conditions[1], states[1]],
    )
    one = numpy_helper.from_array(np.array(1, np.float32), "one")
    count = numpy_helper.from_array(np.array(turns, np.int64), "n")
    return model_of([helper.make_node("Loop", ["n", "", "x"], ["y"], body=body)], initializers=[count, one])


def test_a_loop_runs_as_the_data_flows(tmp_path):
    opened = open_file(saved(_counting_loop(3), tmp_path))
    recording = cnnviewer.record(cnnviewer.from_module(opened.module), image(1, 3, 8, 8))
    assert [layer.operation for layer in recording.layers] == ["add"] * 3
    assert torch.allclose(recording.layers[-1].output, image(1, 3, 8, 8)[0] + 3)


@pytest.mark.parametrize(
    ("turns", "twice", "told"), [(2**62, False, "Loop of more than 10,000 operations"), (60, True, "its node loop")]
)
def test_loops_without_end_are_refused(tmp_path, turns, twice, told):
    with pytest.raises(NetworkError, match=told):
        open_file(saved(_counting_loop(turns, twice), tmp_path))


def test_the_metadata_are_hints(tmp_path):
    model = model_of([helper.make_node("Relu", ["x"], ["y"])])
    model.metadata_props.add(key="names", value="{0: 'cat', 1: 'dog'}")
    hints = open_file(saved(model, tmp_path)).hints
    assert hints.metadata == {"names": "{0: 'cat', 1: 'dog'}"}
    assert [clue.value for clue in evidence_within(hints).categories] == [("cat", "dog")]
    model.metadata_props[0].value = "__import__('os').system('touch /tmp/x')"
    assert evidence_within(open_file(saved(model, tmp_path)).hints).categories == ()


def test_nan_weights_open(tmp_path):
    weights = numpy_helper.from_array(np.full((1, 3, 1, 1), np.nan, np.float32), "w")
    path = saved(model_of([helper.make_node("Add", ["x", "w"], ["y"])], initializers=[weights]), tmp_path)
    opened = open_file(path)
    with torch.no_grad():
        assert opened.module(image(1, 3, 8, 8)).isnan().all()


def test_nothing_is_written_beside_the_file(tmp_path):
    path = to_onnx(small(), tmp_path / "net.onnx", dynamo=False)
    before = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    open_file(path)
    assert {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == before


# ---- channels last, precision, resizing, functions


def _same_as_runtime(path: Path, x: np.ndarray, tolerance: float = 1e-5):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    wanted = session.run(None, {"x": x})[0]
    opened = open_file(path)
    given = torch.from_numpy(x.astype(np.float32))
    with torch.no_grad():
        found = opened.module(given.permute(0, 3, 1, 2) if opened.hints.is_channels_last else given)
    np.testing.assert_allclose(found.numpy(), wanted.astype(np.float32), atol=tolerance)
    return opened


def _random(*shape):
    return np.random.default_rng(0).random(shape).astype(np.float32)


@pytest.mark.parametrize(("shape", "told"), [([1, 32, 30, 3], (3, 32, 30)), (["n", None, None, 3], (3, None, None))])
def test_channels_last(tmp_path, shape, told):
    weights = numpy_helper.from_array(_random(4, 3, 3, 3), "w")
    nodes = [
        helper.make_node("Transpose", ["x"], ["z"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["z", "w"], ["y"]),
    ]
    path = saved(model_of(nodes, inputs=[value_of(*shape)], initializers=[weights], ir_version=9), tmp_path)
    assert _same_as_runtime(path, _random(1, 32, 30, 3)).hints.shape == told


@pytest.mark.parametrize(("kind", "dtype"), [(TensorProto.FLOAT16, np.float16), (TensorProto.DOUBLE, np.float64)])
def test_other_precisions(tmp_path, kind, dtype):
    weights = numpy_helper.from_array(_random(5, 8).astype(dtype), "w")
    model = model_of(
        [helper.make_node("MatMul", ["w", "x"], ["y"])],
        inputs=[value_of(1, 3, 8, 8, kind=kind)], initializers=[weights], ir_version=9,
    )  # fmt: skip
    model.graph.output[0].type.tensor_type.elem_type = kind
    opened = _same_as_runtime(saved(model, tmp_path), _random(1, 3, 8, 8).astype(dtype), 1e-2)
    assert "single precision" in opened.note


def _resize(folder, sizes, **attributes):
    node = helper.make_node("Resize", ["x", "", "", "s"], ["y"], **attributes)
    model = model_of([node], initializers=[integers("s", 1, 3, *sizes)], ir_version=9)
    model.opset_import[0].version = 18
    return saved(model, folder)


@pytest.mark.parametrize("mode", ["linear", "cubic"])
@pytest.mark.parametrize("sizes", [(16, 24), (3, 5), (11, 13)])
@pytest.mark.parametrize("mapping", ["half_pixel", "pytorch_half_pixel", "align_corners"])
def test_resizing(tmp_path, mode, sizes, mapping):
    path = _resize(tmp_path, sizes, mode=mode, coordinate_transformation_mode=mapping)
    _same_as_runtime(path, _random(1, 3, 8, 8))


@pytest.mark.parametrize("sizes", [(3, 5), (16, 5)])
def test_smooth_resizing(tmp_path, sizes):
    _same_as_runtime(_resize(tmp_path, sizes, mode="linear", antialias=1, exclude_outside=1), _random(1, 3, 8, 8))


@pytest.mark.parametrize(
    "attributes",
    [
        {"mode": "linear", "coordinate_transformation_mode": "asymmetric"},
        {"mode": "nearest", "nearest_mode": "ceil"},
        {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
        {"mode": "cubic", "cubic_coeff_a": -0.5, "exclude_outside": 1},
    ],
)
@pytest.mark.parametrize("sizes", [(16, 16), (13, 5)])
def test_a_resizing_that_torch_has_not(tmp_path, attributes, sizes):
    opened = _same_as_runtime(_resize(tmp_path, sizes, **attributes), _random(1, 3, 8, 8))
    recorder = Recorder(cnnviewer.from_module(opened.module))
    recorder.record(image(1, 3, 8, 8))
    assert recorder._plan is not None


def test_operations_without_names_are_counted(tmp_path):
    module = open_file(saved(row_of_relus(3), tmp_path)).module
    assert [name for name, _ in module.named_children()] == ["relu", "relu_2", "relu_3"]
