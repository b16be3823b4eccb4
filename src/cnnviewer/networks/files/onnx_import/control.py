"""Branches, loops and sequences: what runs graphs within a graph, as the data flows, and lists of tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from cnnviewer.networks.files.onnx_import.values import UnsupportedError, number, wholes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.networks.files.onnx_import.graph import Graph
    from cnnviewer.networks.files.onnx_import.node import Given
    from cnnviewer.networks.files.onnx_import.values import Value

_MOST_STEPS = 10_000
"""So many operations may a loop run: each turn is recorded as it is."""


def _one_or_all(found: list[Any]) -> Any:
    return found[0] if len(found) == 1 else tuple(found)


class Branches(nn.Module):
    """A node that runs one of two graphs.

    Parameters
    ----------
    first, second
        The graphs for a condition that holds, and for one that does not.
    captured
        The names of the outer graph's values that they take.
    """

    def __init__(self, first: Graph, second: Graph, captured: Sequence[str]) -> None:
        super().__init__()
        self.first, self.second, self._captured = first, second, tuple(captured)

    def forward(self, condition: Value, *values: Value) -> Any:
        """Run the graph that the condition tells."""
        graph = self.first if bool(number(condition, False)) else self.second
        return _one_or_all(graph.run(dict(zip(self._captured, values, strict=True))))


class _Repeated(nn.Module):
    def __init__(self, given: Given, body: Graph, captured: Sequence[str]) -> None:
        super().__init__()
        self._given, self.body, self._captured = given, body, tuple(captured)
        self._taken = len(given.inputs)

    def _turn(self, inputs: Sequence[Any], captured: Sequence[Value]) -> list[Any]:
        values: dict[str, Any] = dict(zip(self._captured, captured, strict=True))
        return self.body.run(values | dict(zip(self.body.inputs, inputs, strict=True)))

    def _check(self, turns: float) -> None:
        if turns * max(1, len(self.body.steps)) > _MOST_STEPS:
            told = f"{turns:,.0f} turns of {len(self.body.steps)}"
            raise UnsupportedError(f"{self._given.kind} of more than {_MOST_STEPS:,} operations ({told})")


class Loop(_Repeated):
    """A node that runs a graph again and again, while a condition holds or so many times."""

    def forward(self, *values: Value) -> Any:
        """Run the loop."""
        inputs, captured = list(values[: self._taken]), values[self._taken :]
        most = number(inputs[0], float("inf")) if inputs else float("inf")
        goes_on: Any = inputs[1] if len(inputs) > 1 and inputs[1] is not None else np.array(True)
        states = list(inputs[2:])
        lists: list[list[Any]] = [[] for _ in self.body.outputs[1 + len(inputs[2:]) :]]
        self._check(0 if most == float("inf") else most)
        turn = 0
        while turn < most and bool(number(goes_on, True)):
            self._check(turn)
            goes_on, *found = self._turn([np.array(turn, dtype=np.int64), goes_on, *states], captured)
            states = found[: len(states)]
            for part, value in zip(lists, found[len(states) :], strict=True):
                part.append(value)
            turn += 1
        return _one_or_all([*states, *(_stacked(part, 0) for part in lists)])


class Scan(_Repeated):
    """A node that runs a graph for each part of its inputs, from the first to the last or back."""

    def forward(self, *values: Value) -> Any:
        """Run the scan."""
        given, inputs, captured = self._given, list(values[: self._taken]), values[self._taken :]
        if given.opset < 9:
            return self._old(inputs[1:], captured)
        return _one_or_all(self._scanned(inputs, captured, given.get("scan_input_axes")))

    def _scanned(self, inputs: list[Any], captured: Sequence[Value], axes: Sequence[int] | None) -> list[Any]:
        given, count = self._given, self._given.get("num_scan_inputs")
        states, scanned = inputs[: len(inputs) - count], inputs[len(inputs) - count :]
        axes = list(axes or [0] * count)
        back = list(given.get("scan_input_directions", [0] * count))
        turns = scanned[0].shape[axes[0]]
        self._check(turns)
        outputs: list[list[Any]] = [[] for _ in self.body.outputs[len(states) :]]
        for turn in range(turns):
            parts = [
                torch.select(_tensor(part), axis, turns - 1 - turn if is_back else turn)
                for part, axis, is_back in zip(scanned, axes, back, strict=True)
            ]
            found = self._turn([*states, *parts], captured)
            states = found[: len(states)]
            for own, value in zip(outputs, found[len(states) :], strict=True):
                own.append(value)
        ends = list(given.get("scan_output_directions", [0] * len(outputs)))
        places = list(given.get("scan_output_axes", [0] * len(outputs)))
        rows = [own[::-1] if is_back else own for own, is_back in zip(outputs, ends, strict=True)]
        return [*states, *(_stacked(own, axis) for own, axis in zip(rows, places, strict=True))]

    def _old(self, inputs: list[Any], captured: Sequence[Value]) -> Any:
        """Run the form of version 8: each image of a batch by itself."""
        runs = [self._scanned([part[place] for part in inputs], captured, None) for place in range(inputs[0].shape[0])]
        return _one_or_all([_stacked(list(parts), 0) for parts in zip(*runs, strict=True)])


def _stacked(parts: list[Any], axis: int) -> Any:
    if not parts:
        return torch.zeros(0)
    if all(isinstance(part, np.ndarray) for part in parts):
        return np.stack(parts, axis=axis)
    return torch.stack([_tensor(part) for part in parts], dim=axis)


def _tensor(value: Any) -> torch.Tensor:
    return value if isinstance(value, torch.Tensor) else torch.tensor(value)


class Mapped(_Repeated):
    """A node that runs a graph for each tensor of a sequence."""

    def forward(self, *values: Any) -> Any:
        """Run the graph for each."""
        inputs, captured = list(values[: self._taken]), values[self._taken :]
        self._check(len(inputs[0]))
        rows = [
            self._turn([part[turn] if isinstance(part, list) else part for part in inputs], captured)
            for turn in range(len(inputs[0]))
        ]
        return _one_or_all([[row[place] for row in rows] for place in range(len(self.body.outputs))])


# ---- sequences


def sequence(given: Given, *parts: Value) -> list[Any]:
    """Return a list of tensors."""
    return list(parts)


def empty_sequence(given: Given) -> list[Any]:
    """Return a list of no tensors."""
    return []


def inserted(given: Given, parts: list[Any], tensor: torch.Tensor, place: Value = None) -> list[Any]:
    """Return a list with one tensor more."""
    found = list(parts)
    where = int(number(place, len(found)))
    found.insert(where if where >= 0 else where + len(found), tensor)
    return found


def erased(given: Given, parts: list[Any], place: Value = None) -> list[Any]:
    """Return a list with one tensor less."""
    found = list(parts)
    found.pop(int(number(place, -1)))
    return found


def taken(given: Given, parts: list[Any], place: Value) -> Any:
    """Return one tensor of a list."""
    return parts[int(number(place, 0))]


def length(given: Given, parts: list[Any]) -> np.ndarray[Any, Any]:
    """Return how many tensors a list has."""
    return np.array(len(parts), dtype=np.int64)


def joined(given: Given, parts: list[torch.Tensor]) -> torch.Tensor:
    """Return the tensors of a list as one."""
    axis = given.get("axis")
    return torch.stack(parts, dim=axis) if given.flag("new_axis") else torch.cat(parts, dim=axis)


def split(given: Given, x: torch.Tensor, sizes: Value = None) -> list[torch.Tensor]:
    """Return a list of parts of a tensor along an axis."""
    axis = given.get("axis", 0)
    if sizes is None:
        found = list(torch.split(x, 1, dim=axis))
        return found if given.flag("keepdims", True) else [part.squeeze(axis) for part in found]
    lengths: Any = wholes(sizes) if getattr(sizes, "ndim", 1) else int(number(sizes, 1))
    return list(torch.split(x, lengths, dim=axis))


def optional(given: Given, value: Any = None) -> Any:
    """Return what may be nothing."""
    return value


def is_given(given: Given, value: Any = None) -> np.ndarray[Any, Any]:
    """Tell whether there is something."""
    return np.array(value is not None)
