"""Building a module from an ONNX graph: constants are worked out once, the other nodes become submodules.

Nodes run once on shapes alone, where the size of the image is known: so shapes that the graph asks for are constants,
and what would fill the memory is refused before it is made.
"""

from __future__ import annotations

import re
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from torch import nn

from cnnviewer.networks.files.onnx_import import control
from cnnviewer.networks.files.onnx_import.budget import MemoryAsked
from cnnviewer.networks.files.onnx_import.graph import Graph, OnnxGraph, Step
from cnnviewer.networks.files.onnx_import.naming import node_paths
from cnnviewer.networks.files.onnx_import.node import Given, Operation
from cnnviewer.networks.files.onnx_import.shapes_only import nbytes_of
from cnnviewer.networks.files.onnx_import.table import row_of
from cnnviewer.networks.files.onnx_import.tying import Ties
from cnnviewer.networks.files.onnx_import.values import UnsupportedError, number, on_host, tensor_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnnviewer.downloads.progress import Beat
    from cnnviewer.networks.files.onnx_import.budget import Budget
    from cnnviewer.networks.files.onnx_import.row import Row

__all__ = ["build"]

_PASSING = frozenset(["Identity", "Dropout"])
_GROWING = frozenset(
    [
        *("AffineGrid", "BlackmanWindow", "CenterCropPad", "Col2Im", "ConvTranspose", "Expand", "EyeLike"),
        *("HammingWindow", "HannWindow", "Loop", "MaxUnpool", "MelWeightMatrix", "OneHot", "Pad", "Range", "Resize"),
        *("Scan", "Tile", "Upsample"),
    ]
)
"""They may make far more numbers than they get."""
_SMALL = 2**14
"""So many bytes that others get are too few to make much of."""
_SHORT = 64
"""So long a list of places is read as numbers."""
_GRAPHS = {"If": ("then_branch", "else_branch"), **dict.fromkeys(("Loop", "Scan", "SequenceMap"), ("body",))}
"""The graphs that an operator holds."""


def build(
    graph: onnx.GraphProto,
    opsets: Mapping[str, int],
    budget: Budget,
    sample: torch.Tensor | None = None,
    *,
    constants: Mapping[str, Any] | None = None,
    beat: Beat | None = None,
) -> OnnxGraph:
    """Return a module that computes what a graph does; its outputs are named.

    Parameters
    ----------
    graph
        The graph.
    opsets
        The version of the operators of each domain.
    budget
        How much memory it may ask for.
    sample
        A tensor of the first input's shape, on the device "meta"; None where the shape is free.
    constants
        The values of inputs that are constants.
    beat
        Told at each node; it may raise `Cancelled`.

    Raises
    ------
    MemoryAsked
        If it asks for more.
    UnsupportedError
        If it has an operator in a form that can't be run here.
    """
    module = OnnxGraph()
    builder = _Builder(module, graph, opsets, budget, beat)
    builder.constants.update(constants or {})
    builder.inputs = [value.name for value in graph.input if value.name not in builder.constants]
    if sample is not None:
        builder.samples[builder.inputs[0]] = sample
    builder.build()
    module.names = tuple(value.name for value in graph.output)
    return module


class _Builder:
    """Builds one graph; `outer` is the builder of the graph around."""

    def __init__(
        self,
        module: Graph,
        graph: onnx.GraphProto,
        opsets: Mapping[str, int],
        budget: Budget,
        beat: Beat | None,
        outer: _Builder | None = None,
    ) -> None:
        self.module, self._graph, self._opsets, self._budget, self._beat = module, graph, opsets, budget, beat
        self.constants: dict[str, Any] = {} if outer is None else dict(outer.constants)
        self.samples: dict[str, Any] = {} if outer is None else dict(outer.samples)
        self._aliases: dict[str, str] = {} if outer is None else dict(outer._aliases)
        self._kinds: dict[str, int] = {} if outer is None else dict(outer._kinds)
        self._parameters: dict[str, nn.Parameter] = {} if outer is None else outer._parameters
        self._learnt: set[str] = set() if outer is None else set(outer._learnt)
        self._ties = Ties(graph)
        self._steps: list[tuple[Step, nn.Module]] = []
        self._paths: set[str] = set()
        self.inputs: list[str] = []
        for stored in graph.initializer:
            self.constants[stored.name] = tensor_of(stored)
            self._learnt.add(stored.name)
            self._kinds[stored.name] = stored.data_type
        for sparse in graph.sparse_initializer:
            self.constants[sparse.values.name] = _dense(sparse)
        for value in (*graph.input, *graph.value_info):
            self._kinds.setdefault(value.name, value.type.tensor_type.elem_type)

    def build(self) -> None:
        self._add_all(self._graph, "")
        outputs = [self._aliases.get(value.name, value.name) for value in self._graph.output]
        steps = self._alive(outputs)
        for step, module in steps:
            self._place(step.path, module)
        needed = {name for step, _ in steps for name in step.inputs} | set(outputs)
        kept = {name: self.constants[name] for name in sorted(needed & set(self.constants))}
        for value in kept.values():
            if isinstance(value, torch.Tensor):
                self._budget.keep(value)
        self.module.inputs = tuple(self.inputs)
        self.module.finish([step for step, _ in steps], outputs, kept, self._buffer_names(kept))

    def _add_all(self, graph: onnx.GraphProto, above: str) -> None:
        for place, (node, path) in enumerate(zip(graph.node, node_paths(graph.node), strict=True)):
            if self._beat is not None:
                self._beat(place, None)
            full = f"{above}{path}"
            while full in self._paths:
                full += "_"
            self._paths.add(full)
            try:
                self._add(node, full)
            except MemoryError as error:
                raise MemoryAsked(f"its node {full} ({node.op_type}) asks for {error}") from error

    # ---- one node

    def _add(self, node: onnx.NodeProto, path: str) -> None:
        inputs = [self._aliases.get(name, name) for name in node.input]
        given = Given(node, self._opsets.get(node.domain, self._opsets.get("", 1)))
        given.inputs = tuple(inputs)
        given.kinds = tuple(self._kinds.get(name) or None for name in inputs)
        given.shapes = tuple(self._shape(name) for name in inputs)
        if node.op_type in _PASSING and node.domain in ("", "ai.onnx") and self._passes(given, inputs):
            self._aliases[node.output[0]] = inputs[0]
            return
        graphs = {part.name: part.g for part in node.attribute if part.type == onnx.AttributeProto.GRAPH}
        for name in _GRAPHS.get(node.op_type, ()):
            if name not in graphs:
                raise UnsupportedError(f"{node.op_type} without its graph {name}")
        if node.op_type == "If" and inputs[0] in self.constants:
            is_true = bool(number(self.constants[inputs[0]], False))
            self._inline(node, graphs["then_branch" if is_true else "else_branch"], path)
            return
        if graphs:
            module, taken = self._of_graphs(given, graphs, inputs)
            is_random = False
        else:
            row = row_of(node.domain, node.op_type)
            module, taken = self._of_row(row, given, inputs)
            is_random = row.is_random
        module.eval()
        step = Step(path, tuple(taken), tuple(node.output))
        if all(not name or name in self.constants for name in inputs) and not graphs and not is_random:
            self._work_out(node.op_type, inputs, step, module)
            return
        self._steps.append((step, module))
        self._try_out(step, module)

    def _passes(self, given: Given, inputs: list[str]) -> bool:
        """Whether a node hands on what it gets: a dropout does outside training."""
        if given.kind == "Identity":
            return True
        mode = self.constants.get(inputs[2]) if len(inputs) > 2 and inputs[2] else None
        if (mode is not None and bool(mode)) or (len(inputs) > 2 and inputs[2] and mode is None):
            return False
        return not given.wants(1)

    def _shape(self, name: str) -> tuple[int, ...] | None:
        value = self.constants.get(name, self.samples.get(name))
        return tuple(value.shape) if isinstance(value, (torch.Tensor, np.ndarray)) else None

    def _of_row(self, row: Row, given: Given, inputs: list[str]) -> tuple[nn.Module, list[str]]:
        """Return the module of a node, and which inputs it takes."""
        values = [self.constants.get(name) for name in inputs]
        if row.make is not None and inputs and inputs[0] not in self.constants:
            tensors = [value if isinstance(value, torch.Tensor) else None for value in values]
            for tensor in tensors:
                if tensor is not None:
                    self._budget.keep(tensor)
            with torch.no_grad():
                module = row.make(given, tensors)
            if module is not None:
                self._ties.tie(module, inputs, self.constants)
                return module, [inputs[place] if place < len(inputs) else "" for place in row.taken(given)]
        parts: list[Any] = []
        tensors_by_name: dict[str, torch.Tensor] = {}
        for place, (name, value) in enumerate(zip(inputs, values, strict=True)):
            if value is None or isinstance(value, list):
                parts.append(None)
            elif (
                place in row.settings
                or not isinstance(value, torch.Tensor)
                or (place in row.short and value.numel() <= _SHORT)
            ) or (row.keeps_numbers and not value.ndim and any(part is None for part in values)):
                parts.append(on_host(value))
            else:
                parts.append(self._own_name(name, tensors_by_name))
                tensors_by_name[parts[-1]] = self._weight(name, value)
        taken = [name for name, part in zip(inputs, parts, strict=True) if part is None]
        module = Operation(
            row.run, given, parts, tensors_by_name, (*row.settings, *row.short), keeps_numbers=row.keeps_numbers
        )
        return module, taken

    def _weight(self, name: str, value: torch.Tensor) -> torch.Tensor:
        """Return a constant as what it is on its module: a parameter, if the file holds it and it could be learnt."""
        self._budget.keep(value)
        if name not in self._learnt or not value.is_floating_point() or value.numel() == 1:
            return value
        return self._parameters.setdefault(name, nn.Parameter(value))

    def _own_name(self, name: str, taken: Mapping[str, torch.Tensor]) -> str:
        is_named = name in self._learnt and not name.startswith("onnx::")
        last = re.sub(r"\W+", "_", name.rpartition(".")[2]).strip("_") if is_named else ""
        place = last if last and not hasattr(nn.Module, last) else "constant"
        while place in taken or place in _TAKEN:
            place += "_"
        return place

    # ---- running

    def _work_out(self, kind: str, inputs: Sequence[str], step: Step, module: nn.Module) -> None:
        """Run a node on constants."""
        values = {**{name: self.constants.get(name) for name in step.inputs}, "": None}
        is_small = kind not in _GROWING and nbytes_of([self.constants.get(name) for name in inputs]) <= _SMALL
        with torch.no_grad(), nullcontext() if is_small else self._budget.folding():
            try:
                results = step.run(module, values)
            except (UnsupportedError, MemoryError):
                raise
            except (RuntimeError, ValueError, IndexError, TypeError) as error:
                if "overflow" in str(error) or "too large" in str(error):
                    raise MemoryError("more numbers than can be counted") from error
                raise
        self._ties.follow(inputs, tuple(results))
        for name, value in results.items():
            self.constants[name] = (
                torch.as_tensor(value) if isinstance(value, np.ndarray) and value.dtype != object else value
            )

    def _try_out(self, step: Step, module: nn.Module) -> None:
        """Run a node on what is known of the shapes so far."""
        if any(name and name not in self.constants and name not in self.samples for name in step.inputs):
            return
        values = {name: self.constants.get(name, self.samples.get(name)) for name in step.inputs}
        with torch.no_grad(), self._budget.shapes():
            try:
                results = step.run(module, {**values, "": None})
            except (UnsupportedError, MemoryError):
                raise
            except Exception:
                # It has no kernel for shapes alone, or asks for numbers; what is wrong shows when it runs.
                return
        for name, value in results.items():
            if isinstance(value, np.ndarray) and value.dtype != object:
                self.constants[name] = torch.as_tensor(value)
            else:
                self.samples[name] = value

    # ---- graphs within

    def _inline(self, node: onnx.NodeProto, graph: onnx.GraphProto, path: str) -> None:
        """Add the nodes of the branch that a constant tells."""
        for stored in graph.initializer:
            self.constants[stored.name] = tensor_of(stored)
            self._learnt.add(stored.name)
        self._add_all(graph, f"{path}.")
        for outer, inner in zip(node.output, graph.output, strict=True):
            self._aliases[outer] = self._aliases.get(inner.name, inner.name)

    def _of_graphs(
        self, given: Given, graphs: Mapping[str, onnx.GraphProto], inputs: list[str]
    ) -> tuple[nn.Module, list[str]]:
        built = {name: self._within(graph) for name, graph in graphs.items()}
        captured = sorted({name for module in built.values() for name in _free_names(module)})
        if given.kind == "If":
            return control.Branches(built["then_branch"], built["else_branch"], captured), [*inputs, *captured]
        kinds = {"Loop": control.Loop, "Scan": control.Scan, "SequenceMap": control.Mapped}
        if given.kind not in kinds:
            raise UnsupportedError(f"{given.kind}, which holds a graph")
        return kinds[given.kind](given, built["body"], captured), [*inputs, *captured]

    def _within(self, graph: onnx.GraphProto) -> Graph:
        module = Graph()
        builder = _Builder(module, graph, self._opsets, self._budget, self._beat, self)
        builder.inputs = [value.name for value in graph.input]
        for name in builder.inputs:
            builder.constants.pop(name, None)
            builder.samples.pop(name, None)
            builder._aliases.pop(name, None)
        builder.build()
        return module

    # ---- the whole

    def _alive(self, outputs: Sequence[str]) -> list[tuple[Step, nn.Module]]:
        """Return the steps on which an output depends."""
        needed, found = set(outputs), []
        for step, module in reversed(self._steps):
            if needed & set(step.outputs) - {""}:
                found.append((step, module))
                needed |= set(step.inputs)
        return found[::-1]

    def _place(self, path: str, module: nn.Module) -> None:
        """Put a module at its path, with plain modules above it."""
        parent: nn.Module = self.module
        *above, own = path.split(".")
        for name in above:
            if name not in parent._modules:
                parent.add_module(name, nn.Module())
            parent = parent.get_submodule(name)
        parent.add_module(own, module)

    def _buffer_names(self, kept: Mapping[str, Any]) -> dict[str, str]:
        """Return a name that no module has for each constant."""
        found: dict[str, str] = {}
        for name in kept:
            place = re.sub(r"\W+", "_", name).strip("_") or "constant"
            while hasattr(self.module, place) or place in found.values():
                place += "_"
            found[name] = place
        return found


_TAKEN = frozenset([*dir(nn.Module()), *dir(Operation)])


def _free_names(graph: Graph) -> set[str]:
    """Return the names that a graph takes from the graph around it."""
    made = (
        {name for step in graph.steps for name in step.outputs} | set(graph.inputs) | set(graph.constant_names) | {""}
    )
    return ({name for step in graph.steps for name in step.inputs} | set(graph.outputs)) - made


def _dense(sparse: onnx.SparseTensorProto) -> torch.Tensor:
    """Return a tensor of which a file holds only the numbers that are not 0."""
    values, places = tensor_of(sparse.values), tensor_of(sparse.indices)
    assert isinstance(values, torch.Tensor)
    assert isinstance(places, torch.Tensor)
    found = torch.zeros(tuple(sparse.dims), dtype=values.dtype)
    if places.ndim == 1:
        found.reshape(-1)[places] = values
    else:
        found[tuple(places.T)] = values
    return found
