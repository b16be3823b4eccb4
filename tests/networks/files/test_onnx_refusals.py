"""ONNX that would read other files, fill the memory, or is no network over an image is refused with a sentence."""

from __future__ import annotations

import pytest
from onnx import TensorProto, helper
from onnx_models import integers, model_of, row_of_relus, saved, value_of

from cnnviewer.errors import Cancelled, NetworkError
from cnnviewer.networks.files.onnx_file import open_file


@pytest.mark.parametrize("place", ["/etc/hostname", "../outside.data", "link.data", "sub/../../outside.data"])
def test_weights_outside_the_folder_are_refused(tmp_path, place):
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "outside.data").write_bytes(bytes(16))
    (folder / "link.data").symlink_to(tmp_path / "outside.data")
    weights = TensorProto(name="w", dims=[4], data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
    weights.external_data.add(key="location", value=place)
    path = saved(model_of([helper.make_node("Add", ["x", "w"], ["y"])], initializers=[weights]), folder)
    with pytest.raises(NetworkError, match=r"is refused: it wants to read .* which is not in its folder"):
        open_file(path)


def test_weights_of_impossible_size_are_refused(tmp_path):
    for dims in ([10**12], [10**6, 10**6, 10**6], [-4], [2**62, 2**62]):
        weights = TensorProto(name="w", dims=dims, data_type=TensorProto.FLOAT, raw_data=bytes(16))
        path = saved(model_of([helper.make_node("Add", ["x", "w"], ["y"])], initializers=[weights]), tmp_path)
        with pytest.raises(NetworkError, match=r"net\.onnx"):
            open_file(path)


@pytest.mark.parametrize(
    "nodes",
    [
        [("ConstantOfShape", ["shape"], ["c"]), ("Add", ["x", "c"], ["y"])],
        [("Expand", ["one", "shape"], ["c"]), ("Add", ["x", "c"], ["y"])],
        [("Expand", ["x", "shape"], ["y"])],
        [("Tile", ["x", "shape"], ["y"])],
        [*(("Concat", [f"c{i}", f"c{i}"], [f"c{i + 1}"]) for i in range(45)), ("Add", ["x", "c45"], ["y"])],
    ],
)  # fmt: skip
def test_a_graph_that_fills_the_memory_is_refused(tmp_path, nodes):
    made = [
        helper.make_node(kind, inputs, outputs, **({"axis": 0} if kind == "Concat" else {}))
        for kind, inputs, outputs in nodes
    ]
    constants = [integers("shape", 10**4, 10**4, 10**4, 10**4), integers("one", 1), integers("c0", *range(64))]
    with pytest.raises(NetworkError, match=r"net\.onnx can't be opened: its node"):
        open_file(saved(model_of(made, initializers=constants), tmp_path))


def test_unknown_operations_are_named(tmp_path):
    nodes = [
        helper.make_node("Magic", ["x"], ["a"]),
        helper.make_node("Fast", ["a"], ["b"], domain="com.vendor"),
        helper.make_node("load", ["b"], ["y"]),
    ]
    with pytest.raises(NetworkError, match=r"operations that are not known here: Magic, com\.vendor::Fast, load\."):
        open_file(saved(model_of(nodes), tmp_path))


def _field(number: int, content: bytes) -> bytes:
    """Return a field of protobuf with a length."""
    length, size = bytearray(), len(content)
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + content


@pytest.mark.parametrize("kind", ["Loop", "If", "Scan", "SequenceMap"])
def test_graphs_that_are_missing_are_told(tmp_path, kind):
    path = saved(model_of([helper.make_node(kind, ["x"], ["y"])]), tmp_path)
    with pytest.raises(
        NetworkError, match=rf"a form that can't be run here: {kind} without its graph (body|then_branch)"
    ):
        open_file(path)


def test_nested_graphs_are_no_crash(tmp_path):
    graph = b""
    for _ in range(5000):  # a graph in an attribute of a node of a graph
        graph = _field(1, _field(4, b"If") + _field(5, _field(1, b"then_branch") + _field(6, graph)))
    (tmp_path / "net.onnx").write_bytes(b"\x08\x07" + _field(7, graph))
    with pytest.raises(NetworkError, match=r"net\.onnx"):
        open_file(tmp_path / "net.onnx")


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ([value_of(1, 3, 8, 8), value_of(1, 3, 8, 8, name="z")], r"takes 2 inputs \(x, z\)"),
        ([value_of(1, 77)], "a tensor of 2 axes, not an image"),
        ([value_of(1, 3, 8, 8, kind=TensorProto.INT64)], "takes int64 numbers, not an image"),
        ([value_of(8, 3, 8, 8)], "takes 8 images at once"),
        ([value_of(1, 3, 10**6, 10**6)], "which is no image"),
        ([value_of(1, 10**9, 8, 8)], "which is no image"),
    ],
)
def test_inputs_that_are_no_image_are_told(tmp_path, inputs, sentence):
    path = saved(model_of([helper.make_node("Relu", ["x"], ["y"])], inputs=inputs), tmp_path)
    with pytest.raises(NetworkError, match=sentence):
        open_file(path)


@pytest.mark.parametrize("count", [3, 30])
def test_functions_that_unfold_without_end_are_refused(tmp_path, count):
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("my", 1)]
    calls = [
        [helper.make_node(f"f{i}", ["a"], ["b"], domain="my"), helper.make_node(f"f{i}", ["b"], ["c"], domain="my")]
        for i in range(count)
    ]
    bodies = [[helper.make_node("Relu", ["a"], ["c"])], *calls]
    functions = [helper.make_function("my", f"f{i}", ["a"], ["c"], body, imports) for i, body in enumerate(bodies)]
    model = model_of([helper.make_node(f"f{count}", ["x"], ["y"], domain="my")], functions=functions)
    model.opset_import.append(imports[1])
    path = saved(model, tmp_path)
    if count == 3:
        assert len(open_file(path).module.steps) == 8
        return
    with pytest.raises(NetworkError, match="unfold to 1,073,741,824 operations"):
        open_file(path)


def test_more_operations_than_can_be_shown_are_refused(tmp_path):
    with pytest.raises(NetworkError, match="unfold to 50,001 operations, and more than 50,000 can't be shown"):
        open_file(saved(row_of_relus(50_001), tmp_path))


def test_it_can_be_cancelled_while_it_is_built(tmp_path):
    def stop(done, total, text):
        raise Cancelled(text)

    with pytest.raises(Cancelled, match="Building"):
        open_file(saved(row_of_relus(2), tmp_path), stop)
