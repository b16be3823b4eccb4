"""A network of Keras on its torch backend as a torch module: its layers are submodules by its names."""

from __future__ import annotations

import re
from copy import deepcopy
from inspect import signature
from typing import TYPE_CHECKING, Any

import keras
import torch
from torch import nn

from cnnviewer.networks.files.keras_watch import TO_LAST, Constants, Shared, Watch

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["KerasNetwork"]


class KerasNetwork(nn.Module):
    """A Sequential or Functional model of Keras over one image ``(N, C, H, W)``.

    Parameters
    ----------
    model
        The model. It is shared among copies of this module, which have parameters of their own.
    is_channels_last
        Whether the model itself takes ``(N, H, W, C)``.
    example
        An image ``(1, C, H, W)``, float32: the model runs on it once, to see which constants its operations take.

    Raises
    ------
    NotImplementedError
        If an operation can't be recorded.
    """

    def __init__(self, model: Any, *, is_channels_last: bool, example: torch.Tensor) -> None:
        super().__init__()
        self.is_channels_last = is_channels_last
        self._constants = Constants(model)
        _add_steps(self, model)
        with torch.no_grad():
            self._run(example, is_learning=True)
        self.eval()

    def forward(self, image: torch.Tensor) -> Any:
        """Run the model."""
        return self._run(image, is_learning=False)

    def _run(self, image: torch.Tensor, *, is_learning: bool) -> Any:
        with keras.device(str(image.device)), Watch(self, self._constants, image, is_learning) as watch:
            outputs = _run_graph(self, (image.permute(TO_LAST) if self.is_channels_last else image,), watch)
        outputs = keras.tree.map_structure(watch.settled, outputs)
        return outputs[0] if isinstance(outputs, (list, tuple)) and len(outputs) == 1 else outputs

    def __deepcopy__(self, memo: dict[int, Any]) -> KerasNetwork:
        if any(memo.get(id(parameter), parameter).dtype != parameter.dtype for parameter in self.parameters()):
            raise TypeError("Keras computes in the precision in which a network was saved; choose single precision.")
        copy = type(self).__new__(type(self))
        memo[id(self)] = copy
        copy.__dict__.update(deepcopy(self.__dict__, memo))
        return copy


# ---- layers as submodules


class _Step(nn.Module):
    """A layer of Keras. Its parameters are what its operations take, in the order of axes in which they take it."""

    def __init__(self, operation: Any) -> None:
        super().__init__()
        if _graph_of(operation) is not None:
            _add_steps(self, operation)
        else:
            self._operation = Shared(operation)
            # Those that vary photos do so unless they are told not to.
            self._mode = {"training": False} if "training" in signature(operation.call).parameters else {}

    def forward(self, watch: Watch, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run it."""
        with watch.within(self):
            if not hasattr(self, "_operation"):
                outputs = _run_graph(self, args, watch)
                return outputs[0] if isinstance(outputs, (list, tuple)) and len(outputs) == 1 else outputs
            return self._operation.value(*args, **{**kwargs, **self._mode})


def _graph_of(operation: Any) -> Any:
    """Return the graph of a model of Keras; None for a layer."""
    if isinstance(operation, keras.Sequential):
        return operation._functional
    return operation if isinstance(operation, keras.Model) else None


def _add_steps(module: nn.Module, model: Any) -> None:
    """Give a module a submodule for each layer of a model, and the graph that joins them."""
    graph, places = _graph_of(model), {}
    for operation in graph.operations:
        if isinstance(operation, keras.layers.InputLayer):
            continue
        place = re.sub(r"\W+", "_", operation.name) or "layer"
        while hasattr(module, place):
            place += "_"
        module.add_module(place, _Step(operation))
        places[id(operation)] = place
    module._graph = Shared((graph, places))  # type: ignore[assignment]


def _run_graph(module: Any, args: tuple[Any, ...], watch: Watch) -> Any:
    graph, places = module._graph.value

    def step_of(operation: Any) -> Callable[..., Any]:
        step = module._modules[places[id(operation)]]
        return lambda *args, **kwargs: step(watch, args, kwargs)

    return graph._run_through_graph(args, operation_fn=step_of)
