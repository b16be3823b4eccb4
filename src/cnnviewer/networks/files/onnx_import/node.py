"""What the file says about one node, and the module that runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import onnx
import torch
from torch import nn

from cnnviewer.networks.files.onnx_import.values import is_on_host, numbers, to_host

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cnnviewer.networks.files.onnx_import.values import Value

__all__ = ["Given", "Operation", "call"]


class Given:
    """A node's operator and attributes.

    Parameters
    ----------
    node
        The node.
    opset
        The version of the operators of its domain.

    Attributes
    ----------
    inputs, outputs
        Their names.
    shapes, kinds
        The shapes of the inputs, and ONNX's numbers of their types, as far as they are known when the graph is built.
    """

    def __init__(self, node: onnx.NodeProto, opset: int) -> None:
        self.kind = str(node.op_type)
        self.opset = opset
        self.inputs = tuple(node.input)
        self.kinds: tuple[int | None, ...] = (None,) * len(self.inputs)
        self.shapes: tuple[tuple[int, ...] | None, ...] = (None,) * len(self.inputs)
        self.outputs = tuple(node.output)
        self.attributes: dict[str, Any] = {
            part.name: onnx.helper.get_attribute_value(part)
            for part in node.attribute
            if part.type not in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS)
        }

    def __contains__(self, name: str) -> bool:
        return name in self.attributes

    def get(self, name: str, usual: Any = None) -> Any:
        """Return an attribute; `usual` where it is not given."""
        return self.attributes.get(name, usual)

    def real(self, name: str, usual: float) -> float:
        """Return an attribute that is a number."""
        return float(self.attributes.get(name, usual))

    def flag(self, name: str, usual: bool = False) -> bool:
        """Return an attribute that says yes or no."""
        return bool(self.attributes.get(name, usual))

    def word(self, name: str, usual: str = "") -> str:
        """Return an attribute that is a word."""
        found = self.attributes.get(name, usual)
        return found.decode() if isinstance(found, bytes) else str(found)

    def words(self, name: str) -> list[str]:
        """Return an attribute that is a list of words."""
        return [part.decode() if isinstance(part, bytes) else str(part) for part in self.attributes.get(name, ())]

    def list(self, name: str, value: Value = None) -> list[Any] | None:
        """Return numbers that are an attribute in older versions, and an input in newer ones; None where neither is."""
        if name in self.attributes:
            return list(self.attributes[name])
        return None if value is None else numbers(value)

    def wants(self, place: int) -> bool:
        """Whether the graph has a name for the output at a place."""
        return place < len(self.outputs) and bool(self.outputs[place])


def call(
    run: Callable[..., Any],
    given: Given,
    inputs: Sequence[Value],
    settings: Sequence[int],
    *,
    keeps_numbers: bool = False,
) -> Any:
    """Run an operation; on arrays alone it gives arrays, and no operation of torch is seen.

    Parameters
    ----------
    run
        The operator's function.
    given
        What the node says.
    inputs
        Its inputs; None for those that are omitted.
    settings
        The places of the inputs that are read as numbers.
    keeps_numbers
        Whether single numbers among tensors are given as such: the function takes them as torch's does.
    """
    plain = [value for place, value in enumerate(inputs) if place not in settings and value is not None]
    is_hosted = plain and not any(isinstance(value, (torch.Tensor, list)) for value in inputs)
    if is_hosted and all(is_on_host(value) and cast("np.ndarray[Any, Any]", value).dtype != object for value in plain):
        with torch._C.DisableTorchFunction():
            made = [_tensor(value, None) if place not in settings else value for place, value in enumerate(inputs)]
            return to_host(run(given, *made))
    like = next((value for value in plain if isinstance(value, torch.Tensor)), None)
    made = [value if place in settings else _operand(value, like, keeps_numbers) for place, value in enumerate(inputs)]
    return run(given, *made)


def _operand(value: Value, like: torch.Tensor | None, keeps_numbers: bool) -> Any:
    if keeps_numbers and like is not None and like.ndim and isinstance(value, np.ndarray) and not value.ndim:
        return value.item()
    return _tensor(value, like)


def _tensor(value: Value, like: torch.Tensor | None) -> Any:
    """Return a tensor of an array, on the device of another tensor."""
    if not isinstance(value, np.ndarray) or value.dtype == object:
        return value
    device = None if like is None else like.device
    return torch.tensor(value, device=device)


class Operation(nn.Module):
    """A node: an operator's function, with those of its inputs that are constants.

    Parameters
    ----------
    run, given, settings, keeps_numbers
        See `call`.
    inputs
        For each input the name of the own parameter or buffer that it is, an array of numbers, or None where it is
        taken from the graph (or omitted: the graph gives None then).
    tensors
        The parameters and buffers, by name.
    """

    def __init__(
        self,
        run: Callable[..., Any],
        given: Given,
        inputs: Sequence[str | np.ndarray[Any, Any] | None],
        tensors: Mapping[str, torch.Tensor],
        settings: Sequence[int] = (),
        *,
        keeps_numbers: bool = False,
    ) -> None:
        super().__init__()
        self._run, self._given, self._inputs = run, given, tuple(inputs)
        self._settings, self._keeps_numbers = tuple(settings), keeps_numbers
        for name, tensor in tensors.items():
            if isinstance(tensor, nn.Parameter):
                self.register_parameter(name, tensor)
            else:
                self.register_buffer(name, tensor)

    def forward(self, *values: Value) -> Any:
        """Run the operator on what the graph gives and on the own constants."""
        rest = iter(values)
        inputs = [
            getattr(self, part) if isinstance(part, str) else next(rest) if part is None else part
            for part in self._inputs
        ]
        while inputs and inputs[-1] is None:
            inputs.pop()
        return call(self._run, self._given, inputs, self._settings, keeps_numbers=self._keeps_numbers)

    def extra_repr(self) -> str:
        """Return the operator, for people."""
        return self._given.kind
