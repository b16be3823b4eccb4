"""ONNX's own cases, which the onnx package carries: each is equal within its own tolerance, or refused by its name."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.backend.test
import pytest
import torch
from onnx import TensorProto, numpy_helper

from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.onnx_file import open_file, prepared
from cnnviewer.networks.files.onnx_import.budget import Budget
from cnnviewer.networks.files.onnx_import.building import build
from cnnviewer.networks.files.onnx_import.table import DOMAINS, OPERATORS, REFUSED, WITH_GRAPHS
from cnnviewer.networks.files.onnx_import.values import UnsupportedError, tensor_of

DATA = Path(onnx.backend.test.__file__).parent / "data"
STORED = ("simple", "pytorch-converted", "pytorch-operator")
DRAWN = ("bernoulli", "training_dropout")
"""What is drawn at random has the right shape and no more."""
ROUNDED = {"dft_inverse": 1e-6}
"""Where numbers that should be 0 are told to eight digits."""
MOST_REFUSED = 30
"""Of the cases whose first input is a tensor of single precision; 1,440 with onnx 1.23."""


@cache
def _made() -> tuple[Any, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        return tuple(collect_testcases(None))


def _tensor(value: Any) -> Any:
    if isinstance(value, TensorProto):
        return tensor_of(value)
    if isinstance(value, (list, tuple)):
        return [_tensor(part) for part in value]
    return None if value is None else tensor_of(numpy_helper.from_array(np.asarray(value)))


def _array(value: Any) -> np.ndarray:
    if isinstance(value, TensorProto):
        value = numpy_helper.to_array(value)
    if isinstance(value, torch.Tensor):
        value = value.float() if value.is_floating_point() else value
        value = value.numpy()
    value = np.asarray(value)
    return value.astype(np.float64) if value.dtype.kind != "c" else value


def _check_same(found: Any, wanted: Any, rtol: float, atol: float, *, is_drawn: bool) -> None:
    if isinstance(wanted, (list, tuple)):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            _check_same(one, other, rtol, atol, is_drawn=is_drawn)
    elif wanted is not None:
        first, second = _array(found), _array(wanted)
        assert first.shape == second.shape
        if not is_drawn:
            np.testing.assert_allclose(first, second, rtol=rtol, atol=atol)


def _is_float(model: onnx.ModelProto) -> bool:
    stored = {tensor.name for tensor in model.graph.initializer}
    first = next((value for value in model.graph.input if value.name not in stored), None)
    return first is not None and first.type.tensor_type.elem_type == TensorProto.FLOAT


def _run(model: onnx.ModelProto, name: str, inputs: list[Any]) -> list[Any]:
    """Run a case: its first input is the image, the others are constants, as the weights of a network are."""
    opsets = {part.domain: part.version for part in model.opset_import}
    stored = {tensor.name for tensor in model.graph.initializer}
    names = [value.name for value in model.graph.input if value.name not in stored]
    values = {key: _tensor(value) for key, value in zip(names, inputs, strict=True)}
    model = prepared(model, name)
    first = values.pop(names[0])
    constants = {key: value for key, value in values.items() if value is not None}
    module = build(model.graph, opsets, Budget(2**31, 2**31), first.to("meta"), constants=constants).eval()
    with torch.no_grad():
        return module.run({key: value for key, value in values.items() if value is None} | {names[0]: first})


def _reason(model: onnx.ModelProto, name: str, sets: list[tuple[Any, Any]], rtol: float, atol: float) -> str:
    """Return why a case is refused; '' where it is equal."""
    is_drawn = any(word in name for word in DRAWN)
    atol = max(atol, *(near for word, near in ROUNDED.items() if word in name), 0.0)
    for inputs, wanted in sets:
        try:
            found = _run(model, name, list(inputs))
        except (NetworkError, UnsupportedError) as error:
            return str(error)
        assert len(found) == len(wanted)
        _check_same(found, list(wanted), rtol, atol, is_drawn=is_drawn)
    return ""


def _failures(cases: list[tuple[Any, ...]]) -> tuple[dict[str, str], dict[str, str]]:
    """Return which cases are refused, and which are wrong, with what was said."""
    refused, wrong = {}, {}
    for case in cases:
        try:
            with warnings.catch_warnings():  # of NumPy, on types that it does not know
                warnings.simplefilter("ignore")
                reason = _reason(*case)
        except Exception as error:
            wrong[case[1]] = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        else:
            if reason:
                refused[case[1]] = reason
    return refused, wrong


@pytest.mark.slow
def test_the_cases_of_single_operators():
    cases = [(case.model, case.name, case.data_sets, case.rtol, case.atol) for case in _made() if _is_float(case.model)]
    assert len(cases) > 1000
    refused, wrong = _failures(cases)
    assert not wrong
    assert len(refused) <= MOST_REFUSED
    for name, reason in refused.items():
        assert "not known here" in reason or "not run here" in reason or "numbers of the type" in reason, name


def _stored(kind: str) -> list[tuple[Any, ...]]:
    cases = []
    for path in sorted((DATA / kind).glob("*/model.onnx")):
        model = onnx.load(path)
        sets = []
        for folder in sorted(path.parent.glob("test_data_set_*")):
            parts = [
                [TensorProto.FromString((folder / f"{side}_{number}.pb").read_bytes()) for number in range(count)]
                for side, count in (("input", len(list(folder.glob("input_*")))), ("output", len(model.graph.output)))
            ]
            sets.append(tuple(parts))
        if _is_float(model) and sets:
            cases.append((model, path.parent.name, sets, 1e-3, 1e-7))
    return cases


@pytest.mark.parametrize("kind", STORED)
def test_the_cases_of_whole_graphs(kind):
    if not (DATA / kind).is_dir():
        pytest.skip(f"this onnx has no cases {kind}")
    refused, wrong = _failures(_stored(kind))
    assert not wrong
    assert not {name: reason for name, reason in refused.items() if "training" not in reason}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bvlc_alexnet", "inception_v1", "shufflenet", "squeezenet", "zfnet512"])
def test_networks_whose_weights_are_made_by_the_graph(name):
    path = DATA / "light" / f"light_{name}.onnx"
    if not path.exists():
        pytest.skip("this onnx has no light networks")
    opened = open_file(path)
    wanted = numpy_helper.to_array(TensorProto.FromString((path.parent / f"{path.stem}_output_0.pb").read_bytes()))
    with torch.no_grad():
        found = opened.module(torch.ones(1, *opened.hints.shape))
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-3, atol=1e-5)


def test_each_operator_of_onnx_has_a_row_or_a_reason():
    schemas = [schema for schema in onnx.defs.get_all_schemas_with_history() if schema.domain in DOMAINS]
    names = {schema.name for schema in schemas if schema.since_version <= 23}
    old = {schema.name for schema in schemas if schema.deprecated}
    written = {name for name in names if onnx.defs.has(name) and _is_written(onnx.defs.get_schema(name))}
    ancient = names - {schema.name for schema in onnx.defs.get_all_schemas()}
    assert names - set(OPERATORS) - set(REFUSED) - set(WITH_GRAPHS) - old - written <= ancient


def _is_written(schema: Any) -> bool:
    return bool(schema.has_function or schema.has_context_dependent_function)
