"""Designs: what is worked out of them is what PyTorch makes of them."""

import json
import math
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import cnnviewer
from cnnviewer.analysis.cost import multiply_adds
from cnnviewer.designs import (
    ACTIVATIONS,
    POOLINGS,
    Activation,
    Convolution,
    Design,
    Dropout,
    FullyConnected,
    Pooling,
    examine,
    from_json,
    open_design,
    problems,
    save_design,
    to_json,
)
from cnnviewer.errors import NetworkError
from cnnviewer.network import Network
from cnnviewer.networks.designed import SumPool2d, build_design, design_preprocessing
from cnnviewer.ready_designs import DESIGNS

rows = st.one_of(
    st.builds(Convolution, st.integers(1, 6), st.integers(1, 6), st.integers(1, 4), st.integers(0, 4)),
    st.builds(Activation, st.sampled_from(ACTIVATIONS)),
    st.builds(Pooling, st.sampled_from(POOLINGS), st.integers(1, 4), st.integers(1, 4)),
    st.builds(FullyConnected, st.integers(1, 20)),
    st.builds(Dropout, st.floats(0, 0.99)),
)
designs = st.builds(
    Design,
    st.just("made up"),
    st.tuples(st.sampled_from((1, 3)), st.integers(1, 20), st.integers(1, 20)),
    st.lists(rows, max_size=6).map(tuple),
)


@settings(max_examples=150, deadline=None)
@given(designs, st.integers(2, 5))
def test_what_can_be_is_what_pytorch_makes(design, classes):
    facts = examine(design, classes)
    assert len(facts) == len(design.rows) + 1
    number, wrong = next(((number, fact.problem) for number, fact in enumerate(facts, 1) if fact.problem), (0, ""))
    assert problems(design, classes) == ((f"Row {number}: {wrong}",) if wrong else ())
    if wrong:
        with pytest.raises(NetworkError) as told:
            build_design(design, classes)
        assert wrong in str(told.value)
        return
    module = build_design(design, classes).eval()
    x = torch.zeros(1, *design.input_shape)
    parts = [part for name, part in module.named_children() if name != "flatten"]
    for part, fact in zip(parts, facts, strict=True):
        x = part(x if not isinstance(part, torch.nn.Linear) else x.flatten(1))
        assert tuple(x.shape[1:]) == fact.shape
        assert sum(parameter.numel() for parameter in part.parameters()) == fact.parameters
    network = Network(module, design.name, design_preprocessing(design))
    recording = cnnviewer.record(network, torch.zeros(1, *design.input_shape))
    counted = sum(multiply_adds(layer, recording) for layer in recording.layers)
    assert counted == sum(fact.multiply_adds for fact in facts)


@settings(max_examples=150, deadline=None)
@given(designs)
def test_what_cannot_be_pytorch_refuses_too(design):
    """A row that slides is refused exactly where torch refuses it, or its padding makes no sense."""
    shape = design.input_shape
    for row, fact in zip(design.rows, examine(design, 2), strict=False):
        if not isinstance(row, (Convolution, Pooling)) or len(shape) != 3:
            if fact.shape is None:
                return
            shape = fact.shape
            continue
        if isinstance(row, Convolution) and row.padding >= row.kernel:
            assert fact.problem
            return
        slide = (
            torch.nn.Conv2d(shape[0], row.filters, row.kernel, row.stride, row.padding)
            if isinstance(row, Convolution)
            else torch.nn.MaxPool2d(row.window, row.stride)
        )
        try:
            made = tuple(slide(torch.zeros(1, *shape)).shape[1:])
        except RuntimeError:
            made = None
        assert fact.shape == made
        if made is None:
            assert fact.problem.startswith("A window of")
            return
        shape = made


@settings(max_examples=100)
@given(designs)
def test_a_design_comes_back_from_json(design):
    assert from_json(json.loads(json.dumps(to_json(design)))) == design


def test_a_design_comes_back_from_a_file(tmp_path):
    path = tmp_path / "größer.json"
    for design in DESIGNS.values():
        save_design(design, path)
        assert open_design(path) == design
        assert not any(fact.problem for fact in examine(design, 10))
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_designs_need_no_torch():
    code = "import sys, cnnviewer.designs; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


def test_a_byte_order_mark_is_read_over(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(GOOD), encoding="utf-8-sig")
    assert open_design(path) == DESIGNS["two blocks"]


@pytest.mark.parametrize("name", ["\ud800", "caf\udce9"])
def test_a_name_that_is_no_text_is_kept(tmp_path, name):
    path, design = tmp_path / "a.json", Design(name, (1, 8, 8), ())
    save_design(DESIGNS["two blocks"], path)
    save_design(design, path)
    assert open_design(path) == design
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_no_path_can_tell_is_told(tmp_path):
    with pytest.raises(NetworkError, match="can't be written"):
        save_design(DESIGNS["two blocks"], tmp_path / "a\0.json")
    assert list(tmp_path.iterdir()) == []


GOOD = to_json(DESIGNS["two blocks"])
KERNEL = {"kind": "convolution", "filters": 1, "kernel": 3, "stride": 1, "padding": 0}


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ([], "no rows"),
        ({}, "no rows"),
        ({**GOOD, "format": 2}, "format 2"),
        ({**GOOD, "format": True}, "format True"),
        ({**GOOD, "name": 3}, "name of a design"),
        ({**GOOD, "input_shape": [1, 28]}, "input_shape"),
        ({**GOOD, "input_shape": [1, 28, 28.5]}, "input_shape"),
        ({**GOOD, "input_shape": [True, 28, 28]}, "input_shape"),
        ({**GOOD, "input_shape": [2, 28, 28]}, "input_shape.*1 channel"),
        ({**GOOD, "input_shape": "abc"}, "input_shape"),
        ({**GOOD, "rows": [{"kind": "magic"}]}, "Row 1"),
        ({**GOOD, "rows": [7]}, "Row 1"),
        ({**GOOD, "rows": [{**KERNEL, "kernel": "3"}]}, "Row 1 .* kernel .* not '3'"),
        ({**GOOD, "rows": [{**KERNEL, "kernel": True}]}, "Row 1 .* kernel .* not True"),
        ({**GOOD, "rows": [{**KERNEL, "kernel": 3.0}]}, "kernel .* whole number"),
        ({**GOOD, "rows": [{**KERNEL, "kernel": 32}]}, "kernel .* 1 to 31, not 32"),
        ({**GOOD, "rows": [{**KERNEL, "size": 3}]}, "'size'"),
        ({**GOOD, "rows": [{"kind": "convolution", "filters": 1}]}, "Row 1 of the design has no kernel"),
        ({**GOOD, "rows": [KERNEL, {"kind": "dropout", "share": math.nan}]}, "Row 2"),
        ({**GOOD, "rows": [{"kind": "dropout", "share": 10**400}]}, "share"),
        ({**GOOD, "rows": [{"kind": "dropout", "share": False}]}, "share"),
        ({**GOOD, "rows": [{"kind": "fully connected", "units": 10**20}]}, "units"),
        ({**GOOD, "rows": [{"kind": "activation", "function": ["relu"]}]}, "function"),
    ],
)
def test_what_is_no_design_is_told(stored, told):
    with pytest.raises(NetworkError, match=told):
        from_json(stored)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\x00", "nul"])
def test_a_file_that_is_no_design_is_told(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(NetworkError, match=r"a\.json"):
        open_design(path)
    with pytest.raises(NetworkError, match="can't be read"):
        open_design(tmp_path / "missing.json")
    with pytest.raises(NetworkError, match="can't be written"):
        save_design(DESIGNS["two blocks"], tmp_path / "missing" / "a.json")


@pytest.mark.parametrize(
    ("design", "told"),
    [
        (Design(" ", (1, 8, 8), ()), "no name"),
        (Design("a", (2, 8, 8), ()), "1 channel"),
        (Design("a", (1, 0, 8), ()), "1 to 4096"),
        (Design("a", (1, 8, 8), (Activation(),) * 201), "200 rows"),
        (Design("a", (1, 8), ()), "three whole numbers"),
        (Design("a", (1, 8.5, 8), ()), "three whole numbers"),
        (Design("a", (1, 8, 8), (Convolution(0),)), "filters must be"),
        (Design("a", (1, 8, 8), (Convolution(2.5),)), "filters must be a whole number"),
        (Design("a", (1, 8, 8), (FullyConnected("9"),)), "units must be a whole number"),
        (Design("a", (1, 8, 8), (Dropout("0.5"),)), "share"),
        (Design("a", (1, 8, 8), (Activation("swish"),)), "'swish'"),
        (Design("a", (1, 8, 8), (Dropout(1.0),)), "below 1"),
        (Design("a", (1, 8, 8), (FullyConnected(), Convolution())), "needs maps"),
        (Design("a", (1, 8, 8), (Pooling("max", 9, 1),)), "does not fit into 8×8"),
        (Design("a", (1, 4, 4), (Convolution(4, 7, 1, 1),)), "with padding 1: take a smaller one, or more padding"),
        (Design("a", (1, 4, 4), (Convolution(4, 3, 1, 3),)), "nothing but padding"),
        (Design("a", (3, 1024, 1024), (FullyConnected(65_536),)), "parameters"),
        (Design("a", (3, 1024, 1024), (Convolution(64, 1),)), "67,108,864 units of one image"),
        (Design("a", (3, 1024, 1024), (Convolution(40, 1), Activation())), "83,886,080 units of one image"),
    ],
)
def test_impossible_designs_say_why(design, told):
    facts = examine(design, 10)
    assert told in next(fact.problem for fact in facts if fact.problem)
    assert facts[-1].shape is None
    (problem,) = problems(design, 10)
    assert told in problem
    with pytest.raises(NetworkError) as refused:
        build_design(design, 10)
    assert problem in str(refused.value)


def test_sum_pooling_sums_and_is_called_so():
    x = torch.rand(1, 2, 7, 7)
    expected = torch.nn.functional.avg_pool2d(x, 3, 2) * 9
    torch.testing.assert_close(SumPool2d(3, 2)(x), expected)
    design = Design("sums", (1, 8, 8), (Pooling("sum", 2, 2), Pooling("average", 2, 2)))
    network = Network(build_design(design, 2).eval(), "sums", design_preprocessing(design))
    recording = cnnviewer.record(network, torch.rand(1, 1, 8, 8))
    from cnnviewer.analysis.description import describe

    assert [describe(recording[name], recording) for name in ("pool1", "pool2")] == [
        "sum 2×2, stride 2",
        "average 2×2, stride 2",
    ]
