"""Names of nodes' modules, as near as can be to those in the program that exported a graph."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from cnnviewer.networks.files.onnx_import.graph import OnnxGraph

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx

__all__ = ["node_paths"]

_WEIGHTED = frozenset(["Conv", "ConvTranspose", "Gemm", "MatMul", "BatchNormalization", "LayerNormalization"])
_RESERVED = frozenset(dir(OnnxGraph()))


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
    parents: set[str] = set()
    numbers: dict[str, int] = {}  # where to go on counting, or many of a name take the square of their time
    paths = []
    for node, home in zip(nodes, homes, strict=True):
        is_own = bool(home) and len(kinds[home]) == 1 and home not in above
        base = ".".join(home if is_own else (*home, _plain_name(node.op_type)))
        number = numbers.get(base, 1)
        path = base if number == 1 else f"{base}_{number}"
        while path in taken or path in parents or path.partition(".")[0] in _RESERVED:
            number += 1
            path = f"{base}_{number}"
        numbers[base] = number
        taken.add(path)
        parents.update(path[: dot.start()] for dot in re.finditer(r"\.", path))
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
