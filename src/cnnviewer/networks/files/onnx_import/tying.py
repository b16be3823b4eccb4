"""Weights that a file holds once and that several nodes use: they are one parameter, and count once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import onnx

__all__ = ["Ties"]


class Ties:
    """Knows which constants of a graph are used more than once, and the parameters that were made of them."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        uses = Counter(name for node in graph.node for name in set(node.input) if name)
        for node in reversed(graph.node):
            if node.op_type == "Identity":  # who takes what it hands on takes its input
                uses[node.input[0]] += uses[node.output[0]] - 1
        self._shared = frozenset(name for name, count in uses.items() if count > 1)
        self._roots: dict[str, str] = {}
        self._made: dict[str, list[nn.Parameter]] = {}

    def follow(self, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        """Remember of which constant another is worked out: a weight that is transposed is the same weight."""
        sources = {self._root(name) for name in inputs} & self._shared
        if len(sources) == 1:
            self._roots.update(dict.fromkeys(outputs, next(iter(sources))))

    def tie(self, module: nn.Module, inputs: Sequence[str], constants: Mapping[str, Any]) -> None:
        """Give a module the parameters that others have made already of the constants that its node uses."""
        for name in inputs:
            value, root = constants.get(name), self._root(name)
            if root in self._shared and isinstance(value, torch.Tensor):
                self._tie(module, value, self._made.setdefault(root, []))

    def _root(self, name: str) -> str:
        return self._roots.get(name, name)

    def _tie(self, module: nn.Module, value: torch.Tensor, made: list[nn.Parameter]) -> None:
        own = [
            (holder, name, parameter)
            for holder in module.modules()
            for name, parameter in holder.named_parameters(recurse=False)
            if _is_made_of(parameter, value)
        ]
        for holder, name, parameter in own[:1]:
            same = next((known for known in made if _is_equal(known, parameter)), None)
            if same is None:
                made.append(parameter)
            else:
                setattr(holder, name, same)


def _is_made_of(parameter: torch.Tensor, value: torch.Tensor) -> bool:
    if parameter.numel() != value.numel() or parameter.dtype != value.dtype:
        return False
    is_matrix = value.ndim == 2
    return torch.equal(parameter, value.reshape(parameter.shape)) or (is_matrix and _is_equal(parameter, value.T))


def _is_equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and torch.equal(one, other)
