"""An ONNX graph as a torch module: a submodule a node, at the path that its exporter had it from.

Nodes are converted one by one: by `onnx_operations` where the settings are constants, by onnx2pytorch else. What does
not depend on the image is worked out once.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import onnx
import torch
from onnx import numpy_helper
from onnx2pytorch.constants import COMPOSITE_LAYERS, STANDARD_LAYERS
from onnx2pytorch.convert.operations import convert_operations
from onnx2pytorch.operations import BatchNormWrapper
from torch import nn

from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.onnx_operations import Calling, plain_operation
from cnnviewer.networks.files.onnx_resize import resizing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["OnnxGraph", "node_paths"]

_LARGEST_CONSTANT = 2**24
"""So many numbers may a constant have that a graph works out by itself, and twice as many as its largest weights."""
_LARGEST_ASKED = 2**28
"""The product of lengths that a node may ask for."""
_GROWING = frozenset(["ConstantOfShape", "Expand", "Tile", "Range", "Resize", "Upsample", "OneHot", "EyeLike", "Pad"])
_WEIGHTED = frozenset(["Conv", "ConvTranspose", "Gemm", "MatMul", "BatchNormalization", "LayerNormalization"])
_RESERVED = frozenset(dir(nn.Module()))
_PASSING = frozenset(["Identity", "Dropout"])


@dataclass(frozen=True)
class _Step:
    """A node: its module's path, the names of its inputs ('' for an omitted one), and of its outputs."""

    path: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    is_plain: bool

    def run(self, module: nn.Module, values: Mapping[str, Any]) -> dict[str, Any]:
        """Run the module of the step; return its outputs by their names."""
        inputs = [values[name] for name in self.inputs]
        while not self.is_plain and inputs and inputs[-1] is None:
            inputs.pop()
        result = module(*inputs)
        return dict(zip(self.outputs, result if isinstance(result, (tuple, list)) else (result,), strict=False))


class OnnxGraph(nn.Module):
    """A network from an ONNX graph.

    Parameters
    ----------
    graph
        The graph; of one input.
    opset
        The version of ONNX's operations.
    sample
        An image of zeros, where its size is fixed: the graph runs on it once, to know shapes that it asks for; None
        where the size is free.
    is_channels_last
        Whether the graph, and the sample, have images as ``(1, H, W, C)``; the module takes ``(1, C, H, W)``.
    """

    def __init__(
        self, graph: onnx.GraphProto, opset: int, sample: torch.Tensor | None, *, is_channels_last: bool = False
    ) -> None:
        super().__init__()
        self._is_channels_last = is_channels_last
        self._opset = opset
        self._constants = {tensor.name: _tensor(tensor) for tensor in graph.initializer}
        largest = max((value.numel() for value in self._constants.values()), default=0)
        self._largest = max(_LARGEST_CONSTANT, 2 * largest)
        self._aliases: dict[str, str] = {}
        self._steps: list[_Step] = []
        names = set(self._constants)
        self._input = next(value.name for value in graph.input if value.name not in names)
        self._output = graph.output[0].name
        self._samples: dict[str, Any] = {} if sample is None else {self._input: sample}
        self._uses = Counter(name for node in graph.node for name in node.input)
        paths = node_paths(graph.node)
        for node, path in zip(graph.node, paths, strict=True):
            self._add(node, path)
        self._samples = {}
        self._keep_constants()

    def forward(self, image: torch.Tensor) -> Any:
        """Run all nodes."""
        if self._is_channels_last:
            image = image.permute(0, 2, 3, 1)
        values: dict[str, Any] = {**self._buffers_by_name(), self._input: image, "": None}
        for step in self._steps:
            values.update(step.run(self.get_submodule(step.path), values))
        return values[self._aliases.get(self._output, self._output)]

    def _buffers_by_name(self) -> dict[str, torch.Tensor]:
        return {name: getattr(self, place) for name, place in self._kept.items()}

    # ---- building

    def _add(self, node: onnx.NodeProto, path: str) -> None:
        """Work out a node now, where its inputs are constants; else add a submodule for it."""
        inputs = tuple(self._aliases.get(name, name) for name in node.input)
        if node.op_type in _PASSING and inputs:
            self._aliases[node.output[0]] = inputs[0]
            return
        known = self._known(node, inputs)
        if known is not None:
            self._constants[node.output[0]] = known
            return
        constants = [self._constants.get(name) for name in inputs]
        self._check_growth(node, constants)
        module, taken, is_plain = self._converted(node, inputs, constants)
        if all(value is not None or not name for name, value in zip(inputs, constants, strict=True)):
            self._work_out(_Step(path, taken, tuple(node.output), is_plain), module)
            return
        self._place(path, module)
        step = _Step(path, taken, tuple(node.output), is_plain)
        self._steps.append(step)
        self._try_out(step, module, inputs)

    def _try_out(self, step: _Step, module: nn.Module, inputs: tuple[str, ...]) -> None:
        """Run a step on what the sample gave so far."""
        if any(name and name not in self._constants and name not in self._samples for name in step.inputs):
            return
        values = {**self._constants, **self._samples, "": None}
        with torch.no_grad():
            self._samples.update(step.run(module, values))
        for name in inputs:
            self._uses[name] -= 1
            if not self._uses[name]:
                self._samples.pop(name, None)

    def _known(self, node: onnx.NodeProto, inputs: Sequence[str]) -> torch.Tensor | None:
        """Return the value of a constant, or of a shape that is known."""
        if node.op_type == "Shape" and not node.attribute and isinstance(self._samples.get(inputs[0]), torch.Tensor):
            return torch.tensor(self._samples[inputs[0]].shape)
        return None

    def _converted(
        self, node: onnx.NodeProto, inputs: tuple[str, ...], constants: list[torch.Tensor | None]
    ) -> tuple[nn.Module, tuple[str, ...], bool]:
        """Return the module of a node, and which inputs it takes."""
        attributes = {part.name: onnx.helper.get_attribute_value(part) for part in node.attribute}
        is_old_linear = self._opset < 11 and attributes.get("mode") == b"linear"  # onnx2pytorch has that mapping
        if node.op_type in ("Resize", "Upsample") and not is_old_linear:
            is_fixed = inputs[-1] in self._constants or len(inputs) == 1
            resized = resizing(node.op_type, attributes, constants, self._opset)
            return resized, inputs[:1] if is_fixed else (inputs[0], inputs[-1]), True
        if node.op_type == "MatMul" and constants[0] is not None:
            return Calling(torch.matmul), inputs, True  # onnx2pytorch takes the constant to be the second
        rest = zip(inputs[1:], constants[1:], strict=True)
        if len(node.output) == 1 or node.op_type == "Split":
            is_fixed = node.op_type == "Concat" or all(value is not None or not name for name, value in rest)
            module = plain_operation(node.op_type, attributes, constants, self._opset) if is_fixed else None
            if module is not None:
                return module, inputs if node.op_type == "Concat" else inputs[:1], True
        module = self._by_library(node, inputs)
        if isinstance(module, BatchNormWrapper) and not module.has_lazy:
            return module.bnu, inputs[:1], True
        if _is_standard(module):
            return module, tuple(name for name in inputs if name not in self._constants), False
        return module, inputs, False

    def _by_library(self, node: onnx.NodeProto, inputs: tuple[str, ...]) -> nn.Module:
        """Return what onnx2pytorch makes of a node alone."""
        own = onnx.NodeProto()
        own.CopyFrom(node)
        own.input[:] = inputs
        _tell_mode(own)
        _tell_padding(own, [self._constants.get(name) for name in inputs])
        stored = [
            numpy_helper.from_array(self._constants[name].numpy(), name)
            for name in dict.fromkeys(inputs)
            if name in self._constants
        ]
        graph = onnx.helper.make_graph([own], "node", [], [], initializer=stored)
        ((_, _, module),) = convert_operations(graph, self._opset, 0, False)
        if isinstance(module, nn.Module):
            return module
        return _Wrapped(module)

    def _work_out(self, step: _Step, module: nn.Module) -> None:
        with torch.no_grad():
            results = step.run(module, {**self._constants, "": None})
        for name, value in results.items():
            if value.numel() > self._largest:
                raise NetworkError(f"its node {step.path} makes a constant of {value.numel():,} numbers")
            self._constants[name] = value

    def _check_growth(self, node: onnx.NodeProto, constants: list[torch.Tensor | None]) -> None:
        """Refuse a node that asks for lengths that can't be true, before they are allocated."""
        if node.op_type not in _GROWING:
            return
        for value in constants[0 if node.op_type in ("ConstantOfShape", "Range") else 1 :]:
            if value is not None and value.numel() <= 16:
                asked = prod(max(1.0, abs(float(number))) for number in value.reshape(-1).tolist())
                if asked > _LARGEST_ASKED:
                    raise NetworkError(f"its node {node.name or node.op_type} asks for {asked:,.0f} numbers")

    def _place(self, path: str, module: nn.Module) -> None:
        """Put a module at its path, with plain modules above it."""
        parent: nn.Module = self
        *above, own = path.split(".")
        for name in above:
            if name not in parent._modules:
                parent.add_module(name, nn.Module())
            parent = parent.get_submodule(name)
        parent.add_module(own, module)

    def _keep_constants(self) -> None:
        """Keep the constants that nodes take at each forward pass as buffers."""
        used = {name for step in self._steps for name in step.inputs}
        used.add(self._aliases.get(self._output, self._output))
        self._kept: dict[str, str] = {}
        for name in sorted(used & set(self._constants)):
            place = re.sub(r"\W+", "_", name).strip("_") or "constant"
            while hasattr(self, place):
                place += "_"
            self.register_buffer(place, self._constants[name])
            self._kept[name] = place
        self._constants = {}


class _Wrapped(nn.Module):
    """A module of what onnx2pytorch gives as a plain function."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self._function = function

    def forward(self, *inputs: Any) -> Any:
        return self._function(*inputs)


def _tell_mode(node: onnx.NodeProto) -> None:
    """Take away an attribute that says "not in training", which onnx2pytorch does not know."""
    mode = next((part for part in node.attribute if part.name == "training_mode"), None)
    if mode is not None and mode.i:
        raise NotImplementedError(f"{node.op_type} in training mode; export it in eval mode.")
    if mode is not None:
        node.attribute.remove(mode)


def _tell_padding(node: onnx.NodeProto, constants: list[torch.Tensor | None]) -> None:
    """Give a convolution that says "the same size" its padding in numbers, where both sides get as much."""
    given = {part.name: part for part in node.attribute}
    if node.op_type != "Conv" or "auto_pad" not in given or len(constants) < 2 or constants[1] is None:
        return
    strides = given["strides"].ints if "strides" in given else [1]
    dilations = given["dilations"].ints if "dilations" in given else [1] * (constants[1].ndim - 2)
    spans = [step * (side - 1) for step, side in zip(dilations, constants[1].shape[2:], strict=False)]
    if given["auto_pad"].s.startswith(b"SAME") and set(strides) == {1} and all(span % 2 == 0 for span in spans):
        node.attribute.remove(given["auto_pad"])
        node.attribute.append(onnx.helper.make_attribute("pads", [span // 2 for span in spans] * 2))


def _is_standard(module: nn.Module) -> bool:
    """Whether a module has its weights within: it takes what no initialiser holds."""
    return isinstance(module, STANDARD_LAYERS) or (
        isinstance(module, COMPOSITE_LAYERS) and any(isinstance(part, STANDARD_LAYERS) for part in module.modules())
    )


def _tensor(stored: onnx.TensorProto) -> torch.Tensor:
    return torch.from_numpy(numpy_helper.to_array(stored).copy())


# ---- names


def node_paths(nodes: Sequence[onnx.NodeProto]) -> list[str]:
    """Return a path for each node, unique and readable, as near as can be to that of its exporter's module.

    Both of torch's exporters tell the module, the older in the node's name ("/layer1/layer1.0/conv1/Conv"), the newer
    in its metadata. Other exporters name nodes, or outputs, and often neither.
    """
    homes = [_home(node) for node in nodes]
    above = {home[:place] for home in homes for place in range(1, len(home))}
    kinds: dict[tuple[str, ...], set[str]] = {}
    for node, home in zip(nodes, homes, strict=True):
        kinds.setdefault(home, set()).add(node.op_type)
    taken: set[str] = set()
    paths = []
    for node, home in zip(nodes, homes, strict=True):
        is_own = bool(home) and len(kinds[home]) == 1 and home not in above
        base = ".".join(home if is_own else (*home, _plain_name(node.op_type)))
        path, number = base, 2
        while (
            path in taken or path.partition(".")[0] in _RESERVED or any(name.startswith(path + ".") for name in taken)
        ):
            path, number = f"{base}_{number}", number + 1
        taken.add(path)
        paths.append(path)
    return paths


def _plain_name(kind: str) -> str:
    """Return a name of ONNX as Python writes it: "max_pool" for "MaxPool"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower()


def _home(node: onnx.NodeProto) -> tuple[str, ...]:
    """Return the parts of the path of the module that a node comes from; () where it is not told."""
    weight = next((name for name in node.input if name.endswith(".weight") and not name.startswith("onnx::")), "")
    if weight and node.op_type in _WEIGHTED:
        return tuple(re.sub(r"\W+", "_", part) for part in weight.split(".")[:-1])
    scopes = next((part.value for part in node.metadata_props if part.key == "pkg.torch.onnx.name_scopes"), "")
    found: list[str] = []
    if scopes:
        try:
            names = [str(name) for name in ast.literal_eval(scopes)]
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            names = []
        found = names[-2].split(".") if len(names) > 1 else []
    elif node.name.startswith("/"):
        stack: list[str] = []
        for part in node.name.strip("/").split("/")[:-1]:
            if stack and part.startswith(stack[-1] + "."):
                stack.pop()
            stack.append(part)
        found = ".".join(stack).split(".")
    elif node.name and not node.name.startswith("node_"):
        found = [node.name]
    return tuple(part for part in (re.sub(r"\W+", "_", name) for name in found) if part)
