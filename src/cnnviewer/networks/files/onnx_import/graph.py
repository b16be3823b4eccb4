"""A graph as a torch module: its nodes' modules, and the order in which they run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from cnnviewer.networks.files.onnx_import.values import on_host

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Graph", "OnnxGraph", "Step"]


@dataclass(frozen=True)
class Step:
    """A node: its module's path, the names of the inputs that it takes ('' for an omitted one), and of its outputs."""

    path: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def run(self, module: nn.Module, values: Mapping[str, Any]) -> dict[str, Any]:
        """Run the module of the step; return its outputs by their names."""
        result = module(*(values[name] for name in self.inputs))
        # A list is one value: a sequence.
        found = result if isinstance(result, tuple) else (result,)
        return dict(zip(self.outputs, found, strict=False))


class Graph(nn.Module):
    """Nodes in their order, each a submodule.

    Attributes
    ----------
    steps
        The nodes that run.
    inputs, outputs
        The names of the graph's own.
    """

    def __init__(self) -> None:
        super().__init__()
        self.steps: tuple[Step, ...] = ()
        self.inputs: tuple[str, ...] = ()
        self.outputs: tuple[str, ...] = ()
        self._kept: dict[str, str] = {}
        self._known: dict[str, Any] = {}
        self._ends: dict[int, tuple[str, ...]] = {}

    @property
    def constant_names(self) -> frozenset[str]:
        """The names of the constants that it keeps."""
        return frozenset((*self._kept, *self._known))

    def finish(
        self, steps: Sequence[Step], outputs: Sequence[str], kept: Mapping[str, Any], places: Mapping[str, str]
    ) -> None:
        """Say what runs, and keep the constants that steps, or the outputs, take by name.

        Parameters
        ----------
        steps, outputs
            See above.
        kept
            Those constants.
        places
            For each of them that is a tensor the name that its buffer gets.
        """
        self.steps, self.outputs = tuple(steps), tuple(outputs)
        for name, value in kept.items():
            if isinstance(value, torch.Tensor) and not _is_count(value):
                self.register_buffer(places[name], value)
                self._kept[name] = places[name]
            else:
                self._known[name] = on_host(value)
        last = {name: number for number, step in enumerate(self.steps) for name in step.inputs}
        for name, number in last.items():
            if name not in self.outputs:
                self._ends[number] = (*self._ends.get(number, ()), name)

    def run(self, given: Mapping[str, Any]) -> list[Any]:
        """Run all nodes on the values of the inputs, and of what is taken from a graph around; return the outputs."""
        values: dict[str, Any] = {"": None, **self._known, **given}
        values |= {name: getattr(self, place) for name, place in self._kept.items()}
        for number, step in enumerate(self.steps):
            values.update(step.run(self.get_submodule(step.path), values))
            for name in self._ends.get(number, ()):
                if name:
                    values.pop(name, None)
        return [values[name] for name in self.outputs]


class OnnxGraph(Graph):
    """A network over one image, from an ONNX graph.

    Its forward takes ``(1, C, H, W)``, and gives what the graph gives: a tensor, or where there are several outputs
    those by their names.
    """

    def __init__(self) -> None:
        super().__init__()
        self.names: tuple[str, ...] = ()
        self.is_channels_last = False
        self.input_type: torch.dtype | None = None

    def forward(self, image: torch.Tensor) -> Any:
        """Run all nodes on an image.

        Parameters
        ----------
        image
            ``(1, C, H, W)``.
        """
        if self.is_channels_last:
            image = image.permute(0, 2, 3, 1)
        if self.input_type is not None:
            image = image.to(self.input_type)
        found = self.run({self.inputs[0]: image})
        outputs = {
            name: _as_tensor(value, image) for name, value in zip(self.names, found, strict=True) if value is not None
        }
        return next(iter(outputs.values())) if len(outputs) == 1 else outputs


def _is_count(value: torch.Tensor) -> bool:
    """Whether a constant is a single whole number, or a condition: such are read, and not computed with."""
    return value.numel() == 1 and not value.is_floating_point()


def _as_tensor(value: Any, like: torch.Tensor) -> Any:
    if isinstance(value, np.ndarray) and value.dtype != object:
        return torch.tensor(value, device=like.device)
    return value
